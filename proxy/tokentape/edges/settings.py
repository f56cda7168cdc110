"""Settings: what options, environment and file say, in this order of precedence, as one value.

A setting is written as text, the same in all three places; the `Text` beside its type reads it. A
configuration file has the shape of `Settings`: `match.blank` is the key `blank` under `match`.
Pydantic and YAML are slow to import, so they stay out of here: a file is read by `read_file`.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_type_hints

from tokentape.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

DEFAULT_FILE = Path("tokentape.yaml")
KINDS = (
    *("card", "cvc", "exp_month", "exp_year", "account_number", "routing_number"),
    *("name", "email", "phone", "address", "dob", "government_id", "ip", "url"),
    *("key", "object_id", "fingerprint", "time", "text"),
)
"""What `redact.fields` may say that a field is."""

_HOST = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
_BYTES = {"": 1, "B": 1, "KiB": 1024, "MiB": 1024**2}
_FLAGS = {"true": True, "yes": True, "on": True, "1": True}
_FLAGS |= {"false": False, "no": False, "off": False, "0": False}


def _refusal(text: str, allowed: str) -> ValueError:
    return ValueError(f"found {reprlib.repr(text)}; allowed: {allowed}")


def address(text: str) -> tuple[str, int]:
    """Read HOST:PORT, an IPv6 host in brackets. Raises ValueError."""
    match = re.fullmatch(rf"({_HOST}):([0-9]{{1,5}})", text)
    if match is None or int(match[2]) > 65535:
        raise _refusal(text, "HOST:PORT, such as 127.0.0.1:12121; port 0 picks a free one")
    return match[1].strip("[]"), int(match[2])


def upstream(text: str) -> str:
    """Read `mock` or an http(s) origin. Raises ValueError; it may hold a password: never quoted."""
    if text == "mock":
        return text
    match = re.fullmatch(rf"https?://{_HOST}(?::([0-9]{{1,5}}))?/?", text.lower())
    if match is None or not 0 < int(match[1] or 80) <= 65535:
        allowed = "mock, or http(s)://HOST[:PORT] and nothing more"
        raise ValueError(f"found {_upstream_fault(text)}; allowed: {allowed}")
    return text.lower().rstrip("/")


def _upstream_fault(text: str) -> str:
    faults = {"@": "user info", "?": "a query", "#": "a fragment", "/": "a path"}
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return "no http or https URL"
    return "a URL with " + next((faults[c] for c in faults if c in rest), "a bad host or port")


def directory(text: str) -> Path:
    """Read the path of a directory; `~` is the home directory. Raises ValueError."""
    try:
        if text and "\0" not in text:
            return Path(text).expanduser()
    except RuntimeError:  # no such user
        pass
    raise _refusal(text, "the path of a directory")


def loopback(text: str) -> tuple[str, int]:
    """Read HOST:PORT of this machine, where no other can connect. Raises ValueError."""
    host, port = address(text)
    if not re.fullmatch(r"localhost|::1|127(?:\.[0-9]{1,3}){3}", host):
        raise _refusal(text, "a loopback address, such as 127.0.0.1:0; port 0 picks a free one")
    return host, port


def flag(text: str) -> bool:
    """Read a yes or no, as YAML 1.1 and environments write them. Raises ValueError."""
    if text.lower() not in _FLAGS:
        raise _refusal(text, "true or false")
    return _FLAGS[text.lower()]


def size(text: str) -> int:
    """Read a size in bytes, from 1 to 1 GiB. Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,10}) ?(|B|KiB|MiB)", text)
    number = int(match[1]) * _BYTES[match[2]] if match else 0
    if not 0 < number <= 1024**3:
        raise _refusal(text, "a size such as 1048576, 512KiB or 1MiB, at most 1024MiB")
    return number


def seconds(text: str) -> float:
    """Read a time in seconds, up to a day. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{1,5}(?:\.[0-9]{1,3})?", text) or not 0 < float(text) <= 86_400:
        raise _refusal(text, "seconds, such as 30 or 0.5, at most 86400")
    return float(text)


def count(text: str) -> int:
    """Read a number of things, at least one. Raises ValueError."""
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise _refusal(text, "a whole number from 1 to 999999")
    return int(text)


def form(pattern: str, allowed: str) -> Callable[[str], str]:
    """Return a reader that takes text of a regular form as it is."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise _refusal(text, allowed)
        return text

    return read


def choice(*words: str) -> Callable[[str], str]:
    """Return a reader that takes one of these words."""
    return form("|".join(words), ", ".join(words))


