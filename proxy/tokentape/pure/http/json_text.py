"""Pretty-printed JSON for cassettes, from parts, in ASCII.

The indent is two spaces, as in Stripe's responses. A JSON library would take a dict, but two
redacted names in one object may be equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as string
from typing import Any

__all__ = ["Json", "begun", "enclosed", "string"]

Json = Any
"""Any JSON value."""


def begun(depth: int) -> str:
    r"""Return the line feed and indent before a member or element at a depth.

    >>> begun(1)
    '\n  '
    """
    return "\n" + "  " * depth


def enclosed(opening: str, items: Sequence[str], closing: str, depth: int) -> str:
    r"""Join items, each of which starts with `begun`, to an object or array at a depth.

    >>> enclosed("[", [begun(1) + "1", begun(1) + "2"], "]", 0)
    '[\n  1,\n  2\n]'
    """
    if not items:
        return opening + closing
    return f"{opening}{','.join(items)}{begun(depth)}{closing}"
