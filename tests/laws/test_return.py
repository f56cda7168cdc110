"""The law of return: whatever is recorded loads, replays, scans clean and is in canonical form.

Under every configuration that is accepted, whatever clients send and upstreams answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import event, given
from hypothesis import strategies as st
from tokentape.pure.audit.inspection import Inspector
from tokentape.pure.cassette.rewriting import rewritten
from tokentape.pure.cassette.writing import cassette_text
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.recorders.forms import read_recording
from tokentape.pure.replay.decide import Mode
from tokentape.session import assembly
from tokentape.session.service import Policy
from yaml import dump

from tests.laws.configurations import Configuration, answers, configurations, requests
from tests.laws.pipeline import REDACTOR, Answer, Stage, loaded

Exchange = tuple[Request, Response]
Drawn = tuple[Configuration, tuple[Exchange, ...]]
REPLAYING = (Mode.REPLAY, Mode.AUTO)


@st.composite
def traffic(draw: st.DrawFn) -> Drawn:
    """Draw a configuration and exchanges for it; some requests come again."""
    configuration = draw(configurations)
    exchanges: list[Exchange] = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        again = exchanges and draw(st.integers(0, 3)) == 0
        request = (
            draw(st.sampled_from([request for request, _ in exchanges]))
            if again
            else draw(requests(configuration))
        )
        exchanges.append((request, draw(answers(configuration, number))))
    return configuration, tuple(exchanges)


def played(exchanges: Sequence[Exchange]) -> Answer:
    """Return an upstream that gives these answers in turn."""
    turn = iter([answer for _, answer in exchanges])
    return lambda _: next(turn)


def result(answer: Response) -> str | None:
    return answer.header("tokentape-result")


def number(answer: Response) -> str | None:
    return answer.header("retry-after")


def imported(exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """Return exchanges as `import` reads them from what plain vcrpy wrote."""
    interactions = [
        {
            "request": {
                "method": request.method,
                "uri": f"https://api.stripe.com{request.target}",
                "headers": _lines(request),
                "body": request.body,
            },
            "response": {
                "status": {"code": response.status, "message": "x"},
                "headers": _lines(response),
                "body": {"string": response.body},
            },
        }
        for request, response in exchanges
    ]
    calls = read_recording(dump({"version": 1, "interactions": interactions})).calls
    is_served = REDACTOR.values.operation_at
    served = (call for call in calls if is_served(call.method, call.path))
    return tuple(exchange for call in served if (exchange := call.exchange()))


def _lines(message: Request | Response) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {}
    for name, value in message.headers:
        lines.setdefault(name, []).append(value)
    return lines


@given(traffic(), st.sampled_from((Mode.RECORD, Mode.AUTO)), st.sampled_from(REPLAYING))
def test_whatever_is_recorded_returns(drawn: Drawn, recording: Mode, replaying: Mode) -> None:
    check(*drawn, recording, replaying)


@given(traffic())
def test_whatever_is_imported_returns(drawn: Drawn) -> None:
    configuration, exchanges = drawn
    check(configuration, imported(exchanges), Mode.RECORD, Mode.REPLAY)


def check(
    configuration: Configuration, exchanges: Sequence[Exchange], recording: Mode, replaying: Mode
) -> None:
    """Record, load, scan, format and replay."""
    redactor = assembly.redactor(configuration.redact, configuration.match)
    rules = assembly.match_rules(configuration.match)
    policy = Policy(record_errors=configuration.errors)

    def stage(mode: Mode, **changes: object) -> Stage:
        return Stage(mode, policy=policy, redactor=redactor, rules=rules, **changes)  # type: ignore[arg-type]

    first = stage(recording, answer=played(exchanges))
    sent = [(request, first.send(request)) for request, _ in exchanges]
    kept = [(request, answer) for request, answer in sent if result(answer) == "recorded"]
    event(f"{len(kept)} of {len(sent)} recorded")
    assert not [notice for notice in first.notices if "what is not redacted" in notice]
    text = first.cassette
    if not text:
        return

    recorded = loaded(text, redactor)
    assert list(recorded) == first.service.recorded
    assert Inspector(redactor).cassette(text.encode()) == ()
    assert cassette_text(rewritten(recorded)) == text

    again = stage(replaying, recorded=recorded, answer=played(()))
    replayed = [again.send(request) for request, _ in kept]
    assert [*map(result, replayed)] == ["replayed"] * len(kept)
    assert [*map(number, replayed)] == [number(answer) for _, answer in kept]
    assert [answer.status for answer in replayed] == [answer.status for _, answer in kept]
