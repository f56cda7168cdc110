"""What a miss says: the closest of the recorded requests, each compared once, however many."""

from __future__ import annotations

import pytest
from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.notation.redacted import Redacted, RedactedRequest
from tokentape.pure.replay.misses import LOOKED_AT, Near, Neighbours, report

ANSWER = (200, (), "{}")
PATH = "/v1/tokens"


def said(*entries: str, method: str = "POST", path: str = PATH) -> Texts:
    return Texts(method, path, (), (), entries, *ANSWER)


def asked(*entries: str, method: str = "POST", path: str = PATH) -> RedactedRequest:
    body = tuple(Redacted(entry) for entry in entries)
    return RedactedRequest(method, Redacted(path), (), (), body, {})


def known(*outlines: Texts) -> Neighbours:
    neighbours = Neighbours()
    for outline in outlines:
        neighbours.add(Interaction(outline, (), ()))
    return neighbours


def test_the_closest_come_first_and_say_what_differs() -> None:
    near = known(said("a=1", "b=1", "c=1"), said("a=1", "b=2"), said("a=2")).nearest(
        asked("a=1", "b=1")
    )
    assert near == (
        Near(1, ("c is recorded as 1, and was not sent",)),
        Near(2, ("b is recorded as 2, and 1 was sent",)),
        Near(3, ("a is recorded as 2, and 1 was sent", "b was sent, and is not recorded")),
    )


def test_of_the_equally_close_those_that_differ_come_first() -> None:
    common, rare = said("a=1"), said("a=2")
    near = known(common, common, common, common, rare).nearest(asked("a=3"))
    assert [one.number for one in near] == [1, 5, 2]


def test_only_requests_of_the_same_kind_are_named_if_there_are_any() -> None:
    retrieve = said(method="GET", path="/v1/tokens/{{tok.?}}")
    neighbours = known(retrieve, said("a=1"))
    assert [one.number for one in neighbours.nearest(asked("a=2"))] == [2]
    (near, _) = neighbours.nearest(asked("a=1", method="PUT"))
    assert near == Near(
        2, ("the request is recorded as POST /v1/tokens, and PUT /v1/tokens was sent",)
    )


def test_fields_that_look_the_same_are_counted() -> None:
    field = "metadata[{{text.?}}]={{text.?}}"
    near = known(said(field), said(*[field] * 3)).nearest(asked(*[field] * 3))
    assert near[0] == Near(2, ())
    assert near[1].differences == ("metadata[{{text}}] was sent, and is not recorded",)


def test_of_very_many_the_latest_are_compared() -> None:
    many = (said(f"a={number}", "b=1") for number in range(LOOKED_AT))
    near = known(said("a=x", "b=2"), *many).nearest(asked("a=x", "b=2"))
    assert [one.number for one in near] == [2, 3, 4]


@pytest.mark.parametrize(
    ("near", "told"),
    [
        ((), "The cassette has no interaction."),
        ((Near(7, ()),), "Interaction 7 is close: nothing differs but values that are not kept."),
    ],
)
def test_a_report_says_so_where_nothing_can_be_named(near: tuple[Near, ...], told: str) -> None:
    assert told in report(asked("a=1"), "shop", near)
