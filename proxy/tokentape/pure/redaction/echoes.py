"""Which field of a request a response repeats.

A field of a response stands for the request's value where that is found in exactly one field of
the request, the field of the same name first. What one response shows in this way, later ones do
too: a token's response repeats the holder's name under another name, and so does each retrieval of
the token, whose requests hold no name.

    request   bank_account[account_holder_name]=Ada
    response  bank_account.account_holder_name: Ada    the field of the same name
              bank_account.name: Ada                   found in one field only: the same variable
              card.address_city: Ada                   of another object: found in one field, too
"""

from __future__ import annotations

from collections.abc import Mapping

from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.redaction.values import last_name
from tokentape.pure.stripe.kinds import Secret

_Values = dict[str, dict[str, Secret]]
"""Values of a request: by text, then by field."""


class Echo:
    """What one response may repeat: the values of its request, and `echoes` of earlier ones."""

    def __init__(self, request: RedactedRequest, echoes: Mapping[Secret, Secret]) -> None:
        self._request = request
        self._echoes = echoes
        self._values: tuple[_Values, _Values] | None = None
        self.new: dict[Secret, Secret] = {}
        """The response's values that are the request's under another name, with the latter."""

    def of(self, value: Secret) -> Secret | None:
        """Return the request's value, or its field's name, that a value repeats, or None."""
        if self._values is None:
            self._values = _by_text(self._request)
        values, names = self._values
        sent = _repeated(value, (names if value.kind == "field" else values).get(value.text, {}))
        if sent is None:
            return self._echoes.get(value)
        if sent != value:
            self.new[value] = sent
        return sent


def _by_text(request: RedactedRequest) -> tuple[_Values, _Values]:
    """Return the values and the names of fields that a request has."""
    values: _Values = {}
    names: _Values = {}
    for entry in (request.path, *request.query, *request.body):
        for secret in entry.secrets:
            if secret.kind != "dob":  # no client sends one whole
                by_text = names if secret.kind == "field" else values
                by_text.setdefault(secret.text, {})[secret.field] = secret
    return values, names


def _repeated(value: Secret, by_field: Mapping[str, Secret]) -> Secret | None:
    if not by_field or value.field in by_field:
        return by_field.get(value.field)
    name = last_name(value.field)
    namesakes = [secret for field, secret in by_field.items() if last_name(field) == name]
    candidates = namesakes or list(by_field.values())
    return candidates[0] if len(candidates) == 1 else None
