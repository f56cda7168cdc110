"""What a key may see of a token: publishable keys get no field that links cards."""

from __future__ import annotations

from collections.abc import Mapping

from tokentape.mock.keys import Key
from tokentape.mock.tokens import Object

_HIDDEN_FIELDS = frozenset({"fingerprint", "metadata"})
"""Fields that a publishable key does not get (recorded: stripe-ios, 2025-10-13)."""


def token_view(token: Object, key: Key, expand: frozenset[str]) -> Object:
    """Return a token as `key` may see it, with its customer as an object if `expand` names it."""
    return {
        name: _object_view(name, value, token, key, expand) if isinstance(value, Mapping) else value
        for name, value in token.items()
    }


def _object_view(
    name: str, content: Object, token: Object, key: Key, expand: frozenset[str]
) -> Object:
    hidden = _HIDDEN_FIELDS if key.publishable else frozenset[str]()
    visible = {field: value for field, value in content.items() if field not in hidden}
    if "customer" in visible and f"{name}.customer" in expand:
        visible["customer"] = _customer(visible["customer"], token)
    return visible


def _customer(customer_id: object, token: Object) -> Object:
    """Return a customer object that has nothing but the id."""
    return {
        "id": customer_id,
        "object": "customer",
        "created": token["created"],
        "delinquent": False,
        "description": None,
        "email": None,
        "livemode": token["livemode"],
        "metadata": {},
        "name": None,
        "phone": None,
    }
