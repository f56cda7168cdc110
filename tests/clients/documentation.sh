# docs.stripe.com/api/tokens, with the key and the year as placeholders

# Create a card token
curl https://api.stripe.com/v1/tokens \
  -u "$KEY:" \
  -d "card[number]"=4242424242424242 \
  -d "card[exp_month]"=5 \
  -d "card[exp_year]"=$YEAR \
  -d "card[cvc]"=314

# Create a card token of a customer's card
curl https://api.stripe.com/v1/tokens \
  -u "$KEY:" \
  -d customer=cus_9s6XKzkNRiz8i3 \
  -d card=card_1MvoiELkdIwHu7ixOeFGbN9D

# Create a bank account token
curl https://api.stripe.com/v1/tokens \
  -u "$KEY:" \
  -d "bank_account[country]"=US \
  -d "bank_account[currency]"=usd \
  -d "bank_account[account_holder_name]"="Jenny Rosen" \
  -d "bank_account[account_holder_type]"=individual \
  -d "bank_account[routing_number]"=110000000 \
  -d "bank_account[account_number]"=000123456789

# Create a PII token
curl https://api.stripe.com/v1/tokens \
  -u "$KEY:" \
  -d "pii[id_number]"=000000000

# Create an account token
curl https://api.stripe.com/v1/tokens \
  -u "$KEY:" \
  -d "account[individual][first_name]"=Jane \
  -d "account[individual][last_name]"=Doe \
  -d "account[tos_shown_and_accepted]"=true

# Create a person token
curl https://api.stripe.com/v1/tokens \
  -u "$KEY:" \
  -d "person[first_name]"=Jane \
  -d "person[last_name]"=Doe \
  -d "person[relationship][owner]"=true

# Create a CVC update token
curl https://api.stripe.com/v1/tokens \
  -u "$KEY:" \
  -d "cvc_update[cvc]"=123

# Retrieve a token
curl https://api.stripe.com/v1/tokens/$TOKEN \
  -u "$KEY:"
