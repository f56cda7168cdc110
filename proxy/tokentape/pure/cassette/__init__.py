"""Cassettes: the model, its text, and how it is read, written, merged and renamed."""
