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


class _Sent:
    """The fields of a request that have one value."""

    def __init__(self) -> None:
        self.by_field: dict[str, Secret] = {}
        self.by_name: dict[str, Secret | None] = {}
        """By the last segment of the field; None where two fields share it."""

    def add(self, secret: Secret) -> None:
        if secret.field not in self.by_field:
            name = last_name(secret.field)
            self.by_name[name] = None if name in self.by_name else secret
            self.by_field[secret.field] = secret

    def repeated_by(self, field: str) -> Secret | None:
        """Return the value that a field of the answer repeats, or None where two may be meant."""
        if field in self.by_field:
            return self.by_field[field]
        name = last_name(field)
        if name in self.by_name:
            return self.by_name[name]
        return next(iter(self.by_field.values())) if len(self.by_field) == 1 else None


class Echo:
    """What one answer may repeat: the values of its request, and `echoes` of earlier ones."""

    def __init__(self, request: RedactedRequest, echoes: Mapping[Secret, Secret]) -> None:
        self._request = request
        self._echoes = echoes
        self._values: dict[str, _Sent] | None = None
        """By text."""
        self._names: dict[str, _Sent] = {}
        self.new: dict[Secret, Secret] = {}
        """The answer's values that are the request's under another name, with the latter."""

    def of(self, value: Secret) -> Secret | None:
        """Return the request's value that a value of the answer repeats, or None."""
        return self._repeated(value, self._by_text())

    def of_name(self, name: Secret) -> Secret | None:
        """Return the request's name that a name in the answer repeats, or None."""
        self._by_text()
        return self._repeated(name, self._names)

    def _by_text(self) -> dict[str, _Sent]:
        if self._values is None:
            self._values = {}
            for secret in _secrets(self._request):
                if secret.kind != "dob":  # no client sends one whole
                    values = self._names if secret.kind == "field" else self._values
                    values.setdefault(secret.text, _Sent()).add(secret)
        return self._values

    def _repeated(self, value: Secret, values: Mapping[str, _Sent]) -> Secret | None:
        sent = values.get(value.text)
        secret = None if sent is None else sent.repeated_by(value.field)
        if secret is None:
            return self._echoes.get(value)
        if secret != value:
            self.new[value] = secret
        return secret


def _secrets(request: RedactedRequest) -> Iterator[Secret]:
    for entry in (request.path, *request.query, *request.body):
        yield from entry.secrets
