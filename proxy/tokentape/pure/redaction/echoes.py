"""Which field of a request an answer repeats.

A field of an answer stands for the request's value where that is found in exactly one field of the
request, the field of the same name first. What one answer shows in this way, later answers do too:
a token's answer repeats the holder's name under a name of its own, and so does each retrieval of
the token, whose requests hold no name.

    request   bank_account[account_holder_name]=Ada
    answer    bank_account.account_holder_name: Ada    the field of the same name
              bank_account.name: Ada                   found in one field only: the same variable
              card.address_city: Ada                   of another object: found in one field, too
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.redaction.values import last_name
from tokentape.pure.stripe.kinds import Secret

_Values = dict[str, dict[str, Secret]]
"""The values of a request: by text, then by field."""


class Echo:
    """What one answer may repeat: the values of its request, and `echoes` of earlier ones."""

    def __init__(self, request: RedactedRequest, echoes: Mapping[Secret, Secret]) -> None:
        self._request = request
        self._echoes = echoes
        self._values: _Values | None = None
        self._names: _Values = {}
        self.new: dict[Secret, Secret] = {}
        """The answer's values that are the request's under another name, with the latter."""

    def of(self, value: Secret) -> Secret | None:
        """Return the request's value that a value of the answer repeats, or None."""
        return self._sent(value, self._by_text())

    def of_name(self, name: Secret) -> Secret | None:
        """Return the request's name that a name in the answer repeats, or None."""
        self._by_text()
        return self._sent(name, self._names)

    def _by_text(self) -> _Values:
        if self._values is None:
            self._values = {}
            for secret in _secrets(self._request):
                if secret.kind != "dob":  # no client sends one whole
                    values = self._names if secret.kind == "field" else self._values
                    values.setdefault(secret.text, {})[secret.field] = secret
        return self._values

    def _sent(self, value: Secret, values: _Values) -> Secret | None:
        sent = _repeated(value, values.get(value.text, {}))
        if sent is None:
            return self._echoes.get(value)
        if sent != value:
            self.new[value] = sent
        return sent


def _secrets(request: RedactedRequest) -> Iterator[Secret]:
    for entry in (request.path, *request.query, *request.body):
        yield from entry.secrets


def _repeated(value: Secret, by_field: Mapping[str, Secret]) -> Secret | None:
    if not by_field or value.field in by_field:
        return by_field.get(value.field)
    name = last_name(value.field)
    namesakes = [secret for field, secret in by_field.items() if last_name(field) == name]
    fitting = namesakes or list(by_field.values())
    return fitting[0] if len(fitting) == 1 else None
