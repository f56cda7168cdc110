"""The pytest plugin: the fixture `tokentape`, a session with the test's own cassette.

Every pytest run of anybody who has tokentape installed loads this module. What is slow to import
waits for the first test that uses the fixture.
"""

# ruff: noqa: PLC0415  see above

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Generator, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from tokentape.errors import CassetteBusy, TokentapeError

if TYPE_CHECKING:
    from tokentape.edges.settings import Settings
    from tokentape.pure.replay.decide import Mode
    from tokentape.pure.replay.faults import Fault
    from tokentape.pure.replay.receipt import Receipt
    from tokentape.pure.watching.lines import LatestLines
    from tokentape.session.in_process import Background
    from tokentape.session.opening import OpenSession

_RECORDING = ("pytest --tokentape-mode=auto", "pytest --tokentape-mode=record")
"""Commands that record what a cassette lacks, and the whole of it."""
_BUSY = """\
Tests that share a cassette are recorded in one process: under pytest-xdist, `--dist=loadfile` \
keeps those of a file together."""
_NO_REQUEST = "no request came in: give the client the base URL `tokentape.url`"
_BLOCKED = """\
pytest-socket blocks connections that tokentape needs. Run pytest with --allow-hosts=127.0.0.1 \
(and the host of the upstream, to record from it), with or without --disable-socket."""
_RECORDED_TWICE = """\
this test uses the fixture `tokentape` and has the marker `vcr`, so another plugin would record it \
as well, with card numbers and keys as they are sent. Remove the marker, or the fixture."""
Node = pytest.Item | pytest.Collector
_MODES = ("replay", "record", "auto")
_MARKER = """\
tokentape(name, mode, on_exhausted, faults): the cassette for the fixture `tokentape`, `replay`, \
`record` or `auto`, whether the last recorded answer is followed by a `repeat` or a `miss`, and \
what trouble requests meet, as in docs/faults.md"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("tokentape", "Stripe tokens, recorded and replayed")
    group.addoption(
        "--tokentape-mode",
        choices=_MODES,
        help="What to do with traffic.  [default: replay where CI is set, else auto]",
    )
    group.addoption(
        "--tokentape-strict",
        action="store_true",
        help="Miss rather than guess; fail on unused and order-dependent interactions.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


_CASE = pytest.StashKey[int]()
_SIBLINGS = pytest.StashKey[set[str]]()
"""What is collected in a module or class, by name."""
_SESSION = pytest.StashKey["Tokentape"]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Collector, name: str) -> Generator[None, Any, Any]:
    """Note the name, and give each case of a function its number, whichever of them are to run."""
    collected = yield
    if collected:
        collector.stash.setdefault(_SIBLINGS, set()).add(name)
    for number, item in enumerate(collected if isinstance(collected, list) else ()):
        item.stash[_CASE] = number
    return collected


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test that vcrpy would record as well, before any fixture is set up."""
    if "tokentape" in getattr(item, "fixturenames", ()):
        _refuse_vcr(item)


