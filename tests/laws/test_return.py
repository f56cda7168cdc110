"""The law of return: whatever is recorded loads, replays, scans clean and is in canonical form.

Under every configuration that is accepted, whatever clients send and upstreams answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st
from tokentape.edges.settings import MatchSettings, RedactSettings, texts
from tokentape.pure.audit.inspection import Inspector
from tokentape.pure.cassette.rewriting import rewritten
from tokentape.pure.cassette.writing import cassette_text
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.recorders.forms import read_recording
from tokentape.pure.replay.decide import Mode
from tokentape.session import assembly
from tokentape.session.service import Policy
from yaml import dump

from tests.laws.api import odd_api_traffic
from tests.laws.configurations import (
    Configuration,
    answers,
    configurations,
    has_ids,
    requests,
)
from tests.laws.pipeline import REDACTOR, Answer, Stage, loaded
from tests.laws.play import ids_in, play
from tests.laws.worlds import worlds

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
        exchanges.append((request, draw(answers(configuration, number, request))))
    return configuration, tuple(exchanges)


@st.composite
def calls(draw: st.DrawFn) -> Drawn:
    """Draw a configuration, and a trace over all of /v1 with what its upstream answers."""
    (trace, upstream), world = draw(odd_api_traffic), draw(worlds)
    exchanges: list[Exchange] = []
    upstream_answer = upstream(world.seed)

    def answer(request: Request) -> Response:
        response = upstream_answer(request)
        lines = (*response.headers, ("Retry-After", str(len(exchanges))))
        exchanges.append((request, response._replace(headers=lines)))
        return response

    trace = tuple(replace(step, wire=replace(step.wire, zipped=False)) for step in trace)
    play(trace, world, Stage(answer=answer))  # not zipped, so that `renamed` finds ids in it
    return draw(configurations.map(with_ids)), tuple(exchanges)


def with_ids(configuration: Configuration) -> Configuration:
    """Return a configuration in which Stripe's ids are ids.

    One that is kept as it was, or made up as a name, is not what a later request names.
    """
    keep = tuple(name for name in configuration.redact.keep if not has_ids(name))
    fields = {name: kind for name, kind in configuration.redact.fields.items() if not has_ids(name)}
    return replace(configuration, redact=RedactSettings(keep, fields))


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


def renamed(request: Request, ids: Mapping[str, str]) -> Request:
    """Return a request in which ids of the recording are those of the replay."""
    for recorded, live in ids.items():
        target = request.target.replace(recorded, live)
        body = request.body.replace(recorded.encode(), live.encode())
        request = request._replace(target=target, body=body)
    return request


@given(traffic() | calls(), st.sampled_from((Mode.RECORD, Mode.AUTO)), st.sampled_from(REPLAYING))
def test_whatever_is_recorded_returns(drawn: Drawn, recording: Mode, replaying: Mode) -> None:
    check(*drawn, recording, replaying)


@given(traffic() | calls())
def test_whatever_is_imported_returns(drawn: Drawn) -> None:
    configuration, exchanges = drawn
    check(configuration, imported(exchanges), Mode.RECORD, Mode.REPLAY)


@given(st.sampled_from(("object", "customer.object", "list.object")), st.sampled_from(texts.KINDS))
def test_objects_whose_type_a_configuration_redacts_return(name: str, kind: str) -> None:
    customer = {"id": "cus_1Zq7", "object": "customer", "name": "Ada", "balance": 5}
    listed = {"object": "list", "data": [customer], "url": "/v1/customers"}
    lines = (("Authorization", "Bearer sk_" + "test_" + "a" * 24),)
    exchanges = [
        (Request("GET", path, lines), Response(200, (), json.dumps(document).encode()))
        for path, document in (("/v1/customers/cus_1Zq7", customer), ("/v1/customers", listed))
    ]
    configuration = Configuration(RedactSettings((), {name: kind}), MatchSettings(), errors=False)
    check(configuration, exchanges, Mode.RECORD, Mode.REPLAY)


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
    replayed, ids = [], dict[str, str]()
    for request, answer in kept:
        replayed.append(again.send(renamed(request, ids)))
        ids |= zip(ids_in(answer), ids_in(replayed[-1]), strict=False)
    assert [*map(result, replayed)] == ["replayed"] * len(kept)
    assert [*map(number, replayed)] == [number(answer) for _, answer in kept]
    assert [answer.status for answer in replayed] == [answer.status for _, answer in kept]
