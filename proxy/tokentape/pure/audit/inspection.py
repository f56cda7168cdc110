"""One file judged: a cassette by its schema, the door's second look and the gate, others by that.

A cassette that vcrpy recorded without tokentape is told by its form, and reported as a whole when
it holds raw calls to the tokens API.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from tokentape.errors import CassetteError
from tokentape.pure import leak_check as gate
from tokentape.pure.audit.judge import Judge
from tokentape.pure.cassette.hidden_text import hidden_lines, says_it_plainly
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.cassette.reading import read_tape
from tokentape.pure.cassette.writing import cassette_text
from tokentape.pure.cassette.yaml_nodes import Node, read_yaml
from tokentape.pure.leak_check.decodings import bytewise
from tokentape.pure.leak_check.findings import HIDDEN, MALFORMED, RAW, UNREDACTED, Finding
from tokentape.pure.redaction import Door
from tokentape.pure.stripe.kinds import KINDS

MAX_INFLATED = 64 << 20
"""Bytes that a file compressed by gzip may grow to; what follows is not looked at."""
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BINARY = 8_000
"""Bytes at the beginning in which a zero tells a binary file, as git has it."""


def readable(data: bytes) -> bytes | None:
    """Return the UTF-8 text of a file that may be compressed or UTF-16; None for a binary one."""
    if data.startswith(_GZIP):
        try:
            data = zlib.decompressobj(47).decompress(data, MAX_INFLATED)
        except zlib.error:
            return None
    if data.startswith(_UTF16):
        data = data.decode("utf-16", "replace").encode()
    return None if b"\0" in data[:_BINARY] else data


_RECORDED_WITH = bytewise(rb"(?:^|[\n{,])\s*[\"']?recorded_with[\"']?\s*:\s*[\"']?tokentape")
_PLACEHOLDER = bytewise(b"\\{\\{(?:%s)[.:][A-Za-z0-9]" % "|".join(sorted(KINDS)).encode())
_INTERACTIONS = bytewise(rb"(?:^|[\n{,])\s*[\"']?interactions[\"']?\s*:")
_TOKENS = bytewise(rb"/v1/tokens\b")


def inspector(door: Door) -> Inspector:
    """Return an inspector that takes the published card numbers for what they are."""
    values = door.values.published.values
    return Inspector(door, frozenset(text for (kind, _), text in values.items() if kind == "card"))


@dataclass(frozen=True, slots=True)
class Inspector:
    """Knows what the door knows, and judges texts by it."""

    door: Door
    public: frozenset[str]
    """Card numbers that are published, digits only."""

    def cassette(self, text: bytes) -> tuple[Finding, ...]:
        """Return what is wrong with a file that is to be a cassette of tokentape."""
        return tuple(sorted({*self._faults(text), *gate.findings(text)}))

    def file(self, text: bytes) -> tuple[Finding, ...]:
        """Return what is wrong with any other YAML or JSON file: a cassette, if it looks like one.

        A cassette of vcrpy alone has one finding that says so, if it holds calls to the tokens
        API, and those of the gate.
        """
        if _RECORDED_WITH.search(text):
            return self.cassette(text)
        interactions = _INTERACTIONS.search(text)
        if interactions is None:
            return self.text(text)
        if _PLACEHOLDER.search(text) or not any(self._faults(text)):
            return self.cassette(text)
        if not _TOKENS.search(text):
            return self.text(text)
        line = text.count(b"\n", 0, interactions.end()) + 1
        return (Finding(line, RAW), *self.text(text))

    def name(self, name: str, number: int) -> tuple[str, tuple[Finding, ...]]:
        """Return a file's name as it may be shown, and what the gate finds in it.

        A name that holds a secret is shown as the file's number in the scan.
        """
        found = self.text(name.encode("utf-8", "surrogateescape"))
        if found:
            return f"file {number}", tuple(replace(one, detail="in its name") for one in found)
        return "".join(char if char.isprintable() else "\ufffd" for char in name), ()

    def text(self, text: bytes) -> tuple[Finding, ...]:
        """Return what the gate finds in a text that is no cassette."""
        return gate.findings_elsewhere(text, self.public)

    def _faults(self, text: bytes) -> Iterator[Finding]:
        try:
            plain = text.decode("ascii").replace("\r\n", "\n")
            placed = read_tape(plain)
        except UnicodeDecodeError as error:
            line = text.count(b"\n", 0, error.start) + 1
            yield Finding(line, MALFORMED, "a cassette is ASCII")
        except CassetteError as error:
            yield Finding(max(error.line, 1), MALFORMED, error.message)
        else:
            recorded = tuple(one.interaction for one in placed)
            yield from self._unredacted(recorded, _Places(plain))
            for line in hidden_lines(plain, cassette_text(recorded)):
                yield Finding(line, HIDDEN)

    def _unredacted(self, recorded: tuple[Interaction, ...], places: _Places) -> Iterator[Finding]:
        judge = Judge(self.door.values, self.door.match_headers)
        most = sum(len(one.asked) + len(one.answered) for one in recorded)
        for number, one in enumerate(recorded):
            if any(counted > most for _, counted in (*one.asked, *one.answered)):
                yield Finding(places.line(number, ""), MALFORMED, _MISNUMBERED)
            faults = judge.problems(one)
            for place in faults:
                yield Finding(places.line(number, place), UNREDACTED, place)
            if not faults and not says_it_plainly(one.outline.text):
                yield Finding(places.line(number, _ANSWER), HIDDEN)


_ANSWER = "the answer's body"
_MISNUMBERED = (
    "a variable's number is higher than the cassette has variables, and could say something: "
    "`tokentape fmt` numbers them anew"
)
_NODES = {
    "the uri": ("request", "uri"),
    "query field": ("request", "uri"),
    "a request header": ("request", "headers"),
    "request field": ("request", "body"),
    "a response header": ("response", "headers"),
    _ANSWER: ("response", "body", "string"),
}
"""Where in an interaction the places are that the second look names."""


@dataclass
class _Places:
    """The lines of a cassette, read when one is asked for: most cassettes have no faults."""

    text: str

    @cached_property
    def _root(self) -> Node:
        return read_yaml(self.text)

    def line(self, number: int, place: str) -> int:
        """Return the line of a place in an interaction, counted from 0."""
        ways = (way for name, way in _NODES.items() if place.startswith(name))
        node = _inside(self._root, "interactions", number)
        return _inside(node, *next(ways, ())).line


def _inside(node: Node, *way: str | int) -> Node:
    for step in way:
        node = node.items[step]  # type: ignore[union-attr, index]
    return node
