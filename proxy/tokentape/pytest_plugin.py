"""The pytest plugin: the fixture `tokentape`, a session with the test's own cassette.

Every pytest run of anybody who has tokentape installed loads this module. What is slow to import
waits for the first test that asks for the fixture.
"""

# ruff: noqa: PLC0415  see above

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tokentape.errors import CassetteError, ConfigurationError

if TYPE_CHECKING:
    from tokentape.edges.settings import Settings
    from tokentape.pure.replay.decide import Mode
    from tokentape.pure.replay.receipt import Receipt
    from tokentape.session.in_process import Background
    from tokentape.session.opening import OpenSession

_HINT = "`pytest --tokentape-mode=auto` records what a cassette does not know yet."
_UNOPENED = """\
`pytest --tokentape-mode=auto` records it. Tests that share a cassette are recorded in one \
process: under pytest-xdist, `--dist=loadfile` keeps those of a file together."""
_MODES = ("replay", "record", "auto")
_NAMES = ("name", "mode", "on_exhausted")
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
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


_CASE = pytest.StashKey[int]()
_TAPE = pytest.StashKey["Tokentape"]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pycollect_makeitem() -> Generator[None, Any, Any]:
    """Give each case of a function its number, whichever of them are to run."""
    made = yield
    for number, item in enumerate(made if isinstance(made, list) else ()):
        item.stash[_CASE] = number
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that missed, even if the code under test took the miss for something else."""
    try:
        result = yield
    except pytest.skip.Exception:
        raise
    except BaseException:
        item.add_report_section("call", "tokentape", _blame(item))
        raise
    if blame := _blame(item):
        raise _failed(blame)
    return result


def _failed(why: str) -> BaseException:
    return pytest.fail.Exception(f"tokentape: {why}", pytrace=False)


def _blame(item: pytest.Item) -> str:
    tape = item.stash.get(_TAPE, None)
    return tape.blame() if tape else ""


@dataclass(slots=True)
class Tokentape:
    """What the fixture `tokentape` gives a test."""

    mode: Mode
    """`replay`, `record` or `auto`."""
    name: str
    """The cassette's."""
    _session: OpenSession = field(repr=False)
    _background: Background = field(repr=False)
    _said: list[str] = field(default_factory=list, repr=False)
    _blamed: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        self._session.service.notice = self._said.append

    @property
    def url(self) -> str:
        """The base URL for the client under test; its port is this test's own."""
        return self._session.url

    @property
    def receipt(self) -> Receipt:
        """What the session did so far: `receipt.counts.replayed` and so on."""

        async def after_what_is_under_way() -> Receipt:
            return self._session.service.receipt()

        return self._background.do(after_what_is_under_way())

    def blame(self) -> str:
        """Return why the test has to fail, or nothing; it is told once."""
        receipt = self.receipt
        if self._blamed or not receipt.exit_status:
            return ""
        self._blamed = True
        return self._report(*receipt.lines())

    def close(self) -> str:
        """End the session; return why the test has to fail, if that was not told."""
        ending = self._background.do(self._session.close())
        return self._report(ending.trouble) if ending.trouble else self.blame()

    def _report(self, *lines: str) -> str:
        return "\n".join((f"{self.mode} {self.name}", *self._said, *lines, _HINT))


@pytest.fixture
def tokentape(
    request: pytest.FixtureRequest, _tokentape_run: _Run
) -> Generator[Tokentape, None, None]:
    """Record and replay this test's traffic with Stripe's tokens API at `tokentape.url`."""
    item = request.node
    marked = _marked(item)
    try:
        tape = _tokentape_run.open(marked.name or _name(item), marked.mode, marked.on_exhausted)
    except CassetteError as error:
        raise _failed(f"{error}\n{_UNOPENED}") from None
    item.stash[_TAPE] = tape
    yield tape
    if blame := tape.close():
        raise _failed(blame)


@pytest.fixture(scope="session")
def _tokentape_run(pytestconfig: pytest.Config) -> Iterator[_Run]:
    try:
        run = _Run.begin(pytestconfig)
    except ConfigurationError as error:
        raise _failed(str(error)) from None
    yield run
    run.background.close()


@dataclass(frozen=True, slots=True)
class _Run:
    """What the tests of one process share."""

    mode: Mode
    background: Background
    opened: set[str] = field(default_factory=set)

    @classmethod
    def begin(cls, config: pytest.Config) -> _Run:
        from tokentape.pure.replay.decide import Mode, usual_mode
        from tokentape.session.in_process import Background

        mode = config.getoption("--tokentape-mode") or usual_mode(os.environ)
        return cls(Mode(mode), Background(_settings(config)))

    def open(self, name: str, mode: str, on_exhausted: str) -> Tokentape:
        """Open a session; a cassette that an earlier test of this run recorded is carried on."""
        from tokentape.pure.replay.decide import Mode, reopened

        chosen = Mode(mode or self.mode)
        chosen = reopened(chosen) if name in self.opened else chosen
        opening = self.background.opener.open(
            self.background.opener.service(chosen, name, on_exhausted=on_exhausted)
        )
        tape = Tokentape(chosen, name, self.background.do(opening), self.background)
        self.opened.add(name)
        return tape


def _settings(config: pytest.Config) -> Settings:
    """Return the settings of this run: file and folder are looked for in the root directory."""
    from tokentape.edges import settings

    given = {"listen": "127.0.0.1:0"}
    if config.getoption("--tokentape-strict"):
        given["strict"] = "true"
    file = config.rootpath / settings.DEFAULT_FILE
    if file.exists() and not os.environ.get("TOKENTAPE_CONFIG"):
        given["config"] = str(file)
    said = settings.load(given, os.environ, _read_file)
    return replace(said, cassettes=config.rootpath / said.cassettes)


def _read_file(path: Path) -> Settings:
    from tokentape.edges import config_file
    from tokentape.edges.settings import Settings

    return config_file.read(path, Settings)


@dataclass(frozen=True, slots=True)
class _Marked:
    """What markers say; nothing where it is blank."""

    name: str = ""
    mode: str = ""
    on_exhausted: str = ""


def _marked(item: pytest.Item) -> _Marked:
    """Return what a test's markers say, the closest first."""
    said = _Marked()
    try:
        for mark in item.iter_markers("tokentape"):
            one = _Marked(*mark.args, **mark.kwargs)
            said = _Marked(*(getattr(said, name) or getattr(one, name) for name in _NAMES))
    except TypeError:
        raise _failed(f"found another marker than {_MARKER}") from None
    if said.mode not in ("", *_MODES) or said.on_exhausted not in ("", "repeat", "miss"):
        raise _failed(f"found other words than {_MARKER}")
    return said


def _name(item: pytest.Item) -> str:
    from tokentape.pure.cassette.naming import cassette_name

    file = item.nodeid.partition("::")[0]
    function = (getattr(item, "originalname", None) or item.name).partition("[")[0]
    classes = (node.name for node in item.listchain() if isinstance(node, pytest.Class))
    case = None if function == item.name else item.stash.get(_CASE, None)
    return cassette_name(file, (*classes, function), case)
