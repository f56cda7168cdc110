"""Tokens of all six kinds: created from parameters, stored, retrieved, and shown to a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tokentape.mock.api_errors import ApiError, invalid_request, no_such, unsupported
from tokentape.mock.bank_accounts import bank_account
from tokentape.mock.cards import CARD_NAME, card, check_cvc
from tokentape.mock.keys import Key
from tokentape.mock.memory import Fingerprints, remember
from tokentape.mock.parameters import Parameters
from tokentape.mock.published import US_ACCOUNT, US_ROUTING, VISA, PublishedNumbers
from tokentape.mock.responses import Call
from tokentape.pure.stripe.cards import digits

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
"""The address of every client: the mock listens on the loopback interface."""

MAX_TOKENS = 10_000
"""Tokens that can be retrieved. A test run creates hundreds; each takes about 2 kB."""

_HIDDEN_FIELDS = frozenset({"fingerprint", "metadata"})
"""Fields that a publishable key does not get (recorded: stripe-ios, 2025-10-13)."""


@dataclass(slots=True)
class Tokens:
    """The tokens of one mock, separate for test mode and live mode.

    An *instrument* is the card or bank account in a token.
    """

    published: PublishedNumbers
    entropy: Callable[[int], str]
    fingerprints: Fingerprints
    customer_card: Callable[[str, str, Call], Object | None] = lambda *_: None
    """Returns a customer's card by both ids; None for a customer that the mock does not have."""
    _by_id: dict[tuple[bool, str], Object] = field(default_factory=dict)

    def create(self, parameters: Parameters, call: Call) -> Object:
        """Create a token. Raises ApiError (400, 402) for parameters that make none."""
        kind = _token_kind(parameters)
        if kind == "cvc_update":
            check_cvc(parameters.text(kind, "cvc") or "")
        if kind not in _INSTRUMENT_PREFIXES:
            # Fields without a value, from Stripe's examples.
            return self._token(
                kind, {"redaction": None} if kind in ("account", "person") else {}, call
            )
        create = self._new_instrument if parameters.has(kind) else self._existing_instrument
        return self._instrument_token(kind, create(kind, parameters, call), call)

    def find(self, token_id: str, call: Call) -> Object | None:
        """Return an existing token, or a new one for a published id in test mode."""
        live = call.key.live
        token = self._by_id.get((live, token_id))
        return token if token or live else self._published_token(token_id, call)

    def card(self, token_id: str, parameter: str, call: Call) -> Object:
        """Return the card of a token in a parameter. Raises ApiError if it was used before."""
        return self._unused_card(token_id, parameter, call)[1]

    def used_card(self, token_id: str, parameter: str, call: Call) -> Object:
        """Use a token up, and return its card. Raises ApiError if it was used before."""
        token, content = self._unused_card(token_id, parameter, call)
        self._by_id[call.key.live, str(token["id"])] = {**token, "used": True}
        return content

    def _unused_card(self, token_id: str, parameter: str, call: Call) -> tuple[Object, Object]:
        token = self.find(token_id, call)
        if token is None:
            raise no_such("token", token_id, param=parameter)
        if token["used"]:
            message = f"You cannot use a Stripe token more than once: {token_id}."
            raise invalid_request(message, "token_already_used")
        content = token.get("card")
        if not isinstance(content, Mapping):
            raise unsupported("what other tokens than those of cards are used for")
        return token, content

    def new_card(self, fields: Mapping[str, str], call: Call) -> Object:
        """Return the card with these fields. Raises ApiError (402) for an invalid card."""
        return self._new_instrument("card", _parameters("card", fields), call)

    def published_method_card(self, method_id: str, call: Call) -> Object | None:
        """Return the card of a published payment method, or None for any other id."""
        name, number = self.published.method_cards.get(method_id, ("", ""))
        if call.key.live or not number:
            return None
        return {**self._test_instrument("card", call, number), CARD_NAME: name}

    def _instrument_token(self, kind: str, instrument: Object, call: Call) -> Object:
        copy = {**instrument, "id": f"{_INSTRUMENT_PREFIXES[kind]}_{self.entropy(24)}"}
        return self._token(kind, {kind: copy}, call)

    def _token(self, kind: str, content: Object, call: Call) -> Object:
        token_id = f"{_TOKEN_PREFIXES[kind]}_{self.entropy(24)}"
        token = {
            "id": token_id,
            "object": "token",
            "client_ip": CLIENT_IP,
            "created": call.time,
            "livemode": call.key.live,
            "type": kind,
            "used": False,
            **content,
        }
        remember(self._by_id, (call.key.live, token_id), token, MAX_TOKENS)
        return token

    def _new_instrument(self, kind: str, parameters: Parameters, call: Call) -> Object:
        if kind == "bank_account":
            return self._bank_account(parameters, live=call.key.live)
        instrument = self._card(parameters, call)
        if call.key.live and _card_number(parameters) in self.published.cards:
            raise ApiError(  # recorded, with empty param
                402,
                "card_error",
                "Your card was declined. Your request was in live mode, but used a known test "
                "card.",
                code="card_declined",
                param="",
                decline_code="live_mode_test_card",
            )
        return instrument

    def _card(self, parameters: Parameters, call: Call) -> Object:
        today = datetime.fromtimestamp(call.time, UTC).date()
        fields = card(parameters, today, self.published.cards)
        number = _card_number(parameters)
        name = self.published.names.get(number, "")
        return {**fields, "fingerprint": self.fingerprints.of(number), CARD_NAME: name}

    def _bank_account(self, parameters: Parameters, *, live: bool) -> Object:
        account = bank_account(parameters, live=live)
        number = digits(parameters.text("bank_account", "account_number") or "")
        fingerprint = self.fingerprints.of(account["country"], account["routing_number"], number)
        return {**account, "fingerprint": fingerprint}

    def _existing_instrument(self, kind: str, parameters: Parameters, call: Call) -> Object:
        """Return the instrument of a customer or of another token.

        A customer that the mock does not have has Stripe's first test card and account.
        """
        source, customer = parameters.text(kind) or "", parameters.text("customer")
        if customer is not None:
            if not customer.startswith("cus_"):
                raise no_such("customer", customer, param="customer")
            stored = self.customer_card(customer, source, call) if kind == "card" else None
            return {**(stored or self._test_instrument(kind, call)), "customer": customer}
        instrument = (self.find(source, call) or {}).get(kind)
        if not isinstance(instrument, Mapping):
            raise no_such("token", source, param=kind)
        return instrument

    def _test_instrument(self, kind: str, call: Call, number: str = "") -> Object:
        """Return a test card or account.

        Stripe's test cards expire a year from now. This one has a fixed expiry, so that recording
        it again in another month changes nothing.
        """
        if kind == "card":
            fields = {"number": number or VISA, "exp_month": "12", "exp_year": "2050"}
            return self._card(_parameters(kind, fields), call)
        fields = {
            "account_number": number or US_ACCOUNT,
            "country": "US",
            "routing_number": US_ROUTING,
        }
        return self._bank_account(_parameters(kind, fields), live=False)

    def _published_token(self, token_id: str, call: Call) -> Object | None:
        """Create a token for a published id, so that the id can be used any number of times."""
        if number := self.published.card_tokens.get(token_id):
            instrument = self._test_instrument("card", call, number)
            name = token_id.removeprefix("tok_")
            return self._instrument_token("card", {**instrument, CARD_NAME: name}, call)
        if number := self.published.bank_tokens.get(token_id):
            instrument = self._test_instrument("bank_account", call, number)
            return self._instrument_token(
                "bank_account", {**instrument, "status": "verified"}, call
            )
        return None


