"""What a look for secrets can find, in words for people: kinds, and how to mend each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CARD_NUMBER = "card number"
KEY = "API key"
WEBHOOK = "webhook secret"
CLIENT = "client secret"
CREDENTIALS = "Basic credentials"
VALUE = "value of the exchange"
MALFORMED = "malformed cassette"
UNREDACTED = "unredacted value"
HIDDEN = "hidden text"
RAW = "raw cassette"

_TAKE_OUT = "take it out of the file and of its history"

MENDING: Mapping[str, str] = {
    CARD_NUMBER: f"{_TAKE_OUT}; tests can do with the numbers that Stripe publishes",
    KEY: f"roll the key in Stripe's dashboard, then {_TAKE_OUT}",
    WEBHOOK: f"roll the secret in Stripe's dashboard, then {_TAKE_OUT}",
    CLIENT: _TAKE_OUT,
    CREDENTIALS: f"change the password, then {_TAKE_OUT}",
    VALUE: "report it: the door should have redacted it",
    MALFORMED: "mend this line, or record the cassette again",
    UNREDACTED: "record the cassette again, or write a placeholder here",
    HIDDEN: "take out comments and spacing that tokentape does not write, or record it again",
    RAW: "it was recorded by plain vcrpy, which redacts nothing: "
    "make the same calls through `tokentape record`, then delete this file and its history",
}
"""How to mend each kind of finding."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What was found, by line (from 1) and kind; `detail` names the place or rule, no value."""

    line: int
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A finding and the file it is in."""

    file: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Scan:
    """What became of all files of a scan. File names are safe to show."""

    found: tuple[Found, ...]
    clean: int
    """Files without a finding."""
    binary: tuple[str, ...]
    """Files that are no text, and were not looked into."""
    unread: tuple[tuple[str, str], ...]
    """Files that could not be read, and why."""

    @property
    def exit_status(self) -> int:
        """2 where something could not be read, 1 where something was found, 0 otherwise."""
        return 2 if self.unread else 1 if self.found else 0
