"""The page in a real browser, while clients are answered."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.processes import Session, Workplace, awaited
from tests.wire import Client, card

PATH = "/_tokentape/"
MARKUP = "<img src=x onerror=document.title='broken'><script>document.title='broken'</script>"


@dataclass
class Watched:
    """A session, and its page in a browser."""

    session: Session
    page: Any
    place: Workplace
    trouble: list[str] = field(default_factory=list)
    """What the browser complained of: errors of the script, what its policy blocked."""
    asked: set[str] = field(default_factory=set)
    """The hosts and paths that the page asked for."""

    @property
    def client(self) -> Client:
        return Client(self.session.url)

    def rows(self, result: str = "") -> Any:
        selector = f".{result}" if result else ".result"
        return self.page.locator(f"#requests > li:visible:has({selector})")

    def wait_for(self, count: int, result: str = "") -> None:
        """Wait until so many requests are shown."""
        rows = self.rows(result)
        awaited(lambda: rows.count() == count or None, f"{count} requests in the list")

    def wait_for_state(self, state: str) -> None:
        self.page.locator("#state", has_text=state).wait_for()


@pytest.fixture
def shop(workplace: Workplace) -> Workplace:
    with workplace.recorded("shop") as url:
        for month in ("5", "9"):
            Client(url).post(card(name="Ada", exp_month=month))
    return workplace


def opened(chromium: Any, session: Session, **options: object) -> Watched:
    page = chromium.new_page(**options)
    watched = Watched(session, page, Workplace(session.directory))
    watched.page.set_default_timeout(20_000)
    watched.page.on("console", lambda message: watched.trouble.append(message.text))
    watched.page.on("pageerror", lambda error: watched.trouble.append(str(error)))
    watched.page.on("request", lambda request: watched.asked.add(request.url.partition("?")[0]))
    watched.page.goto(session.url + PATH)
    watched.wait_for_state("live")
    return watched


@pytest.fixture
def watched(chromium: Any, shop: Workplace) -> Iterator[Watched]:
    with shop.serving("replay", "shop") as session:
        watched = opened(chromium, session)
        yield watched
        assert watched.trouble == []
        origin = f"http://{urlsplit(session.url).netloc}{PATH}"
        files = ("", "page.css", "page.js", "events", "interactions")
        assert watched.asked <= {origin + name for name in files}
        watched.page.close()


def test_a_request_is_shown_within_a_second(watched: Watched) -> None:
    seconds = []
    for count, month in enumerate(("5", "9", "7"), 1):
        watched.client.post(card(name="Ada", exp_month=month))
        start = time.monotonic()
        watched.wait_for(count)
        seconds.append(time.monotonic() - start)
    assert min(seconds) < 1
    assert watched.rows("replayed").count() == 2
    first = watched.rows("replayed").last.inner_text()
    assert "card[number]={{card:visa}}" in first
    assert watched.page.title() == "tokentape: replay shop"


def test_answers_that_are_given_again_are_counted(watched: Watched) -> None:
    for _ in range(6):
        watched.client.post(card(name="Ada"))
    watched.page.get_by_text("and 5 more like this").wait_for()
    assert watched.rows().count() == 1
    watched.page.get_by_text("0 recorded, 6 replayed, 0 missed").wait_for()


def test_a_miss_stands_beside_the_closest_recordings_field_by_field(watched: Watched) -> None:
    watched.client.post(card(name="Ada", exp_month="7", address_zip="10115"))
    watched.wait_for(1, "miss")
    watched.rows("miss").locator("summary").click()
    table = watched.rows("miss").locator("table")
    table.wait_for()
    rows = [row.all_inner_texts() for row in table.locator("tr").all()]
    cells = [row.locator("th, td").all_inner_texts() for row in table.locator("tr").all()]
    assert rows
    assert cells[0] == ["Field", "Sent", "Interaction 1", "Interaction 2"]
    assert cells[1] == ["card[address_zip]", "{{address}}", "≠ not recorded", "≠ not recorded"]
    assert cells[2] == ["card[exp_month]", "7", "≠ 5", "≠ 9"]
    assert ["card[number]", "{{card:visa}}", "the same", "the same"] in cells


def test_filters_work_by_keyboard(watched: Watched) -> None:
    watched.client.post(card(name="Ada"))
    watched.client.post(card(name="Ada", exp_month="7"))
    watched.client.send("GET", "/v1/bicycles")
    watched.wait_for(3)
    keyboard = watched.page.keyboard
    keyboard.press("Tab")  # to the filters, the first that can be used
    keyboard.press("ArrowRight")
    watched.wait_for(1)
    assert watched.rows("miss").count() == 1
    keyboard.press("ArrowRight")
    watched.wait_for(1)
    assert watched.rows("refused").count() == 1
    keyboard.press("Tab")
    keyboard.type("no such request")
    watched.wait_for(0)
    watched.page.get_by_text("No request is like that.").wait_for()
    for _ in range(15):
        keyboard.press("Backspace")
    watched.wait_for(1)
    keyboard.press("Tab")  # on the request
    keyboard.press("Enter")
    watched.page.get_by_text("This is no operation").wait_for()


def test_the_cassette_shows_what_is_used(watched: Watched) -> None:
    watched.page.locator("#cassette > summary").click()
    cells = watched.page.locator("#interactions td:last-child")
    watched.page.locator("#interactions tr.unused").nth(1).wait_for()
    assert cells.all_inner_texts() == ["unused", "unused"]
    watched.client.post(card(name="Ada"))
    watched.page.locator("#interactions tr.used").wait_for()
    assert cells.all_inner_texts() == ["used", "unused"]
    watched.page.get_by_label("unused only").check()
    assert cells.all_inner_texts() == ["unused"]
    assert "{{name.1}}" in watched.page.locator("#interactions").inner_text()


def test_the_end_of_the_session_is_said_and_the_next_one_is_shown(
    chromium: Any, shop: Workplace
) -> None:
    with shop.serving("replay", "shop") as session:
        watched = opened(chromium, session)
        watched.client.post(card(name="Ada"))
        watched.wait_for(1)
        assert session.end() == 0
    watched.wait_for_state("ended, or it does not answer")
    at = urlsplit(session.url).netloc
    with Session(shop.directory, "replay", "shop", "--listen", at) as session:
        watched.wait_for_state("live")
        watched.wait_for(0)
        assert session.end() == 0


REQUEST = {"method": MARKUP, "path": MARKUP, "fields": [MARKUP, f"{MARKUP}={MARKUP}"]}
STATE = {
    "run": MARKUP,
    "session": "markup",
    "mode": "record",
    "interactions": 1,
    "receipt": [MARKUP],
    "next": 2,
    "last": 2,
    "repeats": {},
    "events": [
        {"note": MARKUP},
        {
            **REQUEST,
            "number": 1,
            "seconds": 1,
            "status": 424,
            "result": "miss",
            "reasons": [MARKUP],
            "miss": {
                "summary": MARKUP,
                "near": [
                    {
                        "interaction": 1,
                        "differences": [{"field": MARKUP, "recorded": MARKUP, "sent": MARKUP}],
                        "hidden": MARKUP,
                    }
                ],
                "advice": [MARKUP],
            },
        },
    ],
}
"""What no session answers: text that redaction has not seen."""


def test_text_is_never_markup(chromium: Any, shop: Workplace) -> None:
    interactions = {"interactions": [{**REQUEST, "number": 1, "status": 200, "used": True}]}
    with shop.serving("replay", "shop") as session:
        watched = Watched(session, chromium.new_page(), shop)
        watched.page.on("pageerror", lambda error: watched.trouble.append(str(error)))
        watched.page.route("**/events*", lambda route: route.fulfill(json=STATE))
        watched.page.route(
            "**/interactions*", lambda route: route.fulfill(json={**interactions, "next": 0})
        )
        watched.page.goto(session.url + PATH)
        watched.rows("miss").first.locator("summary").click()
        watched.page.locator("#cassette > summary").click()
        watched.page.locator("#interactions tr").first.wait_for()
        assert watched.page.locator("main").inner_text().count(MARKUP) > 10
        assert MARKUP in watched.page.locator("#receipt").inner_text()
        assert watched.page.locator("body img, body script").count() == 0
        assert watched.page.title() == "tokentape: record markup"
        assert watched.trouble == []
        watched.page.close()
        assert session.end() == 0


def test_the_policy_lets_no_text_become_markup(chromium: Any, shop: Workplace) -> None:
    with shop.serving("replay", "shop") as session:
        watched = opened(chromium, session)
        with pytest.raises(Exception, match="TrustedHTML"):
            watched.page.evaluate("document.body.innerHTML = '<p>text</p>'")
        assert session.end() == 0


@pytest.mark.parametrize(("scheme", "is_dark"), [("dark", True), ("light", False)])
def test_it_is_dark_where_the_reader_wants_that(
    chromium: Any, shop: Workplace, scheme: str, is_dark: bool
) -> None:
    with shop.serving("replay", "shop") as session:
        watched = opened(chromium, session, color_scheme=scheme)
        colour = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
        red = int(colour.partition("(")[2].partition(",")[0])
        assert (red < 128) == is_dark
        assert session.end() == 0


def test_watching_is_no_request(chromium: Any, shop: Workplace) -> None:
    with shop.serving("replay", "shop", "--strict") as session:
        watched = opened(chromium, session)
        watched.page.get_by_text("No request yet.").wait_for()
        assert session.end() == 1  # the interactions are unused
    assert "0 recorded, 0 replayed, 0 missed, 0 refused, 2 unused" in session.said
    assert "no request came in" in session.said


SUITE = """
import test from "node:test";
import { appendFileSync } from "node:fs";

