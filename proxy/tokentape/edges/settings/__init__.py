"""Settings from options, environment and configuration file, in this order of precedence.

A configuration file has the shape of `Settings`: `match.blank` is the key `blank` under `match`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_type_hints

from tokentape.edges.settings import texts
from tokentape.errors import ConfigurationError
from tokentape.pure.replay.faults import Fault

_DEFAULT_FILES = ("tokentape.yaml", "tokentape.yml")


@dataclass(frozen=True, slots=True)
class Unshown:
    """A text from the environment that is shown to nobody: it has no repr."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """What is recorded: with `errors`, also the upstream's 429 and 5xx."""

    errors: bool = False


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """When two requests are equal."""

    blank: Literal["lenient", "strict"] = "lenient"
    headers: tuple[texts.HeaderName, ...] = ()
    ignore: tuple[texts.FormField, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactSettings:
    """Additions to the catalog: fields whose values are kept, and the kinds of others."""

    keep: tuple[texts.AnyField, ...] = ()
    fields: Mapping[texts.AnyField, texts.Kind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for clients: `body` and `head` in bytes, `connections` at the same time."""

    body: texts.Size = 1024**2
    head: texts.Size = 16 * 1024
    connections: texts.Count = 1000


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Timeouts in seconds; the default of `upstream` is the timeout of Stripe's SDKs.

    `idle` is for a session of an admin port without requests.
    """

    upstream: float = 80.0
    request: float = 30.0
    shutdown: float = 5.0
    idle: float = 300.0


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings with their defaults; config.example.yaml explains each."""

    listen: texts.Address = ("127.0.0.1", 12121)
    session_ports: texts.Ports = None
    hosts: tuple[texts.HostName, ...] = ()
    origins: tuple[texts.WebOrigin, ...] = ()
    tls_cert: texts.File = None
    tls_key: texts.File = None
    upstream: texts.Origin = "mock"
    mix_upstreams: bool = False
    cassettes: Path = Path("cassettes")
    allow_live: bool = False
    strict: bool = False
    on_exhausted: Literal["repeat", "miss"] = "repeat"
    others: Literal["refuse", "forward", "record"] = "refuse"
    fast: bool = True
    quiet: bool = False
    log_format: Literal["text", "json"] = "text"
    clock: texts.Moment = 0
    record: Record = Record()
    match: MatchSettings = MatchSettings()
    redact: RedactSettings = RedactSettings()
    faults: tuple[Fault, ...] = ()
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()


OPTIONS = (
    *("config", "listen", "tls_cert", "tls_key", "upstream", "mix_upstreams", "cassettes"),
    *("allow_live", "strict", "on_exhausted", "quiet", "log_format"),
)
"""The settings that options and variables may set."""
_ALSO_VARIABLES = ("session_ports", "hosts", "origins", "fast")
VARIABLES = {f"TOKENTAPE_{name.upper()}": name for name in (*OPTIONS, *_ALSO_VARIABLES)}

KEY_VARIABLE = "STRIPE_API_KEY"
"""The environment variable with the key to verify with: others can see a command's arguments."""
ADMIN_TOKEN = "TOKENTAPE_ADMIN_TOKEN"  # noqa: S105  the variable's name
COMMAND_VARIABLES = ("TOKENTAPE_MODE", "TOKENTAPE_CASSETTE")
"""Variables for what is no setting of all commands: the mode and the cassette's name."""
_OTHER_VARIABLES = ("TOKENTAPE_URL", "TOKENTAPE_ADMIN", ADMIN_TOKEN, *COMMAND_VARIABLES)
"""Those, and variables that are set for clients, which may be this program too."""
_MAKE_A_TOKEN = f"Make one: export {ADMIN_TOKEN}=$(openssl rand -hex 16)"


def default_file(directory: Path) -> Path | None:
    """Return the configuration file in a directory, or None.

    Raises ConfigurationError if there are two.
    """
    files = [path for name in _DEFAULT_FILES if (path := directory / name).exists()]
    if len(files) > 1:
        raise ConfigurationError((f"{files[1]}: {files[0].name} is there too; keep one of them",))
    return files[0] if files else None


def load(options: Mapping[str, str], environ: Mapping[str, str]) -> Settings:
    """Return the settings of options (by their names in OPTIONS), environment and file.

    Raises ConfigurationError with the problems of all three.
    """
    problems: list[str] = []
    hints = get_type_hints(Settings, include_extras=True)
    values: dict[str, Any] = {}
    path = default_file(Path())
    source_of_path = str(path)
    for source, name, text in _texts(options, environ):
        if name == "config":
            path, source_of_path = Path(text), source
            continue
        try:
            values[name] = texts.reader(hints[name])(text)
        except ValueError as error:
            problems.append(f"{source}: {error}")
    settings = Settings()
    if path:
        from tokentape.edges.settings import file  # noqa: PLC0415  YAML is slow to import

        try:
            settings = file.read(path, named_by=source_of_path)
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(tuple(problems))
    return replace(settings, **values)


def local_url(settings: Settings) -> str:
    """Return the base URL of a server with these settings, for clients of its own machine.

    >>> local_url(Settings(listen=("0.0.0.0", 12121))), local_url(Settings(listen=("::1", 1)))
    ('http://127.0.0.1:12121', 'http://[::1]:1')
    """
    host, port = settings.listen
    scheme = "https" if settings.tls_cert else "http"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  nothing is bound
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def admin_token(environ: Mapping[str, str], *, required: bool) -> str:
    """Return the bearer token of the admin port, or "". Raises ConfigurationError without its text.

    It comes only from the environment, because more people can read arguments and files.
    """
    token = environ.get(ADMIN_TOKEN, "")
    if token and not re.fullmatch(r"[A-Za-z0-9._~+/-]{16,256}=*", token):  # RFC 6750 §2.1
        allowed = "16 to 256 letters, digits, `.`, `_`, `~`, `+`, `/` and `-`"
        raise ConfigurationError((f"{ADMIN_TOKEN}: allowed: {allowed}. {_MAKE_A_TOKEN}",))
    if required and not token:
        raise ConfigurationError((f"{ADMIN_TOKEN}: is not set. {_MAKE_A_TOKEN}",))
    return token


def _texts(
    options: Mapping[str, str], environ: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield source, setting and text of variables and options; what comes later wins."""
    for variable, name in VARIABLES.items():
        if environ.get(variable):  # CI files unset a variable by setting it to nothing
            yield variable, name, environ[variable]
    for name, text in options.items():
        yield "--" + name.replace("_", "-"), name, text


def unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each variable that looks like a setting and is none.

    It is no error: others set variables for a service of this name, as Kubernetes does.
    """
    for variable in sorted(environ):
        if (
            not variable.startswith("TOKENTAPE_")
            or variable in (*VARIABLES, *_OTHER_VARIABLES)
            or _is_of_kubernetes(variable, environ[variable])
        ):
            continue
        from difflib import get_close_matches  # noqa: PLC0415  for mistakes only

        # The cutoff is high because all variables have the same prefix.
        names = (*VARIABLES, *COMMAND_VARIABLES)
        closest = get_close_matches(variable, names, n=1, cutoff=0.9)
        hint = f"did you mean {closest[0]}?" if closest else f"those that count: {', '.join(names)}"
        name = variable.encode("unicode_escape").decode()
        yield f"{name}: unknown environment variable, so it changes nothing; {hint}"


_OF_KUBERNETES = re.compile(
    r"TOKENTAPE_(?:[A-Z0-9_]+_)?"
    r"(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_[0-9]+_[A-Z]+(?:_PROTO|_PORT|_ADDR)?)"
)


def _is_of_kubernetes(variable: str, value: str) -> bool:
    """Tell whether Kubernetes, or a link of Docker, sets this for a service `tokentape` or so.

    https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables

    >>> _is_of_kubernetes("TOKENTAPE_MOCK_SERVICE_HOST", "10.0.0.11")
    True
    >>> _is_of_kubernetes("TOKENTAPE_PORT", "tcp://10.0.0.11:80")
    True
    >>> _is_of_kubernetes("TOKENTAPE_PORT", "80")
    False
    """
    if variable.endswith("_PORT") and re.match(r"(?:tcp|udp|sctp)://", value):
        return True
    return _OF_KUBERNETES.fullmatch(variable) is not None
