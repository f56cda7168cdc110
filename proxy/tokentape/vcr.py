"""vcrpy with tokentape's cassettes: in process, without the proxy.

    from tokentape.vcr import tokentape_vcr

    tape = tokentape_vcr()

    @tape.use_cassette("checkout/declined")
    def test_declined(): ...

vcrpy takes HTTP clients over and sends; what is recorded, what answers and with which values is
decided as in the proxy. All of it goes through vcrpy's public hooks: a persister, a matcher and
`before_record_request` and `before_record_response`, one set for each use of a cassette.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit
from weakref import WeakKeyDictionary

import vcr
from vcr.persisters.filesystem import CassetteNotFoundError
from vcr.record_mode import RecordMode
from vcr.request import Request as VcrRequest

from tokentape.edges import cassette_file, config_file, settings, terminal
from tokentape.edges.settings import Settings
from tokentape.errors import CassetteError, CassetteMiss, ConfigurationError
from tokentape.pure.cassette.model import API
from tokentape.pure.cassette.vcr_reader import without_encoding
from tokentape.pure.cassette.writing import phrase
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.replay.decide import LIVE_KEY, Mode, usual_mode
from tokentape.pure.stripe.routes import is_tokens
from tokentape.session.in_process import InProcess
from tokentape.session.opening import Opener

T = TypeVar("T")
Answer = dict[str, Any]
"""An answer as vcrpy has it: `status`, `headers` and `body`."""

_MODES = {
    RecordMode.NONE: Mode.REPLAY,
    RecordMode.NEW_EPISODES: Mode.AUTO,
    RecordMode.ALL: Mode.RECORD,
}


def tokentape_vcr(mode: str = "", **options: str) -> vcr.VCR:
    """Return a VCR; `mode` is replay, record or auto: by default replay where CI is set, else auto.

    `options` are those of the command line: cassettes, upstream, allow_live, strict, on_exhausted,
    config. Raises ConfigurationError.
    """
    said = settings.load(options, os.environ, lambda path: config_file.read(path, Settings))
    return _Vcr(said, Mode(mode or usual_mode(os.environ)))


class _Vcr(vcr.VCR):  # type: ignore[misc] # vcrpy has no types
    """Gives each use of a cassette hooks of its own."""

    def __init__(self, said: Settings, mode: Mode) -> None:
        self._opener = Opener(said, terminal.say, terminal.say)
        self._folder = said.cassettes.absolute()
        upstream = () if said.upstream == "mock" else (said.upstream,)
        self._origins = frozenset(map(_origin, (API, *upstream)))
        super().__init__(
            cassette_library_dir=str(self._folder),
            path_transformer=vcr.VCR.ensure_suffix(".yaml"),
            record_mode=next(one for one, ours in _MODES.items() if ours is mode),
        )

    def get_merged_config(self, **options: object) -> dict[str, object]:
        config: dict[str, object] = super().get_merged_config(**options)
        record_mode = config["record_mode"]
        assert isinstance(record_mode, RecordMode)
        use = _Use(self._opener, self._folder, self._origins, record_mode)
        return config | {
            "persister": use,
            "match_on": [use.answers],
            "before_record_request": use.asked,
            "before_record_response": use.answered,
            "allow_playback_repeats": True,
        }


class _Use:
    """One use of one cassette: what vcrpy calls, for a session."""

    def __init__(
        self, opener: Opener, folder: Path, origins: frozenset[str], record_mode: RecordMode
    ) -> None:
        self._opener = opener
        self._folder = folder
        self._origins = origins
        self._record_mode = record_mode
        self._said: list[str] = []
        self._requests: list[VcrRequest] = []
        """What vcrpy has, by position; `_answers` are what it plays."""
        self._answers: list[Answer] = []
        self._found: WeakKeyDictionary[VcrRequest, VcrRequest | None] = WeakKeyDictionary()
        """Which interaction answers a request; each one that was loaded is its own."""

    def load_cassette(
        self,
        path: str,
        serializer: object,  # noqa: ARG002  vcrpy's interface
    ) -> tuple[list[VcrRequest], list[Answer]]:
        """Begin the session. Raises CassetteError, and vcrpy's error where there is none yet."""
        name = self._name(path)
        mode = self._mode(name)
        self._session = InProcess(self._opener, mode, name, self._said.append)
        loaded = self._session.service.recorded
        if not loaded:
            raise CassetteNotFoundError
        texts = [one.texts for one in loaded]
        requests = [VcrRequest(one.method, one.uri, "&".join(one.body), {}) for one in texts]
        self._found.update((one, one) for one in requests)
        answers = (Response(one.status, one.response_headers, one.text.encode()) for one in texts)
        return requests, [*map(_answer, answers)]

    def save_cassette(self, *_what_vcrpy_has: object, **_more: object) -> None:
        """Write what was recorded; what vcrpy has is raw. Raises CassetteError."""
        _apart(self._session.save())

    def asked(self, request: VcrRequest) -> VcrRequest | None:
        """Look for what answers a request, when vcrpy first shows it; None leaves it alone.

        Raises CassetteMiss, and ConfigurationError for a live key that may not leave.
        """
        self._last = request
        if request not in self._found:
            raw = self._raw(request)
            if raw is None:
                return None
            self._found[request] = self._replayed(raw)
        return request

    def answers(self, request: VcrRequest, recorded: VcrRequest) -> bool:
        """Tell whether it is this interaction that was found to answer a request."""
        return self._found.get(request) is recorded

    def answered(self, answer: Answer) -> Answer | None:
        """Take in the answer to the request that `asked` was shown last: loaded, or sent."""
        if self._found[self._last] is not self._last and not self._recorded(answer):
            return None
        self._requests.append(self._last)
        self._answers.append(answer)
        return answer

    def _name(self, path: str) -> str:
        inside = Path(path).absolute()
        if not inside.is_relative_to(self._folder):
            raise CassetteError(f"a cassette of tokentape lies in {self._folder}", file=path)
        return inside.relative_to(self._folder).as_posix().removesuffix(".yaml")

    def _mode(self, name: str) -> Mode:
        there = cassette_file.exists(self._folder, name)
        if self._record_mode is RecordMode.ONCE:
            return Mode.REPLAY if there else Mode.AUTO
        return _MODES.get(self._record_mode, Mode.AUTO)

    def _raw(self, request: VcrRequest) -> Request | None:
        """Return a request to the tokens API as it is sent, or None for any other."""
        parts = urlsplit(request.uri)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if _origin(request.uri) not in self._origins or not is_tokens(target):
            return None
        body, media_type = _body(request)
        headers = [(str(name), _text(value)) for name, value in request.headers.items()]
        if media_type and "Content-Type" not in request.headers:
            headers.append(("Content-Type", media_type))
        return Request(request.method, target, tuple(headers), body)

    def _replayed(self, raw: Request) -> VcrRequest | None:
        """Have the recorded answer ready, and return its interaction; None if there is none."""
        unused = self._session.service.unused()
        answer = self._session.replayed(raw)
        if answer is None:
            self._let_go(raw)
            return None
        served = {*unused} - {*self._session.service.unused()}
        position = min(served, default=1) - 1
        self._answers[position].update(_answer(answer))
        return self._requests[position]

    def _let_go(self, raw: Request) -> None:
        """Let a request go out, or raise why not."""
        if not self._session.writes:
            raise CassetteMiss("\n".join(self._said))
        self._said.clear()
        if not self._session.may_leave(raw):
            raise ConfigurationError((LIVE_KEY.message,))

    def _recorded(self, answer: Answer) -> bool:
        raw = self._raw(self._last)
        assert raw is not None, "vcrpy shows the answers to what it was given"
        recorded = _apart(self._session.record(raw, _response(answer)))
        for line in self._said:
            terminal.say(line, colour="yellow")
        self._said.clear()
        return recorded


