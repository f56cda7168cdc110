"""What a miss says: the closest of the recorded requests, each compared once, however many."""

from __future__ import annotations

import pytest
from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.notation.redacted import Redacted, RedactedRequest
from tokentape.pure.replay.misses import (
    COMPARED,
    LONGEST,
    FieldDifference,
    Near,
    Neighbours,
    report,
)
from tokentape.pure.stripe.kinds import secret

RESPONSE = (200, (), "{}")
PATH = "/v1/tokens"


def outline(*entries: str, method: str = "POST", path: str = PATH) -> Texts:
    return Texts(method, path, (), (), entries, *RESPONSE)


def sent(*entries: str, method: str = "POST", path: str = PATH) -> RedactedRequest:
    body = tuple(Redacted(entry) for entry in entries)
    return RedactedRequest(method, Redacted(path), (), (), body, {})


def recorded(*outlines: Texts, rules: MatchRules | None = None) -> Neighbours:
    neighbours = Neighbours(rules or MatchRules())
    for texts in outlines:
        neighbours.add(Interaction(texts, (), ()))
    return neighbours


def differing(number: int, *differences: str) -> tuple[int, tuple[str, ...]]:
    return number, differences


def described(near: Near) -> tuple[int, tuple[str, ...]]:
    return near.number, tuple(map(str, near.differences))


def test_the_closest_come_first_and_say_what_differs() -> None:
    cassette = recorded(outline("a=1", "b=1", "c=1"), outline("a=1", "b=2"), outline("a=2"))
    assert [*map(described, cassette.nearest(sent("a=1", "b=1")))] == [
        differing(1, "c is recorded as 1, and was not sent"),
        differing(2, "b is recorded as 2, and 1 was sent"),
        differing(3, "a is recorded as 2, and 1 was sent", "b was sent, and is not recorded"),
    ]


def test_of_the_equally_close_those_that_differ_come_first() -> None:
    common, rare = outline("a=1"), outline("a=2")
    near = recorded(common, common, common, common, rare).nearest(sent("a=3"))
    assert [interaction.number for interaction in near] == [1, 5, 2]


def test_only_requests_of_the_same_kind_are_named_if_there_are_any() -> None:
    retrieve = outline(method="GET", path="/v1/tokens/{{tok.?}}")
    cassette = recorded(retrieve, outline("a=1"))
    assert [interaction.number for interaction in cassette.nearest(sent("a=2"))] == [2]
    (near,) = cassette.nearest(sent("a=1", method="PUT"))
    assert described(near) == differing(
        2, "the request is recorded as POST /v1/tokens, and PUT /v1/tokens was sent"
    )


@pytest.mark.parametrize(
    ("entries", "is_close"),
    [
        (("a=9", "b=9", "c=9"), True),
        (("a=1", "b=2", "x=1"), True),
        (("a=1",), True),
        ((), True),
        (("x=1", "y=1", "z=1"), False),
    ],
)
def test_a_request_with_other_fields_is_not_close(entries: tuple[str, ...], is_close: bool) -> None:
    near = recorded(outline("a=1", "b=1", "c=1")).nearest(sent(*entries))
    assert bool(near) == is_close
    text = str(report(sent(*entries), "shop", near))
    assert ("is close" in text) == is_close
    assert ("No recorded request is like it." in text) != is_close


def test_a_request_to_another_path_is_not_close() -> None:
    cassette = recorded(outline("a=1"), outline(method="GET", path="/v1/tokens/{{tok.?}}"))
    assert cassette.nearest(sent("a=1", path="/v1/customers")) == ()


def test_a_difference_is_as_long_as_can_be_read() -> None:
    (near,) = recorded(outline("a=" + "x" * 1000)).nearest(sent("a=" + "y" * 1000))
    assert len(str(near.differences[0])) < 3 * LONGEST


def test_fields_that_look_the_same_are_counted() -> None:
    field = "metadata[{{text.?}}]={{text.?}}"
    near = recorded(outline(field), outline(*[field] * 3)).nearest(sent(*[field] * 3))
    assert near[0] == Near(2, ())
    assert described(near[1]) == differing(1, "metadata[{{text}}] was sent, and is not recorded")


def test_headers_by_which_requests_are_matched_are_compared() -> None:
    texts = Texts("POST", PATH, (), (("Stripe-Account", "{{acct.?}}"),), (), *RESPONSE)
    (near,) = recorded(texts).nearest(sent())
    assert described(near) == differing(
        1, "Stripe-Account is recorded as {{acct}}, and was not sent"
    )


def test_fields_that_are_not_matched_are_not_compared() -> None:
    cassette = recorded(outline("a=1", "b=1"), rules=MatchRules(ignore=("b",)))
    (near,) = cassette.nearest(sent("a=2", "b=2"))
    assert described(near) == differing(1, "a is recorded as 1, and 2 was sent")


def test_of_very_many_the_latest_are_compared() -> None:
    many = (outline(f"a={number}", "b=1") for number in range(COMPARED))
    near = recorded(outline("a=x", "b=2"), *many).nearest(sent("a=x", "b=2"))
    assert [interaction.number for interaction in near] == [2, 3, 4]


def test_a_report_names_ten_differences_and_how_many_more_there_are() -> None:
    many = tuple(FieldDifference(f"a{number}", None, "1") for number in range(12))
    text = str(report(sent(), "shop", (Near(1, many[:10]),)))
    assert "; a9 was sent, and is not recorded. Record" in text
    text = str(report(sent(), "shop", (Near(1, many),)))
    assert "; a9 was sent, and is not recorded; and 2 more differences. Record" in text


def test_a_report_says_that_the_cassette_is_empty() -> None:
    missed = report(sent("a=1"), "shop", (), is_empty=True)
    assert "The cassette has no interaction." in str(missed)


ID = RedactedRequest(
    "GET", Redacted(f"{PATH}/{{{{tok.?}}}}", (secret("tok", "tok_1"),)), (), (), (), {}
)


@pytest.mark.parametrize(
    ("request_sent", "unknown_id", "may_be_used_up", "reason"),
    [
        (ID, True, True, "only an id differs"),
        (ID, False, False, "it names another id"),
        (ID, False, True, "all its recorded answers have been used up, or it names another id"),
        (sent("a=1"), False, True, "all its recorded answers have been used up"),
        (sent("a=1"), False, False, "its values are repeated in other fields"),
    ],
)
def test_a_report_says_why_an_equal_request_does_not_answer(
    request_sent: RedactedRequest, unknown_id: bool, may_be_used_up: bool, reason: str
) -> None:
    text = str(
        report(
            *(request_sent, "shop", (Near(7, ()),)),
            unknown_id=unknown_id,
            may_be_used_up=may_be_used_up,
        )
    )
    assert f"Interaction 7 is close: {reason}. " in text
    assert ("take ids from the answers of the same session" in text) == unknown_id
