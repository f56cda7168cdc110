"""Objects in place of their ids, where a call asks for them: https://docs.stripe.com/expand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tokentape.mock.api_errors import invalid_request, unsupported
from tokentape.mock.payments.account import Account, source_fields
from tokentape.mock.payments.customers import shown_sources
from tokentape.mock.payments.ledger import Record
from tokentape.mock.payments.payment_methods import shown
from tokentape.mock.responses import Call

_OBJECTS = frozenset(
    {"charge", "customer", "default_payment_method", "default_source", "latest_charge"}
    | {"payment_intent", "payment_method"}
)
"""Fields that may be expanded, of objects that the mock has."""
_NOT_KEPT = frozenset({"balance_transaction", "subscriptions", "tax", "refunds", "discount"})


def expanded(account: Account, call: Call, record: Record, names: Iterable[str]) -> Record:
    """Return an object as a client sees it, with these fields expanded.

    Raises ApiError for a field that cannot be.
    """
    view = _shown(record)
    for name in names:
        _expand(account, call, view, name.split("."), name)
    return view


def _shown(record: Record) -> Record:
    if record["object"] == "list":
        return {**record, "data": [_shown(each) for each in record["data"]]}
    return source_fields(record) if record["object"] == "card" else shown(record)


def _expand(account: Account, call: Call, view: Record, path: list[str], name: str) -> None:
    first, *rest = path
    if view.get("object") == "list" and first == "data" and rest:
        for item in view["data"]:
            _expand(account, call, item, rest, name)
        return
    if first == "sources" and view.get("object") == "customer":
        view[first] = shown_sources(account, call, view)
    elif first in _OBJECTS and isinstance(view.get(first), str):
        record = _named(account, call, view, first)
        view[first] = _shown(record)
    elif isinstance(view.get(first), dict) and rest:
        view[first] = dict(view[first])
    elif first in _NOT_KEPT:
        raise unsupported(f"expanding {name}")
    elif first not in _OBJECTS or first not in view:
        raise invalid_request(f"This property cannot be expanded ({name}).")
    if rest and isinstance(view.get(first), dict):
        _expand(account, call, view[first], rest, name)


def _named(account: Account, call: Call, view: Record, field: str) -> dict[str, Any]:
    record = account.ledger.find(call, view[field])
    if record is None:  # forgotten, or a token's card
        raise unsupported(f"expanding {field} of this {view['object']}")
    return record
