"""Which recorded request answers, where a value is shared: by all requests, or within one."""

from __future__ import annotations

import pytest
from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.notation.sealed import Look, Sealed, SealedRequest
from tokentape.pure.replay.matching import Session
from tokentape.pure.stripe.kinds import secret

from tests.laws.pipeline import SHAPE


def said(*entries: str) -> Texts:
    return Texts("POST", "/v1/tokens", (), (), entries, 200, (), "{}")


def asked(look: Look) -> SealedRequest:
    return SealedRequest("POST", Sealed("/v1/tokens"), (), (), (), look, {})


def test_where_all_share_a_value_a_request_with_another_changes_nothing() -> None:
    outline = said("card[address_city]={{address.?}}", "card[name]={{name.?}}")
    session = Session(SHAPE, "shop")
    for number in range(1, 9):
        variables = (("address", 1), ("name", number))
        session.add(Interaction(outline, variables, ()))

    def match(city: str, name: str) -> object:
        look = Look(SHAPE.keyed(outline)[0], (secret("address", city), secret("name", name)), False)
        return session.match(asked(look), repeat=True, rebind=False)

    assert all(match("Turin", name) for name in "abcd")
    before = session.turn
    assert match("Genoa", "e") is None
    assert session.turn == before
    assert not session.exchanges


@pytest.mark.parametrize("rebind", [True, False])
def test_one_value_twice_is_not_two_values(rebind: bool) -> None:
    outline = said("card[address_city]={{address.?}}", "card[address_line1]={{address.?}}")
    session = Session(SHAPE, "shop")
    session.add(Interaction(outline, (("address", 1), ("address", 2)), ()))
    session.add(Interaction(outline, (("address", 3), ("address", 3)), ()))

    def match(*values: str) -> int | None:
        secrets = tuple(secret("address", value) for value in values)
        look = Look(SHAPE.keyed(outline)[0], secrets, False)
        found = session.match(asked(look), repeat=True, rebind=rebind)
        return found.position if found else None

    assert match("a", "a") == 1
    assert match("b", "c") == 0
    assert match("d", "d") == (1 if rebind else None)
