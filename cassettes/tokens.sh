#!/bin/sh
# The calls of Stripe's token documentation, as curl. This records them again, byte for byte:
#   tokentape run --mode record --cassette tokens -- sh cassettes/tokens.sh
set -eu
api=${TOKENTAPE_URL:-http://127.0.0.1:12121}
key=sk_test_yourTestKeyHere

# A card token
token=$(curl -s "$api/v1/tokens" -u "$key:" \
  -d "card[number]"=4242424242424242 -d "card[exp_month]"=5 -d "card[exp_year]"=2030 \
  -d "card[cvc]"=314 | tee /dev/stderr | sed -n 's/^  "id": "\(.*\)",$/\1/p')
# The same again by its id
curl -s "$api/v1/tokens/$token" -u "$key:"
# A card that a customer has, cloned
curl -s "$api/v1/tokens" -u "$key:" -d customer=cus_9s6XKzkNRiz8i3 -d card=card_1MvoiELkdIwHu7ixOeFGbN9D
# A bank account token
curl -s "$api/v1/tokens" -u "$key:" -d "bank_account[country]"=US -d "bank_account[currency]"=usd \
  -d "bank_account[account_holder_name]"="Jenny Rosen" \
  -d "bank_account[account_holder_type]"=individual \
  -d "bank_account[routing_number]"=110000000 -d "bank_account[account_number]"=000123456789
# A CVC update token
curl -s "$api/v1/tokens" -u "$key:" -d "cvc_update[cvc]"=123
# A person token
curl -s "$api/v1/tokens" -u "$key:" -d "person[first_name]"=Jane -d "person[last_name]"=Doe \
  -d "person[relationship][owner]"=true
# A PII token
curl -s "$api/v1/tokens" -u "$key:" -d "pii[id_number]"=000000000
# An account token
curl -s "$api/v1/tokens" -u "$key:" -d "account[business_type]"=individual \
  -d "account[individual][first_name]"=Jane -d "account[individual][last_name]"=Doe \
  -d "account[tos_shown_and_accepted]"=true
