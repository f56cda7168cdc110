"""An error of tokentape's own: the run ends with 1, and the receipt says so."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from tokentape.edges.settings import Settings
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.replay.decide import Mode
from tokentape.pure.watching.events import unwatched
from tokentape.session.opening import Opener

from tests.processes import Session, Workplace
from tests.wire import Client, card

TOKEN = "only-for-these-tests"
RECEIPT = "tokentape: 1 failed inside: see above at what, and please report it\n"


@pytest.fixture
def broken(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which what reads unusual requests cannot be imported."""
    package = tmp_path / "broken" / "aiohttp"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise LookupError('broken')\n")
    return {"PYTHONPATH": str(package.parent)}


def send_unusual(session: Session) -> None:
    with pytest.raises(ConnectionError):
        Client(session.url).post(card(), TE="trailers")


def send_usual(session: Session) -> None:
    assert Client(session.url).post(card()).status == 200


@pytest.mark.parametrize(
    "options",
    [
        (),
        pytest.param(
            ("--workers", "2"),
            marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has workers"),
        ),
    ],
)
def test_a_replay_ends_with_1_and_goes_on_until_then(
    place: Workplace, broken: dict[str, str], options: tuple[str, ...]
) -> None:
    with place.serving("replay", "take", *options, **broken) as session:
        send_unusual(session)
        send_usual(session)
        assert session.end() == 1
    assert "tokentape: failed inside at a request: LookupError\n" in session.said
    assert session.said.endswith(
        "tokentape: 0 recorded, 1 replayed, 0 missed, 0 refused, 0 unused\n" + RECEIPT
    )


def test_a_run_in_which_every_request_failed_inside_is_not_told_where_to_send_them(
    place: Workplace, broken: dict[str, str]
) -> None:
    with place.serving("replay", "take", **broken) as session:
        send_unusual(session)
        assert session.end() == 1
    assert "no request came in" not in session.said


def test_what_was_recorded_is_saved(workplace: Workplace, broken: dict[str, str]) -> None:
    with workplace.serving("record", "take", **broken) as session:
        send_usual(session)
        send_unusual(session)
        assert session.end() == 1
    assert RECEIPT in session.said
    assert workplace.text("take").count("- request:") == 1


def test_a_server_of_sessions_ends_with_1(place: Workplace, broken: dict[str, str]) -> None:
    words = ("serve", "--admin", "127.0.0.1:0")
    with Session(place.directory, *words, TOKENTAPE_ADMIN_TOKEN=TOKEN, **broken) as session:
        send_unusual(session)
        assert session.end() == 1
    assert session.said.endswith(RECEIPT)


def test_the_mock_ends_with_1(workplace: Workplace, broken: dict[str, str]) -> None:
    words = ("mock", "--listen", "127.0.0.1:0")
    with Session(workplace.directory, *words, **broken) as session:
        send_unusual(session)
        send_usual(session)
        assert session.end() == 1
    assert session.said.endswith("tokentape: failed inside at a request: LookupError\n")


def fail(_value: object) -> NoReturn:
    raise LookupError("4242" + "424242424242")


class Broken:
    """An upstream that fails in a way that nobody has thought of."""

    async def send(self, request: Request) -> Response:
        fail(request)


@pytest.mark.parametrize(("at", "status"), [("the request", 500), ("the line about it", 200)])
async def test_an_error_at_a_request_counts(tmp_path: Path, at: str, status: int) -> None:
    faults: list[str] = []
    settings = Settings(listen=("127.0.0.1", 0), cassettes=tmp_path)
    watch = fail if at == "the line about it" else unwatched
    opener = Opener(settings, watch, faults.append)
    session = await opener.open(opener.service(Mode.RECORD, "take"))
    if at == "the request":
        session.service.upstream = Broken()
    answer = await asyncio.to_thread(Client(session.url).post, card())
    ending = await session.close()
    assert answer.status == status
    assert (status == 200) or answer.error["code"] == "internal_error"
    assert faults == ["LookupError"]
    assert ending.exit_status == 1
    assert "1 failed inside: see above at what, and please report it" in ending.receipt.lines()
