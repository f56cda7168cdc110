"""Secrets as symbols, and worlds that give each symbol a value.

A trace is written in symbols: which values are equal is part of it, what they are is not. Two
worlds fill the same trace with values of the same classes that have nothing else in common.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st
from stdnum import luhn
from stdnum.us import rtn
from tokentape.pure.stripe.cards import BRANDS, card_class
from tokentape.pure.stripe.kinds import ID_PREFIXES, id_kind

from tests.laws.pipeline import PUBLISHED

_LETTERS = string.ascii_letters
_ALNUM = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Symbol:
    """One secret: two symbols are two values. `shape` is its class, as far as answers tell."""

    kind: str
    number: int = 0
    shape: str = ""


Maker = Callable[[Random, str], str]


class World:
    """Gives each symbol a value; none is published, and no two are the same."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.values: dict[Symbol, str] = {}
        self._taken: set[str] = set()

    def __call__(self, symbol: Symbol) -> str:
        if symbol not in self.values:
            random = Random(f"{self.seed} {symbol}")
            while not self._new(value := self._made(symbol, random), symbol.kind):
                pass
            self.values[symbol] = value
        return self.values[symbol]

    def swap(self, one: Symbol, other: Symbol) -> None:
        """Let two symbols have each other's value."""
        self.values[one], self.values[other] = self(other), self(one)

    def _made(self, symbol: Symbol, random: Random) -> str:
        return _MAKERS[symbol.kind](random, symbol.shape)

    def _new(self, value: str, kind: str) -> bool:
        if value in self._taken or PUBLISHED.name(kind, value) is not None:
            return False
        self._taken.add(value)
        return True


class AwkwardWorld(World):
    """A world whose secrets are words of the API, literals of JSON, separators, or very long."""

    def _made(self, symbol: Symbol, random: Random) -> str:
        make = _AWKWARD.get((symbol.kind, symbol.shape))
        return make(random) if make and random.random() < 0.8 else super()._made(symbol, random)


seeds = st.integers(0, 10_000)
worlds = st.builds(World, seeds) | st.builds(AwkwardWorld, seeds)
"""One world for each side: a word of the API here, an unlikely text there."""


def _some(random: Random, alphabet: str, least: int, most: int) -> str:
    return "".join(random.choices(alphabet, k=random.randint(least, most)))


_STARTS = {
    "visa": (("4",), (13, 16, 19)),
    "mastercard": (("51", "55", "2221", "2720"), (16,)),
    "amex": (("34", "37"), (15,)),
    "discover": (("6011", "65", "644"), (16, 19)),
    "diners": (("36", "38", "300"), (14, 16)),
    "jcb": (("3530", "3589"), (16, 19)),
    "unionpay": (("62", "81"), (16, 19)),
    "unknown": (("1", "9"), (13, 16, 19)),
}


def card_number(random: Random, guard: str) -> str:
    """Return a card number of a class."""
    brand = guard.removesuffix("_invalid")
    starts, lengths = _STARTS[brand]
    while True:
        start, length = random.choice(starts), random.choice(lengths)
        if guard != brand and random.random() < 0.3:
            length += 1
        body = start + _some(
            random, string.digits, length - len(start) - 1, length - len(start) - 1
        )
        check = (int(luhn.calc_check_digit(body)) + (guard != brand) * random.randint(0, 9)) % 10
        if card_class(f"{body}{check}") == guard:
            return f"{body}{check}"


def _cvc(random: Random, shape: str) -> str:
    if shape in ("3", "4"):
        return _some(random, string.digits, int(shape), int(shape))
    return _some(random, string.digits, 5, 6)


def _routing_number(random: Random, shape: str) -> str:
    while True:
        number = _some(random, string.digits, 9, 9)
        if rtn.is_valid(number) is (shape != "invalid"):
            return number


_KEYS = ("sk_" + "test_", "rk_" + "test_", "pk_" + "test_", "sk_" + "live_", "pk_" + "live_")