for (const month of [5, 9, 7]) {
  test(`month ${month}`, async () => {
    const body = new URLSearchParams({ ...CARD, "card[exp_month]": month });
    const headers = { Authorization: `Bearer ${process.env.KEY}` };
    await fetch(`${process.env.URL}/v1/tokens`, { method: "POST", body, headers });
    appendFileSync("answered", `${Date.now()}\\n`);
    await new Promise((resolve) => setTimeout(resolve, 1200));
  });
}
"""
WHEN_SHOWN = """() => {
  window.shown = [];
  new MutationObserver(() => window.shown.push(Date.now())).observe(
    document.getElementById("requests"), { childList: true });
}"""


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node")
def test_requests_of_a_suite_in_node_are_shown_within_a_second(watched: Watched) -> None:
    place = watched.place
    suite = place.directory / "months.test.mjs"
    suite.write_text(f"const CARD = {json.dumps(card(name='Ada'))};\n{SUITE}")
    watched.page.evaluate(WHEN_SHOWN)
    done = subprocess.run(
        ["node", "--test", str(suite)],
        cwd=place.directory,
        env={"PATH": os.environ["PATH"], "URL": watched.session.url, "KEY": watched.client.key},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    watched.wait_for(3)
    answered = map(int, (place.directory / "answered").read_text().split())
    milliseconds = [
        shown - at for at, shown in zip(answered, watched.page.evaluate("shown"), strict=True)
    ]
    assert sorted(milliseconds)[1] < 1_000, milliseconds
    assert [watched.rows(result).count() for result in ("replayed", "miss")] == [2, 1]
