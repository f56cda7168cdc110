"""Settings from options, environment and configuration file, in this order of precedence.

A setting has the same text in all three sources; the `Text` in its type annotation reads it. A
configuration file has the shape of `Settings`: `match.blank` is the key `blank` under `match`.
YAML is slow to import, so this module does not: the caller passes `read_file`.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from tokentape.errors import ConfigurationError

DEFAULT_FILE = Path("tokentape.yaml")
KINDS = (
    *("card", "cvc", "exp_month", "exp_year", "account_number", "routing_number"),
    *("name", "email", "phone", "address", "dob", "government_id", "ip", "url"),
    *("key", "object_id", "fingerprint", "time", "text"),
)
"""The kinds that `redact.fields` may give a field."""

_HOST = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
_BYTES = {"": 1, "B": 1, "KiB": 1024, "MiB": 1024**2}
_FLAGS = {"true": True, "yes": True, "on": True, "1": True}
_FLAGS |= {"false": False, "no": False, "off": False, "0": False}


def _invalid(text: str, allowed: str) -> ValueError:
    return ValueError(f"found {reprlib.repr(text)}; allowed: {allowed}")


def address(text: str) -> tuple[str, int]:
    """Read HOST:PORT, an IPv6 host in brackets. Raises ValueError.

    >>> address("[::1]:0")
    ('::1', 0)
    """
    match = re.fullmatch(rf"({_HOST}):([0-9]{{1,5}})", text)
    if match is None or int(match[2]) > 65535:
        raise _invalid(text, "HOST:PORT, such as 127.0.0.1:12121; port 0 picks a free one")
    return match[1].strip("[]"), int(match[2])


def upstream(text: str) -> str:
    """Read `mock` or an http(s) origin. Raises ValueError without the text: it may be a password.

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


def _describe_bad_upstream(text: str) -> str:
    parts = {"@": "user info", "?": "a query", "#": "a fragment", "/": "a path"}
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return "no http or https URL"
    return "a URL with " + next((parts[c] for c in parts if c in rest), "a bad host or port")


def directory(text: str) -> Path:
    """Read the path of a directory; `~` is the home directory. Raises ValueError."""
    try:
        if text and "\0" not in text:
            return Path(text).expanduser()
    except RuntimeError:  # no such user
        pass
    raise _invalid(text, "the path of a directory")


def loopback(text: str) -> tuple[str, int]:
    """Read HOST:PORT with a loopback host. Raises ValueError."""
    host, port = address(text)
    if not re.fullmatch(r"localhost|::1|127(?:\.[0-9]{1,3}){3}", host):
        raise _invalid(text, "a loopback address, such as 127.0.0.1:0; port 0 picks a free one")
    return host, port


def flag(text: str) -> bool:
    """Read true or false in the spellings of YAML 1.1 and of environments. Raises ValueError."""
    if text.lower() not in _FLAGS:
        raise _invalid(text, "true or false")
    return _FLAGS[text.lower()]


def size(text: str) -> int:
    """Read a size in bytes, from 1 to 1 GiB. Raises ValueError.

    >>> size("512KiB")
    524288
    """
    match = re.fullmatch(r"([0-9]{1,10}) ?(|B|KiB|MiB)", text)
    number = int(match[1]) * _BYTES[match[2]] if match else 0
    if not 0 < number <= 1024**3:
        raise _invalid(text, "a size such as 1048576, 512KiB or 1MiB, at most 1024MiB")
    return number


def seconds(text: str) -> float:
    """Read a time in seconds, up to a day. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{1,5}(?:\.[0-9]{1,3})?", text) or not 0 < float(text) <= 86_400:
        raise _invalid(text, "seconds, such as 30 or 0.5, at most 86400")
    return float(text)


def count(text: str) -> int:
    """Read a whole number from 1 to 999999. Raises ValueError."""
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise _invalid(text, "a whole number from 1 to 999999")
    return int(text)


def matching(pattern: str, allowed: str) -> Callable[[str], str]:
    """Return a reader of text that matches a pattern; `allowed` describes it in the error."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise _invalid(text, allowed)
        return text

    return read


def choice(*words: str) -> Callable[[str], str]:
    """Return a reader of one of these words."""
    return matching("|".join(words), ", ".join(words))


