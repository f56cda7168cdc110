"""What a miss says: the closest of the recorded requests, each compared once, however many."""

from __future__ import annotations

import pytest
from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.notation.redacted import Redacted, RedactedRequest
from tokentape.pure.replay.misses import COMPARED, Near, Neighbours, report
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


def test_the_closest_come_first_and_say_what_differs() -> None:
    cassette = recorded(outline("a=1", "b=1", "c=1"), outline("a=1", "b=2"), outline("a=2"))
    assert cassette.nearest(sent("a=1", "b=1")) == (
        Near(1, ("c is recorded as 1, and was not sent",)),
        Near(2, ("b is recorded as 2, and 1 was sent",)),
        Near(3, ("a is recorded as 2, and 1 was sent", "b was sent, and is not recorded")),
    )


def test_of_the_equally_close_those_that_differ_come_first() -> None:
    common, rare = outline("a=1"), outline("a=2")
    near = recorded(common, common, common, common, rare).nearest(sent("a=3"))
    assert [interaction.number for interaction in near] == [1, 5, 2]


def test_only_requests_of_the_same_kind_are_named_if_there_are_any() -> None:
    retrieve = outline(method="GET", path="/v1/tokens/{{tok.?}}")
    cassette = recorded(retrieve, outline("a=1"))
    assert [interaction.number for interaction in cassette.nearest(sent("a=2"))] == [2]
    (near, _) = cassette.nearest(sent("a=1", method="PUT"))
    assert near == Near(
        2, ("the request is recorded as POST /v1/tokens, and PUT /v1/tokens was sent",)
    )


def test_fields_that_look_the_same_are_counted() -> None:
    field = "metadata[{{text.?}}]={{text.?}}"
    near = recorded(outline(field), outline(*[field] * 3)).nearest(sent(*[field] * 3))
    assert near[0] == Near(2, ())
    assert near[1].differences == ("metadata[{{text}}] was sent, and is not recorded",)


def test_headers_by_which_requests_are_matched_are_compared() -> None:
    texts = Texts("POST", PATH, (), (("Stripe-Account", "{{acct.?}}"),), (), *RESPONSE)
    (near,) = recorded(texts).nearest(sent())
    assert near.differences == ("Stripe-Account is recorded as {{acct}}, and was not sent",)


def test_fields_that_are_not_matched_are_not_compared() -> None:
    cassette = recorded(outline("a=1", "b=1"), rules=MatchRules(ignore=("b",)))
    assert cassette.nearest(sent("a=2", "b=2")) == (
        Near(1, ("a is recorded as 1, and 2 was sent",)),
    )


def test_of_very_many_the_latest_are_compared() -> None:
    many = (outline(f"a={number}", "b=1") for number in range(COMPARED))
    near = recorded(outline("a=x", "b=2"), *many).nearest(sent("a=x", "b=2"))
    assert [interaction.number for interaction in near] == [2, 3, 4]


def test_a_report_names_ten_differences_and_how_many_more_there_are() -> None:
    near = (Near(1, tuple(f"a{number} differs" for number in range(10))),)
    assert "a8 differs; a9 differs. Record" in report(sent(), "shop", near)
    near = (Near(1, tuple(f"a{number} differs" for number in range(12))),)
    assert "a8 differs; a9 differs; and 2 more differences. Record" in report(sent(), "shop", near)


def test_a_report_says_that_the_cassette_is_empty() -> None:
    assert "The cassette has no interaction." in report(sent("a=1"), "shop", ())


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
    text = report(
        *(request_sent, "shop", (Near(7, ()),)),
        unknown_id=unknown_id,
        may_be_used_up=may_be_used_up,
    )
    assert f"Interaction 7 is close: {reason}. " in text
    assert ("take ids from the answers of the same session" in text) == unknown_id
