"""Whole checkouts: shops of two languages, on the mock."""

from __future__ import annotations

from tests.shops.visits import Shown, Visitor


def test_each_visitor_sees_the_own_name_and_not_anothers(upstream: dict[Visitor, Shown]) -> None:
    for visitor, shown in upstream.items():
        others = [other for other in upstream if other != visitor]
        assert all(value in str(shown) for value in visitor.values().values())
        assert not any(value in str(shown) for each in others for value in each.values().values())
