"""A session: one cassette in one mode. Serving, recording, replaying, and who opens and ends it."""
