"""Merging the cassettes of two branches.

After a conflict in git the file has conflict markers, which may be inside an interaction. So both
sides are restored as whole cassettes first. An interaction of theirs that equals one of ours,
except for the numbers of variables, is the same, and its variables are those of ours. The other
interactions of theirs follow. Their other variables get new numbers, because both sides have used
the next numbers for different values.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from tokentape.errors import CassetteError
from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.model import TOO_HIGH, Interaction
from tokentape.pure.cassette.rewriting import Renaming, renamed, renumbered, rewritten
from tokentape.pure.notation.placeholders import Variable

_MARKER = re.compile(rb"(<<<<<<<|\|\|\|\|\|\|\||=======|>>>>>>>)(?: .*)?")
_TRANSITIONS = {
    ("", b"<<<<<<<"): "ours",
    ("ours", b"|||||||"): "base",
    ("ours", b"======="): "theirs",
    ("base", b"======="): "theirs",
    ("theirs", b">>>>>>>"): "",
}
"""(current side, marker) -> next side; "" is text of both sides."""


def sides(text: bytes) -> tuple[bytes, bytes] | None:
    r"""Return both sides of a file with conflict markers, or None for a file without.

    Raises CassetteError with a line for markers in another order than git writes them.

    >>> sides(b"a\n<<<<<<< x\nb\n=======\nc\n>>>>>>> y\n")
    (b'a\nb\n', b'a\nc\n')
    """
    ours, theirs = b"", b""
    side, number, has_markers = "", 0, False
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        marker = _MARKER.fullmatch(line.rstrip(b"\r\n"))
        if marker is not None:
            if (side, marker[1]) not in _TRANSITIONS:
                raise CassetteError("conflict markers are not as git writes them", line=number)
            side, has_markers = _TRANSITIONS[side, marker[1]], True
        else:
            ours += line if side in ("", "ours") else b""
            theirs += line if side in ("", "theirs") else b""
    if side:
        raise CassetteError("a conflict begins and does not end", line=number)
    return (ours, theirs) if has_markers else None


def merged(
    ours: Sequence[Interaction], theirs: Sequence[Interaction], rules: MatchRules
) -> tuple[Interaction, ...]:
    """Return one canonical cassette that answers the requests of both sides."""
    own = rewritten(ours)
    own_by_content: dict[object, list[tuple[Variable, ...]]] = defaultdict(list)
    for interaction in own:
        content, variables = _content_and_variables(interaction, rules)
        own_by_content[content].append(variables)
    names = Renaming()
    added = []
    for interaction in rewritten(theirs):
        content, variables = _content_and_variables(interaction, rules)
        candidates = own_by_content[content]
        equal = next((each for each in candidates if names.agree(variables, each)), None)
        if equal is None:
            added.append(interaction)
        else:
            candidates.remove(equal)

    def name(variable: Variable) -> Variable:
        """Return a variable of ours, or an unused one, which `renumbered` then numbers."""
        return names.to_other(variable) or (variable[0], TOO_HIGH + variable[1])

    return renumbered((*own, *(renamed(interaction, name) for interaction in added)))


def _content_and_variables(
    interaction: Interaction, rules: MatchRules
) -> tuple[object, tuple[Variable, ...]]:
    """Return what is compared of an interaction, without its variables, and the variables."""
    key, request_variables = rules.of_recorded(interaction)
    content = key, interaction.outline.response()
    return content, (*request_variables, *interaction.response_variables)
