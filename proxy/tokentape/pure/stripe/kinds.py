"""The kinds of sensitive values: one table, what follows from it, and values themselves.

A class is a closed part of a value on which Stripe's response depends, such as a card's brand; a
cassette stores nothing else of a value. Kinds without identity (a CVC, a key) are stored as their
class only: PCI DSS 3.3.1 forbids storing a CVC in any form, and any key of a class will do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from itertools import product

from tokentape.pure.stripe import stand_ins
from tokentape.pure.stripe.cards import CARD_CLASSES, card_class, digits
from tokentape.pure.stripe.times import TIME_CLASSES

Slots = Mapping[str, Callable[[str], str]]
"""By name, what takes a part out of a value."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sensitive values. A new kind takes one line in the table below."""

    name: str
    stand_in: stand_ins.Maker = lambda source: f"{source.kind} {source.guard or source.number}"
    _: KW_ONLY
    is_id: bool = False
    """The same wherever it occurs: an id names one object."""
    prefix: str = ""
    """Of an id, as in `tok_…`; blank if Stripe's ids of this kind have different ones."""
    from_stripe: bool = False
    """Stripe generates the values: a client that sends one has it from a response."""
    unquoted: bool = False
    """Stands in JSON without quotes."""
    is_number: bool = False
    """A card or account number, in which spaces and dashes do not count."""
    never_answered: bool = False
    """Stripe answers with a part of a value at most, never with a whole one."""
    slots: Slots = field(default_factory=dict)
    """The parts that Stripe answers with, or that a client sends one by one."""
    guards: frozenset[str] = frozenset()
    """Classes that a variable has, as in `{{card.1:visa}}`; blank is one if it may have none."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """Classes that need no number, as in `{{cvc:3}}`, and stand-ins, if not by `stand_in`."""
    class_of: Callable[[str, int], str] | None = None
    """Returns the class of a text, given this year."""

    @property
    def class_only(self) -> bool:
        """Whether values are stored as `{{kind:class}}` only, so that any value of it will do."""
        return self.class_of is not None and not self.guards


def _id(name: str, prefix: str = "", length: int = 24) -> Kind:
    prefix = prefix or name
    stand_in = stand_ins.object_id(prefix, length)
    return Kind(name, stand_in, is_id=True, from_stripe=True, prefix=prefix)


def _last4(text: str) -> str:
    return digits(text)[-4:]


def masked(key: str) -> str:
    """Return a key as Stripe's 401 message quotes it: first 8, asterisks, last 4 (recorded)."""
    return key[:8] + "*" * max(len(key) - 12, 0) + key[8:][-4:]


_KEY_PARTS = product(("sk", "rk", "pk", "ek", "uk", "rkcs"), ("_", "_org_"), ("test", "live"))
_KEYS = (*map("".join, _KEY_PARTS), "oak_test", "oak_live", "oak")
_KEY = re.compile(f"({'|'.join(_KEYS)})_")


def key_class(text: str) -> str:
    """Return an API key's kind and mode, such as sk_test; `unknown` for anything else."""
    match = _KEY.match(text)
    return match[1] if match else "unknown"


def is_live_key(text: str) -> bool:
    """Tell whether this is a key of Stripe's live mode, whatever its kind."""
    return key_class(text).endswith("live")


def _cvc_class(text: str, _: int) -> str:
    plain = text.strip()
    valid = plain.isascii() and plain.isdigit() and len(plain) in (3, 4)
    return str(len(plain)) if valid else "invalid"


def _month_class(text: str, _: int) -> str:
    return "valid" if 1 <= _expiry_number(text) <= 12 else "invalid"


def _year_class(text: str, this_year: int) -> str:
    number = _expiry_number(text)
    if number < 0:
        return "invalid"
    return "past" if number + 2000 * (number < 100) < this_year else "future"


def _expiry_number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text.strip()) else -1


def _risk_class(text: str, _: int) -> str:
    score = int(text) if re.fullmatch("[0-9]{1,3}", text) else 101
    if score > 100:
        return "invalid"
    return "highest" if score >= 75 else "elevated" if score >= 65 else "normal"


