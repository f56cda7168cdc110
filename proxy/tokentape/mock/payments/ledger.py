"""What the mock remembers of payments, and what an object has before anything is known of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tokentape.mock.api_errors import invalid_request, no_such
from tokentape.mock.memory import remember
from tokentape.mock.payments.fields import Fields
from tokentape.mock.responses import Call

Record = dict[str, Any]
"""One of Stripe's objects, to be changed by later calls."""

MAX_RECORDS = 20_000
"""Objects remembered. A test run makes hundreds; each takes about 5 kB."""

_IDS = {
    "card": ("card", 24),
    "charge": ("ch", 24),
    "customer": ("cus", 14),
    "payment_intent": ("pi", 24),
    "payment_method": ("pm", 24),
    "refund": ("re", 24),
}
"""Prefix and length of the rest of ids."""
_PATH_PARAMETERS = {"payment_intent": "intent", "payment_method": "payment_method"}
_NAMES = {"payment_method": "PaymentMethod"}


@lru_cache(maxsize=1)
def read_templates(table: str) -> Mapping[str, Record]:
    """Read mock_objects.csv: what is no JSON is text."""
    templates: dict[str, Record] = {}
    for row in csv.DictReader(table.splitlines()):
        record = templates.setdefault(row["object"], {})
        *outer, last = row["field"].split(".")
        for name in outer:
            record = record.setdefault(name, {})
        try:
            record[last] = json.loads(row["value"])
        except ValueError:
            record[last] = row["value"]
    return templates


@dataclass(slots=True)
class Ledger:
    """Objects by their ids, separate for test mode and live mode, bounded; the oldest go."""

    templates: Mapping[str, Record]
    entropy: Callable[[int], str]
    _records: dict[tuple[bool, str], Record] = field(default_factory=dict)

    def part(self, name: str) -> Record:
        """Return what a part of an object has before anything is known of it."""
        return deepcopy(self.templates[name])

    def add(self, kind: str, call: Call, values: Mapping[str, Any]) -> Record:
        """Make an object with these values, and remember it."""
        prefix, length = _IDS[kind]
        record = {
            "id": f"{prefix}_{self.entropy(length)}",
            "object": kind,
            **self.part(kind),
            "created": call.time,
            "livemode": call.key.live,
            **values,
        }
        self.keep(call, record)
        return record

    def keep(self, call: Call, record: Record) -> None:
        """Remember an object under its id."""
        remember(self._records, (call.key.live, record["id"]), record, MAX_RECORDS)

    def find(self, call: Call, record_id: str, kind: str = "") -> Record | None:
        """Return an object, of a kind if one is given."""
        record = self._records.get((call.key.live, record_id))
        return record if record and kind in ("", record["object"]) else None

    def named(self, call: Call, kind: str, record_id: str, parameter: str = "") -> Record:
        """Return the object with an id from a parameter, or from the path without one.

        Raises ApiError for an unknown id: 400, or 404. A deleted object can only be retrieved.
        """
        record = self.find(call, record_id, kind)
        if record is not None and not (parameter and record.get("deleted")):
            return record
        name = _NAMES.get(kind, kind)
        if parameter:
            raise no_such(name, record_id, param=parameter)
        raise no_such(name, record_id, param=_PATH_PARAMETERS.get(kind, "id"), status=404)

    def listed(self, call: Call, kind: str, filters: Fields) -> Record:
        """Return a page of the objects of a kind, the newest first.

        https://docs.stripe.com/api/pagination. Filters are fields that have to be equal.
        """
        limit = filters.pop("limit", 10)
        if not 1 <= limit <= 100:
            raise invalid_request(
                "This value must be between 1 and 100." if limit else "Invalid positive integer",
                "parameter_invalid_integer",
                "limit",
            )
        after, before = (filters.pop(name, None) for name in ("starting_after", "ending_before"))
        records = [
            record
            for (live, _), record in reversed(self._records.items())
            if live == call.key.live
            and record["object"] == kind
            and not record.get("deleted")
            and all(record.get(name) == value for name, value in filters.items())
        ]
        page, more = _page(records, limit, after, before)
        url = call.request.target.partition("?")[0]
        return {"object": "list", "data": page, "has_more": more, "url": url}


def _page(
    records: list[Record], limit: int, after: str | None, before: str | None
) -> tuple[list[Record], bool]:
    ids = [record["id"] for record in records]
    for parameter, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None and cursor not in ids:
            raise no_such("object", cursor, param=parameter)
    if before is not None:
        earlier = records[: ids.index(before)]
        return earlier[-limit:], len(earlier) > limit
    later = records[ids.index(after) + 1 :] if after is not None else records
    return later[:limit], len(later) > limit
