"""Makes the picture of the page in docs: `python -m bench.picture docs/watching.png`.

It needs a Chromium and playwright. A suite of the SDK's requests is recorded from the mock, then
replayed, with a request that nobody recorded and one to a route that is not Stripe's.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.page.browser import browser, why_not
from tests.processes import Workplace
from tests.wire import Client, card, person

SIZE = {"width": 1000, "height": 640}


def send(url: str, month: str) -> None:
    client = Client(url)
    client.post(card(name="Ada Lovelace", exp_month=month))
    client.post(person("Ada", "Lovelace"))
    for _ in range(3):
        client.get(client.post(card(name="Grace Hopper", exp_month=month)).json.get("id", "x"))


def main(target: Path) -> None:
    if reason := why_not():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        place = Workplace(Path(folder))
        with place.recorded("checkout") as url:
            send(url, "5")
            Client(url).post(card(name="Ada Lovelace", exp_month="9"))
        with place.serving("replay", "checkout", "-q") as session:
            page = chromium.new_page(viewport=SIZE)
            page.goto(f"{session.url}/_tokentape/")
            send(session.url, "5")
            for _ in range(4):
                Client(session.url).post(person("Ada", "Lovelace"))
            Client(session.url).send("GET", "/products")
            Client(session.url).post(card(name="Ada", exp_month="7", address_zip="10115"))
            page.locator("#requests .miss").wait_for()
            page.locator("#requests > li:has(.miss) summary").click()
            page.locator("#requests table").wait_for()
            page.get_by_text("more like this").first.wait_for()
            page.screenshot(path=target)
            session.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
