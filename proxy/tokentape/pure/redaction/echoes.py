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
from tokentape.pure.redaction.values import in_object, last_name
from tokentape.pure.stripe.kinds import NEVER_ANSWERED, Secret


class _Sent:
    """The fields of a request that have one value."""

    def __init__(self) -> None:
        self._by_field: dict[str, Secret] = {}
        self._by_name: dict[str, Secret | None] = {}
        """By the last segment of the field; None where two fields share it."""

    def add(self, secret: Secret) -> None:
        if secret.field not in self._by_field:
            name = last_name(secret.field)
            self._by_name[name] = None if name in self._by_name else secret
            self._by_field[secret.field] = secret

    def repeated_by(self, field: str) -> Secret | None:
        """Return the value that a field of the response repeats; None where two may be meant.

        The response's field begins with the type of its object: `customer`, `shipping`, `name`. The
        request's may, too, as a token's `card`, `name` does.
        """
        for same_field in (field, in_object(field)):
            if same_field in self._by_field:
                return self._by_field[same_field]
        name = last_name(field)
        if name in self._by_name:
            return self._by_name[name]
        return next(iter(self._by_field.values())) if len(self._by_field) == 1 else None

    def named(self, name: str) -> Secret | None:
        """Return the value of the only field of a name."""
        return self._by_name.get(name)


_NEVER_REPEATED = NEVER_ANSWERED | {"dob"}
"""Stripe never answers with a whole number, and no client sends a date of birth whole."""


class Echo:
    """What one response may repeat: the values of its request, and `echoes` of earlier ones."""

    def __init__(self, request: RedactedRequest, echoes: Mapping[Secret, Secret]) -> None:
        self._request = request
        self._echoes = echoes
        self._sent: dict[tuple[str, str], _Sent] = {}
        """By text, names of fields and times apart from other values."""
        self.new: dict[Secret, Secret] = {}
        """The response's values that are the request's under another name, with the latter."""

    def of(self, value: Secret) -> Secret | None:
        """Return the request's value, or its field's name, that a value repeats, or None."""
        if not self._sent:
            self._read_request()
        sent = self._sent.get((_apart(value), value.text))
        secret = None if sent is None else sent.repeated_by(value.field)
        return self._repeated(value, secret)

    def of_time(self, time: Secret, name: str) -> Secret | None:
        """Return the time that a client sent in a field of this name and that a time repeats.

        Any other field may show the same second by chance.
        """
        if not self._sent:
            self._read_request()
        sent = self._sent.get((_apart(time), time.text))
        return self._repeated(time, None if sent is None else sent.named(name))

    def _repeated(self, value: Secret, secret: Secret | None) -> Secret | None:
        if secret is None:
            return self._echoes.get(value)
        if secret != value:
            self.new[value] = secret
        return secret

    def _read_request(self) -> None:
        for entry in (self._request.path, *self._request.query, *self._request.body):
            for secret in entry.secrets:
                if secret.kind not in _NEVER_REPEATED:
                    key = (_apart(secret), secret.text)
                    self._sent.setdefault(key, _Sent()).add(secret)


def _apart(value: Secret) -> str:
    return value.kind if value.kind in ("field", "time") else ""
