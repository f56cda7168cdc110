"""From the bytes of a cassette to interactions that may be served: read, and judged one by one.

A cassette as tokentape writes it is read fast. Any other (re-saved by vcrpy, edited), or one with a
fault, goes the general way, which is slower, accepts the same and names the line of what it refuses.
"""

from __future__ import annotations

import re

from proxy.errors import CassetteError
from proxy.pure.canonical import read_canonical
from proxy.pure.cassette import Interaction
from proxy.pure.hidden_text import unread_lines
from proxy.pure.judge import Judge
from proxy.pure.redact import Door
from proxy.pure.tape_reader import read_tape

_TEXT = bytes((*b"\t\n\r", *range(0x20, 0x7F)))
_COMMENT = re.compile(r"#|^%", re.MULTILINE)
"""What every comment and directive has; so have some values."""


def admitted(data: bytes, door: Door) -> tuple[Interaction, ...]:
    """Return what a cassette holds. Raises CassetteError with the line of what is not right."""
    text = _text(data)
    judge = Judge(door.values, door.match_headers)
    found = read_canonical(text)
    if found is None or any(map(judge.problems, found)):
        return _in_general(text, judge)
    return found


def _text(data: bytes) -> str:
    odd = data.translate(None, _TEXT)
    if odd:
        line = data.count(b"\n", 0, data.index(odd[:1])) + 1
        raise CassetteError("a cassette is printable ASCII", line=line)
    return data.decode("ascii").replace("\r\n", "\n")  # as git writes it on Windows


def _in_general(text: str, judge: Judge) -> tuple[Interaction, ...]:
    placed = read_tape(text)
    for line in unread_lines(text) if _COMMENT.search(text) else ():
        message = "a comment, or what else is no part of a value, could hide something: take it out"
        raise CassetteError(message, line=line)
    for one in placed:
        for place in judge.problems(one.interaction):
            message = f"{place} holds what is not redacted: record it again"
            raise CassetteError(message, line=one.line)
    return tuple(one.interaction for one in placed)
