"""Well-formed stand-ins for variables that no live request has bound.

Each follows only from the cassette's name and the variable, so a token has the same id in the
response that made it and in the one that retrieves it, in every run. None can be a real value: the
ranges are those set aside for documentation.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

from stdnum import luhn
from stdnum.us import rtn

from tokentape.pure.stripe.cards import BRANDS

_LETTERS = bytes.maketrans(b"+/", b"Zz")


class Source(NamedTuple):
    """What the text of a stand-in follows from."""

    seed: str
    """The cassette's name."""
    kind: str
    number: int
    """The variable's; 1 for a class."""
    guard: str = ""
    """The class that the value must be of, or blank."""

    def digits(self, count: int) -> str:
        """Return digits that differ between variables."""
        return str(_below(f"{self.seed}|{self.kind}|{self.number}", 10**count)).zfill(count)

    def letters(self, count: int) -> str:
        """Return up to 24 letters and digits that differ between variables."""
        key = f"{self.seed}|{self.kind}|{self.number}"
        hashed = b2a_base64(blake2b(key.encode(), digest_size=18).digest())
        return hashed.translate(_LETTERS)[:count].decode()


Maker = Callable[[Source], str]


def _below(key: str, limit: int) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=24).digest()) % limit


def object_id(prefix: str, length: int) -> Maker:
    """Return the maker of ids with this many characters after the prefix."""
    return lambda source: f"{prefix}_1" + source.letters(length - 1)


def card(source: Source) -> str:
    """Return a card number of the class, Visa's if there is none."""
    name, _, invalid = source.guard.partition("_")
    brand = BRANDS.get(name, BRANDS["visa"])
    body = brand.stand_in + source.digits(brand.lengths[0] - len(brand.stand_in) - 1)
    check = int(luhn.calc_check_digit(body))
    return body + str((check + 1) % 10 if invalid else check)


def ip(source: Source) -> str:
    """Return an address set aside for documentation: RFC 5737, then RFC 3849."""
    number = source.number
    return f"203.0.113.{number}" if number < 255 else f"2001:db8::{number:x}"


def last4(source: Source) -> str:
    """Return four digits that no other variable has, for the first thousands; never 0000."""
    return str(source.number * 7919 % 9973 + 1).zfill(4)


def phone(source: Source) -> str:
    """Return a number set aside for fiction: 555-0100 to 555-0199 in each area code."""
    area, line = divmod(source.number - 1, 100)
    return f"+1{201 + area % 799}55501{line:02}"


def routing_number(source: Source) -> str:
    """Return a number with its check digit; 99 is no district of the Federal Reserve."""
    body = "99" + source.digits(6)
    return body + str(rtn.calc_check_digit(body))
