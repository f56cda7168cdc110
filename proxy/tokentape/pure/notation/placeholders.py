"""Cassette notation: text in which placeholders stand for what is not kept. A closed grammar.

    {{card:visa}}           a published test value, by its public name
    {{cvc:3}}               a class without identity: any value of the class
    {{name.1}}              a variable, numbered by first use in the cassette
    {{card.1:visa}}         a variable with a guard: the class that its value must be of
    {{card.1.last4}}        a slot: a part of a value
    {{card:visa.last4}}     the same of a published value
    {{name.?}}              a variable not numbered yet, or with its number blanked for matching
    {{open}}                two literal opening braces

Placeholders are recognised whole. Any other `{{` is malformed: literal text has it escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

OPEN = "{{open}}"
UNNUMBERED = "?"

_WORD = r"[A-Za-z0-9_]{1,80}"
_KIND = r"[a-z][a-z0-9_]{0,30}"
_NUMBER = r"[1-9][0-9]{0,6}"
_SLOT = r"[a-z][a-z0-9_]{0,20}"
_PATTERN = re.compile(
    r"\{\{(?:(?P<open>open)"
    rf"|(?P<kind>{_KIND})"
    rf"(?:\.(?P<number>\?|{_NUMBER})(?::(?P<guard>{_WORD}))?|:(?P<name>{_WORD}))"
    rf"(?:\.(?P<slot>{_SLOT}))?)\}}\}}"
)
_END = rf"(?=(?::{_WORD})?(?:\.{_SLOT})?\}}\}})"
_NUMBERED = re.compile(rf"(\{{\{{{_KIND}\.{_NUMBER}){_END}")
_UNNUMBERED = re.compile(rf"(\{{\{{{_KIND}\.)\?{_END}")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder: a variable if `number` is set, else a public value or class by its name."""

    kind: str
    number: str = ""
    name: str = ""
    slot: str = ""

    def __str__(self) -> str:
        number = f".{self.number}" if self.number else ""
        name = f":{self.name}" if self.name else ""
        slot = f".{self.slot}" if self.slot else ""
        return "{{" + self.kind + number + name + slot + "}}"


Variable = tuple[str, int]
"""A variable of a cassette: its kind and its number."""


def escape(text: str) -> str:
    """Return literal text in cassette notation."""
    return text.replace("{{", OPEN) if "{{" in text else text


def parts(text: str) -> Iterable[str | Placeholder]:
    """Take cassette notation apart into literal text (unescaped) and placeholders.

    Raises ValueError at an opening that begins no placeholder.
    """
    literal, end = "", 0
    for match in _PATTERN.finditer(text):
        literal += _literal(text[end : match.start()])
        end = match.end()
        if match["open"]:
            literal += "{{"
            continue
        if literal:
            yield literal
            literal = ""
        yield _placeholder(match)
    literal += _literal(text[end:])
    if literal:
        yield literal


def _literal(text: str) -> str:
    if "{{" in text:
        raise ValueError("'{{' begins no placeholder; two literal braces are written {{open}}")
    return text


def _placeholder(match: re.Match[str]) -> Placeholder:
    kind, number, guard, name, slot = match.group("kind", "number", "guard", "name", "slot")
    return Placeholder(kind, number or "", name or guard or "", slot or "")


def whole(text: str) -> Placeholder | None:
    """Return the placeholder that `text` is as a whole, or None."""
    match = _PATTERN.fullmatch(text)
    return None if match is None or match["open"] else _placeholder(match)


def substitute(text: str, fill: Callable[[Placeholder], str]) -> str:
    """Return `text` with each placeholder replaced; literal parts and escapes stay as they are."""
    return _PATTERN.sub(lambda m: m[0] if m["open"] else fill(_placeholder(m)), text)


def blanked(text: str) -> tuple[str, tuple[Variable, ...]]:
    """Return `text` with its variables unnumbered, and those variables in order."""
    if "{{" not in text:
        return text, ()
    pieces = _NUMBERED.split(text)
    by_text = {opened: _variable(opened) for opened in set(pieces[1::2])}
    variables = tuple([by_text[opened] for opened in pieces[1::2]])
    pieces[1::2] = ["{{" + kind + "." + UNNUMBERED for kind, _ in variables]
    return "".join(pieces), variables


def numbered(text: str, variables: Iterator[Variable]) -> str:
    """Return `text` with its variables numbered: it takes as many as it has. Undoes `blanked`."""
    pieces = _UNNUMBERED.split(text)
    pieces[1::2] = [f"{opened}{next(variables)[1]}" for opened in pieces[1::2]]
    return "".join(pieces)


def to_number(text: str) -> str:
    """Return `text` as a format that takes the numbers of its variables: %d for each."""
    return _UNNUMBERED.sub(r"\1%d", text.replace("%", "%%"))


def unnumbered(text: str) -> int:
    """Return how many variables without a number stand in `text`."""
    return len(_UNNUMBERED.findall(text)) if f".{UNNUMBERED}" in text else 0


def _variable(opened: str) -> Variable:
    kind, _, number = opened.partition(".")
    return _kind(kind), int(number)


@lru_cache(maxsize=200)
def _kind(opened: str) -> str:
    """Return one text for each kind: a cassette has very many variables, of few kinds."""
    return opened[2:]