def _token_kind(parameters: Parameters) -> str:
    names = {path[0] for path in parameters.values}
    kinds = sorted(names & _TOKEN_PREFIXES.keys()) or (["card"] if "customer" in names else [])
    if not kinds:
        raise invalid_request(
            "You must supply either a card, customer, or bank account to create a token."
        )
    if len(kinds) > 1:  # our wording
        raise invalid_request("You must supply exactly one kind of token to create.")
    return kinds[0]


def _card_number(parameters: Parameters) -> str:
    return digits(parameters.text("card", "number") or "")


def _parameters(kind: str, fields: Mapping[str, str]) -> Parameters:
    return Parameters({(kind, name): value for name, value in fields.items()})


def token_view(token: Object, key: Key, expand: frozenset[str]) -> Object:
    """Return a token as `key` may see it, with its customer as an object if `expand` names it.

    Publishable keys get no field that links cards.
    """
    hidden = {CARD_NAME, *(_HIDDEN_FIELDS if key.publishable else ())}
    view = dict(token)
    for name, content in token.items():
        if isinstance(content, Mapping):
            visible = {field: value for field, value in content.items() if field not in hidden}
            if "customer" in visible and f"{name}.customer" in expand:
                visible["customer"] = _customer(visible["customer"], token)
            view[name] = visible
    return view


def _customer(customer_id: object, token: Object) -> Object:
    """Return a customer object that has nothing but the id."""
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
