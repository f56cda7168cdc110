"""How many sessions there may be, and how many are remembered."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tokentape.edges import processes
from tokentape.edges.settings import Settings
from tokentape.pure.http.messages import Request
from tokentape.pure.own_routes import Token
from tokentape.pure.replay.decide import Mode
from tokentape.pure.watching.events import noticing, unwatched
from tokentape.session.administration import MOST, Administration
from tokentape.session.opening import Opener

TOKEN = "only-for-these-tests"
HEADERS = (
    ("Authorization", f"Bearer {TOKEN}"),
    ("Content-Type", "application/json"),
)


class Inside:
    """An admin port without the port."""

    def __init__(self, directory: Path) -> None:
        self.said: list[str] = []
        settings = Settings(listen=("127.0.0.1", 0), cassettes=directory)
        opener = Opener(settings, noticing(self.said.append), self.said.append)
        self.administration = Administration(
            opener, Token(TOKEN), mode=Mode.REPLAY, idle=300, watch=unwatched
        )

    async def ask(self, method: str, path: str = "", cassette: str = "") -> tuple[int, Any]:
        body = json.dumps({"cassette": cassette}).encode()
        request = Request(method, "/_tokentape/sessions" + path, HEADERS, body)
        answer, _ = await self.administration.handle(request)
        return answer.status, json.loads(answer.body)


async def test_a_thousand_may_be_open_and_a_thousand_are_remembered() -> None:
    processes.make_room(MOST)
    inside = Inside(Path(__file__).parents[2] / "cassettes")
    opened = [await inside.ask("POST", cassette="tokens") for _ in range(MOST)]
    assert {status for status, _ in opened} == {201}
    assert len({session["url"] for _, session in opened}) == MOST
    status, refused = await inside.ask("POST", cassette="tokens")
    assert (status, refused["error"]["code"]) == (503, "too_many_sessions")

    first, *others = (f"/{session['id']}" for _, session in opened)
    assert (await inside.ask("DELETE", first))[0] == 200
    at_once = (inside.ask("POST", cassette="tokens") for _ in range(3))
    (status, last), *others_at_once = await asyncio.gather(*at_once)
    assert [status, *(other for other, _ in others_at_once)] == [201, 503, 503]
    tally = await inside.administration.close()
    assert (tally.sessions, tally.failed, tally.unused) == (MOST + 1, 0, 8 * (MOST + 1))
    assert (await inside.ask("GET", first))[0] == 404
    for path in (others[0], others[-1], f"/{last['id']}"):
        status, receipt = await inside.ask("GET", path)
        assert (status, receipt["open"]) == (200, False)
    assert inside.said == []
