"""Opening sessions: one cassette, in one mode, on a port, until it is closed."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from tokentape.edges import cassette_file, uses
from tokentape.edges.server import (
    MEMORY,
    Answer,
    Memory,
    PortRange,
    tls_context,
)
from tokentape.edges.settings import Settings
from tokentape.errors import CassetteError
from tokentape.pure import own_routes, web_pages
from tokentape.pure.cassette import writing
from tokentape.pure.cassette.model import Interaction, Numbering
from tokentape.pure.cassette.naming import typed_name
from tokentape.pure.cassette.reading import recorded_from
from tokentape.pure.http.messages import Request
from tokentape.pure.replay.decide import Mode, replays, writes
from tokentape.pure.replay.faults import Fault, Faults
from tokentape.pure.replay.receipt import Receipt
from tokentape.pure.stripe.upstreams import UpstreamKind, upstream_name
from tokentape.pure.watching.events import Watch, shared
from tokentape.pure.watching.log import REMEMBERED, EventLog
from tokentape.session import assembly
from tokentape.session.injection import Injector
from tokentape.session.page import routes
from tokentape.session.ports import Notice, ignore_written, serving, url
from tokentape.session.saving import Saved, Saving
from tokentape.session.service import Policy, Service
from tokentape.session.upstreams import kind_of_take, recording_commands, upstream_of

if TYPE_CHECKING:
    from tokentape.session.recorder import InteractionWriter, Recorder

_REPEATS_SECONDS = 1.0
"""How long answers that are given again are counted before the watcher is told of them."""
_SMALL = 32 * 1024
"""Bytes up to which a cassette is remembered: many sessions, or every run of a test, open it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a session did, and what became of what it recorded."""

    receipt: Receipt
    saved: str = ""
    """The path of the cassette, if something was recorded."""
    trouble: str = ""
    """Why what was recorded did not become the cassette."""
    doubt: str = ""
    """What may be wrong with what was saved."""

    @property
    def saving(self) -> str:
        """The line about the cassette, if something was recorded."""
        return self.saved and f"saved {self.saved}{self.doubt and ': '}{self.doubt}"

    @property
    def exit_status(self) -> int:
        """1 where the receipt says so or the cassette could not be written, else 0."""
        return 1 if self.trouble else self.receipt.exit_status


Waits = Callable[[int, str], None]
"""Called once a session that ends waits for requests under way, with their number and the path of
the cassette that was saved already, if any."""


class OpenSession:
    """A session that accepts connections at `url`, to be closed once."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        take: cassette_file.Take | None,
        on_fault: Notice,
        log: EventLog,
    ) -> None:
        self.service = service
        service.watch = shared(log.watch, service.watch)
        self._routes = routes(service, log)
        self.url = ""
        self._answer = Injector(service).handle if service.faults.faults else service.handle
        self._settings = settings
        self._on_fault = on_fault
        self._saving = Saving(take, service, settings.cassettes) if take else None
        self._upstream = AsyncExitStack()
        self._now = asyncio.get_running_loop().time
        self._last_request = self._now()
        self._under_way = 0
        self._telling: asyncio.TimerHandle | None = None
        self._server = serving(
            self._handle,
            settings,
            self.fault,
            memory=Memory(
                MEMORY if service.remembers else 0,
                self._repeated,
                service.redactor.relevant_headers | web_pages.LOOKED_AT,
            ),
            on_refused=service.refuse_unread,
        )

    async def start(self, at: socket.socket | PortRange | None) -> None:
        """Accept connections. Raises ConfigurationError where the address cannot be had."""
        if writes(self.service.mode):
            self.service.upstream = await upstream_of(self._settings, self._upstream)
        server = self._server
        address = await (server.start_within(at) if isinstance(at, PortRange) else server.start(at))
        self.url = url(*address, tls=self._settings.tls_cert is not None)

    def fault(self, kind: str) -> None:
        """Count an error inside, of this class, and pass its name on."""
        self.service.counts.failed_inside += 1
        self._on_fault(kind)

    def idle(self) -> float:
        """Return for how many seconds no request has come."""
        return 0.0 if self._under_way else self._now() - self._last_request

    async def save(self, *, failed: str) -> str:
        """Save what is recorded so far, and go on; return the path, if it was saved."""
        try:
            return await self._saving.save(failed=failed) if self._saving else ""
        except CassetteError as error:
            self.service.notice(str(error))
            return ""

    def hurry(self) -> None:
        """Have `close` wait for nothing any longer."""
        self._server.hurry()

    async def close(self, *, failed: str = "", waits: Waits | None = None) -> Ending:
        """End it after the answers under way; what was recorded becomes the cassette.

        While there are any, what is recorded is saved already, and then `waits` is called. `failed`
        names what made the requests if that failed: see `why_aside`.
        """
        under_way = self._server.finish()
        stopping = asyncio.create_task(self._server.stop())
        if under_way:
            path = await self.save(failed=failed)
            if waits:
                waits(under_way, path)
        if cut_off := await stopping:
            self.service.notice(f"{cut_off} under way got no answer: the session ended")
        await self._upstream.aclose()
        await self.service.settled()
        self._tell_repeats()
        counts = self.service.counts
        saved = await self._saving.end(failed=failed) if self._saving else Saved()
        if counts.replayed or counts.recorded:
            uses.record(self._settings.cassettes / f"{self.service.name}.yaml")
        return Ending(self.service.receipt(), saved.path, saved.trouble, saved.doubt)

    def _handle(self, request: Request) -> Answer | Awaitable[Answer]:
        if own_routes.is_own(request.target):
            return own_routes.answer(request, self._routes), ignore_written
        self._last_request = self._now()
        outcome = self._answer(request)
        return outcome if isinstance(outcome, tuple) else self._later(outcome)

    async def _later(self, outcome: Awaitable[Answer]) -> Answer:
        self._under_way += 1
        try:
            return await outcome
        finally:
            self._under_way -= 1
            self._last_request = self._now()

    def _repeated(self, final: object, retry_key: str | None) -> bool:
        self._last_request = self._now()
        if self._telling is None:
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(_REPEATS_SECONDS, self._tell_repeats)
        return self.service.repeated(final, retry_key)

    def _tell_repeats(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        self.service.tell_repeats()


class Opener:
    """Opens sessions; what they share is put together once."""

    def __init__(
        self, settings: Settings, watch: Watch, on_fault: Notice, *, remembered: int = REMEMBERED
    ) -> None:
        """`watch` gets the events of sessions that have no reader of their own.

        `remembered` is how many of its events each session remembers for its page.

        `on_fault` gets the class name of an error inside, and nothing else of it. Raises
        ConfigurationError for a certificate that cannot be used.
        """
        tls_context(settings.tls_cert, settings.tls_key)  # before anything is recorded
        self._settings = settings
        self._watch = watch
        self.on_fault = on_fault
        self._remembered = remembered
        self._redactor = assembly.redactor(
            settings.redact, settings.match, records_others=settings.others == "record"
        )
        self._rules = assembly.match_rules(settings.match)
        self._load = partial(assembly.loaded, directory=settings.cassettes, redactor=self._redactor)
        self._load_small = lru_cache(maxsize=512)(self._load)

    def cassette_name(self, typed: str) -> str:
        """Return the name of a cassette that was typed as its name, or as its file."""
        return typed_name(typed, os.path.relpath(self._settings.cassettes))

    def service(
        self,
        mode: Mode,
        name: str,
        *,
        strict: bool | None = None,
        on_exhausted: str = "",
        faults: Iterable[Fault] | None = None,
        watch: Watch | None = None,
        may_be_missing: bool = False,
    ) -> Service:
        """Return a session without a port, upstream or recorder, with what its cassette has.

        Where something is not given, the settings or the opener say it. A cassette that is to be
        replayed and `may_be_missing` has nothing then, and a notice says so. Raises CassetteError
        for one that cannot be loaded.
        """
        settings = self._settings
        policy = Policy(
            repeat=(on_exhausted or settings.on_exhausted) == "repeat",
            strict=settings.strict if strict is None else strict,
            forward_others=settings.others == "forward",
            allow_live=settings.allow_live,
            record_errors=settings.record.errors,
        )
        service = Service(
            *(mode, name, self._redactor, policy, self._rules, watch or self._watch),
            start=settings.clock,
        )
        service.faults = Faults(settings.faults if faults is None else tuple(faults))
        service.remembers = settings.fast and replays(mode)
        self._load_cassette(service, may_be_missing=may_be_missing or writes(mode))
        service.recording_commands = recording_commands(settings, name, service.recorded_from)
        return service

    def _load_cassette(self, service: Service, *, may_be_missing: bool) -> None:
        folder, name, mode = self._settings.cassettes, service.name, service.mode
        if not replays(mode):
            return
        text = b""
        if not may_be_missing or cassette_file.exists(folder, name):
            text = cassette_file.read(folder, name)
            load = self._load_small if len(text) <= _SMALL else self._load
            service.load(load(text, name))
            service.recorded_from = recorded_from(text)
        elif not writes(mode):
            service.notice(f"{folder / name}.yaml: there is no such cassette")
        service.digest = cassette_file.digest(text) if writes(mode) else None

    async def open(
        self, service: Service, at: socket.socket | PortRange | None = None
    ) -> OpenSession:
        """Open a port for a session; `at` is a socket that listens already, or ports to choose of.

        Raises CassetteError for a cassette that cannot be recorded, and ConfigurationError where
        the address cannot be had.
        """
        take = None
        if writes(service.mode):
            service.upstream_name = upstream_name(self._settings.upstream)
            kind = kind_of_take(self._settings, service)
            take = self.take(service, service.recorded, kind)
            service.recorder = self.recorder(service, take)
        session = OpenSession(
            service, self._settings, take, self.on_fault, EventLog(self._remembered)
        )
        try:
            await session.start(at)
        except BaseException:
            await session.close()
            raise
        return session

    def take(
        self, service: Service, recorded: Iterable[Interaction], kind: UpstreamKind | None
    ) -> cassette_file.Take:
        """Begin a take, from a kind of upstream, with these interactions.

        Raises CassetteError, also where the cassette is no longer as the session loaded it.
        """
        first = [writing.interaction_text(each).encode("ascii") for each in recorded]
        header = writing.header(kind).encode("ascii")
        place = self._settings.cassettes, service.name
        return cassette_file.Take(*place, header, first, before=service.digest)

    def recorder(self, service: Service, take: InteractionWriter) -> Recorder:
        """Return what records a session's exchanges in a take."""
        from tokentape.session.recorder import Recorder  # noqa: PLC0415  replay does without

        numbering = service.instances.numbering or Numbering()
        return Recorder(self._redactor, take, numbering)
