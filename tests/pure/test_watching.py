"""Events as lines and objects: bounded, reasons once, and only those if the session is quiet."""

from __future__ import annotations

import json

import pytest
from tokentape.pure.replay.misses import FieldDifference, MissReport, Near
from tokentape.pure.watching.documents import log_document
from tokentape.pure.watching.events import UNSHOWN, Event, Repeats, Result, notices
from tokentape.pure.watching.lines import WIDTH, EventLines

CARD = ("card[cvc]={{cvc:3}}", "card[exp_month]=5", "card[number]={{card:visa}}")
MISS = MissReport(
    "No interaction of cassette shop answers POST /v1/tokens.",
    (Near(3, (FieldDifference("card[exp_month]", "4", "5"),)),),
    advice=("Record it.",),
)
REFUSED = "This is outside."


def event(number: int = 1, result: Result = Result.REPLAYED, **more: object) -> Event:
    values: dict[str, object] = {"fields": CARD, "status": 200, "method": "POST", **more}
    return Event(
        session="shop",
        number=number,
        at=1.5,
        seconds=0.0412,
        path=str(values.pop("path", "/v1/tokens")),
        result=result,
        **values,  # type: ignore[arg-type]
    )


def missed(number: int = 1, report: MissReport = MISS) -> Event:
    return event(number, Result.MISS, status=424, miss=report)


def refused(number: int = 1, reason: str = REFUSED, path: str = UNSHOWN) -> Event:
    return event(number, Result.REFUSED, status=404, reasons=(reason,), fields=(), path=path)


def shown(*events: Event | Repeats, lines: EventLines | None = None) -> list[str]:
    lines = lines or EventLines()
    return [line.text for each in events for line in lines.of(each)]


def test_a_line_has_what_was_sent_what_was_done_and_how_long_it_took() -> None:
    fields = "card[number]={{card:visa}} card[cvc]={{cvc:3}} card[exp_month]=5"
    (line,) = shown(event(result=Result.RECORDED))
    assert line == f"POST /v1/tokens {fields} 200 recorded 41 ms"


def test_variables_that_have_no_number_are_shown_without_its_mark() -> None:
    sent = event(path="/v1/tokens/{{tok.?}}", fields=("a={{name.?}}",))
    assert shown(sent) == ["POST /v1/tokens/{{tok}} a={{name}} 200 replayed 41 ms"]


@pytest.mark.parametrize("count", [1, 5, 50, 2000])
def test_a_line_is_bounded_and_says_that_there_is_more(count: int) -> None:
    fields = tuple(f"metadata[{number}]={'x' * 40}" for number in range(count))
    (line,) = shown(event(fields=fields))
    assert len(line) <= WIDTH + 3
    assert (" … 200" in line) == (count > 1 and "metadata[4]" not in line)


def test_a_value_is_shortened() -> None:
    (line,) = shown(event(fields=("a=" + "x" * 1000,)))
    assert len(line) < WIDTH
    assert line.endswith("x… 200 replayed 41 ms")


def test_the_fields_that_tell_requests_apart_come_first() -> None:
    (line,) = shown(event(fields=("a=b", "card={{tok.?}}", "source[number]={{account_number.?}}")))
    assert line.startswith("POST /v1/tokens card={{tok}} source[number]={{account_number}} a=b ")


def test_a_miss_has_a_line_for_each_difference() -> None:
    assert shown(missed())[1:] == [
        "  interaction 3: card[exp_month] is recorded as 4, and 5 was sent",
        "  Record it.",
    ]


def test_a_miss_that_nothing_is_close_to_says_what_nothing_answers() -> None:
    assert shown(missed(report=MissReport("No one.", advice=("Record it.",))))[1:] == [
        "  No one.",
        "  Record it.",
    ]


@pytest.mark.parametrize("again", [missed(2), refused(2)])
def test_the_same_reasons_are_shown_once(again: Event) -> None:
    first = again._replace(number=1)
    lines = shown(first, again, again._replace(number=3))
    assert len(lines) == len(shown(first)) + 2
    assert lines[-1].endswith("41 ms, as shown above")


def test_other_reasons_are_shown() -> None:
    lines = EventLines()
    assert len(shown(refused(1), lines=lines)) == 2
    assert shown(refused(2, "Another."), lines=lines)[1:] == ["  Another."]


def test_what_was_refused_unread_has_no_method() -> None:
    (line, _) = shown(refused()._replace(method="", path=""))
    assert line.startswith("a request that was not read 404 refused")


def test_a_quiet_session_shows_what_goes_wrong_and_nothing_else() -> None:
    lines = EventLines(is_quiet=True)
    assert shown(event(), Repeats("shop", {1: 5}), lines=lines) == []
    assert len(shown(missed(2), refused(3), lines=lines)) == 5


def test_lines_of_several_sessions_name_theirs() -> None:
    lines = EventLines(names_sessions=True)
    assert all(line.startswith("shop: ") for line in shown(event(), missed(2), lines=lines))


def test_a_retry_and_a_further_instance_are_told() -> None:
    assert shown(event(is_retry=True))[0].endswith("200 replayed 41 ms, a retry")
    assert shown(event(is_further=True))[0].endswith("200 replayed 41 ms, further")


def test_answers_that_were_given_again_are_counted() -> None:
    few = shown(event(1, fields=()), event(2, fields=()), Repeats("shop", {1: 1204, 9: 1}))
    assert few[2:] == [
        "1,204 more: POST /v1/tokens 200 replayed",
        "1 more: as a request above",
    ]
    many = Repeats("shop", dict.fromkeys(range(100), 12))
    assert shown(many) == ["1,200 more answers like those to 100 requests above"]


def test_what_is_remembered_is_bounded() -> None:
    lines = EventLines()
    for number in range(3_000):
        shown(event(number), refused(number, f"reason {number}"), lines=lines)
    assert len(lines._shown) <= 1_000


def test_a_line_for_programs_is_json_and_leaves_out_what_there_is_not() -> None:
    document = json.loads(json.dumps(log_document(event(7, interaction=2))))
    assert document == {
        "type": "request",
        "session": "shop",
        "number": 7,
        "at": 1.5,
        "seconds": 0.0412,
        "status": 200,
        "result": "replayed",
        "method": "POST",
        "path": "/v1/tokens",
        "fields": [CARD[2], *CARD[:2]],
        "interaction": 2,
    }
    assert log_document(Repeats("shop", {7: 3})) == {
        "type": "repeats",
        "session": "shop",
        "counts": {"7": 3},
    }


def test_a_miss_for_programs_has_each_field_that_differs() -> None:
    document = log_document(missed())
    assert document["miss"] == {
        "summary": MISS.summary,
        "near": [
            {
                "interaction": 3,
                "differences": [{"field": "card[exp_month]", "recorded": "4", "sent": "5"}],
                "hidden": "",
            }
        ],
        "advice": ("Record it.",),
    }


def test_notices_are_what_went_wrong() -> None:
    assert [*notices(event()), *notices(Repeats("shop", {1: 1}))] == []
    assert [*notices(refused())] == [f"refused: {REFUSED}"]
    assert [*notices(missed())] == [f"miss: {MISS}"]
