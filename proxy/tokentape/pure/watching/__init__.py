"""What a session shows of each request while it runs: events, and their forms for readers."""
