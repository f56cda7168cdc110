"""Fields of a recording: values that know where they stand, so that an error can say it.

    http_interactions:          top.need("http_interactions") is at `http_interactions`,
    - request:                  its first item at `http_interactions[0]`,
        uri: https://a/b        whose .need("request").need("uri") is at
                                `http_interactions[0].request.uri`

Paths are those of jq, without its first dot. They hold only words that a reader asks for, never
what the file says, so they may be printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tokentape.errors import CassetteError
from tokentape.pure.cassette.yaml_nodes import Mapping, Node, Scalar, Sequence
from tokentape.pure.http import json_text


@dataclass(frozen=True, slots=True, repr=False)
class RawField:
    """A value of a recording and its path, "" for the whole document."""

    node: Node
    path: str = ""

    @property
    def is_null(self) -> bool:
        """Whether this is null."""
        return isinstance(self.node, Scalar) and self.node.is_null

    @property
    def is_mapping(self) -> bool:
        """Whether this is a mapping."""
        return isinstance(self.node, Mapping)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self.node, Sequence)

    def get(self, *names: str) -> RawField | None:
        """Return the first of these fields that is present and not null.

        Raises CassetteError if this is no mapping.
        """
        nodes = self._mapping()
        fields = (RawField(nodes[name], self._below(name)) for name in names if name in nodes)
        return next((field for field in fields if not field.is_null), None)

    def need(self, *names: str) -> RawField:
        """Return what `get` does. Raises CassetteError if there is none."""
        field = self.get(*names)
        if field is None:
            quoted = " or ".join(f"`{name}`" for name in names)
            raise self.error(f"has no {quoted}")
        return field

    def at(self, path: str) -> RawField | None:
        """Return the field at a path such as `log.entries`, "" for this; None if it is missing."""
        field: RawField | None = self
        for name in filter(None, path.split(".")):
            field = field.get(name) if field and field.is_mapping else None
        return field

    def elements(self) -> Iterator[RawField]:
        """Yield the items of a list. Raises CassetteError if this is none."""
        if not isinstance(self.node, Sequence):
            raise self.error("is not a list")
        for index, node in enumerate(self.node.items):
            yield RawField(node, f"{self.path}[{index}]")

    def members(self) -> Iterator[tuple[str, RawField]]:
        """Yield names and values of a mapping, all with its path. Raises CassetteError."""
        return ((name, RawField(node, self.path)) for name, node in self._mapping().items())

    def text(self) -> str:
        """Return the text of a single value. Raises CassetteError if this is none."""
        if not isinstance(self.node, Scalar):
            raise self.error("is not a single value")
        return self.node.text

    def begins(self, text: str) -> bool:
        """Tell whether this is a single value that begins with a text."""
        return isinstance(self.node, Scalar) and self.node.text.startswith(text)

    def json(self) -> str:
        """Return a value of a JSON document as JSON text."""
        match self.node:
            case Mapping(items=items):
                members = (
                    f"{json_text.string(key)}: {RawField(items[key]).json()}" for key in items
                )
                return f"{{{', '.join(members)}}}"
            case Sequence(items=items):
                return f"[{', '.join(RawField(node).json() for node in items)}]"
            case Scalar(text=text, plain=plain):
                return text if plain else json_text.string(text)

    def error(self, problem: str) -> CassetteError:
        """Make the error that says what is wrong with this field."""
        return CassetteError(f"{self.path or 'the document'} {problem}", line=self.node.line)

    def _mapping(self) -> dict[str, Node]:
        if not isinstance(self.node, Mapping):
            raise self.error("is not a mapping")
        return self.node.items

    def _below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name
