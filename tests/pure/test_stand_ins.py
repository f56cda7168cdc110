"""A stand-in is what it stands for: redaction makes the same placeholder of it."""

from __future__ import annotations

import pytest
from tokentape.pure.notation.placeholders import Placeholder
from tokentape.pure.replay.stand_ins import stand_in
from tokentape.pure.stripe.kinds import CLASS_ONLY, guard

CLASSES = (
    *(("cvc", name) for name in ("3", "4", "invalid")),
    *(("exp_month", name) for name in ("valid", "invalid")),
    *(("exp_year", name) for name in ("past", "future", "invalid")),
)


@pytest.mark.parametrize(("kind", "name"), CLASSES)
def test_of_its_class(kind: str, name: str) -> None:
    assert kind in CLASS_ONLY
    text = stand_in(Placeholder(kind, name=name), "tape")
    assert guard(kind, text, this_year=2026) == name


@pytest.mark.parametrize("brand", ["visa", "amex", "unionpay", "visa_invalid", "diners_invalid"])
def test_of_its_brand(brand: str) -> None:
    for number in range(1, 20):
        text = stand_in(Placeholder("card", str(number), brand), "tape")
        assert guard("card", text) == brand
