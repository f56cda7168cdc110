"""What is known of Stripe's API: routes, fields, kinds of values, published values, messages."""
