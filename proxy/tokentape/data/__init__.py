"""What is known of Stripe, as data with sources: its fields and its published test values."""