def _apart(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end in a thread: this one may have an event loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _body(request: VcrRequest) -> tuple[bytes, str]:
    """Return a request's body and, where vcrpy has it in parts, the media type they have here."""
    body = request.body
    if isinstance(body, Mapping):
        if any(isinstance(value, (Mapping, list, tuple)) for value in body.values()):
            return json.dumps(body).encode(), "application/json"
        return urlencode(body).encode(), "application/x-www-form-urlencoded"
    if body is None or isinstance(body, bytes):
        return body or b"", ""
    pieces = [body.read()] if hasattr(body, "read") else list(body)
    if all(isinstance(piece, bytes) for piece in pieces):
        return b"".join(pieces), ""
    return urlencode(pieces).encode(), "application/x-www-form-urlencoded"


def _text(value: object) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _response(answer: Answer) -> Response:
    """Return an answer of vcrpy as it came."""
    body = answer["body"]["string"] or b""
    lines = tuple(
        (name, _text(value))
        for name, values in answer["headers"].items()
        for value in ([values] if isinstance(values, (str, bytes)) else values)
    )
    return Response(answer["status"]["code"], tuple(without_encoding(lines, body)), body)


def _answer(response: Response) -> Answer:
    """Return an answer as vcrpy has it."""
    headers: dict[str, list[str]] = {}
    for name, value in response.lines:
        headers.setdefault(name, []).append(value)
    return {
        "status": {"code": response.status, "message": phrase(response.status)},
        "headers": headers,
        "body": {"string": response.body},
    }
