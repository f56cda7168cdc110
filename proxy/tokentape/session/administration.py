"""The sessions of an admin port: opened, looked at and closed over HTTP, or when nobody asks."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from tokentape.edges import cassette_file
from tokentape.edges.server import Answer
from tokentape.errors import CassetteBusy, CassetteError, ConfigurationError
from tokentape.pure import own_routes
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.own_routes import Close, List, Open, Show, Token, uncached
from tokentape.pure.replay.decide import Mode
from tokentape.pure.replay.tally import Tally
from tokentape.pure.stripe.refusals import refusal
from tokentape.session.opening import Ending, Notice, Opener, OpenSession, nobody_asks

MOST = 1000
"""How many sessions may be open at a time, and how many that ended are remembered."""
_NOTICES = 50
"""How many lines a session keeps of what it had to say."""
_LOOK_SECONDS = 1.0

Account = Mapping[str, object]


@dataclass(slots=True)
class _Notes:
    """What one session has to say: told at once under its name, and kept for its receipt."""

    name: str
    notice: Notice
    kept: list[str] = field(default_factory=list)
    dropped: int = 0

    def __call__(self, text: str) -> None:
        self.notice(f"{self.name}: {text}")
        if len(self.kept) < _NOTICES:
            self.kept.append(text)
        else:
            self.dropped += 1

    def lines(self) -> list[str]:
        return [*self.kept, *([f"and {self.dropped} more such lines"] if self.dropped else ())]


@dataclass(eq=False, slots=True)
class _Held:
    """A session that is open, or about to close."""

    id: str
    notes: _Notes
    session: OpenSession
    expired: bool = False
    closing: asyncio.Task[Account] | None = None

    def card(self) -> Account:
        known = {"id": self.id, "url": self.session.url}
        return {**known, "cassette": self.notes.name, "mode": self.session.service.mode}

    def so_far(self) -> Account:
        did = own_routes.session_summary(self.session.receipt(), "", "", self.notes.lines())
        return {**self.card(), "open": True, "expired": False, **did}

    def ended(self, ending: Ending) -> Account:
        said = self.notes.lines()
        did = own_routes.session_summary(ending.receipt, ending.saved, ending.trouble, said)
        return {**self.card(), "open": False, "expired": self.expired, **did}


class Administration:
    """Carries out what requests to the admin port ask for."""

    def __init__(
        self, opener: Opener, token: Token, host: str, *, mode: Mode, idle: float, notice: Notice
    ) -> None:
        """Answer at `host`, which is a loopback address.

        `mode` is for sessions that ask for none; those that are asked nothing for `idle` seconds
        are closed.
        """
        self._opener = opener
        self._token = token
        self._host = host
        self._mode = mode
        self._idle = idle
        self._notice = notice
        self._open: dict[str, _Held] = {}
        self._ended: dict[str, Account] = {}
        self._tally = Tally()

    async def handle(self, request: Request) -> Answer:
        """Answer a request. Never raises for what a client sends."""
        match own_routes.read_command(request, self._host, self._token):
            case Response() as refused:
                response = refused
            case Open() as wish:
                response = await self._opened(wish)
            case List():
                response = uncached({"sessions": [held.card() for held in self._open.values()]})
            case Show(session):
                response = _found(self._seen(session))
            case Close(session):
                response = _found(await self._closed(session))
        return response, nobody_asks

    async def watch(self) -> None:
        """Close sessions that nobody asks anything, for as long as this is left to run."""
        while True:
            await asyncio.sleep(min(_LOOK_SECONDS, self._idle / 4))
            for held in tuple(self._open.values()):
                if held.session.idle() >= self._idle and held.closing is None:
                    held.expired = True
                    held.notes(f"expired: not asked anything for {self._idle:g} seconds")
                    self._closing(held)

    async def close(self) -> Tally:
        """Close all sessions; return what they and those before them did."""
        await asyncio.gather(*map(self._closing, tuple(self._open.values())))
        return self._tally

    async def _opened(self, wish: Open) -> Response:
        if not cassette_file.is_name(wish.cassette):
            return own_routes.BAD_NAME
        if len(self._open) >= MOST:
            return own_routes.FULL
        notes = _Notes(wish.cassette, self._notice)
        try:
            session = await self._opener.open(
                wish.mode or self._mode,
                wish.cassette,
                strict=wish.strict,
                on_exhausted=wish.on_exhausted or "",
                notice=notes,
            )
        except (CassetteError, ConfigurationError) as error:
            return _refused(error)
        held = _Held(secrets.token_hex(8), notes, session)
        self._open[held.id] = held
        return own_routes.session_opened(held.card(), held.id)

    def _seen(self, session: str) -> Account | None:
        held = self._open.get(session)
        return held.so_far() if held else self._ended.get(session)

    async def _closed(self, session: str) -> Account | None:
        held = self._open.get(session)
        if held is None:
            return self._ended.get(session)
        return await asyncio.shield(self._closing(held))  # whoever asked may be gone by then

    def _closing(self, held: _Held) -> asyncio.Task[Account]:
        if held.closing is None:
            held.closing = asyncio.get_running_loop().create_task(self._end(held))
        return held.closing

    async def _end(self, held: _Held) -> Account:
        try:
            ending = await held.session.close()
        finally:
            del self._open[held.id]
        name, trouble = held.notes.name, ending.trouble
        self._tally.add(name, ending.receipt, trouble=trouble, expired=held.expired)
        account = self._ended[held.id] = held.ended(ending)
        if len(self._ended) > MOST:
            del self._ended[next(iter(self._ended))]
        return account


def _found(account: Account | None) -> Response:
    return own_routes.NO_SESSION if account is None else uncached(account)


def _refused(error: CassetteError | ConfigurationError) -> Response:
    match error:
        case CassetteBusy():
            return own_routes.BUSY
        case CassetteError():
            return refusal(422, "unusable_cassette", str(error))
        case _:
            return refusal(503, "cannot_listen", str(error))
