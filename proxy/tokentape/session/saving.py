"""What becomes of a take: the cassette, nothing, or it stands aside."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tokentape.edges import cassette_file
from tokentape.errors import CassetteError
from tokentape.pure.cassette.reading import statuses
from tokentape.pure.replay.decide import replaces
from tokentape.pure.replay.keeping import doubt, why_aside
from tokentape.session.service import Service


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of what a session recorded."""

    path: str = ""
    """The cassette, if something was recorded."""
    trouble: str = ""
    """Why what was recorded did not become the cassette."""
    doubt: str = ""
    """What may be wrong with what was saved."""


class Saving:
    """Saves a session's take: while it goes on, and at its end."""

    def __init__(self, take: cassette_file.Take, service: Service, directory: Path) -> None:
        self._take = take
        self._service = service
        self._directory = directory
        self._before: asyncio.Task[tuple[int, ...] | None] | None = None
        self._is_ending = False

    async def save(self, *, failed: str) -> str:
        """Save what is recorded so far, unless it would stand aside; return the path, if it was.

        While it ends, that saves it. Raises CassetteError, and then the take goes on all the same.
        """
        if not self._service.counts.recorded or self._why_aside(await self._old(), failed=failed):
            return ""
        if self._is_ending:  # perhaps only since the old statuses were read
            return ""
        return str(await self._take.save())

    async def end(self, *, failed: str) -> Saved:
        """End the take; `failed` names what made its requests if that failed."""
        self._is_ending = True
        try:
            if not self._service.counts.recorded:
                await self._take.abandon()
                return Saved()
            old = await self._old()
            if why := self._why_aside(old, failed=failed):
                await self._take.set_aside()
                return Saved(trouble=self._stands_aside(why))
            path = await self._take.finish()
        except CassetteError as error:
            return Saved(trouble=str(error))
        return Saved(str(path), doubt=doubt(self._statuses(), old))

    async def _old(self) -> tuple[int, ...] | None:
        """Return the statuses of what a fresh take would replace, as `why_aside` takes them.

        They are read once: later, the cassette may be what was saved of this very take. Whoever
        waits for them may be cancelled, as a `save` is once the command has ended.
        """
        if self._before is None:
            self._before = asyncio.create_task(self._read_old())
        return await asyncio.shield(self._before)

    async def _read_old(self) -> tuple[int, ...] | None:
        name = self._service.name
        try:
            if not replaces(self._service.mode) or not cassette_file.exists(self._directory, name):
                return None
            return await asyncio.to_thread(statuses, cassette_file.read(self._directory, name))
        except CassetteError:
            return ()

    def _why_aside(self, old: tuple[int, ...] | None, *, failed: str) -> str:
        return why_aside(self._statuses(), old, failed=failed)

    def _statuses(self) -> tuple[int, ...]:
        return tuple(interaction.outline.status for interaction in self._service.recorded)

    def _stands_aside(self, why: str) -> str:
        name = self._service.name
        return (
            f"{why}: {self._directory / name}.yaml stays as it was, and the take stands aside. "
            f"`tokentape recover {name}` makes it the cassette"
        )
