"""What scanning and loading judge by: whether a text says only what redaction writes."""
