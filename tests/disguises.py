"""Secrets put together at run time, and the ways in which text can be disguised."""

from __future__ import annotations

import base64
import gzip
import struct
import zlib
from collections.abc import Callable, Mapping

from stdnum import luhn

CARD = "45395787" + "63621486"
"""A number of Visa's that Stripe does not publish."""
KEY = "sk_" + "live_" + "51HqLyjWDarjt" + "T1zdp7dc4eC39"

Disguise = Callable[[str], str]


def card_number(iin: str, digits: str, length: int) -> str:
    """Return a card number of that length with a right check digit."""
    body = (iin + digits)[: length - 1]
    return body + luhn.calc_check_digit(body)


def _each(form: str) -> Disguise:
    return lambda text: "".join(form.format(octet) for octet in text.encode())


def _each_unit(form: str) -> Disguise:
    """Return a disguise of UTF-16 units."""
    return lambda text: "".join(
        form.format(unit) for (unit,) in struct.iter_unpack(">H", text.encode("utf-16-be"))
    )


def _each_char(form: str) -> Disguise:
    return lambda text: "".join(form.format(ord(char)) for char in text)


def _apart(gap: str) -> Disguise:
    return gap.join


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _deflated(text: str) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(text.encode()) + squeezer.flush()


def _full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def _in_digits_of(zero: str) -> Disguise:
    return lambda text: "".join(
        chr(ord(zero) + int(char)) if char in "0123456789" else char for char in text
    )


ENCODINGS: Mapping[str, Disguise] = {
    "percent": _each("%{:02X}"),
    "percent of %u": _each_unit("%u{:04x}"),
    "percent three deep": _each("%2525{:02x}"),
    "JSON escapes": _each_unit("\\u{:04x}"),
    "JSON escapes in JSON": _each_unit("\\\\u{:04X}"),
    "hex escapes": _each("\\x{:02x}"),
    "octal escapes": _each("\\{:03o}"),
    "code points": _each_char("\\u{{{:x}}}"),
    "decimal entities": _each_char("&#{};"),
    "hex entities": _each_char("&#x{:X};"),
    "quoted-printable": _each("={:02X}"),
    "hex": lambda text: text.encode().hex(),
    "hex in a longer word": lambda text: f"a{text.encode().hex()}b",
    "spaced hex": lambda text: text.encode().hex(" "),
    "hex literals": lambda text: ", ".join(f"0x{octet:02x}" for octet in text.encode()),
    "character codes": lambda text: ", ".join(str(octet) for octet in text.encode()),
    "base64": lambda text: _base64(text.encode()),
    "base64 of UTF-16": lambda text: _base64(text.encode("utf-16-le")),
    "URL-safe base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in a longer word": lambda text: f"a_{_base64(text.encode())}",
    "base64 over lines": lambda text: (
        base64.encodebytes(f"{'before ' * 12}{text}{' after' * 12}".encode())
        .decode()
        .replace("\n", "\n    ")
    ),
    "gzip": lambda text: _base64(gzip.compress(text.encode(), mtime=0)),
    "second member of gzip": lambda text: _base64(
        gzip.compress(b"first", mtime=0) + gzip.compress(text.encode(), mtime=0)
    ),
    "zlib": lambda text: _base64(zlib.compress(text.encode())),
    "deflate": lambda text: _base64(_deflated(text)),
    "gzip in hex": lambda text: gzip.compress(text.encode(), mtime=0).hex(),
    "gzip in percent": lambda text: "".join(
        f"%{octet:02x}" for octet in gzip.compress(text.encode(), mtime=0)
    ),
    "gzip in JSON escapes": lambda text: "".join(
        f"\\u{octet:04x}" for octet in gzip.compress(text.encode(), mtime=0)
    ),
    "full width": _full_width,
    "tags": lambda text: "".join(
        chr(ord(char) + 0xE0000) if char.isascii() else char for char in text
    ),
    "zero width": _apart("\u200b"),
    "word joiners": _apart("\u2060"),
    "soft hyphens": _apart("\u00ad"),
    "combining marks": _apart("\u0332"),
}
"""Each hides any ASCII text, wherever text is read."""

DIGITS: Mapping[str, Disguise] = {
    "spaces": _apart(" "),
    "dashes": _apart("-"),
    "dots": _apart("."),
    "tabs": _apart("\t"),
    "pipes": _apart("|"),
    "underscores": _apart("_"),
    "slashes": _apart(" / "),
    "en dashes": _apart("\u2013"),
    "minus signs": _apart("\u2212"),
    "Armenian hyphens": _apart("\u058a"),
    "wave dashes": _apart("\u301c"),
    "lines of boxes": _apart(" \u2502 "),
    "middle dots": _apart("\u00b7"),
    "thin spaces": _apart("\u2009"),
    "ideographic spaces": _apart("\u3000"),
    "no-break spaces": _apart("\u00a0"),
    "two lines": lambda text: f"{text[:7]}\n          {text[7:]}",
    "Arabic digits": _in_digits_of("\u0660"),
    "Devanagari digits": _in_digits_of("\u0966"),
    "mathematical digits": _in_digits_of("\U0001d7ce"),
}
"""Each hides a number."""

SPREAD: Mapping[str, Disguise] = {
    "colons": _apart(":"),
    "elements": _apart(", "),
    "elements in quotes": _apart('", "'),
    "lines": _apart(",\n          "),
}
"""Each spreads a number in a way that is looked for in cassettes alone: elsewhere it is a list."""
