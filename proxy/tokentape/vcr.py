"""vcrpy with tokentape's cassettes: in process, without the proxy.

    from tokentape.vcr import tokentape_vcr

    cassettes = tokentape_vcr()

    @cassettes.use_cassette("checkout/declined")
    def test_declined(): ...

vcrpy intercepts HTTP clients and sends; what is recorded, what answers and with which values is
decided as in the proxy. All of it goes through vcrpy's public hooks: a persister, a matcher and
`before_record_request` and `before_record_response`, a new set for each use of a cassette.
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

from tokentape.edges import cassette_file, settings, terminal
from tokentape.edges.settings import Settings
from tokentape.errors import CassetteError, CassetteMiss, ConfigurationError
from tokentape.pure.http.messages import Request, Response, reason_phrase
from tokentape.pure.recorders.bodies import without_encoding
from tokentape.pure.replay.decide import LIVE_KEY, Mode, usual_mode
from tokentape.pure.stripe.routes import API
from tokentape.pure.stripe.upstreams import kind_of, mismatch
from tokentape.pure.watching.events import noticing
from tokentape.session.in_process import InProcess
from tokentape.session.opening import Opener
from tokentape.wording import did_you_mean

T = TypeVar("T")
VcrResponse = dict[str, Any]
"""A response as vcrpy has it: `status`, `headers` and `body`."""

_RECORD_MODES = {
    Mode.REPLAY: RecordMode.NONE,
    Mode.AUTO: RecordMode.NEW_EPISODES,
    Mode.RECORD: RecordMode.ALL,
}
_MODES = {record_mode: mode for mode, record_mode in _RECORD_MODES.items()}
_FORM = "application/x-www-form-urlencoded"


def tokentape_vcr(mode: str = "", **options: str) -> vcr.VCR:
    """Return a VCR; `mode` is replay, record or auto: by default replay where CI is set, else auto.

    `options` are those of the command line: cassettes, upstream, mix_upstreams, allow_live, strict,
    on_exhausted, config. Raises ConfigurationError.
    """
    loaded = settings.load(options, os.environ)
    modes = tuple(Mode)
    if mode and mode not in modes:
        allowed = f"{', '.join(modes)}{did_you_mean(mode, modes)}"
        raise ConfigurationError((f"mode: found another value; allowed: {allowed}",))
    return _Vcr(loaded, Mode(mode or usual_mode(os.environ)))


class _Vcr(vcr.VCR):  # type: ignore[misc] # vcrpy has no types
    """Gives each use of a cassette new hooks."""

    def __init__(self, loaded: Settings, mode: Mode) -> None:
        self.opener = Opener(loaded, noticing(terminal.say), terminal.say)
        self.folder = loaded.cassettes.absolute()
        self.mix_upstreams = loaded.mix_upstreams
        upstream = () if loaded.upstream == "mock" else (loaded.upstream,)
        self.origins = frozenset(map(_origin, (API, *upstream)))
        super().__init__(
            cassette_library_dir=str(self.folder),
            path_transformer=vcr.VCR.ensure_suffix(".yaml"),
            record_mode=_RECORD_MODES[mode],
        )

    def get_merged_config(self, **options: object) -> dict[str, object]:
        config: dict[str, object] = super().get_merged_config(**options)
        record_mode = config["record_mode"]
        assert isinstance(record_mode, RecordMode)
        use = _Use(self, record_mode)
        return config | {
            "persister": use,
            "match_on": [use.is_answer],
            "before_record_request": use.before_request,
            "before_record_response": use.before_response,
            "allow_playback_repeats": True,
        }


class _Use:
    """One use of one cassette: what vcrpy calls, for a session."""

    def __init__(self, owner: _Vcr, record_mode: RecordMode) -> None:
        self._owner = owner
        self._record_mode = record_mode
        self._notices: list[str] = []
        self._requests: list[VcrRequest] = []
        """What vcrpy has, by position; `_responses` are what it plays."""
        self._responses: list[VcrResponse] = []
        self._answered_by: WeakKeyDictionary[VcrRequest, VcrRequest | None] = WeakKeyDictionary()
        """The interaction that answers a request; those that were loaded answer themselves."""

    def load_cassette(
        self,
        path: str,
        serializer: object,  # noqa: ARG002  vcrpy's interface
    ) -> tuple[list[VcrRequest], list[VcrResponse]]:
        """Begin the session. Raises CassetteError, and vcrpy's error where there is none yet."""
        name = self._name(path)
        self._session = InProcess(
            self._owner.opener, self._mode(name), name, noticing(self._notices.append)
        )
        recorded = [interaction.texts for interaction in self._session.service.recorded]
        if not recorded:
            raise CassetteNotFoundError
        requests = [
            VcrRequest(texts.method, texts.uri, "&".join(texts.body), {}) for texts in recorded
        ]
        self._answered_by.update((request, request) for request in requests)
        responses = (
            Response(texts.status, texts.response_headers, texts.text.encode())
            for texts in recorded
        )
        return requests, [*map(_to_vcr, responses)]

    def save_cassette(self, *_raw: object, **_more: object) -> None:
        """Write what was recorded; what vcrpy has is raw. Raises CassetteError."""
        _run_in_thread(self._session.save())

    def before_request(self, request: VcrRequest) -> VcrRequest | None:
        """Look up what answers a request when vcrpy first shows it; None: it is not for Stripe.

        Raises CassetteMiss, and ConfigurationError for a live key that may not leave.
        """
        self._last = request
        if request not in self._answered_by:
            raw = self._raw(request)
            if raw is None:
                return None
            self._answered_by[request] = self._replayed(raw)
        return request

    def is_answer(self, request: VcrRequest, recorded: VcrRequest) -> bool:
        """Tell whether this interaction answers a request."""
        return self._answered_by.get(request) is recorded

    def before_response(self, response: VcrResponse) -> VcrResponse | None:
        """Accept the response to the request that was shown last: loaded, or sent."""
        if self._answered_by[self._last] is not self._last and not self._recorded(response):
            return None
        self._requests.append(self._last)
        self._responses.append(response)
        return response

    def _name(self, path: str) -> str:
        folder = self._owner.folder
        inside = Path(path).absolute()
        if not inside.is_relative_to(folder):
            raise CassetteError(f"a cassette of tokentape lies in {folder}", file=path)
        return inside.relative_to(folder).as_posix().removesuffix(".yaml")

    def _mode(self, name: str) -> Mode:
        exists = cassette_file.exists(self._owner.folder, name)  # checks the name
        if self._record_mode is RecordMode.ONCE:
            return Mode.REPLAY if exists else Mode.AUTO
        return _MODES.get(self._record_mode, Mode.AUTO)

    def _raw(self, request: VcrRequest) -> Request | None:
        """Return a request to the API as it is sent, or None for any other."""
        parts = urlsplit(request.uri)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if _origin(request.uri) not in self._owner.origins:
            return None
        body, media_type = _body(request.body)
        headers = [(str(name), _text(value)) for name, value in request.headers.items()]
        if media_type and "Content-Type" not in request.headers:
            headers.append(("Content-Type", media_type))
        raw = Request(request.method, target, tuple(headers), body)
        return raw if self._session.service.redactor.match(raw) else None

    def _replayed(self, raw: Request) -> VcrRequest | None:
        """Prepare the recorded response, return its interaction; None if the request may go out.

        Raises as `before_request` does.
        """
        unused = self._session.service.unused()
        response = self._session.replayed(raw)
        if response is not None:
            served = {*unused} - {*self._session.service.unused()}
            position = min(served, default=1) - 1
            self._responses[position].update(_to_vcr(response))
            return self._requests[position]
        if not self._session.writes:
            raise CassetteMiss("\n".join(self._notices))
        self._notices.clear()
        if not self._session.may_leave(raw):
            raise ConfigurationError((LIVE_KEY.message,))
        problem = mismatch(self._session.service.recorded_from, self._upstream())
        if problem and not self._owner.mix_upstreams:
            raise ConfigurationError((f"cassette {self._session.service.name}: {problem}",))
        return None

    def _upstream(self) -> str:
        """Return where the last request is sent."""
        origin = _origin(self._last.uri)
        return API if origin == _origin(API) else origin

    def _recorded(self, response: VcrResponse) -> bool:
        raw = self._raw(self._last)
        assert raw is not None, "vcrpy shows responses only to requests that it was given"
        kind = kind_of(self._upstream())
        recorded = _run_in_thread(self._session.record(raw, _from_vcr(response), kind))
        for line in self._notices:
            terminal.say(line, colour="yellow")
        self._notices.clear()
        return recorded