def _key(random: Random, shape: str) -> str:
    """Return a key of a kind; a longer body means nothing, a bad one is refused by Stripe."""
    if shape == "bad":
        return "key-" + _some(random, _ALNUM, 4, 40)
    return shape + _some(random, _ALNUM, 16, 99)


def _text(random: Random, shape: str) -> str:
    core = _some(random, _LETTERS, 8, 30)
    return random.choice(_DISGUISES[shape])(core)


Disguise = Callable[[str], str]
_DISGUISES: Mapping[str, tuple[Disguise, ...]] = {
    # Each holds a character that no id, number or word of the API holds.
    "": (
        lambda core: f"{core} {core[:3]}",
        lambda core: f"Zoë {core} Łuk 山田",
        lambda core: f"{core}=&+%25;[x]#?",
        lambda core: f"{{{{name.1}}}} {core} {{{{open}}}}",
        lambda core: f"{{{{{{{core}}}}}}}",
        lambda core: f'"{core}" \\u0041 \'',
        lambda core: f"{core}\r\n\t\0 {core}",
        lambda core: f"{core}, {core} " * 9,
    ),
    "method": (lambda core: f"M{core}",),
    "off": (lambda core: f"{core} {core[:3]}", lambda core: f"{core}, [{core}]"),
    "name": (lambda core: f'{core}=& "x" %25', lambda core: f"{{{{name.1}}}} {core}"),
    "path": (lambda core: f"{core} {core[:3]}", lambda core: f"Zoë {core}=&+%25;[x]#?"),
    "header": (lambda core: f"{core}/1.0 (x)", lambda core: f"{core}-{core}-0"),
    "bytes": (lambda core: f"{core} \udcff\udcfe", lambda core: f"\udc80 {core}"),
}


def _date(random: Random, shape: str) -> str:
    """Return a date of birth; no part of one is a part of another, of those with other shapes.

    Nor is one a number that requests hold as it is, 5 or 25: equal values are one to a cassette.
    """
    third = int(shape)
    year = random.randint(1920, 1939) + 20 * third
    month = random.choice(((1, 2, 3), (4, 6, 7), (8, 9, 10))[third])
    day = random.choice(((14, 15, 16), (19, 20, 21), (26, 27, 28))[third])
    return f"{year}-{month}-{day}"


def _email(random: Random, shape: str) -> str:
    return f"{_some(random, _ALNUM, 3, 20)}+x@{_some(random, _LETTERS, 3, 9)}.example"


def _digits(least: int, most: int) -> Callable[[Random, str], str]:
    return lambda random, _: _some(random, string.digits, least, most)


def _id(prefix: str) -> Callable[[Random, str], str]:
    return lambda random, _: f"{prefix}_{_some(random, _ALNUM, 10, 40)}"


