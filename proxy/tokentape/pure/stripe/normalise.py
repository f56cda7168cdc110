"""One form for all the ways to write the same fields.

Arrays are by position (`expand[]` is `expand[0]`); a blank field is an absent one where a blank
means nothing to Stripe; the order of fields does not count. Values that stand for the same
(`05` and `5`, `True` and `true`) fold in the catalog's closed forms.
"""

from __future__ import annotations

from collections import defaultdict

from tokentape.pure.http.forms import Pair, Pairs, Path
from tokentape.pure.stripe.catalog import Catalog


def normalised(pairs: Pairs, catalog: Catalog, *, keep_blank: bool) -> tuple[Pair, ...]:
    """Return the fields with arrays by position and without blanks that mean nothing."""
    placed = _positions(pairs) if any("" in path for path, _ in pairs) else pairs
    return tuple(
        [
            (path, value)
            for path, value in placed
            if value or keep_blank or _blank_counts(path, catalog)
        ]
    )


def _blank_counts(path: Path, catalog: Catalog) -> bool:
    """Tell whether a blank says something: it unsets a field, or no one knows the field."""
    known = catalog.locate_request(path).field
    return known is None or known.blank_unsets


def _positions(pairs: Pairs) -> list[Pair]:
    """Put positions for `[]` as Rack does: a member that comes again starts the next element."""
    seen: dict[Path, int] = defaultdict(int)
    members: dict[Path, set[Path]] = defaultdict(set)
    placed: list[Pair] = []
    for path, value in pairs:
        out: list[str] = []
        for index, segment in enumerate(path):
            if segment or index == 0:
                out.append(segment)
                continue
            array, member = tuple(out), path[index + 1 :]
            if member in members[array]:
                seen[array] += 1
                members[array].clear()
            members[array].add(member)
            out.append(str(seen[array]))
        placed.append((tuple(out), value))
    return placed