def _sent_class(_: str, __: int) -> str:
    return "sent"


_PREFIXES = """
acap apwc ba bpc bps btok ca cbtxn ccsbtxn ch climorder climsku climsup clock cn cnli cpmt cpt
credrev cs ct ctoken cvctok debrev di dp du ent ephkey evt fa fca fcaown fcaowns fcsess fctxn
fctxnref feat fee file flxlnpd fp fr frr fwdreq iauth ibt ic ich ics idp ii il in intok ipcd ipi ise
issfr li link mandate meter mtrusg obp obt payatt person pi plink pm pmc pmd po price prodft promo
prv py pyr qry qt rate rc rd re resplan resrel rsl rsli setatt seti shr si sole sqr src srcmn srctxn
sub tax taxcalc taxreg tmc tml tmr tok tr trr trxn trxne tu txcd txi txn txr vr vs we
"""
"""Of ids, from the SDK's examples and docs.stripe.com/api; the kinds are called the same."""
_MONTHS = {"valid": "12", "invalid": "month"}
_YEARS = {"past": "1999", "future": "2099", "invalid": "year"}

_RISKS = {"normal": "32", "elevated": "70", "highest": "95", "invalid": "-1"}
"""Scores of each risk level, docs.stripe.com/radar/risk-evaluation: they vary by chance."""

_TABLE = (
    Kind(
        "account_number",
        lambda source: "000" + source.digits(9),
        is_number=True,
        never_answered=True,
        slots={"last4": _last4},
    ),
    Kind("address", lambda source: f"{source.number} Example Street"),
    Kind(
        "card",
        stand_ins.card,
        is_number=True,
        never_answered=True,
        slots={"last4": _last4, "iin": lambda text: digits(text)[:6]},
        guards=CARD_CLASSES,
        class_of=lambda text, _: card_class(text),
    ),
    Kind("client_secret", lambda source: source.letters(25), is_id=True, from_stripe=True),
    Kind("cursor", lambda source: source.letters(24), is_id=True, from_stripe=True),
    Kind(
        "cvc",
        classes={"3": "123", "4": "1234", "invalid": "12"},
        class_of=_cvc_class,
        never_answered=True,
    ),
    Kind("device", classes={"sent": ""}, class_of=_sent_class, never_answered=True),
    Kind(
        "dob",
        lambda source: f"19{source.digits(2)}-6-15",
        slots={
            "year": lambda text: text.split("-")[0],
            "month": lambda text: text.split("-")[1],
            "day": lambda text: text.split("-")[2],
        },
    ),
    Kind("email", lambda source: f"person{source.number}@example.com"),  # RFC 2606
    Kind("exp_month", unquoted=True, classes=_MONTHS, class_of=_month_class),
    Kind("exp_year", unquoted=True, classes=_YEARS, class_of=_year_class),
    Kind("field", lambda source: f"field_{source.number}"),
    Kind("fingerprint", lambda source: source.letters(16), from_stripe=True),
    Kind("government_id", lambda source: source.digits(9)),
    Kind("id_number", lambda source: source.digits(9)),
    Kind(
        "idempotency_key",
        lambda _: "the key that was sent",
        classes={"sent": ""},
        class_of=_sent_class,
        never_answered=True,
    ),
    Kind("ip", stand_ins.ip),
    Kind("json", lambda _: "null", unquoted=True),
    Kind(
        "key",
        slots={"masked": masked},
        classes=dict.fromkeys((*_KEYS, "unknown"), ""),
        class_of=lambda text, _: key_class(text),
        never_answered=True,
    ),
    Kind("last4", stand_ins.last4),
    Kind("name", lambda source: f"Person {source.number}"),
    Kind("object_id", stand_ins.object_id("id", 24), is_id=True, from_stripe=True),
    Kind("phone", stand_ins.phone),
    Kind("risk_score", unquoted=True, classes=_RISKS, class_of=_risk_class),
    Kind("routing_number", stand_ins.routing_number),
    Kind("secret", lambda source: f"secret_{source.letters(20)}"),
    Kind("ssn_last4", stand_ins.last4),
    Kind("tax_id", lambda source: source.digits(9)),
    Kind("text"),
    Kind("time", from_stripe=True, unquoted=True, guards=TIME_CLASSES | {""}),
    Kind("url", lambda source: f"https://example.com/{source.number}"),
    *map(_id, _PREFIXES.split()),
    _id("acct", length=16),
    _id("card_id", "card"),
    _id("cus", length=14),
    _id("pii_id", "pii"),
    _id("prod", length=14),
    _id("req", length=14),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _TABLE}

