"""Tokens of all six kinds: made of parameters, kept, and found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tokentape.mock.bank_accounts import bank_account
from tokentape.mock.cards import card, check_cvc
from tokentape.mock.keys import Key
from tokentape.mock.memory import Fingerprints, Newest
from tokentape.mock.parameters import Parameters
from tokentape.mock.published import US_ACCOUNT, US_ROUTING, VISA, Published
from tokentape.mock.refusals import live_mode_test_card, no_kind, no_such, several_kinds
from tokentape.pure.stripe.kinds import compact, digits

Object = Mapping[str, object]
"""One of Stripe's objects: its fields by name."""

# The prefixes of ids, recorded: of tokens by kind, and of what a token holds.
_TOKENS = {
    "account": "ct",
    "bank_account": "btok",
    "card": "tok",
    "cvc_update": "cvctok",
    "person": "cpt",
    "pii": "pii",
}
_HELD = {"bank_account": "ba", "card": "card"}

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
        if kind == "cvc_update":
            check_cvc(asked.text(kind, "cvc") or "")
        if kind not in _HELD:
            return self._token(kind, _bare(kind), key, time)
        held = self._made(kind, asked, key, time) if asked.has(kind) else None
        return self._holding(kind, held or self._cloned(kind, asked, key, time), key, time)

    def find(self, token_id: str, key: Key, time: int) -> Object | None:
        """Return a token that was made before, or a new one for a published id in test mode."""
        kept = self._kept.get((key.live, token_id))
        return kept if kept or key.live else self._published(token_id, key, time)

    def _holding(self, kind: str, held: Object, key: Key, time: int) -> Object:
        fresh = {**held, "id": f"{_HELD[kind]}_{self.entropy(24)}"}
        return self._token(kind, {kind: fresh}, key, time)

    def _token(self, kind: str, content: Object, key: Key, time: int) -> Object:
        token_id = f"{_TOKENS[kind]}_{self.entropy(24)}"
        token = {
            "id": token_id,
            "object": "token",
            "client_ip": CLIENT_IP,
            "created": time,
            "livemode": key.live,
            "type": kind,
            "used": False,
            **content,
        }
        self._kept.put((key.live, token_id), token)
        return token

    def _made(self, kind: str, asked: Parameters, key: Key, time: int) -> Object:
        if kind == "bank_account":
            return self._bank_account(asked, live=key.live)
        made = self._card(asked, time)
        if key.live and digits(asked.text("card", "number") or "") in self.published.cards:
            raise live_mode_test_card()
        return made

    def _card(self, asked: Parameters, time: int) -> Object:
        made = card(asked, _date(time), self.published.cards)
        number = digits(asked.text("card", "number") or "")
        return {**made, "fingerprint": self.fingerprints.of(number)}

    def _bank_account(self, asked: Parameters, *, live: bool) -> Object:
        made = bank_account(asked, live=live)
        number = compact(asked.text("bank_account", "account_number") or "")
        fingerprint = self.fingerprints.of(made["country"], made["routing_number"], number)
        return {**made, "fingerprint": fingerprint}

    def _cloned(self, kind: str, asked: Parameters, key: Key, time: int) -> Object:
        """Return a copy of what a customer has, or another token.

        There are no customers here: each has Stripe's first test card and test account.
        """
        source, customer = asked.text(kind) or "", asked.text("customer")
        if customer is None:
            return self._copied(kind, source, key, time)
        if not customer.startswith("cus_"):
            raise no_such("customer", customer, param="customer")
        return {**self._sample(kind, time), "customer": customer}

    def _copied(self, kind: str, source: str, key: Key, time: int) -> Object:
        held = (self.find(source, key, time) or {}).get(kind)
        if not isinstance(held, Mapping):
            raise no_such("token", source, param=kind)
        return held

    def _sample(self, kind: str, time: int, number: str = "") -> Object:
        if kind == "card":
            return self._card(_test_card(number or VISA), time)
        return self._bank_account(_test_account(number or US_ACCOUNT), live=False)

    def _published(self, token_id: str, key: Key, time: int) -> Object | None:
        """Make a fresh token for a published id, which is thus used as often as one likes."""
        if number := self.published.card_tokens.get(token_id):
            return self._holding("card", self._sample("card", time, number), key, time)
        if number := self.published.bank_tokens.get(token_id):
            held = {**self._sample("bank_account", time, number), "status": "verified"}
            return self._holding("bank_account", held, key, time)
        return None


def _kind(asked: Parameters) -> str:
    sent = {path[0] for path in asked.values}
    kinds = sorted(sent & _TOKENS.keys()) or (["card"] if "customer" in sent else [])
    if not kinds:
        raise no_kind()
    if len(kinds) > 1:
        raise several_kinds()
    return kinds[0]


def _bare(kind: str) -> Object:
    """Return what a token without an object in it has all the same (Stripe's examples)."""
    return {"redaction": None} if kind in ("account", "person") else {}


def _test_card(number: str) -> Parameters:
    """Return a test card as parameters.

    Stripe's own expires a year from now; this one does not move, so that to record it again
    another month changes nothing.
    """
    fields = {"number": number, "exp_month": "12", "exp_year": "2050"}
    return Parameters({("card", name): value for name, value in fields.items()})


def _test_account(number: str) -> Parameters:
    fields = {"account_number": number, "country": "US", "routing_number": US_ROUTING}
    return Parameters({("bank_account", name): value for name, value in fields.items()})


def _date(time: int) -> date:
    return datetime.fromtimestamp(time, UTC).date()
