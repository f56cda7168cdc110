"""The fields of /v1 by their owner, an operation or an object type, each planted on first use.

There are 23,000 fields; a test suite meets those of a few owners. So nothing is parsed beforehand:
the text stays as it is, and of an owner that is asked for, its lines are found and made a tree.

    POST /v1/customers          an owner begins a line
     address! hash              a field: its name, its class, its values; ! says that a blank unsets
      city address              deeper by a space for each hash or list around it
     preferred_locales
      [] text                   a position in a list
     metadata! hash
      *! text                   a name that users choose
     tax_exempt! keep exempt|none|reverse

`catalog/` of the repository generates the text from Stripe's official SDK.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as field_
from types import MappingProxyType
from typing import TypeVar, cast

from tokentape.pure.http.forms import Path
from tokentape.pure.stripe.fields import Field, Located, field_of

T = TypeVar("T")

_OWNER = re.compile(r"(?:(?:GET|POST|DELETE) /v1/[a-z0-9_{}/]{1,100}|[a-z0-9_.]{1,60})", re.ASCII)
_END = re.compile(r"\n(?! )")
_POSITION = re.compile(r"[0-9]|[1-9][0-9]", re.ASCII)
"""A position that a client writes into a name. Three digits may be a CVC."""
_NO_NAMES = frozenset({"", "[]", "*", "~currency"})
"""What stands in an outline where the API has no name."""


@dataclass(slots=True)
class FieldNode:
    """A place in the fields of an owner: what is there, and what is in it."""

    field: Field | None = None
    members: dict[str, FieldNode] = field_(default_factory=dict)


class Outlines:
    """The fields of all owners of one side. The trees are as many as the owners, at most."""

    def __init__(self, text: str, additions: Mapping[Path, Field] = MappingProxyType({})) -> None:
        """`text` has the form above, with comments before the first owner.

        `additions` are fields of every owner: see `_add`.
        """
        self._text = text
        self._additions = additions
        self._trees: dict[str, FieldNode] = {}
        self._derived: dict[tuple[str, object], object] = {}

    def extended(self, additions: Mapping[Path, Field]) -> Outlines:
        """Return the same fields and some more, in every owner."""
        return Outlines(self._text, additions) if additions else self

    def __contains__(self, owner: str) -> bool:
        """Tell whether there is such an owner."""
        return self.tree(owner) is not None

    def tree(self, owner: str) -> FieldNode | None:
        """Return the fields of an owner, or None if it is none of the API's."""
        tree = self._trees.get(owner)
        if tree is None and (lines := self._lines(owner)) is not None:
            tree = _planted(lines)
            for path, definition in self._additions.items():
                _add(tree, owner, path, definition)
            self._trees[owner] = tree  # only now: other threads look it up
        return tree

    def derived(self, owner: str, derive: Callable[[FieldNode], T]) -> T | None:
        """Return what follows from the fields of an owner, worked out once; None for no owner."""
        tree = self.tree(owner)
        if tree is None:
            return None
        key = (owner, derive)
        if key not in self._derived:
            self._derived[key] = derive(tree)
        return cast("T", self._derived[key])

    def owners(self) -> Iterator[str]:
        """Yield the names of all owners."""
        return (line for line in self._text.split("\n") if line and line[0] not in " #")

    def names(self) -> frozenset[str]:
        """Return every name of a field."""
        lines = (line.lstrip(" ") for line in self._text.split("\n") if line.startswith(" "))
        return frozenset(line.partition(" ")[0].rstrip("!") for line in lines) - _NO_NAMES

    def _lines(self, owner: str) -> list[str] | None:
        if not _OWNER.fullmatch(owner):
            return None
        head = f"\n{owner}\n"
        begin = self._text.find(head)
        if begin < 0:
            return None
        begin += len(head)
        if self._text[begin : begin + 1] != " ":
            return []
        end = _END.search(self._text, begin)
        return self._text[begin : end.start() if end else None].split("\n")


def _planted(lines: list[str]) -> FieldNode:
    root = FieldNode()
    path = [root]
    for line in lines:
        content = line.lstrip(" ")
        del path[len(line) - len(content) :]
        name, _, definition = content.partition(" ")
        is_blank = name.endswith("!")
        kind, _, values = definition.partition(" ")
        node = FieldNode(field_of(kind, values, blank_unsets=is_blank) if kind else None)
        path[-1].members[name.rstrip("!")] = node
        path.append(node)
    return root


def _add(tree: FieldNode, owner: str, path: Path, definition: Field) -> None:
    """Add a field of the user's to the fields of an owner.

    It is one by its path from the top of a request or object; with the object's type before it; or,
    after *, in any hash whatever.

        card[metadata][order]   in a request with `card`, and in a card, wherever that stands
        *[metadata][order]      in all metadata
    """
    if path[0] == "*":
        _add_everywhere(tree, path[1:], definition)
        return
    _insert(tree, path, definition)
    if path[0] == owner and len(path) > 1:
        _insert(tree, path[1:], definition)


def _add_everywhere(node: FieldNode, path: Path, definition: Field) -> None:
    members = list(node.members.values())
    if path and path[0] in node.members:
        _insert(node, path, definition)
    for member in members:
        _add_everywhere(member, path, definition)


def _insert(node: FieldNode, path: Path, definition: Field) -> None:
    for segment in path:
        node = node.members.setdefault(segment or "[]", FieldNode())
    node.field = definition


def is_position(segment: str) -> bool:
    """Tell whether a segment of a name is a position in a list, as a client writes it."""
    return _POSITION.fullmatch(segment) is not None


def located(
    node: FieldNode | None, path: Path, currencies: frozenset[str], *, numbered: bool = False
) -> Located:
    """Return the place of a path in the fields of an owner.

    A blank segment is a position in a list, and so are up to two digits where positions are
    `numbered`. Names of the API come first, then positions, then currencies, then names of users.
    """
    free: set[int] = set()
    for position, segment in enumerate(path):
        members = {} if node is None else node.members
        child = None if segment in _NO_NAMES else members.get(segment)
        if child is None and (not segment or (numbered and is_position(segment))):
            child = members.get("[]")
        if child is None and segment in currencies:
            child = members.get("~currency")
        if child is None and (child := members.get("*")) is not None:
            free.add(position)
        if child is None:
            return Located(None, position, frozenset(free))
        node = child
    return Located(node.field if node else None, len(path), frozenset(free))