def _refuse_vcr(item: pytest.Item) -> None:
    if item.get_closest_marker("vcr"):
        raise _failed(_RECORDED_TWICE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that missed, even if the code under test took the miss for something else."""
    try:
        result = yield
    except pytest.skip.Exception:
        raise
    except BaseException:
        if session := item.stash.get(_SESSION, None):
            item.add_report_section("call", "tokentape", session.failure() or session.requests())
            session.has_failed = True
        raise
    if (session := item.stash.get(_SESSION, None)) and (failure := session.failure()):
        session.has_failed = True
        raise _failed(failure)
    return result


def _failed(reason: str) -> BaseException:
    return pytest.fail.Exception(f"tokentape: {reason}", pytrace=False)


@dataclass(slots=True)
class Tokentape:
    """What the fixture `tokentape` gives a test."""

    mode: Mode
    """`replay`, `record` or `auto`."""
    name: str
    """The cassette's."""
    _session: OpenSession = field(repr=False)
    _background: Background = field(repr=False)
    _lines: LatestLines = field(repr=False)
    _reported: bool = field(default=False, repr=False)
    has_failed: bool = field(default=False, init=False, repr=False)
    """Whether the test has."""

    @property
    def url(self) -> str:
        """The base URL for the client under test, with a port for this test only."""
        return self._session.url

    @property
    def receipt(self) -> Receipt:
        """What the session did so far: `receipt.counts.replayed` and so on."""

        async def receipt() -> Receipt:  # after the requests that are being handled
            return self._session.service.receipt()

        return self._background.do(receipt())

    def failure(self) -> str:
        """Return why the test has to fail, or nothing; a reason is returned once."""
        receipt = self.receipt
        if faults := self._background.faults:
            kinds = ", ".join(faults)
            faults.clear()
            self._reported = True  # its receipt has them, too
            advice = (_BLOCKED,) if "SocketConnectBlockedError" in kinds else ()
            return self._report(f"failed inside at a request: {kinds}", *advice)
        if self._reported or not receipt.exit_status:
            return ""
        self._reported = True
        return self._report(*self._lines.wrong, *receipt.lines())

    def requests(self) -> str:
        """Return what the session answered, for the report of a test that fails otherwise."""
        receipt = self.receipt
        lines = self._lines.latest or (_NO_REQUEST,)
        return self._report(*lines, *(receipt.lines() if receipt.counts.requests else ()))

    def close(self) -> str:
        """End the session; return why the test has to fail, if that was not reported."""
        failed = "the test" if self.has_failed else ""
        ending = self._background.do(self._session.close(failed=failed))
        return self._report(ending.trouble) if ending.trouble else self.failure()

    def _report(self, *lines: str) -> str:
        return "\n".join((f"{self.mode} {self.name}", *lines))


@pytest.fixture
def tokentape(
    request: pytest.FixtureRequest, _tokentape_run: _Run
) -> Generator[Tokentape, None, None]:
    """Record and replay this test's traffic with Stripe's tokens API at `tokentape.url`."""
    item = request.node
    _refuse_vcr(item)
    marker = _marker(item)
    try:
        session = _tokentape_run.open(marker.name or _name(item), marker)
    except CassetteBusy as error:
        raise _failed(f"{error}\n{_BUSY}") from None
    except TokentapeError as error:
        raise _failed(str(error)) from None
    except OSError as error:
        raise _failed(f"the session cannot be opened: {error.strerror}") from None
    item.stash[_SESSION] = session
    yield session
    if failure := session.close():
        raise _failed(failure)


@pytest.fixture(scope="session")
def _tokentape_run(pytestconfig: pytest.Config) -> Iterator[_Run]:
    from tokentape.edges import network_proxies
    from tokentape.pure.replay.decide import usual_mode

    try:
        mode = pytestconfig.getoption("--tokentape-mode") or usual_mode(os.environ)
    except TokentapeError as error:
        raise _failed(str(error)) from None
    run = _Run(pytestconfig, mode)
    with pytest.MonkeyPatch.context() as environ:
        for name, hosts in network_proxies.direct("http://127.0.0.1", os.environ).items():
            environ.setenv(name, hosts)
        yield run
    run.close()


@dataclass(slots=True)
class _Run:
    """What the tests of one process share."""

    config: pytest.Config
    mode: str
    opened: set[str] = field(default_factory=set)
    _background: Background | None = None

    def open(self, name: str, marker: _Marker) -> Tokentape:
        """Open a session; a cassette that an earlier test of this run recorded is continued."""
        from tokentape.pure.replay.decide import Mode, reopened
        from tokentape.pure.watching.lines import LatestLines

        if socket.socket.__module__.startswith("pytest_socket"):  # its guard, not Python's class
            raise _failed(_BLOCKED)
        background, lines = self._started(), LatestLines()
        name = background.opener.cassette_name(name)
        mode = Mode(marker.mode or self.mode)
        mode = reopened(mode) if name in self.opened else mode
        service = background.opener.service(
            *(mode, name),
            on_exhausted=marker.on_exhausted,
            faults=_faults(marker),
            watch=lines.watch,
            may_be_missing=True,  # a test that sends nothing has none
        )
        service.recording_commands = _RECORDING
        opened = background.do(background.opener.open(service))
        session = Tokentape(mode, name, opened, background, lines)
        self.opened.add(name)
        return session

    def _started(self) -> Background:
        """Return the thread; where it cannot start, the next test tries again."""
        from tokentape.session.in_process import Background

        if self._background is None:
            self._background = Background(_settings(self.config))
        return self._background

    def close(self) -> None:
        """End the thread."""
        if self._background is not None:
            self._background.close()


def _settings(config: pytest.Config) -> Settings:
    """Return the settings of this run; file and folder are relative to the root directory."""
    from tokentape.edges import settings

    options = {"listen": "127.0.0.1:0"}
    if config.getoption("--tokentape-strict"):
        options["strict"] = "true"
    if not os.environ.get("TOKENTAPE_CONFIG") and (file := settings.default_file(config.rootpath)):
        options["config"] = str(file)
    loaded = settings.load(options, os.environ)
    for warning in settings.unknown_variables(os.environ):
        warnings.warn(pytest.PytestConfigWarning(f"tokentape: {warning}"), stacklevel=1)
    paths = {
        name: config.rootpath / path
        for name in ("cassettes", "tls_cert", "tls_key")
        if (path := getattr(loaded, name)) is not None
    }
    return replace(loaded, **paths)


@dataclass(frozen=True, slots=True)
class _Marker:
    """What a marker says; nothing where it is blank."""

    name: str = ""
    mode: str = ""
    on_exhausted: str = ""
    faults: Sequence[object] = ()
    """As documents, in place of those of the configuration."""


def _faults(marker: _Marker) -> tuple[Fault, ...] | None:
    from tokentape.pure.replay.faults import read_fault

    try:
        return tuple(map(read_fault, marker.faults)) if marker.faults else None
    except ValueError as error:
        raise _failed(f"a marker has a fault that cannot be read: {error}") from None


def _marker(item: pytest.Item) -> _Marker:
    """Return what a test's markers say together; the closest wins."""
    try:
        markers = [_Marker(*mark.args, **mark.kwargs) for mark in item.iter_markers("tokentape")]
    except TypeError:
        raise _failed(f"a marker is not of the form {_MARKER}") from None
    values = zip(*map(astuple, (*markers, _Marker())), strict=True)
    marker = _Marker(*(next(filter(None, of_each), "") for of_each in values))
    if marker.mode not in ("", *_MODES) or marker.on_exhausted not in ("", "repeat", "miss"):
        raise _failed(f"a marker has other words than {_MARKER}")
    return marker


def _name(item: pytest.Item) -> str:
    from tokentape.pure.cassette.naming import cassette_name

    file = item.nodeid.partition("::")[0]
    function = (getattr(item, "originalname", None) or item.name).partition("[")[0]
    classes = [node for node in item.listchain() if isinstance(node, pytest.Class)]
    nodes: list[tuple[Node, str]] = [*((node, node.name) for node in classes), (item, function)]
    case = None if function == item.name else item.stash.get(_CASE, None)
    scopes = tuple(name for _, name in nodes)
    return cassette_name(file, scopes, case, unique=not any(_folds(*node) for node in nodes))


def _folds(node: Node, name: str) -> bool:
    """Tell whether a name has capitals, and a neighbour differs in nothing else."""
    neighbours = node.parent.stash.get(_SIBLINGS, ()) if node.parent else ()
    lower = name.lower()
    return name != lower and any(each != name and each.lower() == lower for each in neighbours)
