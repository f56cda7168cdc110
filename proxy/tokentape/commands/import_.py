"""Recordings of other recorders made clean: the calls to Stripe in them are recorded again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from tokentape.edges import cassette_file, files_to_scan, terminal
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import Line
from tokentape.errors import CassetteError
from tokentape.pure.cassette.naming import imported_name, shown_path
from tokentape.pure.recorders.calls import IsServed, RawCall, RawRecording, has_placeholder
from tokentape.pure.recorders.documents import MAX_BYTES
from tokentape.pure.recorders.forms import read_recording
from tokentape.pure.replay.decide import Mode
from tokentape.pure.stripe.routes import HOST
from tokentape.pure.stripe.upstreams import UpstreamKind
from tokentape.pure.watching.events import noticing
from tokentape.session.in_process import InProcess
from tokentape.session.opening import Opener
from tokentape.wording import counted

_NUMBERS_SHOWN = 12


def import_cassettes(settings: Settings, files: tuple[Path, ...], name: str, *, force: bool) -> int:
    """Make clean cassettes of raw recordings; return the worst exit status of all files.

    `name` is for a single file; with "", a cassette is named after its file. `force` replaces
    cassettes that exist, and lets calls be lost if a cassette takes the place of its own file.
    """
    opener = Opener(settings, noticing(terminal.say), terminal.say)
    status = 0
    for number, file in enumerate(files, 1):
        shown = shown_path(file.as_posix(), number)
        try:
            target = name or imported_name(file.as_posix())
            session = InProcess(opener, Mode.RECORD, target, noticing(terminal.say))
            is_served = session.service.redactor.values.operation_at
            plan = _plan(settings, file, shown, target, is_served, force=force)
            status = max(status, _import(session, plan))
        except CassetteError as error:
            where = "" if error.file else f"{shown}: "
            terminal.say(f"{where}{error}", colour="red")
            status = error.exit_status
    return status


@dataclass(slots=True)
class _Import:
    """An import of one file: its calls, by what becomes of them."""

    file: str
    """As it may be shown."""
    recording: RawRecording
    in_place: bool
    """The cassette takes the place of the file."""
    force: bool
    served: list[RawCall] = field(default_factory=list)
    unserved: list[RawCall] = field(default_factory=list)
    elsewhere: list[RawCall] = field(default_factory=list)
    unanswered: list[RawCall] = field(default_factory=list)
    unrecorded: list[RawCall] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        """How many calls are not in the cassette."""
        lists = (self.unserved, self.elsewhere, self.unanswered, self.unrecorded)
        return sum(map(len, lists))


def _plan(
    settings: Settings, file: Path, shown: str, target: str, is_served: IsServed, *, force: bool
) -> _Import:
    """Read a file, and sort its calls by where they went. Raises CassetteError."""
    in_place = (settings.cassettes / f"{target}.yaml").resolve() == file.resolve()
    plan = _Import(shown, _read(file, shown), in_place, force)
    hosts = {urlsplit(settings.upstream).hostname or ""} - {""}
    for call in plan.recording.calls:
        if not call.goes_to_stripe(is_served, hosts):
            plan.elsewhere.append(call)
        else:
            served = is_served(call.method, call.path)
            (plan.served if served else plan.unserved).append(call)
    replaces = plan.served and cassette_file.exists(settings.cassettes, target)
    if replaces and not (force or in_place):
        message = f"cassette {target} exists: --force replaces it, --name has another name"
        raise CassetteError(message, file=shown)
    return plan


def _import(session: InProcess, plan: _Import) -> int:
    """Record the calls of a file, save the cassette, say so. Raises CassetteError."""
    if not (plan.force or plan.in_place):  # nor is one replaced that comes to be meanwhile
        session.service.digest = cassette_file.digest(b"")
    asyncio.run(_record(session, plan))
    if plan.in_place and plan.left_out and not plan.force:
        lost = counted(plan.left_out, "call")
        message = (
            f"{lost} would be lost, for the cassette takes the place of this file: "
            "--name has another name, --force lets them be lost"
        )
        raise CassetteError(message, file=plan.file)
    terminal.say_lines(_lines(plan, asyncio.run(session.save())))
    return 1 if session.service.counts.unwritten else 0


def _read(file: Path, shown: str) -> RawRecording:
    """Return what a recording holds. Raises CassetteError."""
    try:
        return read_recording(files_to_scan.read(file).decode("utf-8-sig"))
    except OSError as error:
        raise CassetteError(f"cannot be read: {error.strerror}", file=shown) from None
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 at byte {error.start}, so no recording that is read"
        raise CassetteError(message, file=shown) from None
    except CassetteError as error:
        raise CassetteError(error.message, file=shown, line=error.line) from None


async def _record(session: InProcess, plan: _Import) -> None:
    """Record the calls that are served, and note which are not recorded after all."""
    size = 0
    for call in plan.served:
        try:
            exchange = call.exchange()
        except CassetteError as error:
            raise CassetteError(error.message, file=plan.file, line=error.line) from None
        if exchange is None:
            plan.unanswered.append(call)
            continue
        size += sum(len(message.body) for message in exchange)
        if size > MAX_BYTES:
            message = f"the bodies of its calls have more than {MAX_BYTES >> 20} MiB: split it"
            raise CassetteError(message, file=plan.file)
        if has_placeholder(exchange):
            message = f"call {call.number} has placeholders: this is clean already, not to import"
            raise CassetteError(message, file=plan.file, line=call.line)
        session.service.watch = noticing(partial(_notice, plan.file, call))
        kind = UpstreamKind.STRIPE if call.host == HOST else UpstreamKind.OTHER
        if not await session.record(*exchange, kind):
            plan.unrecorded.append(call)


def _notice(shown: str, call: RawCall, text: str) -> None:
    terminal.notice(f"{shown}: call {call.number}: {text}")


def _lines(plan: _Import, saved: str) -> Iterator[Line]:
    """Yield what was made of a file; `saved` is the cassette's path."""
    total = len(plan.recording.calls)
    share = "none" if plan.left_out == total else str(total - plan.left_out)
    recorded = f"{share} of {counted(total, 'call')} recorded" if total else "no calls in it"
    colour = "green" if saved else "yellow"
    yield Line(f"{plan.file} ({plan.recording.recorder}): {recorded}", colour)
    yield from (Line(f"{plan.file}: left out: {reason}") for reason in _reasons(plan))
    if saved:
        yield Line(f"saved {saved}")
        raw = (
            "the raw file is replaced" if plan.in_place else f"{plan.file} is raw still: delete it"
        )
        yield Line(f"{raw}; a repository's history may hold it too")


def _reasons(plan: _Import) -> Iterator[str]:
    """Yield why calls are left out. None of it quotes what they say."""
    if plan.elsewhere:
        hint = "" if plan.served else "; --upstream URL imports calls to a host of your own"
        yield f"{counted(len(plan.elsewhere), 'call')} to other hosts than {HOST}{hint}"
    for left_out, reason in (
        (plan.unserved, "to Stripe that tokentape does not serve yet"),
        (plan.unanswered, "without an answer in the file"),
        (plan.unrecorded, "that may not be recorded, such as 429 and 5xx, or cannot be read"),
    ):
        if left_out:
            yield f"{counted(len(left_out), 'call')} {reason} ({_numbers(left_out)})"


def _numbers(calls: list[RawCall]) -> str:
    shown = ", ".join(str(call.number) for call in calls[:_NUMBERS_SHOWN])
    more = ", …" if len(calls) > _NUMBERS_SHOWN else ""
    return f"number {shown}{more}"
