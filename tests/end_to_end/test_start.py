"""What a replay loads, which is most of what it needs to start."""

from __future__ import annotations

from tests.processes import Session, Workplace
from tests.wire import Client, card

_FOR_OTHERS = {
    "aiohttp",
    "tokentape.session.administration",
    "tokentape.edges.upstream",
    "tokentape.mock.upstream",
    "tokentape.pure.leak_check",
    "tokentape.session.recorder",
    "vcr",
}
_AT_EXIT = f"""
import atexit, sys
atexit.register(lambda: print(*sorted({_FOR_OTHERS} & sys.modules.keys())))
"""


def _telling(workplace: Workplace) -> Session:
    """Start a replay that says in the end what it loaded."""
    (workplace.directory / "sitecustomize.py").write_text(_AT_EXIT)
    return workplace.serving("replay", "start", PYTHONPATH=str(workplace.directory))


def test_replay_loads_nothing_that_recording_needs(workplace: Workplace) -> None:
    with workplace.recorded("start") as url:
        Client(url).post(card())
    with _telling(workplace) as session:
        assert Client(session.url).post(card()).result == "replayed"
        assert session.end() == 0
    assert session.printed == "\n"


def test_a_request_that_is_not_plain_loads_what_reads_it(workplace: Workplace) -> None:
    with workplace.recorded("start") as url:
        Client(url).post(card())
    with _telling(workplace) as session:
        assert Client(session.url).post(card(), Connection="close").result == "replayed"
        assert session.end() == 0
    assert session.printed == "aiohttp\n"
