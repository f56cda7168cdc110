"""The receipt: short whatever happened, and an exit status that scripts can trust."""

from __future__ import annotations

import pytest
from tokentape.pure.replay.order import OrderDependent
from tokentape.pure.replay.receipt import Counts, Receipt

PAIRS = tuple(OrderDependent(1, number) for number in range(2, 50))


def test_it_stays_short() -> None:
    lines = list(Receipt(Counts(replayed=3), tuple(range(1, 1_000)), PAIRS).lines())
    assert lines[0] == "0 recorded, 3 replayed, 0 missed, 0 refused, 999 unused"
    assert lines[1].endswith("18, 19, 20 and 979 more")
    assert len(lines) == 2 + 20 + 1
    assert lines[-1] == "order-dependent: 28 more pairs like these"


@pytest.mark.parametrize(
    ("receipt", "status"),
    [
        (Receipt(Counts()), 0),
        (Receipt(Counts(recorded=1, replayed=1, refused=1, forwarded=1, further=1)), 0),
        (Receipt(Counts(refused=1), strict=True), 1),
        (Receipt(Counts(forwarded=2, unanswered=2)), 1),
        (Receipt(Counts(forwarded=2, unanswered=1)), 0),
        (Receipt(Counts(recorded=1, forwarded=1, unanswered=1)), 0),
        (Receipt(Counts(missed=1)), 1),
        (Receipt(Counts(unwritten=1)), 1),
        (Receipt(Counts(replayed=1, failed_inside=1)), 1),
        (Receipt(Counts(), (1,), PAIRS), 0),
        (Receipt(Counts(), (1,), strict=True), 1),
        (Receipt(Counts(), (), PAIRS, strict=True), 1),
    ],
)
def test_exit_statuses(receipt: Receipt, status: int) -> None:
    assert receipt.exit_status == status
