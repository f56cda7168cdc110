"""A cassette as tokentape writes it, to be changed by hand."""

from __future__ import annotations

from tokentape.edges.settings import Settings
from tokentape.pure.audit.inspection import Inspector
from tokentape.session import assembly

_SETTINGS = Settings()
INSPECTOR = Inspector(assembly.redactor(_SETTINGS.redact, _SETTINGS.match))

CASSETTE = """\
version: 1
recorded_with: tokentape 0.1
interactions:
- request:
    method: POST
    uri: https://api.stripe.com/v1/tokens
    headers:
      Authorization: ['Bearer {{key:sk_test}}']
      Content-Type: [application/x-www-form-urlencoded]
    body: card[cvc]={{cvc:3}}&card[exp_month]=5&card[name]={{name.1}}&card[number]={{card:visa}}
  response:
    status: {code: 200, message: OK}
    headers:
      Content-Type: [application/json]
      Request-Id: ['{{req.1}}']
    body:
      string: |
        {
          "id": "{{tok.1}}",
          "object": "token",
          "card": {
            "id": "{{card_id.1}}",
            "exp_month": 5,
            "exp_year": 2030,
            "last4": "{{card:visa.last4}}",
            "metadata": {},
            "name": "{{name.1}}"
          },
          "created": "{{time.1}}",
          "livemode": false
        }
- request:
    method: GET
    uri: https://api.stripe.com/v1/tokens/{{tok.2}}
    headers:
      Authorization: ['Bearer {{key:sk_test}}']
    body: ''
  response:
    status: {code: 404, message: Not Found}
    headers:
      Content-Type: [application/json]
    body:
      string: |
        {
          "error": {
            "code": "resource_missing",
            "message": "No such token: '{{tok.2}}'",
            "param": "token",
            "type": "invalid_request_error"
          }
        }
"""
