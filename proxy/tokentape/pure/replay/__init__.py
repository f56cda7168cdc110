"""Replay: which recorded answer a request gets, how it is filled in, and what is said of misses."""
