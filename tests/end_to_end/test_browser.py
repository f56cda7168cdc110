"""A page in a real browser: it records and replays if it is allowed to, else it gets nothing."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.processes import PATIENCE, Workplace, environment
from tests.wire import SECRET, card

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")

pytestmark = pytest.mark.skipif(
    not BROWSER, reason="needs Chromium (Debian's package chromium), which is not installed"
)

PAGE = """<!doctype html><title>A shop</title><script>
async function use(url) {
  const headers = {Authorization: "Bearer KEY", "Idempotency-Key": String(Math.random())};
  const sent = {method: "POST", headers, body: new URLSearchParams(FORM)};
  const result = async (...words) => {
    const answer = await fetch(...words);
    const body = await answer.json();
    const [kind, id] = ["Tokentape-Result", "Request-Id"].map((name) => answer.headers.get(name));
    return {status: answer.status, kind, id: Boolean(id), body};
  };
  try {
    const token = await result(url + "/v1/tokens", sent);
    return {token, again: await result(url + "/v1/tokens/" + token.body.id, {headers})};
  } catch (error) {
    const blind = await fetch(url + "/v1/tokens", {...sent, headers: {}, mode: "no-cors"});
    return {error: error.name, type: blind.type};
  }
}
use(decodeURIComponent(location.search.slice(1)))
  .catch((error) => ({failed: String(error)}))
  .then((result) => fetch("/result", {method: "POST", body: JSON.stringify(result)}));
</script>"""


@dataclass
class Shop:
    """A shop's web server; its page uses tokentape from the browser and reports what it got."""

    home: Path
    port: int = 0
    results: queue.Queue[Any] = field(default_factory=queue.Queue)

    def visited(self, host: str, url: str) -> Any:
        """Open the page in a browser, under a host; return what it got from tokentape at a URL."""
        assert BROWSER
        words = (
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--no-first-run", "--disable-background-networking"),
            *(f"--user-data-dir={self.home / 'profile'}",),
            *("--host-resolver-rules=MAP *.example 127.0.0.1", f"http://{host}:{self.port}/?{url}"),
        )
        with (self.home / "browser.log").open("wb") as log:
            browser = subprocess.Popen(words, env=environment(self.home), stdout=log, stderr=log)
        try:
            return self.results.get(timeout=3 * PATIENCE)
        except queue.Empty:
            pytest.fail((self.home / "browser.log").read_text()[-2000:])
        finally:
            browser.terminate()
            browser.wait(PATIENCE)


@contextmanager
def open_shop(home: Path) -> Iterator[Shop]:
    shop = Shop(home)
    html = PAGE.replace("KEY", SECRET).replace("FORM", json.dumps(card(name="Ada Ohnesorg")))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(html.encode())

        def do_POST(self) -> None:
            shop.results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shop.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield shop
        server.shutdown()
        thread.join()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path) as shop:
        yield shop


def test_a_page_of_this_machine_records_and_replays(workplace: Workplace, shop: Shop) -> None:
    for mode, kind in (("record", "recorded"), ("replay", "replayed")):
        with workplace.serving(mode, "shop") as session:
            result = shop.visited("localhost", session.url)
            assert session.end() == 0, session.said
        for answer in (result["token"], result["again"]):
            assert (answer["status"], answer["kind"], answer["id"]) == (200, kind, True)
            assert answer["body"]["card"]["name"] == "Ada Ohnesorg"
        assert f"2 {kind}" in session.said
        assert "0 missed, 0 refused" in session.said


def test_a_page_of_another_origin_gets_nothing_until_it_is_configured(
    workplace: Workplace, shop: Shop
) -> None:
    with workplace.serving("record", "evil") as session:
        result = shop.visited("evil.example", session.url)
        assert result == {"error": "TypeError", "type": "opaque"}
        session.end()
    assert "0 recorded, 0 replayed" in session.said
    assert "tokentape answers web pages of this machine only." in session.said
    origin = f"http://shop.example:{shop.port}"
    with workplace.serving("record", "shop", TOKENTAPE_ORIGINS=origin) as session:
        result = shop.visited("shop.example", session.url)
        assert result["token"]["kind"] == "recorded"
        assert session.end() == 0, session.said


def test_a_page_that_lets_its_own_name_point_here_gets_nothing(
    workplace: Workplace, shop: Shop
) -> None:
    with workplace.serving("record", "evil", "--listen", "0.0.0.0:0") as session:
        result = shop.visited("evil.example", f"http://evil.example:{session.port}")
        assert result == {"error": "TypeError", "type": "opaque"}
        session.end()
    assert "0 recorded, 0 replayed" in session.said
    assert "tokentape does not answer under this host name" in session.said
