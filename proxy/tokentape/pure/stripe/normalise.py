"""The normal form of a request's fields.

Arrays have positions (`expand[]` is `expand[0]`), and a blank field is left out where a blank has
no meaning to Stripe. Equal values (`05` and `5`, `True` and `true`) get one form in the catalog.
"""

from __future__ import annotations

from collections import defaultdict

from tokentape.pure.http.forms import Pair, Pairs, Path
from tokentape.pure.stripe.catalog import Catalog


def normalised(pairs: Pairs, catalog: Catalog, operation: str, *, keep_blank: bool) -> Pairs:
    """Return the fields with array positions and without blanks that have no meaning."""
    if [path for path, _ in pairs if "" in path]:
        pairs = _with_positions(pairs)
    if keep_blank or "" not in [value for _, value in pairs]:
        return pairs
    return tuple(
        [pair for pair in pairs if pair[1] or _blank_has_meaning(pair[0], catalog, operation)]
    )


def _blank_has_meaning(path: Path, catalog: Catalog, operation: str) -> bool:
    """Tell whether a blank has a meaning: it unsets the field, or the field is unknown."""
    field = catalog.request_field(operation, path).field
    return field is None or field.blank_unsets


def _with_positions(pairs: Pairs) -> Pairs:
    """Replace `[]` by positions as Rack does: a repeated member starts the next element.

    >>> _with_positions(((("a", "", "x"), "1"), (("a", "", "y"), "2"), (("a", "", "x"), "3")))
    ((('a', '0', 'x'), '1'), (('a', '0', 'y'), '2'), (('a', '1', 'x'), '3'))
    """
    positions: dict[Path, int] = defaultdict(int)
    members: dict[Path, set[Path]] = defaultdict(set)
    result: list[Pair] = []
    for path, value in pairs:
        segments: list[str] = []
        for index, segment in enumerate(path):
            if segment or index == 0:
                segments.append(segment)
                continue
            array, member = tuple(segments), path[index + 1 :]
            if member in members[array]:
                positions[array] += 1
                members[array].clear()
            members[array].add(member)
            segments.append(str(positions[array]))
        result.append((tuple(segments), value))
    return tuple(result)
