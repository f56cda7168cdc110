"""The pytest plugin: the fixture `tokentape`, a session with the test's own cassette.

Every pytest run of anybody who has tokentape installed loads this module. What is slow to import
waits for the first test that uses the fixture.
"""

# ruff: noqa: PLC0415  see above

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import astuple, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from tokentape.errors import CassetteError, ConfigurationError

if TYPE_CHECKING:
    from tokentape.edges.settings import Settings
    from tokentape.pure.replay.decide import Mode
    from tokentape.pure.replay.receipt import Receipt
    from tokentape.session.in_process import Background
    from tokentape.session.opening import OpenSession

_RECORD_THE_REST = "`pytest --tokentape-mode=auto` records what a cassette does not have yet."
_NOT_OPENED = """\
`pytest --tokentape-mode=auto` records it. Tests that share a cassette are recorded in one \
process: under pytest-xdist, `--dist=loadfile` keeps those of a file together."""
_MODES = ("replay", "record", "auto")
_MARKER = """\
tokentape(name, mode, on_exhausted): the cassette for the fixture `tokentape`, `replay`, `record` \
or `auto`, and whether the last recorded answer is followed by a `repeat` or a `miss`"""


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
_SESSION = pytest.StashKey["Tokentape"]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pycollect_makeitem() -> Generator[None, Any, Any]:
    """Give each case of a function its number, whichever of them are to run."""
    collected = yield
    for number, item in enumerate(collected if isinstance(collected, list) else ()):
        item.stash[_CASE] = number
    return collected


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that missed, even if the code under test took the miss for something else."""
    try:
        result = yield
    except pytest.skip.Exception:
        raise
    except BaseException:
        item.add_report_section("call", "tokentape", _failure(item))
        raise
    if failure := _failure(item):
        raise _failed(failure)
    return result


def _failed(reason: str) -> BaseException:
    return pytest.fail.Exception(f"tokentape: {reason}", pytrace=False)


def _failure(item: pytest.Item) -> str:
    session = item.stash.get(_SESSION, None)
    return session.failure() if session else ""


@dataclass(slots=True)
class Tokentape:
    """What the fixture `tokentape` gives a test."""

    mode: Mode
    """`replay`, `record` or `auto`."""
    name: str
    """The cassette's."""
    _session: OpenSession = field(repr=False)
    _background: Background = field(repr=False)
    _notices: list[str] = field(default_factory=list, repr=False)
    _reported: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        self._session.service.notice = self._notices.append

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
        if self._reported or not receipt.exit_status:
            return ""
        self._reported = True
        return self._report(*receipt.lines())

    def close(self) -> str:
        """End the session; return why the test has to fail, if that was not reported."""
        ending = self._background.do(self._session.close())
        return self._report(ending.trouble) if ending.trouble else self.failure()

    def _report(self, *lines: str) -> str:
        return "\n".join((f"{self.mode} {self.name}", *self._notices, *lines, _RECORD_THE_REST))


@pytest.fixture
def tokentape(
    request: pytest.FixtureRequest, _tokentape_run: _Run
) -> Generator[Tokentape, None, None]:
    """Record and replay this test's traffic with Stripe's tokens API at `tokentape.url`."""
    item = request.node
    marker = _marker(item)
    try:
        session = _tokentape_run.open(marker.name or _name(item), marker)
    except CassetteError as error:
        raise _failed(f"{error}\n{_NOT_OPENED}") from None
    item.stash[_SESSION] = session
    yield session
    if failure := session.close():
        raise _failed(failure)


@pytest.fixture(scope="session")
def _tokentape_run(pytestconfig: pytest.Config) -> Iterator[_Run]:
    from tokentape.pure.replay.decide import usual_mode
    from tokentape.session.in_process import Background

    try:
        background = Background(_settings(pytestconfig))
    except ConfigurationError as error:
        raise _failed(str(error)) from None
    yield _Run(background, pytestconfig.getoption("--tokentape-mode") or usual_mode(os.environ))
    background.close()


@dataclass(frozen=True, slots=True)
class _Run:
    """What the tests of one process share."""

    background: Background
    mode: str
    opened: set[str] = field(default_factory=set)

    def open(self, name: str, marker: _Marker) -> Tokentape:
        """Open a session; a cassette that an earlier test of this run recorded is continued."""
        from tokentape.pure.replay.decide import Mode, reopened

        mode = Mode(marker.mode or self.mode)
        mode = reopened(mode) if name in self.opened else mode
        opener = self.background.opener
        service = opener.service(mode, name, on_exhausted=marker.on_exhausted)
        session = Tokentape(mode, name, self.background.do(opener.open(service)), self.background)
        self.opened.add(name)
        return session


def _settings(config: pytest.Config) -> Settings:
    """Return the settings of this run; file and folder are relative to the root directory."""
    from tokentape.edges import settings

    options = {"listen": "127.0.0.1:0"}
    if config.getoption("--tokentape-strict"):
        options["strict"] = "true"
    file = config.rootpath / settings.DEFAULT_FILE
    if file.exists() and not os.environ.get("TOKENTAPE_CONFIG"):
        options["config"] = str(file)
    loaded = settings.load(options, os.environ)
    return replace(loaded, cassettes=config.rootpath / loaded.cassettes)


@dataclass(frozen=True, slots=True)
class _Marker:
    """What a marker says; nothing where it is blank."""

    name: str = ""
    mode: str = ""
    on_exhausted: str = ""


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
    classes = (node.name for node in item.listchain() if isinstance(node, pytest.Class))
    case = None if function == item.name else item.stash.get(_CASE, None)
    return cassette_name(file, (*classes, function), case)
