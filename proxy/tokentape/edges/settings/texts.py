"""The texts of settings: a reader returns the value of a text, or raises ValueError for people.

The error never quotes the text: a key or a password may have been put in the wrong place.

A setting has the same text in an option, a variable and the file. Its type says which reader reads
it: a type with one meaning has its reader here, any other carries it (`Annotated[type, reader]`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from tokentape.wording import did_you_mean

Reader = Callable[[str], Any]

KINDS = (
    *("card", "cvc", "exp_month", "exp_year", "account_number", "routing_number"),
    *("name", "email", "phone", "address", "dob", "government_id", "ip", "url"),
    *("key", "object_id", "fingerprint", "time", "text"),
)
"""The kinds that `redact.fields` may give a field."""

_HOST = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
_BYTES = {"": 1, "B": 1, "KiB": 1024, "MiB": 1024**2}
_FLAGS = dict.fromkeys(("true", "yes", "on", "1"), True)
_FLAGS |= dict.fromkeys(("false", "no", "off", "0"), False)


def reader(hint: Any) -> Reader:  # noqa: ANN401  any type
    """Return the reader of the texts of a type."""
    if get_origin(hint) is Literal:
        return choice(*get_args(hint))
    if get_origin(hint) is tuple:
        read = reader(get_args(hint)[0])
        return lambda text: tuple(
            [read(item) for item in re.split(r"[\s,]+", text.strip()) if item]
        )
    carried: Reader = _READERS[hint] if hint in _READERS else hint.__metadata__[0]
    return carried


def _invalid(text: str, allowed: str) -> ValueError:
    what = "another value (not shown: it may be a secret)" if text else "nothing"
    return ValueError(f"found {what}; allowed: {allowed}")


def address(text: str) -> tuple[str, int]:
    """Read HOST:PORT, an IPv6 host in brackets.

    >>> address("[::1]:0")
    ('::1', 0)
    """
    match = re.fullmatch(rf"({_HOST}):([0-9]{{1,5}})", text)
    if match is None or int(match[2]) > 65535:
        raise _invalid(text, "HOST:PORT, such as 127.0.0.1:12121; port 0 picks a free one")
    return match[1].strip("[]"), int(match[2])


def host_name(text: str) -> str:
    """Read a name or an address without a port, as `Host` has it.

    >>> host_name("Tokentape.default.svc."), host_name("[::1]"), host_name("::1")
    ('tokentape.default.svc', '[::1]', '[::1]')
    """
    name = text.lower().removesuffix(".")
    name = f"[{name}]" if re.fullmatch(r"[0-9a-f:.]*:[0-9a-f:.]*", name) else name
    if not re.fullmatch(_HOST, name):
        raise _invalid(text, "a host name without a port, such as tokentape, in ASCII")
    return name


def web_origin(text: str) -> str:
    """Read the origin of a web page, as browsers write it: without the port that is usual.

    >>> web_origin("HTTPS://App.example:443/"), web_origin("null")
    ('https://app.example', 'null')
    """
    origin = text.lower().removesuffix("/")
    match = re.fullmatch(rf"([a-z][a-z0-9+.-]*)://({_HOST})(:[0-9]{{1,5}})?", origin)
    if match is None and origin != "null":
        allowed = "SCHEME://HOST[:PORT], such as http://app.example:3000, or null"
        raise _invalid(text, allowed)
    usual = {"http": ":80", "https": ":443"}
    if match and usual.get(match[1]) == match[3]:
        return f"{match[1]}://{match[2]}"
    return origin


def port_range(text: str) -> tuple[int, int] | None:
    """Read FIRST-LAST, two ports; `any` is None.

    >>> port_range("12200-12299")
    (12200, 12299)
    """
    if text == "any":
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,4})-([1-9][0-9]{0,4})", text)
    if match is None or not int(match[1]) <= int(match[2]) <= 65535:
        raise _invalid(text, "any, or FIRST-LAST, such as 12200-12299")
    return int(match[1]), int(match[2])


def upstream(text: str) -> str:
    """Read `mock` or an http(s) origin.

    >>> upstream("HTTPS://API.Stripe.com/")
    'https://api.stripe.com'
    """
    if text == "mock":
        return text
    match = re.fullmatch(rf"https?://{_HOST}(?::([0-9]{{1,5}}))?/?", text.lower())
    if match is None or not 0 < int(match[1] or 80) <= 65535:
        allowed = "mock, or http(s)://HOST[:PORT] and nothing more"
        raise ValueError(f"found {_describe_bad_upstream(text)}; allowed: {allowed}")
    return text.lower().rstrip("/")


def server_url(text: str) -> str:
    """Read an http(s) origin."""
    if text == "mock":
        raise _invalid(text, "http(s)://HOST[:PORT]")
    return upstream(text)


def _describe_bad_upstream(text: str) -> str:
    parts = {"@": "user info", "?": "a query", "#": "a fragment", "/": "a path"}
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return "no http or https URL"
    return "a URL with " + next((parts[c] for c in parts if c in rest), "a bad host or port")


def directory(text: str) -> Path:
    """Read the path of a directory; `~` is the home directory."""
    try:
        if text and "\0" not in text:
            return Path(text).expanduser()
    except RuntimeError:  # no such user
        pass
    raise _invalid(text, "the path of a directory")


def file(text: str) -> Path | None:
    """Read the path of a file, `~` being the home directory; a blank text is none."""
    return directory(text) if text else None


def flag(text: str) -> bool:
    """Read true or false in the spellings of YAML 1.1 and of environments."""
    if text.lower() not in _FLAGS:
        raise _invalid(text, "true or false")
    return _FLAGS[text.lower()]


def size(text: str) -> int:
    """Read a size in bytes, from 1 to 1 GiB.

    >>> size("512KiB")
    524288
    """
    match = re.fullmatch(r"([0-9]{1,10}) ?(|B|KiB|MiB)", text)
    number = int(match[1]) * _BYTES[match[2]] if match else 0
    if not 0 < number <= 1024**3:
        raise _invalid(text, "a size such as 1048576, 512KiB or 1MiB, at most 1024MiB")
    return number


def seconds(text: str) -> float:
    """Read a time in seconds, up to a day."""
    if not re.fullmatch(r"[0-9]{1,5}(?:\.[0-9]{1,3})?", text) or not 0 < float(text) <= 86_400:
        raise _invalid(text, "seconds, such as 30 or 0.5, at most 86400")
    return float(text)


def moment(text: str) -> int:
    """Read `now` as 0, or a time in ISO 8601 with its zone as seconds since 1970.

    >>> moment("2026-11-28T10:00:00Z")
    1795860000
    """
    try:
        at = None if text == "now" else datetime.fromisoformat(text)
        if at is None or at.tzinfo is not None:
            return 0 if at is None else int(at.timestamp())
    except (ValueError, OverflowError):
        pass
    raise _invalid(text, "now, or a time with its zone, such as 2026-11-28T10:00:00Z")


def count(text: str) -> int:
    """Read a whole number from 1 to 999999."""
    return int(matching("[1-9][0-9]{0,5}", "a whole number from 1 to 999999")(text))


def matching(pattern: str, allowed: str) -> Callable[[str], str]:
    """Return a reader of text that matches a pattern; `allowed` describes it in the error."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text, re.DOTALL):
            raise _invalid(text, allowed)
        return text

    return read