@dataclass(frozen=True, slots=True)
class Text:
    """How a setting is written: `read` makes its value, or raises ValueError for people to read."""

    read: Callable[[str], Any]

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        """Have pydantic, which checks a file's shape, read its texts as the other sources' are."""
        from pydantic_core import core_schema  # noqa: PLC0415  see the module's docstring

        return core_schema.no_info_after_validator_function(self.read, core_schema.str_schema())


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
    str, Text(form(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", "a header's name, such as Stripe-Version"))
]
FormField = Annotated[
    str, Text(form(_BRACKETS, "a field's name in brackets, such as card[metadata]"))
]
AnyField = Annotated[
    str,
    Text(form(f"{_BRACKETS}|{_DOTS}", "a field's name, such as card[metadata] or card.metadata")),
]


@dataclass(frozen=True, slots=True)
class Secret:
    """A text from the environment that is shown to nobody: it has no repr."""

    text: str = field(repr=False)


class _Closed:
    """For pydantic: a key that is no field is an error."""

    __slots__ = ()
    __pydantic_config__: ClassVar = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Record(_Closed):
    """What is recorded: with `errors`, the upstream's 429 and 5xx too."""

    errors: Flag = False


@dataclass(frozen=True, slots=True)
class Match(_Closed):
    """When two requests are the same."""

    blank: Annotated[Literal["lenient", "strict"], Text(choice("lenient", "strict"))] = "lenient"
    headers: tuple[HeaderName, ...] = ()
    ignore: tuple[FormField, ...] = ()


@dataclass(frozen=True, slots=True)
class Redact(_Closed):
    """What the catalog does not know: fields whose values are kept, and the kinds of others."""

    keep: tuple[AnyField, ...] = ()
    fields: Mapping[AnyField, Kind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits(_Closed):
    """What clients may send: `body` and `head` in bytes, `connections` at a time."""

    body: Size = 1024**2
    head: Size = 16 * 1024
    connections: Count = 1000


@dataclass(frozen=True, slots=True)
class Timeouts(_Closed):
    """How long to wait, in seconds; `upstream` is the timeout of Stripe's SDKs.

    `idle` is for a session of an admin port that nobody asks anything.
    """

    upstream: Seconds = 80.0
    request: Seconds = 30.0
    shutdown: Seconds = 10.0
    idle: Seconds = 300.0


@dataclass(frozen=True, slots=True)
class Settings(_Closed):
    """All settings with their defaults; config.example.yaml says what each does."""

    listen: Address = ("127.0.0.1", 12121)
    upstream: Upstream = "mock"
    cassettes: Directory = Path("cassettes")
    allow_live: Flag = False
    strict: Flag = False
    on_exhausted: Annotated[Literal["repeat", "miss"], Text(choice("repeat", "miss"))] = "repeat"
    others: Annotated[Literal["refuse", "forward"], Text(choice("refuse", "forward"))] = "refuse"
    fast: Flag = True
    record: Record = Record()
    match: Match = Match()
    redact: Redact = Redact()
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()


OPTIONS = ("config", "listen", "upstream", "cassettes", "allow_live", "strict", "on_exhausted")
"""What options and variables may set: the file, and what changes from run to run."""
VARIABLES = {f"TOKENTAPE_{name.upper()}": name for name in (*OPTIONS, "fast")}

ADMIN_TOKEN = "TOKENTAPE_ADMIN_TOKEN"  # noqa: S105  the variable's name
KEY_VARIABLE = "STRIPE_API_KEY"
"""The environment variable with the key to verify with: others can see a command's arguments."""
_OURS = ("TOKENTAPE_URL", "TOKENTAPE_ADMIN", ADMIN_TOKEN)
"""What is set for clients, which may well be this program again."""


_MAKE_ONE = f"Make one: export {ADMIN_TOKEN}=$(openssl rand -hex 16)"


def load(
    options: Mapping[str, str], environ: Mapping[str, str], read_file: Callable[[Path], Settings]
) -> Settings:
    """Return the settings that options (by their names in OPTIONS), environment and file give.

    Raises ConfigurationError with the problems of all three.
    """
    problems = list(_unknown_variables(environ))
    said: dict[str, Any] = {}
    for where, name, text in (*_variables(environ), *_options(options)):
        try:
            said[name] = _reader(name)(text)
        except ValueError as error:
            problems.append(f"{where}: {error}")
    file = said.pop("config", DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    try:
        settings = read_file(file) if file else Settings()
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        raise ConfigurationError(tuple(problems))
    return replace(settings, **said)


def admin_token(environ: Mapping[str, str], *, required: bool) -> str:
    """Return the bearer token of the admin port, "" for none. Raises ConfigurationError.

    It comes from the environment alone: arguments and files have more readers. Never quoted.
    """
    token = environ.get(ADMIN_TOKEN, "")
    if token and not re.fullmatch(r"[A-Za-z0-9._~+/-]{16,256}=*", token):  # RFC 6750 §2.1
        allowed = "16 to 256 letters, digits, `.`, `_`, `~`, `+`, `/` and `-`"
        raise ConfigurationError((f"{ADMIN_TOKEN}: allowed: {allowed}. {_MAKE_ONE}",))
    if required and not token:
        raise ConfigurationError((f"{ADMIN_TOKEN}: is not set. {_MAKE_ONE}",))
    return token


def usual_mode(environ: Mapping[str, str]) -> str:
    """Return the mode for a test suite that names none: replay where CI is set, else auto."""
    return "auto" if environ.get("CI", "").lower() in ("", "0", "false") else "replay"


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
        if variable.startswith("TOKENTAPE_") and variable not in (*VARIABLES, *_OURS):
            from difflib import get_close_matches  # noqa: PLC0415  for mistakes only

            near = get_close_matches(variable, VARIABLES, n=1, cutoff=0.9)  # all begin alike
            hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(VARIABLES)}"
            name = variable.encode("unicode_escape").decode()
            yield f"{name}: unknown environment variable; {hint}"
