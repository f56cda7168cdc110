"""Which field of a request a response repeats.

A field of a response stands for the request's value where that is found in exactly one field of
the request, the field of the same name first. A field that the API does not know stands only for
that. What one response shows in this way, later ones do too: a token's response repeats the
holder's name under another name, and so does each retrieval of the token, whose requests hold no
name.

    request   bank_account[account_holder_name]=Ada
    response  bank_account.account_holder_name: Ada    the field of the same name
              bank_account.name: Ada                   found in one field only: the same variable
              card.address_city: Ada                   of another object: found in one field, too

What an earlier request of the same story sent comes back, too: a charge shows the customer's
e-mail. A story is found through the ids that a request names: it is what the requests sent that
made these. In a story there are many values, so only a field of the same name repeats one.

    request   POST /v1/customers      email=ada@example.com
    response                          id: cus_1
    request   POST /v1/charges        customer=cus_1
    response                          receipt_email: null, id: ch_1
    request   GET /v1/charges/ch_1    expand[]=customer
    response  customer.email: ada@example.com    the story's
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from tokentape.pure.notation.redacted import Redacted, RedactedRequest
from tokentape.pure.redaction.values import in_object, is_chosen, last_name
from tokentape.pure.stripe.kinds import NEVER_ANSWERED, Secret

_LONGEST = 200
"""Values of a story that are remembered: those that were sent last."""


@dataclass(frozen=True, slots=True, repr=False)
class Story:
    """What responses may show of the requests that an object was made by."""

    numbers: Mapping[str, Redacted] = field(default_factory=dict)
    """The card or account number, by kind, of which they show a part."""
    echoes: Mapping[str, Secret] = field(default_factory=dict)
    """The request's own of the values that they show under another name, by the keys of these."""
    sent: tuple[Secret, ...] = ()
    """The values that were sent, the last first."""

    def __bool__(self) -> bool:
        return bool(self.numbers or self.echoes or self.sent)

    def after(self, request: RedactedRequest, echoes: Mapping[str, Secret]) -> Story:
        """Return the story, which has its numbers, with the other values of a request.

        `echoes` are what its response repeated.
        """
        sent = _distinct((*_values(request), *self.sent))
        return Story(self.numbers, {**self.echoes, **echoes}, sent)

    def joined(self, later: Story) -> Story:
        """Return the story of an object that came in two: `later` tells of it last."""
        if self is later or not self or self == later:
            return later
        numbers = {**self.numbers, **later.numbers}
        sent = _distinct((*later.sent, *self.sent))
        return Story(numbers, {**self.echoes, **later.echoes}, sent)


def _distinct(values: Iterable[Secret]) -> tuple[Secret, ...]:
    distinct: dict[str, Secret] = {}
    for value in values:
        distinct.setdefault(value.key, value)
    return tuple(islice(distinct.values(), _LONGEST))


def _values(request: RedactedRequest) -> list[Secret]:
    """Return the values of a request that responses may repeat."""
    entries = (request.path, *request.query, *request.body)
    secrets = [secret for entry in entries for secret in entry.secrets]
    return [secret for secret in secrets if secret.kind not in _NEVER_REPEATED]


class _Sent:
    """The fields of a request that have one value."""

    def __init__(self) -> None:
        self._by_field: dict[str, Secret] = {}
        self._by_name: dict[str, Secret | None] = {}
        """By the last segment of the field; None where two fields share it."""

    def add(self, secret: Secret) -> None:
        field = secret.field
        if field not in self._by_field:
            name = last_name(field)
            self._by_name[name] = None if name in self._by_name else secret
            self._by_field[field] = secret

    def repeated_by(self, field: str) -> Secret | None:
        """Return the value that a field of the response repeats; None where two may be meant.

        A field that the API does not know may show anything: what it shows is only the request's if
        that has a field of the same name. So a person called `5`, born in month 5, is no other than
        one called Ada.

        The response's field begins with the type of its object: `customer`, `shipping`, `name`. The
        request's may, too, as a token's `card`, `name` does.
        """
        own = self.of_same_name(field)
        if own is not None or last_name(field) in self._by_name:
            return own
        only = len(self._by_field) == 1 and not is_chosen(field)
        return next(iter(self._by_field.values())) if only else None

    def of_same_name(self, field: str) -> Secret | None:
        """Return the value of the same field, or of the only one that is called the same."""
        for same_field in (field, in_object(field)):
            if same_field in self._by_field:
                return self._by_field[same_field]
        return self._by_name.get(last_name(field))

    def named(self, name: str) -> Secret | None:
        """Return the value of the only field of a name."""
        return self._by_name.get(name)


_NEVER_REPEATED = NEVER_ANSWERED | {"dob"}
"""Stripe never answers with a whole number, and no client sends a date of birth whole."""


class Echo:
    """What one response may repeat: the values of its request, and those of its story."""

    def __init__(self, request: RedactedRequest, story: Story) -> None:
        self._request = request
        self._story = story
        self._sent: dict[tuple[str, str], _Sent] | None = None
        """By text, names of fields and times apart from other values."""
        self._earlier: dict[tuple[str, str], _Sent] = {}
        """The same of the story."""
        self.new: dict[str, Secret] = {}
        """The request's own of the values that the response shows under another name."""

    def within(self, story: Story) -> Echo:
        """Return the same for an object in the response that has a story of its own."""
        if story == self._story:
            return self
        inside = Echo(self._request, self._story.joined(story))
        inside.new = self.new
        return inside

    def of(self, value: Secret) -> Secret | None:
        """Return the request's value, or its field's name, that a value repeats, or None."""
        sent, earlier = self._found(value)
        if sent is None and earlier is None:
            return self._story.echoes.get(value.key)
        secret = None if sent is None else sent.repeated_by(value.field)
        if secret is None and earlier is not None and value.key not in self._story.echoes:
            secret = earlier.of_same_name(value.field)
        return self._repeated(value, secret)

    def of_time(self, time: Secret, name: str) -> Secret | None:
        """Return the time that a client sent in a field of this name and that a time repeats.

        Any other field may show the same second by chance.
        """
        either = (each.named(name) for each in self._found(time) if each is not None)
        return self._repeated(time, next((secret for secret in either if secret), None))

    def _repeated(self, value: Secret, secret: Secret | None) -> Secret | None:
        if secret is None:
            return self._story.echoes.get(value.key)
        if secret.key != value.key:
            self.new[value.key] = secret
        return secret

    def _found(self, value: Secret) -> tuple[_Sent | None, _Sent | None]:
        """Return where a text was sent: in the request, and in its story."""
        if self._sent is None:
            self._sent = _by_text(_values(self._request))
            self._earlier = _by_text(self._story.sent)
        key = (_apart(value), value.text)
        return self._sent.get(key), self._earlier.get(key)


def _by_text(values: Iterable[Secret]) -> dict[tuple[str, str], _Sent]:
    sent: dict[tuple[str, str], _Sent] = {}
    for secret in values:
        sent.setdefault((_apart(secret), secret.text), _Sent()).add(secret)
    return sent


def _apart(value: Secret) -> str:
    return value.kind if value.kind in ("field", "time") else ""
