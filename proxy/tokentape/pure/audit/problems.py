"""What is wrong in an interaction: a position, its line in the file, and what was meant there."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, NamedTuple

BODY = "the answer's body"
_NODES = {
    "the uri": ("request", "uri"),
    "query field": ("request", "uri"),
    "a request header": ("request", "headers"),
    "request field": ("request", "body"),
    "a response header": ("response", "headers"),
    BODY: ("response", "body", "string"),
}
"""The nodes of an interaction by the beginnings of positions."""


class Problem(NamedTuple):
    """A position that holds what is not redacted, in words for people, and what was meant there."""

    position: str
    suggestion: str = ""
    """A placeholder, if one is close to what stands there, or nothing."""

    def __str__(self) -> str:
        return f"{self.position} holds what is not redacted{self.question}"

    @property
    def question(self) -> str:
        """What asks for the suggestion, or nothing."""
        return f"; did you mean {self.suggestion}?" if self.suggestion else ""


def line_of(root: Callable[[], Any], number: int, position: str) -> int:
    """Return the line of a position, of a problem or "", in an interaction, numbered from 0.

    `root` returns the node of the whole cassette.
    """
    paths = (path for prefix, path in _NODES.items() if position.startswith(prefix))
    steps = ("interactions", number, *next(paths, ()))
    line: int = reduce(lambda node, step: node.items[step], steps, root()).line
    return line
