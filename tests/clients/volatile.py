"""What clients saw, without what is made anew each time: ids, times, addresses, fingerprints.

Each becomes its number by first use, so that the same id in two answers stays the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

_MADE = re.compile(r"\b(tok|btok|ct|cpt|pii|cvctok|card|ba|req)_[A-Za-z0-9]{14,}\b")
_TIME = re.compile(r"(?<=\?t=)\d{10}\b")
_PATTERNS = {
    "client_ip": re.compile(r"\d+\.\d+\.\d+\.\d+"),
    "fingerprint": re.compile(r"[A-Za-z0-9]{16}"),
}


class Settling:
    """One pass over what one client saw. `sent` are ids that the client itself sent."""

    def __init__(self, sent: set[str]) -> None:
        self._sent = sent
        self._numbers: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._created: dict[str, int] = {}

    def settled(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self.settled(seen_call) for seen_call in value]
        if isinstance(value, str):
            return self._text(value, key)
        return value

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        values = {name: self.settled(seen_call, name) for name, seen_call in value.items()}
        if "created" in value:
            assert value["created"] > 1_600_000_000
            same = self._created.setdefault(value["id"], value["created"]) == value["created"]
            values["created"] = "as at first" if same else "another time"
        if "customer" in value:  # a cassette cannot know the number of a card that was not sent
            assert re.fullmatch(r"\d{4}", values.pop("last4"))
        return values

    def _text(self, value: str, key: str) -> str:
        pattern = _PATTERNS.get(key)
        if pattern is not None:
            assert pattern.fullmatch(value), key
            return self._number(key, value)
        return _TIME.sub("", _MADE.sub(lambda match: self._id(match[1], match[0]), value))

    def _id(self, kind: str, value: str) -> str:
        return value if value in self._sent else self._number(kind, value)

    def _number(self, kind: str, value: str) -> str:
        numbers = self._numbers[kind]
        return f"{kind} {numbers.setdefault(value, len(numbers) + 1)}"


def settled(seen: list[dict[str, Any]], sent: set[str]) -> dict[str, dict[str, Any]]:
    """Return what was seen by the names of the calls."""
    settling = Settling(sent)
    return {seen_call["name"]: settling.settled(seen_call) for seen_call in seen}
