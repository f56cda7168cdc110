"""Tokens of all six kinds: created from parameters, stored, and retrieved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tokentape.mock.api_errors import (
    live_mode_test_card,
    no_such,
    no_token_kind,
    several_token_kinds,
)
from tokentape.mock.bank_accounts import bank_account
from tokentape.mock.cards import card, check_cvc
from tokentape.mock.keys import Key
from tokentape.mock.memory import BoundedTable, Fingerprints
from tokentape.mock.parameters import Parameters
from tokentape.mock.published import US_ACCOUNT, US_ROUTING, VISA, PublishedNumbers
from tokentape.pure.stripe.kinds import compact, digits

Object = Mapping[str, object]
"""One of Stripe's objects: its fields by name."""

# Prefixes of ids, as recorded: of tokens by kind, and of the card or bank account in a token.
_TOKEN_PREFIXES = {
    "account": "ct",
    "bank_account": "btok",
    "card": "tok",
    "cvc_update": "cvctok",
    "person": "cpt",
    "pii": "pii",
}
_INSTRUMENT_PREFIXES = {"bank_account": "ba", "card": "card"}

CLIENT_IP = "127.0.0.1"
"""The address of every client: this upstream listens on the loopback interface."""

MAX_TOKENS = 10_000
"""Tokens that can be retrieved. A test run creates hundreds; each takes about 2 kB."""


@dataclass(slots=True)
class Tokens:
    """The tokens of one upstream, separate for test mode and live mode.

    An *instrument* is the card or bank account in a token.
    """

    published: PublishedNumbers
    entropy: Callable[[int], str]
    fingerprints: Fingerprints
    _by_id: BoundedTable[tuple[bool, str], Object] = field(
        default_factory=lambda: BoundedTable(MAX_TOKENS)
    )

    def create(self, parameters: Parameters, key: Key, time: int) -> Object:
        """Create a token. Raises ApiError (400, 402) for parameters that make none."""
        kind = _token_kind(parameters)
        if kind == "cvc_update":
            check_cvc(parameters.text(kind, "cvc") or "")
        if kind not in _INSTRUMENT_PREFIXES:
            return self._token(kind, _empty_content(kind), key, time)
        make = self._new_instrument if parameters.has(kind) else self._existing_instrument
        return self._instrument_token(kind, make(kind, parameters, key, time), key, time)

    def find(self, token_id: str, key: Key, time: int) -> Object | None:
        """Return an existing token, or a new one for a published id in test mode."""
        token = self._by_id.get((key.live, token_id))
        return token if token or key.live else self._published_token(token_id, key, time)

    def _instrument_token(self, kind: str, instrument: Object, key: Key, time: int) -> Object:
        copy = {**instrument, "id": f"{_INSTRUMENT_PREFIXES[kind]}_{self.entropy(24)}"}
        return self._token(kind, {kind: copy}, key, time)

    def _token(self, kind: str, content: Object, key: Key, time: int) -> Object:
        token_id = f"{_TOKEN_PREFIXES[kind]}_{self.entropy(24)}"
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
        self._by_id.put((key.live, token_id), token)
        return token

    def _new_instrument(self, kind: str, parameters: Parameters, key: Key, time: int) -> Object:
        if kind == "bank_account":
            return self._bank_account(parameters, live=key.live)
        instrument = self._card(parameters, time)
        if key.live and digits(parameters.text("card", "number") or "") in self.published.cards:
            raise live_mode_test_card()
        return instrument

    def _card(self, parameters: Parameters, time: int) -> Object:
        card_fields = card(parameters, _date(time), self.published.cards)
        number = digits(parameters.text("card", "number") or "")
        return {**card_fields, "fingerprint": self.fingerprints.of(number)}

    def _bank_account(self, parameters: Parameters, *, live: bool) -> Object:
        account = bank_account(parameters, live=live)
        number = compact(parameters.text("bank_account", "account_number") or "")
        fingerprint = self.fingerprints.of(account["country"], account["routing_number"], number)
        return {**account, "fingerprint": fingerprint}

    def _existing_instrument(
        self, kind: str, parameters: Parameters, key: Key, time: int
    ) -> Object:
        """Return the instrument of a customer or of another token.

        This upstream has no customers: each id of one has Stripe's first test card and account.
        """
        source, customer = parameters.text(kind) or "", parameters.text("customer")
        if customer is None:
            return self._instrument_of(kind, source, key, time)
        if not customer.startswith("cus_"):
            raise no_such("customer", customer, param="customer")
        return {**self._test_instrument(kind, time), "customer": customer}

    def _instrument_of(self, kind: str, source: str, key: Key, time: int) -> Object:
        instrument = (self.find(source, key, time) or {}).get(kind)
        if not isinstance(instrument, Mapping):
            raise no_such("token", source, param=kind)
        return instrument

    def _test_instrument(self, kind: str, time: int, number: str = "") -> Object:
        if kind == "card":
            return self._card(_test_card(number or VISA), time)
        return self._bank_account(_test_account(number or US_ACCOUNT), live=False)

    def _published_token(self, token_id: str, key: Key, time: int) -> Object | None:
        """Create a token for a published id, so that the id can be used any number of times."""
        if number := self.published.card_tokens.get(token_id):
            return self._instrument_token(
                "card", self._test_instrument("card", time, number), key, time
            )
        if number := self.published.bank_tokens.get(token_id):
            instrument = {
                **self._test_instrument("bank_account", time, number),
                "status": "verified",
            }
            return self._instrument_token("bank_account", instrument, key, time)
        return None


def _token_kind(parameters: Parameters) -> str:
    names = {path[0] for path in parameters.values}
    kinds = sorted(names & _TOKEN_PREFIXES.keys()) or (["card"] if "customer" in names else [])
    if not kinds:
        raise no_token_kind()
    if len(kinds) > 1:
        raise several_token_kinds()
    return kinds[0]


def _empty_content(kind: str) -> Object:
    """Return the other fields of a token without an instrument (from Stripe's examples)."""
    return {"redaction": None} if kind in ("account", "person") else {}


def _test_card(number: str) -> Parameters:
    """Return a test card as parameters.

    Stripe's test cards expire a year from now. This one has a fixed expiry, so that recording it
    again in another month changes nothing.
    """
    fields = {"number": number, "exp_month": "12", "exp_year": "2050"}
    return Parameters({("card", name): value for name, value in fields.items()})


def _test_account(number: str) -> Parameters:
    fields = {"account_number": number, "country": "US", "routing_number": US_ROUTING}
    return Parameters({("bank_account", name): value for name, value in fields.items()})


def _date(time: int) -> date:
    return datetime.fromtimestamp(time, UTC).date()
