"""What a key sees of a token: nothing that links cards for all to see, customers on demand."""

from __future__ import annotations

from collections.abc import Mapping

from tokentape.mock.keys import Key
from tokentape.mock.tokens import Object

_SECRET = frozenset({"fingerprint", "metadata"})
"""Fields that a publishable key does not get (recorded: stripe-ios, 2025-10-13)."""


def shown(token: Object, key: Key, expand: frozenset[str]) -> Object:
    """Return a token as `key` may see it, its customer whole where `expand` asks for it."""
    return {
        name: _inner(name, value, token, key, expand) if isinstance(value, Mapping) else value
        for name, value in token.items()
    }


def _inner(name: str, inner: Object, token: Object, key: Key, expand: frozenset[str]) -> Object:
    hidden = _SECRET if key.publishable else frozenset[str]()
    seen = {field: value for field, value in inner.items() if field not in hidden}
    if "customer" in seen and f"{name}.customer" in expand:
        seen["customer"] = _customer(seen["customer"], token)
    return seen


def _customer(customer_id: object, token: Object) -> Object:
    """Return a customer of whom nothing is known but the id."""
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
