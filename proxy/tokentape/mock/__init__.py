"""The built-in mock: a small Stripe for tokens, for tests, demos and first steps."""
