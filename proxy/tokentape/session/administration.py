"""The sessions of an admin port: opened, looked at and closed over HTTP, or when they are idle."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from tokentape.edges import cassette_file
from tokentape.edges.server import Answer, PortRange
from tokentape.errors import CassetteBusy, CassetteError, ConfigurationError
from tokentape.pure import own_routes
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.own_routes import Close, List, Open, Show, Token
from tokentape.pure.replay.decide import Mode
from tokentape.pure.replay.receipt import Tally
from tokentape.pure.stripe.refusals import refusal
from tokentape.pure.watching.events import Watch, Watched, notices
from tokentape.pure.web_pages import host_name
from tokentape.session.opening import Ending, Opener, OpenSession, Waits
from tokentape.session.ports import ignore_written, reachable

MOST = 1000
"""How many sessions may be open at a time, and how many that ended are remembered."""
_NOTICES = 50
"""How many notices of a session are remembered."""
_WATCH_SECONDS = 1.0

Account = Mapping[str, object]


@dataclass(slots=True)
class _Notices:
    """What went wrong in one session: remembered for its receipt, its events passed on at once."""

    name: str
    show: Watch
    lines: list[str] = field(default_factory=list)
    dropped: int = 0

    def watch(self, event: Watched) -> None:
        self.show(event)
        for text in notices(event):
            if len(self.lines) < _NOTICES:
                self.lines.append(text)
            else:
                self.dropped += 1


@dataclass(eq=False, slots=True)
class _Session:
    """A session that is open, or about to close."""

    id: str
    notices: _Notices
    session: OpenSession
    url: str
    expired: bool = False
    closing: asyncio.Task[Account] | None = None

    def summary(self) -> Account:
        service = self.session.service
        state = {"id": self.id, "url": self.url}
        return {**state, "cassette": service.name, "mode": service.mode}

    def account(self, ending: Ending | None = None) -> Account:
        """Return what it did: so far, or in all."""
        dropped = self.notices.dropped
        more = [f"and {dropped} more such lines"] if dropped else ()
        ended = ending or Ending(self.session.service.receipt())
        done = own_routes.session_summary(
            ended.receipt, ended.saved, ended.trouble, [*self.notices.lines, *more, ended.saving]
        )
        state = {"open": ending is None, "expired": self.expired and ending is not None}
        return {**self.summary(), **state, **done}


class Administration:
    """Carries out the commands of requests to the admin port."""

    def __init__(
        self,
        opener: Opener,
        token: Token,
        *,
        mode: Mode,
        idle: float,
        watch: Watch,
        ports: PortRange | None = None,
    ) -> None:
        """`mode` is for sessions that do not choose one; their ports are of `ports`, or any.

        Those that get no request for `idle` seconds are closed. `watch` gets the events of all.
        """
        self._opener = opener
        self._token = token
        self._mode = mode
        self._idle = idle
        self._ports = ports
        self._watch = watch
        self._open: dict[str, _Session] = {}
        self._opening = 0
        self._ended: dict[str, Account] = {}
        self._tally = Tally()

    async def handle(self, request: Request) -> Answer:
        """Answer a request. Never raises for what a client sends."""
        if own_routes.is_health(request.target):
            health = {"status": "ok", "sessions": len(self._open)}
            return own_routes.answer_health(request, health), ignore_written
        match own_routes.read_command(request, self._token):
            case Response() as refused:
                response = refused
            case Open() as command:
                response = await self._opened(command, host_name(request))
            case List():
                sessions = [session.summary() for session in self._open.values()]
                response = own_routes.uncached({"sessions": sessions})
            case Show(session_id):
                session = self._open.get(session_id)
                account = session.account() if session else self._ended.get(session_id)
                response = _shown(account)
            case Close(session_id):
                response = _shown(await self._closed(session_id))
        return response, ignore_written

    async def watch(self) -> None:
        """Close sessions that are idle, for as long as this is left to run."""
        while True:
            await asyncio.sleep(min(_WATCH_SECONDS, self._idle / 4))
            for session in tuple(self._open.values()):
                if session.session.idle() >= self._idle and session.closing is None:
                    session.expired = True
                    expired = f"expired: not asked anything for {self._idle:g} seconds"
                    session.session.service.notice(expired)
                    self._closing(session)

    async def save(self) -> str:
        """Save what all sessions have recorded so far; return the paths of what was saved."""
        sessions = (session.session for session in self._open.values())
        paths = await asyncio.gather(*(session.save(failed="") for session in sessions))
        return ", ".join(filter(None, paths))

    def fault(self, kind: str) -> None:
        """Count an error inside that is of no session, and pass the name of its class on."""
        self._tally.counts.failed_inside += 1
        self._opener.on_fault(kind)

    def hurry(self) -> None:
        """Have sessions that close wait for nothing any longer."""
        for session in self._open.values():
            session.session.hurry()

    async def close(self, waits: Waits | None = None) -> Tally:
        """Close all sessions; return what they and those before them did."""
        while self._open:  # one may have been opened meanwhile
            sessions = tuple(self._open.values())
            await asyncio.gather(*(self._closing(session, waits) for session in sessions))
        return self._tally

    async def _opened(self, command: Open, host: str) -> Response:
        name = self._opener.cassette_name(command.cassette)
        if not cassette_file.is_name(name):
            return own_routes.BAD_NAME
        if len(self._open) + self._opening >= MOST:
            return own_routes.FULL
        self._opening += 1
        try:
            return await self._begun(command, name, host)
        finally:
            self._opening -= 1

    async def _begun(self, command: Open, name: str, host: str) -> Response:
        notices = _Notices(name, self._watch)
        try:
            service = await asyncio.to_thread(  # a large cassette takes its time to load
                self._opener.service,
                command.mode or self._mode,
                name,
                strict=command.strict,
                on_exhausted=command.on_exhausted or "",
                faults=command.faults,
                watch=notices.watch,
            )
            opened = await self._opener.open(service, self._ports)
        except CassetteBusy:
            return own_routes.BUSY
        except CassetteError as error:
            return refusal(422, "unusable_cassette", str(error))
        except ConfigurationError as error:
            return refusal(503, "cannot_listen", str(error))
        session = _Session(secrets.token_hex(8), notices, opened, reachable(opened.url, host))
        self._open[session.id] = session
        return own_routes.session_opened(session.summary(), session.id)

    async def _closed(self, session_id: str) -> Account | None:
        session = self._open.get(session_id)
        if session is None:
            return self._ended.get(session_id)
        return await asyncio.shield(self._closing(session))  # its client may be gone by then

    def _closing(self, session: _Session, waits: Waits | None = None) -> asyncio.Task[Account]:
        if session.closing is None:
            session.closing = asyncio.get_running_loop().create_task(self._end(session, waits))
        return session.closing

    async def _end(self, session: _Session, waits: Waits | None) -> Account:
        try:
            ending = await session.session.close(waits=waits)
        finally:
            del self._open[session.id]
        name, receipt = session.notices.name, ending.receipt
        self._tally.add(name, receipt, trouble=ending.trouble, expired=session.expired)
        account = self._ended[session.id] = session.account(ending)
        if len(self._ended) > MOST:
            del self._ended[next(iter(self._ended))]
        return account


def _shown(account: Account | None) -> Response:
    return own_routes.NO_SESSION if account is None else own_routes.uncached(account)
