"""From the bytes of a cassette to interactions that may be served: read, and judged one by one.

A cassette as tokentape writes it is read fast. Any other (re-saved by vcrpy, edited), or one with
a fault, goes the general way, which is slower and just as strict, and names the line of a fault.
"""

from __future__ import annotations

import re

from tokentape.errors import CassetteError
from tokentape.pure.audit.judge import Judge
from tokentape.pure.cassette.canonical import read_canonical
from tokentape.pure.cassette.hidden_text import unread_lines
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.cassette.reading import read_tape
from tokentape.pure.redaction import Door

_ODD = re.compile(rb"[^\t\n -~]")


def admitted(data: bytes, door: Door) -> tuple[Interaction, ...]:
    """Return what a cassette holds. Raises CassetteError with the line of what is not right."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")  # git writes it so on Windows
    judge = Judge(door.values, door.match_headers)
    found = read_canonical(data)
    if found is None or any(map(judge.problems, found)):
        return in_any_form(data, judge)
    return found


def in_any_form(data: bytes, judge: Judge) -> tuple[Interaction, ...]:
    """Return what a cassette in any form holds. Raises CassetteError as `admitted` does."""
    odd = _ODD.search(data)
    if odd is not None:
        line = data.count(b"\n", 0, odd.start()) + 1
        raise CassetteError("a cassette is printable ASCII", line=line)
    placed = read_tape(data)
    for line in unread_lines(data.decode("ascii")) if _may_have_comments(data) else ():
        message = "a comment, or what else is no part of a value, could hide something: take it out"
        raise CassetteError(message, line=line)
    for one in placed:
        for place in judge.problems(one.interaction):
            message = f"{place} holds what is not redacted: record it again"
            raise CassetteError(message, line=one.line)
    return tuple(one.interaction for one in placed)


def _may_have_comments(data: bytes) -> bool:
    """Tell whether a text has what every comment and directive has; so have some values."""
    return b"#" in data or b"\n%" in data or data.startswith(b"%")