# Columns of the table, for what each request asks of every field.
CLASS_ONLY = frozenset(kind.name for kind in _TABLE if kind.class_only)
ID_KINDS = frozenset(kind.name for kind in _TABLE if kind.is_id)
ID_PREFIXES: Mapping[str, str] = {kind.name: kind.prefix for kind in _TABLE if kind.prefix}
MADE_KINDS = frozenset(kind.name for kind in _TABLE if kind.from_stripe)
NEVER_ANSWERED = frozenset(kind.name for kind in _TABLE if kind.never_answered)
NUMBER_KINDS = frozenset(kind.name for kind in _TABLE if kind.is_number)
SLOTS: Mapping[str, Slots] = {kind.name: kind.slots for kind in _TABLE if kind.slots}
UNQUOTED_KINDS = frozenset(kind.name for kind in _TABLE if kind.unquoted)
_BY_PREFIX = {kind.prefix: kind.name for kind in _TABLE if kind.prefix}
_CLASSES = {kind.name: kind.class_of for kind in _TABLE if kind.class_of}
_ID = re.compile(r"([a-z]++)_[A-Za-z0-9_]{1,250}+")


def guard(kind: str, text: str, *, this_year: int = 0) -> str:
    """Return the class of a value within its kind, or "" where the kind has no classes."""
    class_of = _CLASSES.get(kind)
    return class_of(text, this_year) if class_of else ""


def id_kind(text: str) -> str:
    """Return the kind of an object id by its prefix; `text` for a value that is no id."""
    match = _ID.fullmatch(text)
    return _BY_PREFIX.get(match[1], "object_id") if match else "text"


def stand_in(kind: str, number: int, guard: str, seed: str) -> str:
    """Return the stand-in of a variable, or of a class with number 1, in the cassette `seed`."""
    of_kind = KINDS[kind]
    by_class = of_kind.classes.get(guard)
    return by_class or of_kind.stand_in(stand_ins.Source(seed, kind, number, guard))


@dataclass(slots=True, repr=False, eq=False)
class Secret:
    """A sensitive value on its way through memory. Its repr gives its kind only.

    Two values are equal if their `key` is: the kind, the field, and the form in which spellings of
    a value are the same (a card number's digits). `text` is the value as it came, given back at
    replay. A request has many; to make frozen ones would take three times as long.
    """

    kind: str
    key: str
    text: str

    def __eq__(self, value: object) -> bool:
        return isinstance(value, Secret) and self.key == value.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<Secret {self.kind}>"

    @property
    def field(self) -> str:
        """The field of the value, as `secret` took it; blank for an id."""
        _, length, rest = self.key.split("|", 2)
        return rest[: int(length)]


def secret(kind: str, text: str, field: str = "") -> Secret:
    """Return the secret that `text` is, as a value of `kind` in a field.

    Ids are the same wherever they occur. Any other value is the same only in the same field: that
    a city and a state have one name is a coincidence, and tells something about a person.

    >>> secret("name", "Ada", "card.name") == secret("name", "Ada", "person.first_name")
    False
    >>> secret("tok", "tok_1", "card") == secret("tok", "tok_1", "source")
    True
    """
    if kind in ID_KINDS:
        field = ""
    return Secret(kind, f"{kind}|{len(field)}|{field}|{same(kind, text)}", text)


def same(kind: str, text: str) -> str:
    """Return the form in which two spellings of a value of a kind are the same."""
    return digits(text) if kind in NUMBER_KINDS else text
