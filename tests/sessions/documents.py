"""What docs/sessions.md shows."""

from __future__ import annotations

import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "sessions.md").read_text()


def file(name: str) -> str:
    """Return a file of JavaScript: the block that follows the name."""
    return TEXT.partition(f"`{name}`")[2].partition("```js\n")[2].partition("```")[0]


def commands() -> list[str]:
    """Return the lines that a reader is to type."""
    return re.findall(r"^\$ (.*)$", TEXT, re.MULTILINE)
