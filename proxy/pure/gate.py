"""The gate: what stands behind the door, and knows nothing of the catalog.

Before a byte is written it is read as an enemy would read it: decoded every way there is, and
searched for card numbers, keys and the raw values of the very exchange it came from. A finding
names its kind and line, never what was found.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from stdnum import luhn

from proxy.pure.kinds import brand

MAX_DECODINGS = 3
"""How deep encodings are followed: percent inside base64 inside JSON, say."""
_MAX_PLAIN = 1 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, by kind, and in which line (from 1)."""

    kind: str
    line: int


def findings(text: str, *, public: Collection[str] = ()) -> tuple[Finding, ...]:
    """Return the card numbers and keys in `text`, whatever encoding they hide in.

    `public` card numbers, digits only, are no findings.
    """
    found: dict[Finding, None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) >= 8:
            for view in _views(line):
                for kind in _kinds(view, public):
                    found[Finding(kind, number)] = None
    return tuple(found)


def leaks(text: str, values: Iterable[str], vocabulary: Collection[str]) -> tuple[Finding, ...]:
    """Return where raw values of an exchange stand in `text`, whatever encoding they hide in.

    A value all of whose words are of the `vocabulary` cannot be told from the API's own words,
    and one of a few characters cannot be told from chance: neither is looked for.
    """
    wanted = {value for value in map(_plain, values) if _telling(value, vocabulary)}
    if not wanted:
        return ()
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in sorted(wanted)))
    found: dict[Finding, None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        for view in _views(line):
            if pattern.search(view):
                found[Finding("a value of the exchange", number)] = None
    return tuple(found)


def _telling(value: str, vocabulary: Collection[str]) -> bool:
    if len(value) < (5 if value.isdigit() else 4):
        return False
    return not all(word in vocabulary for word in re.findall(r"\w+", value))


def _kinds(view: str, public: Collection[str]) -> Iterator[str]:
    if _has_card_number(view, public):
        yield "card number"
    if _KEY.search(view):
        yield "key"


# Key shapes: Stripe's documentation and CLI; see also the rules that secret scanners have.
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|rk|pk|ek|uk|rkcs)_(?:org_)?(?:test|live|prod)_[A-Za-z0-9_]{8,}"
    r"|oak_(?:(?:test|live)_)?[A-Za-z0-9_]{8,}"
    r"|whsec_[A-Za-z0-9+/=]{8,}"
    r"|[a-z]{2,10}_[A-Za-z0-9]{8,}_secret_[A-Za-z0-9]{8,})"
)
_DIGIT_RUN = re.compile(r"\d(?:[\s\-._/,:*|]{0,3}\d){12,39}")


def _has_card_number(view: str, public: Collection[str]) -> bool:
    for match in _DIGIT_RUN.finditer(view):
        number = "".join(filter(str.isdigit, match[0]))
        if any(part not in public for part in _card_numbers(number)):
            return True
    return False


def _card_numbers(number: str) -> Iterator[str]:
    """Yield each card number in a run of digits: a known brand, its length, its check digit."""
    for start in range(len(number) - 12):
        name, lengths = brand(number[start:])
        for length in () if name == "unknown" else lengths:
            part = number[start : start + length]
            if len(part) == length and luhn.is_valid(part):
                yield part


def _views(line: str) -> Iterator[str]:
    """Yield a line as it is and decoded in every way, each view once."""
    seen: set[str] = set()
    waiting = [(_plain(line), 0)]
    while waiting:
        view, depth = waiting.pop()
        if view in seen:
            continue
        seen.add(view)
        yield view
        if depth < MAX_DECODINGS:
            waiting.extend((_plain(decoded), depth + 1) for decoded in _decodings(view))


_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)


def _plain(text: str) -> str:
    """Return text with look-alikes made plain: other digits, full-width forms, invisibles."""
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return "".join(
        str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in text
    )


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))")
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){13,}")


def _decodings(view: str) -> Iterator[str]:
    if "%" in view:
        yield unquote(view, errors="surrogateescape")
    if "+" in view:
        yield view.replace("+", " ")
    if "\\" in view:
        yield _ESCAPE.sub(_unescaped, view)
    if "&" in view and ";" in view:
        yield html.unescape(view)
    for match in _BASE64.finditer(view):
        yield from _from_base64(match[0])
    for match in _HEX.finditer(view):
        yield from _from_bytes(bytes.fromhex(match[0]))


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _SIMPLE.get(match[3], match[3])


def _from_base64(token: str) -> Iterator[str]:
    standard = token.rstrip("=").replace("-", "+").replace("_", "/")
    padded = standard + "=" * (-len(standard) % 4)
    try:
        yield from _from_bytes(base64.b64decode(padded, validate=True))
    except binascii.Error:
        return


def _from_bytes(raw: bytes) -> Iterator[str]:
    if raw[:2] == b"\x1f\x8b" or raw[:1] == b"\x78":
        try:
            raw = zlib.decompressobj(47).decompress(raw, _MAX_PLAIN)
        except zlib.error:
            return
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return
    if text.isprintable() or "\n" in text:
        yield text