_MAKERS: Mapping[str, Maker] = {
    **{kind: _id(prefix) for kind, prefix in ID_PREFIXES.items()},
    "account_number": _digits(6, 17),
    "address": _text,
    "card": card_number,
    "client_secret": lambda random, _: (
        f"{_id('pi')(random, '')}_secret_{_some(random, _ALNUM, 8, 30)}"
    ),
    "cursor": lambda random, _: _some(random, _ALNUM, 20, 60),
    "cvc": _cvc,
    "device": _text,
    "dob": _date,
    "email": _email,
    "government_id": _digits(8, 12),
    "id_number": _digits(8, 12),
    "ip": lambda random, _: ".".join(str(random.randint(1, 254)) for _ in range(4)),
    "json": _text,
    "key": _key,
    "last4": _digits(4, 4),
    "name": _text,
    "object_id": _id("zz"),
    "phone": _digits(8, 15),
    "routing_number": _routing_number,
    "secret": _text,
    "ssn_last4": _digits(4, 4),
    "tax_id": _digits(8, 12),
    "text": _text,
    "time": lambda random, _: str(random.randrange(10**8, 4 * 10**9)),
    "url": _text,
}
_WORDS = (
    *("null", "Null", "NULL", "true", "false", "None", "undefined", "NaN", "Infinity", "-0"),
    *("token", "card", "object", "visa", "Visa", "bank_account", "livemode", "error", "message"),
    *("Bad Request", "found", "Payment Required", "OK", "US", "usd", "en-US", "2019-05-16"),
    *("12.5", "30", "2030", "2050", "05", "5", "402", "4242", "1790000000", "4242424242424242"),
    *("invalid_request_error", "parameter_unknown", "card_declined", "resource_missing"),
    *("application/json", "text/html", "no-cache, no-store", "nosniff", "Origin", "Bearer"),
    *("request", "response", "headers", "uri", "body", "string", "interactions", "version"),
    *("{{name.1}}", "{{open}}", "{{card:visa}}", "{{", "}}", "{{text.?}}", "%s %d {0} {name}"),
    *("a, b", "x[y]", "x=y&z", "a: b", "- a", "'", '"', "\\", "\n", "#", "No such token: 'tok_1'"),
    "Received unknown parameters: a, b",
    "Your card was declined.",
    "x" * 10_001,
    ", ".join("xyz" * 1_000),
)
_HEADERS = ("token", "US", "12", "2030", "null", "true", "GET", "card", "invalid_request_error")
NAMES = (
    *(
        "null",
        "true",
        "object",
        "id",
        "brand",
        "amount",
        "message",
        "a, b",
        "x[y]",
        "a][b",
        "a, b, c",
    ),
    *("created", "livemode", "request", "{{field.1}}", "{{open}}", "a: b", "x" * 3_000, "y" * 500),
    "' for 'x'. Use 'y'",
)
"""Names of fields that are none of the API where traffic has them."""
_IN_PATHS = tuple(
    word
    for word in _WORDS
    if len(word) < 200 and not {"/", "\\"} & {*word} and id_kind(word) == "text"
)
"""Words that a path may have in place of an id: no slash, no form of an id, and not too long."""
_CVCS = {"3": ("200", "402", "123", "000", "100"), "4": ("2030", "2050", "4242", "1234", "0000")}
_CVCS_INVALID = ("null", "12", "2030x", "true", "US", "card", "00000")
_KEYS_INVALID = ("null", "token", "card", "Bearer", "invalid_request_error", "Basic", "2030")


def _drawn(values: Sequence[str]) -> Callable[[Random], str]:
    return lambda random: random.choice(values)


_AWKWARD: Mapping[tuple[str, str], Callable[[Random], str]] = {
    **{(kind, ""): _drawn(_WORDS) for kind, make in _MAKERS.items() if make is _text},
    **{(kind, ""): _drawn(_WORDS) for kind in ("email", "phone", "tax_id", "government_id")},
    ("text", "name"): _drawn(NAMES),
    ("text", "header"): _drawn(_HEADERS),
    ("text", "path"): _drawn(_IN_PATHS),
    **{("cvc", shape): _drawn(values) for shape, values in _CVCS.items()},
    ("cvc", "invalid"): _drawn(_CVCS_INVALID),
    ("key", "bad"): _drawn(_KEYS_INVALID),
}
"""By kind and shape, values of that class that stand for something else as well."""
TEXTY = tuple(kind for kind, make in _MAKERS.items() if make is _text)
"""Kinds whose values are of no class in any field."""
SHAPES: Mapping[str, tuple[str, ...]] = {
    "card": (*BRANDS, "visa_invalid", "amex_invalid", "unknown_invalid"),
    "cvc": ("3", "4", "invalid"),
    "key": (*_KEYS[:3], "bad"),
    "routing_number": ("valid", "invalid"),
}
LIVE_KEYS = _KEYS[3:]


def telling(value: str) -> bool:
    """Tell whether a value is long enough not to stand in a text by chance."""
    return len(value) >= 8 and not re.fullmatch(r"[\w .]{0,9}", value)
