"""From the bytes of a cassette to interactions that may be served: read and checked.

A cassette as tokentape writes it is read by a fast reader. Any other (saved by vcrpy, edited), or
one with a fault, is read by the general reader, which is slower, as strict, and names lines.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from functools import partial

from tokentape.errors import CassetteError
from tokentape.pure.audit.problems import line_of
from tokentape.pure.audit.redaction_check import RedactionCheck
from tokentape.pure.cassette.hidden_text import unread_lines
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.cassette.reading import read_canonical, read_cassette
from tokentape.pure.cassette.yaml_nodes import read_yaml
from tokentape.pure.redaction import Redactor

_NOT_PRINTABLE = re.compile(rb"[^\t\n -~]")
_COMMENT_OR_DIRECTIVE = re.compile(rb"#|^%", re.MULTILINE)
"""The beginning of a comment or directive, or the same characters within a value."""


def load_cassette(data: bytes, redactor: Redactor) -> tuple[Interaction, ...]:
    """Return the interactions of a cassette. Raises CassetteError with the line of a fault."""
    data = data.removeprefix(BOM_UTF8).replace(b"\r\n", b"\n")  # as on Windows
    check = RedactionCheck(redactor)
    interactions = read_canonical(data)
    if interactions is None or any(map(check.problems, interactions)):
        return load_any_form(data, check)
    return interactions


def load_any_form(data: bytes, check: RedactionCheck) -> tuple[Interaction, ...]:
    """Return the interactions of a cassette in any form, like `load_cassette`."""
    match = _NOT_PRINTABLE.search(data)
    if match is not None:
        line = data.count(b"\n", 0, match.start()) + 1
        raise CassetteError("a cassette is printable ASCII", line=line)
    located = read_cassette(data)
    for line in unread_lines(data.decode("ascii")) if _COMMENT_OR_DIRECTIVE.search(data) else ():
        message = "a comment or other text outside values could hide something: take it out"
        raise CassetteError(message, line=line)
    for number, (interaction, _) in enumerate(located):
        for problem in check.problems(interaction):
            remedy = "" if problem.suggestion else ": put a placeholder there, or record it again"
            line = line_of(partial(read_yaml, data), number, problem.position)
            raise CassetteError(f"{problem}{remedy}", line=line)
    return tuple(interaction for interaction, _ in located)
