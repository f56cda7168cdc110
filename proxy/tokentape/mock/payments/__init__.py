"""What a token is used up for: customers, charges, refunds, payment methods and payment intents.

Exactly the calls in `operations`, and of each the parameters in data/mock_parameters.csv. Anything
else is an error that names Stripe as the place to record it from: a mock that guesses is worse than
none. `ledger` remembers objects, `fields` reads parameters, `outcomes` knows what each published
test card does, `instruments` turns a token's card into a payment method, `expansion` shows objects
in place of ids; the other modules have one kind of object each.
"""
