#!/bin/sh
# What a checkout has to handle: errors that Stripe gives when a token is made.
#   tokentape run --mode record --cassette checkout/declined -- sh cassettes/checkout/declined.sh
set -eu
api=${TOKENTAPE_URL:-http://127.0.0.1:12121}
key=sk_test_yourTestKeyHere

card() {
  curl -s "$api/v1/tokens" -u "$key:" -d "card[number]=$1" -d "card[exp_month]=$2" \
    -d "card[exp_year]=$3" -d "card[cvc]=$4" -d "card[name]=Jenny Rosen"
}

card 4000000000000002 12 2034 123 # a token like any other: declined when it is charged
card 4242424242424241 12 2034 123 # incorrect_number
card 4242424242424242 13 2034 123 # invalid_expiry_month
card 4242424242424242 12 1999 123 # invalid_expiry_year
card 4242424242424242 12 2034 99  # invalid_cvc
curl -s "$api/v1/tokens" -u "$key:" -d "card[number]"=4242424242424242 # parameter_missing
curl -s "$api/v1/tokens" -u "$key:" -d "card[colour]"=red              # parameter_unknown
curl -s "$api/v1/tokens/tok_nope" -u "$key:"                           # resource_missing
