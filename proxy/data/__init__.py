"""What is known of Stripe, as data with sources: the catalog of fields and the published test values."""
