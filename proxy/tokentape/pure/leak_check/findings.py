"""Findings: their kinds, in words for people, and how to mend each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CARD_NUMBER = "card number"
STRIPE_KEY = "API key"
WEBHOOK = "webhook secret"
CLIENT = "client secret"
CREDENTIALS = "Basic credentials"
MALFORMED_CASSETTE = "malformed cassette"
UNREDACTED_VALUE = "unredacted value"
HIDDEN_TEXT = "hidden text"
RAW_RECORDING = "raw recording"
UNDECODED = "undecoded text"

_TAKE_OUT = "take it out of the file and of its history"

MENDING: Mapping[str, str] = {
    CARD_NUMBER: f"{_TAKE_OUT}; tests can do with the numbers that Stripe publishes",
    STRIPE_KEY: f"roll the key in Stripe's dashboard, then {_TAKE_OUT}",
    WEBHOOK: f"roll the secret in Stripe's dashboard, then {_TAKE_OUT}",
    CLIENT: _TAKE_OUT,
    CREDENTIALS: f"change the password, then {_TAKE_OUT}",
    MALFORMED_CASSETTE: "mend this line, or record the cassette again",
    UNREDACTED_VALUE: "record the cassette again, or write a placeholder here",
    HIDDEN_TEXT: "remove comments and spacing that tokentape does not write, or record it again",
    RAW_RECORDING: "it holds calls to Stripe as they were sent: make a clean cassette of it with "
    "`tokentape import`, then delete this file and its history",
    UNDECODED: "it is encoded too many times, or too large once unpacked, to be searched: "
    "decode it, and scan the result",
}
"""How to mend each kind of finding."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A finding: line (from 1) and kind; `detail` names the field or rule, never a value."""

    line: int
    kind: str
    detail: str = ""

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.kind}{detail}: {MENDING[self.kind]}"


@dataclass(frozen=True, slots=True)
class Scan:
    """The result of a scan. File names are safe to show."""

    findings: tuple[tuple[str, Finding], ...]
    """Each with its file."""
    clean: int
    """How many files have no finding, and were read to the end."""
    binary: tuple[str, ...]
    """Files that are not text, and were not searched."""
    unread: tuple[tuple[str, str], ...]
    """Files that could not be read, or only in part, and why."""
    skipped: tuple[str, ...] = ()
    """Folders of other programs, which were not searched."""

    @property
    def exit_status(self) -> int:
        """2 if a file could not be read, else 1 if there are findings, else 0."""
        return 2 if self.unread else 1 if self.findings else 0