def _run_in_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread: this thread may have an event loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _body(body: Any) -> tuple[bytes, str]:  # noqa: ANN401  clients give vcrpy many types
    """Return a body as it is sent and, if the client would encode it, the media type."""
    if isinstance(body, Mapping):
        if any(isinstance(value, (Mapping, list, tuple)) for value in body.values()):
            return json.dumps(body).encode(), "application/json"
        return urlencode(body).encode(), _FORM
    if body is None or isinstance(body, bytes):
        return body or b"", ""
    pieces = [body.read()] if hasattr(body, "read") else list(body)
    if all(isinstance(piece, bytes) for piece in pieces):
        return b"".join(pieces), ""
    return urlencode(pieces).encode(), _FORM


def _text(value: object) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _from_vcr(response: VcrResponse) -> Response:
    body = response["body"]["string"] or b""
    lines = tuple(
        (name, _text(value))
        for name, values in response["headers"].items()
        for value in ([values] if isinstance(values, (str, bytes)) else values)
    )
    return Response(response["status"]["code"], tuple(without_encoding(lines, body)), body)


def _to_vcr(response: Response) -> VcrResponse:
    headers: dict[str, list[str]] = {}
    for name, value in response.lines:
        headers.setdefault(name, []).append(value)
    return {
        "status": {"code": response.status, "message": reason_phrase(response.status)},
        "headers": headers,
        "body": {"string": response.body},
    }
