"""Pretty-printed JSON in tape notation, written piece by piece, ASCII only.

Two spaces of indent, as Stripe prints its answers. Written here and not by a JSON library, because
a library takes a dict, and two redacted names may look the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as string
from typing import Any

__all__ = ["Json", "begun", "enclosed", "string"]

Json = Any
"""Whatever a JSON document may hold."""


def begun(depth: int) -> str:
    """Return how the line of a member or element at a depth begins."""
    return "\n" + "  " * depth


def enclosed(opening: str, items: Sequence[str], closing: str, depth: int) -> str:
    """Return an object or array at a depth around its items, each of which begins with its line."""
    if not items:
        return opening + closing
    return f"{opening}{','.join(items)}{begun(depth)}{closing}"
