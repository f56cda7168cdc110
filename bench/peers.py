"""Other recorders in replay: installed from their registries into a folder, when asked for."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.contests import NotRun
from bench.processes import PATIENCE, Place, Server, output
from bench.reference import BODY
from bench.traffic import Request

FORM = "application/x-www-form-urlencoded"

Prepare = Callable[[Path, Path, Sequence[Request], int], Sequence[str]]
"""(installed in, works in, requests to answer, port) -> the words that start it"""


@dataclass(frozen=True)
class Peer:
    """Another recorder: what it needs, how it is installed, and how it is started."""

    name: str
    needs: tuple[str, ...]
    install: tuple[str, ...]
    """Words; `{}` stands for the folder."""
    prepare: Prepare
    most: int = 10_000

    @contextmanager
    def serving(self, folder: Path, place: Place, requests: Sequence[Request]) -> Iterator[str]:
        """Serve answers to these requests; yield the URL. Raises NotRun."""
        installed = self._installed(folder / self.name)
        work = place.directory / f"{self.name}{len(requests)}"
        work.mkdir()
        port = _free_port()
        words = self.prepare(installed, work, requests, port)
        with _Peer(words, work, place.core, port) as server:
            yield server.url

    def _installed(self, folder: Path) -> Path:
        for program in filter(lambda program: shutil.which(program) is None, self.needs):
            raise NotRun(f"{program} is missing")
        if not (folder / "installed").exists():
            folder.mkdir(parents=True, exist_ok=True)
            output(*(word.format(folder.resolve()) for word in self.install))
            (folder / "installed").touch()
        return folder.resolve()


class _Peer(Server):
    """A server that prints no URL: it is ready once its port is open."""

    def __init__(self, words: Sequence[str], directory: Path, core: int, port: int) -> None:
        super().__init__(words, directory, core)
        self._port = port

    def ready(self) -> str | None:
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
            return None
        return f"http://127.0.0.1:{self._port}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _talkback(installed: Path, work: Path, requests: Sequence[Request], port: int) -> Sequence[str]:
    tapes = work / "tapes"
    tapes.mkdir()
    for number, request in enumerate(requests):
        (tapes / f"{number}.json5").write_text(json.dumps(_tape(request)))
    script = work / "serve.js"
    options = {
        "host": "http://127.0.0.1:1",
        "port": port,
        "path": str(tapes),
        "record": "DISABLED",
        "fallbackMode": "NOT_FOUND",
        "allowHeaders": [],
        "silent": True,
        "summary": False,
    }
    module = json.dumps(str(installed / "node_modules" / "talkback"))
    script.write_text(f"require({module})({json.dumps(options)}).start()")
    return ("node", str(script))


def _tape(request: Request) -> dict[str, object]:
    meta = {
        "createdAt": "2026-01-01T00:00:00.000Z",
        "host": "http://127.0.0.1:1",
        "reqHumanReadable": True,
        "resHumanReadable": True,
    }
    body = request.body.decode()
    answer = {"status": 200, "headers": {"content-type": ["application/json"]}}
    return {
        "meta": meta,
        "req": {
            "url": request.target,
            "method": request.method,
            "headers": {"content-type": FORM} if body else {},
            "body": body,
        },
        "res": {**answer, "body": json.loads(BODY)},
    }


def _wiremock(installed: Path, work: Path, requests: Sequence[Request], port: int) -> Sequence[str]:
    mappings = work / "mappings"
    mappings.mkdir()
    stubs = {"mappings": [_stub(request) for request in requests]}
    (mappings / "all.json").write_text(json.dumps(stubs))
    jar = next((installed / "node_modules" / "wiremock").rglob("*.jar"))
    words = ("java", "-jar", str(jar), "--port", str(port), "--bind-address", "127.0.0.1")
    return (*words, "--root-dir", str(work), "--no-request-journal", "--disable-banner")


def _stub(request: Request) -> dict[str, object]:
    body = {"bodyPatterns": [{"equalTo": request.body.decode()}]} if request.body else {}
    answer = {"status": 200, "body": BODY.decode(), "headers": {"Content-Type": "application/json"}}
    return {
        "request": {"method": request.method, "url": request.target, **body},
        "response": answer,
    }


def _mitmproxy(
    installed: Path, work: Path, requests: Sequence[Request], port: int
) -> Sequence[str]:
    path = work / "requests.json"
    fields = [(item.method, item.target, item.headers, item.body.decode()) for item in requests]
    path.write_text(json.dumps([fields, BODY.decode()]))
    flows, binaries = work / "flows", installed / "venv" / "bin"
    script = str(Path(__file__).with_name("mitmproxy_flows.py"))
    output(binaries / "python", script, path, flows)
    words = (str(binaries / "mitmdump"), "--quiet", "--listen-host", "127.0.0.1", "-p", str(port))
    settings = ("server_replay_reuse=true", "server_replay_extra=404", "connection_strategy=lazy")
    sets = tuple(word for setting in settings for word in ("--set", setting))
    mode = ("--mode", "reverse:http://127.0.0.1:1", "--server-replay", str(flows))
    return (*words, *mode, *sets, "--set", f"confdir={work}")


_VENV = f"{sys.executable} -m venv {{0}}/venv && {{0}}/venv/bin/pip install --quiet mitmproxy"

_NPM = ("npm", "install", "--silent", "--prefix", "{}")

PEERS = (
    Peer("talkback", ("node", "npm"), (*_NPM, "talkback@4.2.0"), _talkback),
    Peer("mitmproxy", ("sh",), ("sh", "-c", _VENV), _mitmproxy),
    Peer("WireMock", ("java", "npm"), (*_NPM, "wiremock@3.13.2"), _wiremock),
)
