"""The notation of cassettes: text in which placeholders stand for what is not kept."""
