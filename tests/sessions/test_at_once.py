"""What one session does while another is being opened, or under way: nothing of either is lost."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tokentape.edges.server import Answer
from tokentape.edges.settings import Settings
from tokentape.errors import CassetteBusy
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.replay.decide import Mode
from tokentape.pure.stripe.upstreams import UpstreamKind
from tokentape.pure.watching.events import Result, noticing, unwatched
from tokentape.session.in_process import InProcess
from tokentape.session.opening import Opener
from tokentape.session.retries import REMEMBERED, Outcome, Retries, Try, sender
from tokentape.session.service import Service

from tests.upstreams import stripe
from tests.wire import SECRET, card

FORM = "application/x-www-form-urlencoded"
DONE = Outcome(Response(200, (), b"{}"), Result.RECORDED)
HEADERS = (("Authorization", f"Bearer {SECRET}"), ("Content-Type", FORM))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def opener(tmp_path: Path, said: list[str]) -> Opener:
    settings = Settings(listen=("127.0.0.1", 0), cassettes=tmp_path, upstream="mock")
    return Opener(settings, noticing(said.append), said.append)


def post(**fields: str) -> Request:
    return Request("POST", "/v1/tokens", HEADERS, urlencode(card(**fields)).encode())


async def answered(service: Service, request: Request) -> Answer:
    outcome = service.handle(request)
    return await outcome if inspect.isawaitable(outcome) else outcome


async def recorded(opener: Opener, **fields: str) -> None:
    """Add a request to the cassette `one`, in a session of its own."""
    session = await opener.open(opener.service(Mode.AUTO, "one"))
    await answered(session.service, post(**fields))
    assert (await session.close()).saved


def requests(directory: Path) -> int:
    assert [path.name for path in directory.iterdir()] == ["one.yaml"]
    return (directory / "one.yaml").read_text().count("- request:")


@pytest.mark.parametrize("had", [0, 1])
async def test_what_was_recorded_while_a_cassette_was_loaded_is_not_lost(
    opener: Opener, tmp_path: Path, had: int
) -> None:
    if had:
        await recorded(opener)
    service = opener.service(Mode.AUTO, "one")
    await recorded(opener, name="Ada")
    with pytest.raises(CassetteBusy, match="has just been changed by another process"):
        await opener.open(service)
    assert requests(tmp_path) == had + 1
    await recorded(opener, address_zip="10115")
    assert requests(tmp_path) == had + 2


async def test_what_was_recorded_during_a_session_in_process_is_not_lost(
    opener: Opener, tmp_path: Path
) -> None:
    request = post(address_zip="10115")
    for other_records in (True, False):
        session = InProcess(opener, Mode.AUTO, "one", unwatched)
        assert await session.record(request, stripe()(request), UpstreamKind.MOCK)
        if other_records:
            await recorded(opener)
            with pytest.raises(CassetteBusy, match="has just been changed by another process"):
                await session.save()
            assert requests(tmp_path) == 1
    assert await session.save()
    assert requests(tmp_path) == 2


async def test_a_value_that_a_replay_binds_while_its_exchange_is_prepared_has_one_number(
    opener: Opener, tmp_path: Path
) -> None:
    await recorded(opener, name="Ada")
    session = await opener.open(opener.service(Mode.AUTO, "one"))
    recorder, request = session.service.recorder, post(name="Joe", address_zip="10115")
    assert recorder
    prepared = recorder.prepared(recorder.redactor.request(request), stripe()(request))
    replayed, _ = await answered(session.service, post(name="Joe"))
    assert replayed.header("tokentape-result") == "replayed"
    recorder.written(prepared)
    take = (tmp_path / ".one.take").read_text()
    assert take.count("card[name]={{name.1}}") == 2
    assert "name.2" not in take
    await session.close()


@pytest.mark.parametrize("mode", [Mode.RECORD, Mode.AUTO])
@pytest.mark.parametrize("turns", range(6))
async def test_a_signal_to_save_finds_nothing_wrong_with_a_session_that_ends(
    opener: Opener, tmp_path: Path, said: list[str], mode: Mode, turns: int
) -> None:
    session = await opener.open(opener.service(mode, "one"))
    await answered(session.service, post())
    closing = asyncio.create_task(session.close())
    for _ in range(turns):
        await asyncio.sleep(0)
    assert await session.save(failed="") in ("", str(tmp_path / "one.yaml"))
    assert (await closing).saved
    assert said == []
    assert requests(tmp_path) == 1


async def test_a_retry_waits_for_the_first_try_however_many_others_are_answered_meanwhile(
    opener: Opener,
) -> None:
    redactor = opener.service(Mode.RECORD, "one").redactor
    retries, may_answer, sent = Retries(), asyncio.Event(), list[str]()

    def tried(key: str, outcome: Outcome | Awaitable[Outcome]) -> Outcome | Awaitable[Outcome]:
        def answer() -> Outcome | Awaitable[Outcome]:
            sent.append(key)
            return outcome

        headers = (*HEADERS, ("Idempotency-Key", key))
        return retries.once(redactor.request(post()._replace(headers=headers)), answer)

    async def slow() -> Outcome:
        await may_answer.wait()
        return DONE

    first = tried("slow", slow())
    for number in range(REMEMBERED):
        tried(f"{number}", DONE)
    again = tried("slow", DONE)
    request = redactor.request(post())
    assert not retries.repeated(Try(request, sender(request), DONE), "slow")
    may_answer.set()
    assert inspect.isawaitable(first)
    assert inspect.isawaitable(again)
    outcomes = await asyncio.gather(first, again)
    assert [outcome.is_retry for outcome in outcomes] == [False, True]
    assert sent.count("slow") == 1
