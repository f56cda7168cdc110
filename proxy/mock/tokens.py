"""Tokens of all six kinds: made of parameters, kept, found again, and shown to a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from proxy.mock.bank_accounts import bank_account
from proxy.mock.cards import card, check_cvc
from proxy.mock.keys import Key
from proxy.mock.memory import Fingerprints, Newest
from proxy.mock.parameters import Parameters
from proxy.mock.published import US_ACCOUNT, US_ROUTING, VISA, Published
from proxy.mock.refusals import live_mode_test_card, no_kind, no_such, several_kinds
from proxy.pure.kinds import compact, digits

Object = Mapping[str, object]
"""One of Stripe's objects: its fields by name."""

PREFIXES: Mapping[str, str] = {
    "account": "ct",
    "bank_account": "btok",
    "card": "tok",
    "cvc_update": "cvctok",
    "person": "cpt",
    "pii": "pii",
}
"""The kinds of tokens, with the prefix of their ids (recorded)."""

CLIENT_IP = "127.0.0.1"
"""Every client is this one: an upstream on the loopback interface has no others."""

MAX_TOKENS = 10_000
"""Tokens that can be retrieved: a test run makes hundreds, and one takes about 2 kB."""


@dataclass(slots=True)
class Tokens:
    """The tokens of one upstream, test mode and live mode apart."""

    published: Published
    entropy: Callable[[int], str]
    fingerprints: Fingerprints
    _kept: Newest[tuple[bool, str], Object] = field(default_factory=lambda: Newest(MAX_TOKENS))

    def create(self, asked: Parameters, key: Key, time: int) -> Object:
        """Make the token that was asked for. Raises Refusal (400, 402) if it cannot be made."""
        kind = _kind(asked)
        return self._keep(kind, self._content(kind, asked, key, time), key, time, CLIENT_IP)

    def find(self, token_id: str, key: Key, time: int) -> Object | None:
        """Return a token that was made before, or a new one for a published id in test mode."""
        kept = self._kept.get((key.live, token_id))
        return kept if kept or key.live else self._published(token_id, key, time)

    def _keep(self, kind: str, content: Object, key: Key, time: int, ip: str | None) -> Object:
        token_id = f"{PREFIXES[kind]}_{self.entropy(24)}"
        token = {
            "id": token_id,
            "object": "token",
            "client_ip": ip,
            "created": time,
            "livemode": key.live,
            "type": kind,
            "used": False,
            **content,
        }
        self._kept.put((key.live, token_id), token)
        return token

    def _content(self, kind: str, asked: Parameters, key: Key, time: int) -> Object:
        """Return what a token holds beside the fields of every token."""
        if kind == "cvc_update":
            check_cvc(asked.text("cvc_update", "cvc") or "")
        if kind in ("account", "person"):
            return {"redaction": None}
        if kind not in ("bank_account", "card"):
            return {}
        if not asked.has(kind):
            return {kind: self._cloned(kind, asked, key, time)}
        make = self._card if kind == "card" else self._bank_account
        return {kind: make(asked, key, time)}

    def _card(self, asked: Parameters, key: Key, time: int) -> Object:
        made = card(asked, _date(time), self.published.cards)
        number = digits(asked.text("card", "number") or "")
        if key.live and number in self.published.cards:
            raise live_mode_test_card()
        fingerprint = self.fingerprints.of(number)
        return {**made, "id": f"card_{self.entropy(24)}", "fingerprint": fingerprint}

    def _bank_account(self, asked: Parameters, key: Key, _: int) -> Object:
        made = bank_account(asked, live=key.live)
        number = compact(asked.text("bank_account", "account_number") or "")
        fingerprint = self.fingerprints.of(made["country"], made["routing_number"], number)
        return {**made, "id": f"ba_{self.entropy(24)}", "fingerprint": fingerprint}

    def _cloned(self, kind: str, asked: Parameters, key: Key, time: int) -> object:
        """Return a copy of what a customer or another token has.

        There are no customers here: each has Stripe's first test card and test account.
        """
        source, customer = asked.text(kind) or "", asked.text("customer")
        if customer is None:
            token = self.find(source, key, time) or {}
            if kind not in token:
                raise no_such("token", source, param=kind)
            return token[kind]
        if not customer.startswith("cus_"):
            raise no_such("customer", customer, param="customer")
        return {**self._sample(kind, key, time), "customer": customer}

    def _sample(self, kind: str, key: Key, time: int) -> Object:
        test = Key(key.text, live=False, publishable=key.publishable)
        if kind == "card":
            return self._card(_test_card(VISA, time), test, time)
        return self._bank_account(_test_account(US_ACCOUNT), test, time)

    def _published(self, token_id: str, key: Key, time: int) -> Object | None:
        """Make the token of a published id: a fresh one, of no client's address."""
        if number := self.published.card_tokens.get(token_id):
            made = self._card(_test_card(number, time), key, time)
            return self._keep("card", {"card": made}, key, time, None)
        if number := self.published.bank_tokens.get(token_id):
            made = {**self._bank_account(_test_account(number), key, time), "status": "verified"}
            return self._keep("bank_account", {"bank_account": made}, key, time, None)
        return None


def shown(token: Object, key: Key, expand: frozenset[str]) -> Object:
    """Return a token as `key` may see it, with the customer whole where `expand` says so."""
    return {
        name: _inner(name, value, token, key, expand) if isinstance(value, Mapping) else value
        for name, value in token.items()
    }


def _inner(name: str, inner: Object, token: Object, key: Key, expand: frozenset[str]) -> Object:
    hidden = ("fingerprint", "metadata") if key.publishable else ()
    seen = {field: value for field, value in inner.items() if field not in hidden}
    if "customer" in seen and f"{name}.customer" in expand:
        seen["customer"] = _customer(seen["customer"], token)
    return seen


def _customer(customer_id: object, token: Object) -> Object:
    return {
        "id": customer_id,
        "object": "customer",
        "created": token["created"],
        "delinquent": False,
        "description": None,
        "email": None,
        "livemode": token["livemode"],
        "metadata": {},
        "name": None,
        "phone": None,
    }


def _kind(asked: Parameters) -> str:
    sent = {path[0] for path in asked.values}
    kinds = sorted(sent & PREFIXES.keys()) or (["card"] if "customer" in sent else [])
    if not kinds:
        raise no_kind()
    if len(kinds) > 1:
        raise several_kinds()
    return kinds[0]


def _test_card(number: str, time: int) -> Parameters:
    """Return the parameters of a test card; like Stripe's own it expires within a year."""
    today = _date(time)
    expiry = {("card", "exp_month"): str(today.month), ("card", "exp_year"): str(today.year + 1)}
    return Parameters({("card", "number"): number, **expiry})


def _test_account(number: str) -> Parameters:
    fields = {"account_number": number, "country": "US", "routing_number": US_ROUTING}
    return Parameters({("bank_account", name): value for name, value in fields.items()})


def _date(time: int) -> date:
    return datetime.fromtimestamp(time, UTC).date()
