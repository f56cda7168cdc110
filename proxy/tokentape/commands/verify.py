"""Whether the upstream still answers as it was recorded: its requests, sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack

from tokentape.edges.settings import Settings
from tokentape.edges.terminal import counted, out
from tokentape.errors import ConfigurationError, UnreadableBody, UpstreamFailure
from tokentape.pure.cassette.differences import differences
from tokentape.pure.cassette.model import HeldBack, Interaction, Numbering
from tokentape.pure.cassette.renaming import Renaming
from tokentape.pure.cassette.rewriting import rewritten
from tokentape.pure.http.messages import Response
from tokentape.pure.notation.placeholders import Placeholder
from tokentape.pure.replay.resending import Refilling, ambiguous, key_classes, request, stand_ins
from tokentape.pure.stripe.kinds import is_live_key, key_class
from tokentape.session import assembly
from tokentape.session.opening import upstream_of
from tokentape.session.recorder import Recorder
from tokentape.session.service import Upstream

KEY = "STRIPE_API_KEY"
"""The environment variable that holds the key to send: arguments show in lists of processes."""

_ALIKE = ({"sk_test", "rk_test"}, {"sk_live", "rk_live"})
"""Classes of keys that stand in for each other."""


def verify(settings: Settings, name: str, key: str) -> int:
    """Send a cassette's requests again and print what changed; return 1 if something did.

    Raises CassetteError, ConfigurationError for a key that will not do, and UpstreamFailure.
    """
    door = assembly.door(settings.redact, settings.match)
    recorded = rewritten(assembly.interactions(settings.cassettes, name, door))
    keys = _keys(settings, key_classes(recorded), key)
    numbering, names = Numbering(), Renaming(ambiguous(recorded))
    recorder = Recorder(door, _Nowhere(), numbering, assembly.vocabulary())
    fill = Refilling(names, numbering, keys, door.values.published, name)
    changed = asyncio.run(_compared(settings, recorded, recorder, fill))
    lent = stand_ins(recorded)
    for number, found in changed.items():
        one = recorded[number - 1]
        out(f"{number:>3}  {one.texts.method} {one.texts.path}", bold=True)
        for line in found:
            out(f"     {line}", colour="yellow")
        sent = (Placeholder(kind, str(count)) for kind, count in sorted(lent & {*one.asked}))
        if told := ", ".join(map(str, sent)):
            out(f"     (with stand-ins for {told})")
    return _summed_up(settings, name, len(changed), len(recorded))


def _summed_up(settings: Settings, name: str, changed: int, of: int) -> int:
    if not changed:
        out(f"{of} of {of} interactions are answered as they were recorded", colour="green")
        return 0
    where = "" if settings.upstream == "mock" else f" --upstream {settings.upstream}"
    remedy = f"record them again with `tokentape record {name}{where}`, and git shows the same"
    out(f"{changed} of {of} interactions are answered in another way: {remedy}", colour="red")
    return 1


def _keys(settings: Settings, classes: Iterable[str], key: str) -> Mapping[str, str]:
    """Return a key to send for each class that was recorded.

    The embedded upstream takes any; where an unknown key was recorded, one that is none will do.
    """
    made_up = {one: f"{one}_{'tokentape' * 3}" for one in classes} | {"unknown": "tokentape"}
    if settings.upstream == "mock":
        return made_up
    needed = {one for one in classes if one != "unknown"}
    for one in sorted(needed):
        _check(one, key, allow_live=settings.allow_live)
    return made_up | dict.fromkeys(needed, key)


def _check(recorded: str, key: str, *, allow_live: bool) -> None:
    found = key_class(key)
    fits = found == recorded or any({found, recorded} <= alike for alike in _ALIKE)
    if fits and (allow_live or not is_live_key(key)):
        return
    problem = f"holds a key of class {found}" if key else "is not set"
    if fits:
        problem = "holds a live key, and --allow-live was not given"
    wanted = f"the cassette was recorded with a key of class {recorded}"
    raise ConfigurationError((f"the environment variable {KEY} {problem}; {wanted}",))


async def _compared(
    settings: Settings, recorded: tuple[Interaction, ...], recorder: Recorder, fill: Refilling
) -> Mapping[int, tuple[str, ...]]:
    """Return what changed by the numbers of the interactions, from 1."""
    async with AsyncExitStack() as stack:
        upstream = await upstream_of(settings, stack)
        found = {
            number: await _differences(number, one, recorder, fill, upstream)
            for number, one in counted(tuple(enumerate(recorded, 1)), "verifying")
        }
    return {number: lines for number, lines in found.items() if lines}


async def _differences(
    number: int, one: Interaction, recorder: Recorder, fill: Refilling, upstream: Upstream
) -> tuple[str, ...]:
    sent = request(one, fill)
    try:
        answer = await upstream.send(sent)
    except UpstreamFailure as error:
        reason = f"the upstream gave no answer to interaction {number}: {error.reason}"
        raise UpstreamFailure(error.status, reason) from None
    _refuse_trouble(number, one, answer)
    try:
        now = recorder.record(recorder.door.request(sent), answer, recorder.wanted(sent))
    except UnreadableBody as error:
        return (f"cannot be compared: {error.reason}",)
    if isinstance(now, HeldBack):
        return tuple(f"cannot be compared: {reason}" for reason in now.reasons)
    return tuple(map(str, differences(one, now.interaction, fill.names)))


def _refuse_trouble(number: int, one: Interaction, answer: Response) -> None:
    """Raise UpstreamFailure for an answer that says nothing of the API: too many, out of order."""
    if (answer.status == 429 or answer.status >= 500) and answer.status != one.outline.status:
        reason = f"the upstream answers interaction {number} with {answer.status}: try again later"
        raise UpstreamFailure(answer.status, reason)


class _Nowhere:
    """A take that is not kept."""

    def append(self, chunk: bytes) -> None:
        pass
