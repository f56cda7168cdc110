"""What becomes of a charge: Stripe's published test cards decide, in data/mock_outcomes.csv."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tokentape.mock.api_errors import ApiError, unsupported

SUCCESS = "success"
NOT_PUBLISHED = "test_mode_live_card"


@dataclass(frozen=True, slots=True)
class ChargeOutcome:
    """One way in which a charge ends. Blank texts are null."""

    code: str
    """Blank for a charge that succeeds."""
    decline_code: str
    message: str
    param: str
    at_attachment: bool
    """Whether the card is declined as soon as it is attached to a customer."""
    fields: Mapping[str, str | int | None]
    """The `outcome` of the charge."""
    failed_checks: frozenset[str]

    def error(self, **details: object) -> ApiError:
        """Return the error for a decline; `details` are objects that it names."""
        return ApiError(
            402,
            "card_error",
            self.message,
            code=self.code,
            param=self.param or None,
            decline_code=self.decline_code,
            details=details,
        )


Outcomes = Mapping[str, ChargeOutcome]
"""By the name of a test card, without its brand."""


@lru_cache(maxsize=1)
def read_outcomes(table: str) -> Outcomes:
    """Read mock_outcomes.csv."""
    return {row["name"]: _outcome(row) for row in csv.DictReader(table.splitlines())}


def _outcome(row: Mapping[str, str]) -> ChargeOutcome:
    names = ("network_status", "reason", "risk_level", "seller_message", "type")
    fields: dict[str, str | int | None] = {name: row[name] or None for name in names}
    fields |= {"network_advice_code": None, "network_decline_code": None}
    fields |= {"advice_code": None, "risk_score": int(row["risk_score"])}
    return ChargeOutcome(
        row["code"],
        row["decline_code"],
        row["message"],
        row["param"],
        at_attachment=row["attach"] == "declined",
        fields=fields,
        failed_checks=frozenset(row["failed_checks"].split()),
    )


def outcome_of(name: str, behaviour: str, outcomes: Outcomes) -> ChargeOutcome:
    """Return the outcome for a card by its published name and what Stripe documents of it.

    Raises ApiError for a card of which the mock cannot tell, such as one that wants 3D Secure.
    """
    if not name:
        return outcomes[NOT_PUBLISHED]
    outcome = outcomes.get(name.removeprefix("visa_").removeprefix("debit_"))
    if outcome is not None:
        return outcome
    if behaviour.startswith("success") or "payout" in behaviour or "bypass" in behaviour:
        return outcomes[SUCCESS]
    raise unsupported(f"what the test card {name} does when it is charged ({behaviour})")
