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
from collections.abc import Mapping, Sequence

from tokentape.errors import CassetteError
from tokentape.pure.cassette.match_key import MatchRules
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.cassette.renaming import Renaming
from tokentape.pure.cassette.rewriting import renamed, renumbered, rewritten
from tokentape.pure.notation.placeholders import Variable

OURS, BASE, THEIRS = "ours", "base", "theirs"
_MARKER = re.compile(rb"(<<<<<<<|\|\|\|\|\|\|\||=======|>>>>>>>)(?: .*)?")
_TRANSITIONS = {
    ("", b"<<<<<<<"): OURS,
    (OURS, b"|||||||"): BASE,
    (OURS, b"======="): THEIRS,
    (BASE, b"======="): THEIRS,
    (THEIRS, b">>>>>>>"): "",
}
"""(current side, marker) -> next side; "" is text of both sides."""


def sides(text: bytes) -> tuple[bytes, bytes] | None:
    r"""Return both sides of a file with conflict markers, or None for a file without.

    Raises CassetteError with a line for markers in another order than git writes them.

    >>> sides(b"a\n<<<<<<< x\nb\n=======\nc\n>>>>>>> y\n")
    (b'a\nb\n', b'a\nc\n')
    """
    lines: dict[str, list[bytes]] = {OURS: [], THEIRS: [], BASE: []}
    side, number, has_markers = "", 0, False
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        marker = _MARKER.fullmatch(line.rstrip(b"\r\n"))
        if marker is not None:
            side, has_markers = _next_side(side, marker[1], number), True
        else:
            for name in (side,) if side else (OURS, THEIRS):
                lines[name].append(line)
    if side:
        raise CassetteError("a conflict begins and does not end", line=number)
    return (b"".join(lines[OURS]), b"".join(lines[THEIRS])) if has_markers else None


def _next_side(side: str, marker: bytes, line: int) -> str:
    try:
        return _TRANSITIONS[side, marker]
    except KeyError:
        raise CassetteError("conflict markers are not as git writes them", line=line) from None


def merged(
    ours: Sequence[Interaction], theirs: Sequence[Interaction], rules: MatchRules
) -> tuple[Interaction, ...]:
    """Return one canonical cassette that answers the requests of both sides."""
    own = rewritten(ours)
    own_by_content: dict[object, list[tuple[Variable, ...]]] = defaultdict(list)
    for content, variables in (_content_and_variables(interaction, rules) for interaction in own):
        own_by_content[content].append(variables)
    names = Renaming()
    added = [
        interaction
        for interaction in rewritten(theirs)
        if not _is_ours(interaction, own_by_content, names, rules)
    ]
    used = (number for interaction in own for _, number in _variables(interaction))
    highest = max(used, default=0)

    def name(variable: Variable) -> Variable:
        """Return a variable of ours, or an unused one, which `renumbered` then numbers."""
        return names.to_other(variable) or (variable[0], highest + variable[1])

    return renumbered((*own, *(renamed(interaction, name) for interaction in added)))


def _variables(interaction: Interaction) -> tuple[Variable, ...]:
    return interaction.variables


def _is_ours(
    interaction: Interaction,
    own_by_content: Mapping[object, list[tuple[Variable, ...]]],
    names: Renaming,
    rules: MatchRules,
) -> bool:
    """Tell whether an interaction is one of ours, and remove that one from `own_by_content`."""
    content, variables = _content_and_variables(interaction, rules)
    for candidate in own_by_content[content]:
        if names.agree(variables, candidate):
            own_by_content[content].remove(candidate)
            return True
    return False


def _content_and_variables(
    interaction: Interaction, rules: MatchRules
) -> tuple[object, tuple[Variable, ...]]:
    """Return what is compared of an interaction, without its variables, and the variables."""
    key, request_variables = rules.of_recorded(interaction)
    outline = interaction.outline
    return (key, outline.response()), (*request_variables, *interaction.response_variables)
