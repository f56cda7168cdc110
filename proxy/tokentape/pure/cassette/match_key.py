"""The match key: what of a request decides which recorded requests may answer it.

Method, path and fields in one order, in which published values and those of the API's vocabulary
stand as they are, and every other value as its kind and class only. So two requests have one key if
nothing but personal values tells them apart:

    recorded   card[name]={{name.1}}&card[number]={{card:visa}}
    sent       card[number]=4242 4242 4242 4242&card[name]=Grace
    both       POST /v1/tokens
               card[name]={{name.?}}
               card[number]={{card:visa}}

Beside the text, a key has the values (or, for a recorded request, the variables) that stand at its
question marks. Fields that look alike, such as two of metadata, are put into a fixed order: first
what occurs more often, then what occurs with values before it, then by what values stand for where
that is known, then as sent. It takes a sort; no order is tried out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import NamedTuple, TypeVar
from urllib.parse import quote_plus

from tokentape.pure.cassette.model import OUTLINES_CACHED, Interaction, Texts
from tokentape.pure.http.forms import join_name, split_name
from tokentape.pure.notation.placeholders import Variable, unnumbered
from tokentape.pure.notation.redacted import Redacted, RedactedRequest
from tokentape.pure.stripe.kinds import Secret

V = TypeVar("V", bound=Hashable)

_BETWEEN = Redacted("")
"""Between query and body."""
_LAST = 10_000_000
"""Higher than any place in a request."""

Alike = Sequence[Sequence[tuple[V, ...]]]
"""The values of each field, fields that look alike together."""


class MatchKey(NamedTuple):
    """The key of a request that came in."""

    text: str
    secrets: tuple[Secret, ...]
    """In the order of the text."""
    alike: Alike[Secret] = ()
    """Where fields look alike: all values again, as `arranged` takes them."""

    def arranged(self, rank: Callable[[Secret], object]) -> tuple[Secret, ...]:
        """Return the values, those of fields that look alike sorted by a rank of each."""
        return arranged(self.alike, rank) if self.alike else self.secrets

    @property
    def identity(self) -> tuple[str, ...]:
        """What is the same for requests that send the same values, in whatever order."""
        secrets = arranged(self.alike, attrgetter("key")) if self.alike else self.secrets
        return tuple([secret.key for secret in secrets])


@dataclass(frozen=True, slots=True)
class MatchRules:
    """What of a request takes part in the match."""

    headers: frozenset[str] = frozenset({"stripe-account", "stripe-context"})
    ignore: tuple[str, ...] = ()
    """Fields left out, by name; a name stands for all fields below it too."""

    def of_request(self, request: RedactedRequest) -> MatchKey:
        """Return the key of a request that came in; its fields are sorted by their texts."""
        lines = [
            Redacted(f"{name}: {line.text}", line.secrets)
            for name, line in request.headers
            if name.lower() in self.headers
        ]
        query, body = self._counted(request.query), self._counted(request.body)
        entries = [request.path, *query, _BETWEEN, *body, *lines]
        text = "\n".join([entry.text for entry in entries])
        telling = [entry for entry in entries if entry.secrets]
        secrets = tuple([secret for entry in telling for secret in entry.secrets])
        alike: Alike[Secret] = ()
        if len({entry.text for entry in telling}) < len(telling):
            groups = groupby(entries, key=itemgetter(0))
            alike = [[entry.secrets for entry in group] for _, group in groups]
        return MatchKey(f"{request.method} {text}", secrets, alike)

    def of_recorded(self, interaction: Interaction) -> tuple[str, tuple[Variable, ...]]:
        """Return the key of a recorded request, and the variables at its question marks."""
        text, places = _outline_key(interaction.outline, self)
        variables = interaction.request_variables
        if all(len(group) == 1 for group in places):
            return text, tuple([each for group in places for each in variables[group[0]]])
        alike = [[variables[place] for place in group] for group in places]
        return text, arranged(alike, lambda variable: variable)

    def _counted(self, entries: Sequence[Redacted]) -> Sequence[Redacted]:
        return [entry for entry in entries if self.counts(entry.text)] if self.ignore else entries

    def counts(self, entry: str) -> bool:
        """Tell whether a field takes part, by its text."""
        name = entry.partition("=")[0]
        return not any(name == out or name.startswith(out + "[") for out in self.ignore)


def written_name(name: str) -> str:
    """Return a field's name as requests have it; of an array, the name of all its elements.

    >>> written_name("metadata[my plan]"), written_name("expand[]")
    ('metadata[my+plan]', 'expand')
    """
    return join_name(map(quote_plus, split_name(name.removesuffix("[]"))))


def arranged(alike: Alike[V], rank: Callable[[V], object]) -> tuple[V, ...]:
    """Return all values, fields that look alike put into their fixed order (see above).

    >>> arranged([[("b", 2), ("a", 1)], [("c", 3)]], str)
    ('a', 1, 'b', 2, 'c', 3)
    >>> arranged([[("a", 1), ("b", 2)], [("b", 3)]], str)
    ('b', 2, 'a', 1, 'b', 3)
    """
    often = Counter(value for group in alike for values in group for value in values)
    first: dict[V, int] = {}

    def order(values: tuple[V, ...]) -> tuple[object, ...]:
        counts = tuple([-often[value] for value in values])
        places = tuple([first.get(value, _LAST) for value in values])
        return counts, places, tuple(map(rank, values))

    ordered: list[V] = []
    for group in alike:
        for values in sorted(group, key=order) if len(group) > 1 else group:
            for value in values:
                first.setdefault(value, len(ordered))
                ordered.append(value)
    return tuple(ordered)


@lru_cache(OUTLINES_CACHED)
def _outline_key(outline: Texts, rules: MatchRules) -> tuple[str, tuple[tuple[slice, ...], ...]]:
    """Return the key of requests with this outline, and where its variables stand in theirs."""
    path, *rest = _placed(outline.request())
    queried, headed = len(outline.query), len(outline.query) + len(outline.request_headers)
    names = [name for name, _ in outline.request_headers]
    groups = (
        [path],
        *_fields(rest[:queried], rules),
        [("", slice(0, 0))],
        *_fields(rest[headed:], rules),
        *(
            [(f"{name}: {text}", place)]
            for name, (text, place) in zip(names, rest[queried:headed], strict=True)
            if name.lower() in rules.headers
        ),
    )
    text = "\n".join(text for group in groups for text, _ in group)
    places = (tuple(place for _, place in group if place.start < place.stop) for group in groups)
    return f"{outline.method} {text}", tuple(filter(None, places))


_Placed = tuple[str, slice]


def _fields(placed: Iterable[_Placed], rules: MatchRules) -> Iterator[list[_Placed]]:
    """Yield the fields that count, sorted, those that look alike together."""
    counted = sorted((field for field in placed if rules.counts(field[0])), key=itemgetter(0))
    for _, alike in groupby(counted, key=itemgetter(0)):
        yield list(alike)


def _placed(texts: Iterable[str]) -> Iterator[_Placed]:
    """Yield each text with where its variables stand among those of all."""
    start = 0
    for text in texts:
        stop = start + unnumbered(text)
        yield text, slice(start, stop)
        start = stop
