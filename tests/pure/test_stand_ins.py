"""A stand-in is what it stands for: redaction makes the same placeholder of it."""

from __future__ import annotations

import pytest
from tokentape.pure.stripe.kinds import CLASS_ONLY, KINDS, guard, stand_in

CLASSES = [
    (kind, name)
    for kind in ("cvc", "exp_month", "exp_year", "device", "risk_score")
    for name in KINDS[kind].classes
]


@pytest.mark.parametrize(("kind", "name"), CLASSES)
def test_the_stand_in_of_a_class_is_of_that_class(kind: str, name: str) -> None:
    assert kind in CLASS_ONLY
    assert guard(kind, stand_in(kind, 1, name, "cassette"), this_year=2026) == name


@pytest.mark.parametrize("card_class", sorted(KINDS["card"].guards))
def test_the_stand_in_of_a_card_is_of_its_class(card_class: str) -> None:
    for number in range(1, 20):
        text = stand_in("card", number, card_class, "cassette")
        assert guard("card", text) == card_class