@dataclass(frozen=True, slots=True)
class Unshown:
    """A text from the environment that is shown to nobody: it has no repr."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Text:
    """The text form of a setting: `read` returns its value or raises ValueError for people."""

    read: Callable[[str], Any]


_BRACKETS = r"[^\[\].\s]+(?:\[[^\[\]]*\])*"
_DOTS = r"[^\[\].\s]+(?:\[\])?(?:\.[^\[\].\s]+(?:\[\])?)*"

Address = Annotated[tuple[str, int], Text(address)]
Upstream = Annotated[str, Text(upstream)]
Directory = Annotated[Path, Text(directory)]
Flag = Annotated[bool, Text(flag)]
Size = Annotated[int, Text(size)]
Count = Annotated[int, Text(count)]
Seconds = Annotated[float, Text(seconds)]
Kind = Annotated[str, Text(choice(*KINDS))]
HeaderName = Annotated[  # a token of RFC 9110 §5.6.2
    str, Text(matching(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", "a header's name, such as Stripe-Version"))
]
FormField = Annotated[
    str, Text(matching(_BRACKETS, "a field's name in brackets, such as card[metadata]"))
]
AnyField = Annotated[
    str,
    Text(
        matching(f"{_BRACKETS}|{_DOTS}", "a field's name, such as card[metadata] or card.metadata")
    ),
]


@dataclass(frozen=True, slots=True)
class Record:
    """What is recorded: with `errors`, also the upstream's 429 and 5xx."""

    errors: Flag = False


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """When two requests are equal."""

    blank: Annotated[Literal["lenient", "strict"], Text(choice("lenient", "strict"))] = "lenient"
    headers: tuple[HeaderName, ...] = ()
    ignore: tuple[FormField, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactSettings:
    """Additions to the catalog: fields whose values are kept, and the kinds of others."""

    keep: tuple[AnyField, ...] = ()
    fields: Mapping[AnyField, Kind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for clients: `body` and `head` in bytes, `connections` at the same time."""

    body: Size = 1024**2
    head: Size = 16 * 1024
    connections: Count = 1000


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Timeouts in seconds; the default of `upstream` is the timeout of Stripe's SDKs.

    `idle` is for a session of an admin port without requests.
    """

    upstream: Seconds = 80.0
    request: Seconds = 30.0
    shutdown: Seconds = 10.0
    idle: Seconds = 300.0


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings with their defaults; config.example.yaml explains each."""

    listen: Address = ("127.0.0.1", 12121)
    upstream: Upstream = "mock"
    cassettes: Directory = Path("cassettes")
    allow_live: Flag = False
    strict: Flag = False
    on_exhausted: Annotated[Literal["repeat", "miss"], Text(choice("repeat", "miss"))] = "repeat"
    others: Annotated[Literal["refuse", "forward"], Text(choice("refuse", "forward"))] = "refuse"
    fast: Flag = True
    record: Record = Record()
    match: MatchSettings = MatchSettings()
    redact: RedactSettings = RedactSettings()
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()


OPTIONS = ("config", "listen", "upstream", "cassettes", "allow_live", "strict", "on_exhausted")
"""The settings that options and variables may set."""
VARIABLES = {f"TOKENTAPE_{name.upper()}": name for name in (*OPTIONS, "fast")}

KEY_VARIABLE = "STRIPE_API_KEY"
"""The environment variable with the key to verify with: others can see a command's arguments."""
ADMIN_TOKEN = "TOKENTAPE_ADMIN_TOKEN"  # noqa: S105  the variable's name
_CLIENT_VARIABLES = ("TOKENTAPE_URL", "TOKENTAPE_ADMIN", ADMIN_TOKEN)
"""Variables that are set for clients, which may be this program too."""


_MAKE_ONE = f"Make one: export {ADMIN_TOKEN}=$(openssl rand -hex 16)"


def load(
    options: Mapping[str, str], environ: Mapping[str, str], read_file: Callable[[Path], Settings]
) -> Settings:
    """Return the settings of options (by their names in OPTIONS), environment and file.

    Raises ConfigurationError with the problems of all three.
    """
    problems = list(_unknown_variables(environ))
    values: dict[str, Any] = {}
    for source, name, text in (*_variables(environ), *_options(options)):
        try:
            values[name] = _reader(name)(text)
        except ValueError as error:
            problems.append(f"{source}: {error}")
    path = values.pop("config", DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    try:
        settings = read_file(path) if path else Settings()
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        raise ConfigurationError(tuple(problems))
    return replace(settings, **values)


def admin_token(environ: Mapping[str, str], *, required: bool) -> str:
    """Return the bearer token of the admin port, or "". Raises ConfigurationError without its text.

    It comes only from the environment, because more people can read arguments and files.
    """
    token = environ.get(ADMIN_TOKEN, "")
    if token and not re.fullmatch(r"[A-Za-z0-9._~+/-]{16,256}=*", token):  # RFC 6750 §2.1
        allowed = "16 to 256 letters, digits, `.`, `_`, `~`, `+`, `/` and `-`"
        raise ConfigurationError((f"{ADMIN_TOKEN}: allowed: {allowed}. {_MAKE_ONE}",))
    if required and not token:
        raise ConfigurationError((f"{ADMIN_TOKEN}: is not set. {_MAKE_ONE}",))
    return token


def _reader(name: str) -> Callable[[str], Any]:
    if name == "config":
        return Path
    text: Text = get_type_hints(Settings, include_extras=True)[name].__metadata__[0]
    return text.read


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for variable, name in VARIABLES.items():
        if environ.get(variable):  # CI files unset a variable by setting it to nothing
            yield variable, name, environ[variable]


def _options(options: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name, text in options.items():
        yield "--" + name.replace("_", "-"), name, text


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    for variable in sorted(environ):
        if variable.startswith("TOKENTAPE_") and variable not in (*VARIABLES, *_CLIENT_VARIABLES):
            from difflib import get_close_matches  # noqa: PLC0415  for mistakes only

            # The cutoff is high because all variables have the same prefix.
            closest = get_close_matches(variable, VARIABLES, n=1, cutoff=0.9)
            hint = f"did you mean {closest[0]}?" if closest else f"allowed: {', '.join(VARIABLES)}"
            name = variable.encode("unicode_escape").decode()
            yield f"{name}: unknown environment variable; {hint}"
