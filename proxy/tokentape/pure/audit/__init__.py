"""The checks of scanning and loading: whether a text contains only what redaction writes."""
