"""Two branches that recorded into one cassette, made one again.

What git leaves of such a merge has conflict markers, and its hunks may cut through an interaction.
So both sides are put together as whole cassettes first. Then each interaction of theirs that is
like one of ours, up to the names of variables, is that one, and its variables are those of ours;
what is left of theirs follows, and variables of it that ours does not know get new numbers: both
sides counted on from the same number, for different values.
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
_STEPS = {
    ("", b"<<<<<<<"): OURS,
    (OURS, b"|||||||"): BASE,
    (OURS, b"======="): THEIRS,
    (BASE, b"======="): THEIRS,
    (THEIRS, b">>>>>>>"): "",
}
"""(side under way, marker) -> side that follows; "" is text that both sides share."""


def sides(text: bytes) -> tuple[bytes, bytes] | None:
    """Return a file with conflict markers as ours and as theirs; None for one without.

    Raises CassetteError with a line for markers that do not stand as git writes them.
    """
    found: dict[str, list[bytes]] = {OURS: [], THEIRS: [], BASE: []}
    side, number, marked = "", 0, False
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        marker = _MARKER.fullmatch(line.rstrip(b"\r\n"))
        if marker is not None:
            side, marked = _following(side, marker[1], number), True
        else:
            for one in (side,) if side else (OURS, THEIRS):
                found[one].append(line)
    if side:
        raise CassetteError("a conflict begins and does not end", line=number)
    return (b"".join(found[OURS]), b"".join(found[THEIRS])) if marked else None


def _following(side: str, marker: bytes, line: int) -> str:
    try:
        return _STEPS[side, marker]
    except KeyError:
        raise CassetteError("conflict markers are not as git writes them", line=line) from None


def merged(
    ours: Sequence[Interaction], theirs: Sequence[Interaction], rules: MatchRules
) -> tuple[Interaction, ...]:
    """Return one cassette, canonical, that answers what either side answers."""
    kept = rewritten(ours)
    alike: dict[object, list[tuple[Variable, ...]]] = defaultdict(list)
    for looks, variables in (_taken_apart(one, rules) for one in kept):
        alike[looks].append(variables)
    known = Renaming()
    added = tuple(one for one in rewritten(theirs) if not _is_one_of(one, alike, known, rules))
    free = max((number for one in kept for _, number in (*one.asked, *one.answered)), default=0)

    def name(variable: Variable) -> Variable:
        """Return a variable's name in ours, or one that is free there, for `renumbered` to mend."""
        return known.there(variable) or (variable[0], free + variable[1])

    return renumbered((*kept, *(renamed(one, name) for one in added)))


def _is_one_of(
    one: Interaction,
    alike: Mapping[object, list[tuple[Variable, ...]]],
    known: Renaming,
    rules: MatchRules,
) -> bool:
    """Tell whether one of theirs can be one of ours, and take that one out: it is found once."""
    looks, variables = _taken_apart(one, rules)
    for candidate in alike[looks]:
        if known.agree(variables, candidate):
            alike[looks].remove(candidate)
            return True
    return False


def _taken_apart(one: Interaction, rules: MatchRules) -> tuple[object, tuple[Variable, ...]]:
    """Return what of an interaction counts, its variables blanked, and those variables."""
    key, asked = rules.of_recorded(one)
    looks = key, one.outline.status, one.outline.response_headers, one.outline.text
    return looks, (*asked, *one.answered)
