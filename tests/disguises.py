"""All the ways in which a secret may be written so that a plain search does not find it."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

Disguise = Callable[[str], str]


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


ANYTHING: Mapping[str, Disguise] = {
    "plain": str,
    "percent": _percent,
    "percent twice": lambda text: quote(_percent(text)),
    "percent thrice": lambda text: quote(quote(_percent(text))),
    "plus": quote_plus,
    "JSON escapes": _escaped,
    "JSON in JSON": lambda text: json.dumps(_escaped(text)),
    "HTML": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "hex": lambda text: text.encode().hex(),
    "base64": lambda text: _base64(text.encode()),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 of a field": lambda text: _base64(f"user:{text}".encode()),
    "base64 of percent": lambda text: _base64(_percent(text).encode()),
    "gzip": lambda text: _base64(gzip.compress(text.encode(), mtime=0)),
    "zlib": lambda text: _base64(zlib.compress(text.encode())),
}
"""By name; each takes any text."""


def _shifted(zero: int) -> Disguise:
    return lambda digits: "".join(chr(zero + int(digit)) for digit in digits)


DIGITS: Mapping[str, Disguise] = {
    "spaces": lambda digits: " ".join(digits[i : i + 4] for i in range(0, len(digits), 4)),
    "dashes": lambda digits: "-".join(digits[i : i + 4] for i in range(0, len(digits), 4)),
    "dots": ".".join,
    "zero width": "\u200b".join,
    "full width": _shifted(0xFF10),
    "Arabic": _shifted(0x0660),
    "Devanagari": _shifted(0x0966),
}
"""Those that only a number can wear."""