def choice(*words: str) -> Callable[[str], str]:
    """Return a reader of one of these words."""

    def read(text: str) -> str:
        if text not in words:
            raise _invalid(text, f"{', '.join(words)}{did_you_mean(text, words)}")
        return text

    return read


_READERS: dict[type, Reader] = {bool: flag, float: seconds, Path: directory}

_WRITABLE = r"(?!.*(?:\{\{|[\x00-\x1f\x7f\ud800-\udfff]))"
"""A name that a cassette can hold as it is: two braces begin a placeholder there."""
_BRACKETS = rf"{_WRITABLE}[^\[\].\s]+(?:\[[^\[\]]*\]){{0,15}}"
_DOTS = rf"{_WRITABLE}[^\[\].\s]+(?:\[\])?(?:\.[^\[\].\s]+(?:\[\])?){{0,15}}"
"""Names have as many segments as in requests, `forms.MAX_DEPTH`."""

Address = Annotated[tuple[str, int], address]
Origin = Annotated[str, upstream]
Ports = Annotated[tuple[int, int] | None, port_range]
HostName = Annotated[str, host_name]
WebOrigin = Annotated[str, web_origin]
File = Annotated[Path | None, file]
Moment = Annotated[int, moment]
Size = Annotated[int, size]
Count = Annotated[int, count]
Kind = Annotated[str, choice(*KINDS)]
HeaderName = Annotated[  # a token of RFC 9110 §5.6.2
    str,
    matching(
        r"(?![Oo][Rr][Ii][Gg][Ii][Nn]$)[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}",
        "a header's name, such as Stripe-Version; Origin is not recorded",
    ),
]
FormField = Annotated[
    str, matching(_BRACKETS, "a field's name in brackets, such as card[metadata]")
]
AnyField = Annotated[
    str, matching(f"{_BRACKETS}|{_DOTS}", "a field's name, such as card[metadata] or card.metadata")
]
