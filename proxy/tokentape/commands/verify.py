"""Whether the upstream still answers as recorded: requests are sent again, answers compared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from tokentape.edges import cassette_file
from tokentape.edges.settings import KEY_VARIABLE, Settings, Unshown
from tokentape.edges.terminal import Line, print_lines, with_progress
from tokentape.errors import ConfigurationError, UnreadableBody, UpstreamFailure
from tokentape.pure.cassette.differences import differences
from tokentape.pure.cassette.model import HeldBack, Interaction, Numbering
from tokentape.pure.cassette.reading import recorded_from
from tokentape.pure.cassette.rewriting import Renaming, rewritten
from tokentape.pure.http.messages import Response
from tokentape.pure.notation.placeholders import Placeholder, Variable
from tokentape.pure.replay.resending import Refilling, ambiguous, key_classes, request, stand_ins
from tokentape.pure.stripe.kinds import is_live_key, key_class
from tokentape.pure.stripe.times import Times
from tokentape.session import assembly
from tokentape.session.recorder import Recorder
from tokentape.session.service import Upstream
from tokentape.session.upstreams import check_upstream, upstream_of
from tokentape.wording import counted

_INTERCHANGEABLE = ({"sk_test", "rk_test"}, {"sk_live", "rk_live"})
"""Classes of keys that stand in for each other."""


def verify_cassette(settings: Settings, name: str, key: Unshown) -> int:
    """Send a cassette's requests again, with an API key; print what changed; return 1 if any did.

    Raises CassetteError, ConfigurationError for a key that does not fit the cassette, and
    UpstreamFailure.
    """
    redactor = assembly.redactor(settings.redact, settings.match)
    cassette = cassette_file.read(settings.cassettes, name)
    recorded = rewritten(assembly.loaded(cassette, name, settings.cassettes, redactor))
    check_upstream(settings, name, recorded_from(cassette))
    keys = _keys(settings, key_classes(recorded), key.text)
    numbering, names = Numbering(), Renaming(ambiguous(recorded))
    comparison = _Comparison(
        Recorder(redactor, _Discarded(), numbering),
        Refilling(names, numbering, redactor.values.published, name, Times(int(time.time()))),
        keys,
    )
    changes = asyncio.run(_compare(settings, recorded, comparison))
    brought_in = stand_ins(recorded)
    for change in changes:
        print_lines(_lines(change, brought_in))
    print_lines([_summary(settings.upstream, name, len(changes), len(recorded))])
    return 1 if changes else 0


@dataclass(frozen=True, slots=True)
class _Change:
    """An interaction, by number from 1, and what differs from it in the answer of today."""

    number: int
    recorded: Interaction
    differences: tuple[str, ...]


def _lines(change: _Change, brought_in: frozenset[Variable]) -> Iterator[Line]:
    """Yield a change; stand-ins were sent for the variables that requests bring in."""
    texts = change.recorded.texts
    yield Line(f"{change.number:>3}  {texts.method} {texts.path}", bold=True)
    for difference in change.differences:
        yield Line(f"     {difference}", colour="yellow")
    sent = sorted(brought_in & {*change.recorded.request_variables})
    if sent:
        names = ", ".join(str(Placeholder(kind, str(number))) for kind, number in sent)
        yield Line(f"     (with stand-ins for {names})")


def _summary(upstream: str, cassette: str, changed: int, total: int) -> Line:
    if not changed:
        answered = "is answered as it was" if total == 1 else "are answered as they were"
        return Line(f"{counted(total, 'interaction')} {answered} recorded", "green")
    option = "" if upstream == "mock" else f" --upstream {upstream}"
    remedy = f"record them again with `tokentape record {cassette}{option}`, and git shows the same"
    verb = "is" if total == 1 else "are"
    of_total = f"{changed} of {counted(total, 'interaction')}"
    return Line(f"{of_total} {verb} answered in another way: {remedy}", "red")


def _keys(settings: Settings, classes: Iterable[str], key: str) -> Mapping[str, str]:
    """Return a key to send for each class that was recorded.

    The built-in mock takes any; where an unknown key was recorded, any unknown text will do.
    """
    fake_keys = {name: f"{name}_{'tokentape' * 3}" for name in classes} | {"unknown": "tokentape"}
    if settings.upstream == "mock":
        return fake_keys
    needed = {name for name in classes if name != "unknown"}
    for recorded in sorted(needed):
        _check(recorded, key, allow_live=settings.allow_live)
    return fake_keys | dict.fromkeys(needed, key)


def _check(recorded: str, key: str, *, allow_live: bool) -> None:
    """Raise ConfigurationError for a key that does not fit the class that was recorded."""
    given = key_class(key)
    fits = given == recorded or any({given, recorded} <= alike for alike in _INTERCHANGEABLE)
    if fits and (allow_live or not is_live_key(key)):
        return
    problem = f"holds a key of class {given}" if key else "is not set"
    if fits:
        problem = "holds a live key, and --allow-live was not given"
    wanted = f"the cassette was recorded with a key of class {recorded}"
    raise ConfigurationError((f"the environment variable {KEY_VARIABLE} {problem}; {wanted}",))


async def _compare(
    settings: Settings, cassette: tuple[Interaction, ...], comparison: _Comparison
) -> tuple[_Change, ...]:
    """Return the interactions that are answered in another way. Raises UpstreamFailure."""
    async with AsyncExitStack() as stack:
        upstream = await upstream_of(settings, stack)
        compared = [
            _Change(
                number, interaction, await comparison.differences(number, interaction, upstream)
            )
            for number, interaction in with_progress(tuple(enumerate(cassette, 1)), "verifying")
        ]
    return tuple(change for change in compared if change.differences)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What answers are redacted by and requests are filled by; both learn from each answer."""

    recorder: Recorder
    fill: Refilling
    keys: Mapping[str, str] = field(repr=False)

    async def differences(
        self, number: int, recorded: Interaction, upstream: Upstream
    ) -> tuple[str, ...]:
        """Send a request again, and return what differs in the answer. Raises UpstreamFailure."""
        sent = request(recorded, self.fill, self.keys)
        try:
            answer = await upstream.send(sent)
        except UpstreamFailure as error:
            reason = f"the upstream gave no answer to interaction {number}: {error.reason}"
            raise UpstreamFailure(error.status, reason) from None
        _refuse_trouble(number, recorded, answer)
        recorder = self.recorder
        try:
            redacted = recorder.redactor.request(sent)
            today = recorder.record(redacted, answer)
        except UnreadableBody as error:
            return (f"cannot be compared: {error.reason}",)
        if isinstance(today, HeldBack):
            return tuple(f"cannot be compared: {reason}" for reason in today.reasons)
        return tuple(map(str, differences(recorded, today, self.fill.names)))


def _refuse_trouble(number: int, recorded: Interaction, answer: Response) -> None:
    """Raise UpstreamFailure for an answer that says nothing about the API: 429, or out of order."""
    trouble = answer.status == 429 or answer.status >= 500
    if trouble and answer.status != recorded.outline.status:
        reason = f"the upstream answers interaction {number} with {answer.status}: try again later"
        raise UpstreamFailure(answer.status, reason)


class _Discarded:
    """Takes what is recorded, and keeps nothing."""

    def append(self, chunk: bytes) -> None:
        pass
