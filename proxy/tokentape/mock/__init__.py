"""The embedded upstream: a small Stripe for tokens, for tests, demos and first steps."""
