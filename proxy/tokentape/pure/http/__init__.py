"""HTTP messages, and what their bodies say: forms and JSON."""
