"""A cassette in memory: interactions in tape notation, and the variables that run through them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby, permutations, product
from operator import attrgetter, itemgetter

from tokentape.pure.notation.placeholders import Variable, blanked, numbered, unnumbered
from tokentape.pure.notation.sealed import Look, Sealed, SealedRequest, SealedResponse
from tokentape.pure.stripe.kinds import Secret

API = "https://api.stripe.com"
"""The origin in every stored URI, whatever upstream was recorded: it is Stripe's API."""

_text = attrgetter("text")

TOO_HIGH = 10_000_000
"""Higher than the number of any variable."""

_BETWEEN = Sealed("")
"""Between query and body."""

Lines = tuple[tuple[str, str], ...]
"""Header lines, names in canonical spelling, values in tape notation."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What an interaction says. All texts are tape notation."""

    method: str
    path: str
    query: tuple[str, ...]
    request_headers: Lines
    body: tuple[str, ...]
    status: int
    response_headers: Lines
    text: str

    @property
    def uri(self) -> str:
        """The URI as a cassette has it."""
        return API + self.path + ("?" + "&".join(self.query) if self.query else "")

    def request(self) -> tuple[str, ...]:
        """Return the texts of the request in the order of a cassette."""
        lines = (text for _, text in self.request_headers)
        return (self.path, *self.query, *lines, *self.body)

    def changed(self, change: Callable[[str], str]) -> Texts:
        """Return these texts, all that may hold placeholders changed, in the same order."""
        return Texts(
            self.method,
            change(self.path),
            tuple(map(change, self.query)),
            tuple((name, change(text)) for name, text in self.request_headers),
            tuple(map(change, self.body)),
            self.status,
            tuple((name, change(text)) for name, text in self.response_headers),
            change(self.text),
        )


@dataclass(frozen=True, slots=True)
class Interaction:
    """One recorded request and its answer.

    A cassette has many that differ in the numbers of their variables alone: they share an outline.
    """

    outline: Texts
    """What is said, its variables unnumbered."""
    asked: tuple[Variable, ...]
    """The variables of the request, at each place where one stands."""
    answered: tuple[Variable, ...]
    """Those of the answer."""

    @property
    def texts(self) -> Texts:
        """What is said, with the numbers, as a cassette has it."""
        variables = iter((*self.asked, *self.answered))
        return self.outline.changed(lambda text: numbered(text, variables))


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a request takes part in the match, and how it is told from requests like it."""

    match_headers: frozenset[str] = frozenset({"stripe-account", "stripe-context"})
    ignore: tuple[str, ...] = ()
    """Fields left out, by name; a name stands for all fields below it too."""

    def recorded(self, one: Interaction) -> tuple[str, tuple[Variable, ...]]:
        """Return the key of a recorded request, its variables blanked, and those variables."""
        key, places = _keyed(one.outline, self)
        found = (sorted([one.asked[at] for at in alike]) for alike in places)
        return key, tuple([one for alike in found for variables in alike for one in variables])

    def keyed(self, outline: Texts) -> tuple[str, tuple[tuple[slice, ...], ...]]:
        """Return the key of requests with this outline, and where the key's variables stand.

        Fields that look the same are together there: they come in the order of their variables.
        """
        path, *placed = _placed(outline.request())
        queried, headed = len(outline.query), len(outline.query) + len(outline.request_headers)
        names = (name for name, _ in outline.request_headers)
        groups = (
            [path],
            *self._fields(placed[:queried]),
            [("", slice(0, 0))],
            *self._fields(placed[headed:]),
            *(
                [(f"{name}: {text}", place)]
                for name, (text, place) in zip(names, placed[queried:headed], strict=True)
                if self._matches(name)
            ),
        )
        key = "\n".join(text for group in groups for text, _ in group)
        held = (tuple(at for _, at in group if at.start < at.stop) for group in groups)
        return f"{outline.method} {key}", tuple(filter(None, held))

    def _fields(self, placed: Iterable[_Placed]) -> Iterable[list[_Placed]]:
        """Return the fields that count, sorted, those that look the same together."""
        counted = sorted((one for one in placed if self._counts(one[0])), key=itemgetter(0))
        return [list(alike) for _, alike in groupby(counted, key=itemgetter(0))]

    def look(
        self,
        method: str,
        path: Sealed,
        query: Sequence[Sealed],
        headers: Iterable[tuple[str, Sealed]],
        body: Sequence[Sealed],
    ) -> Look:
        """Return how a request that came in looks; its fields are sorted by their texts."""
        lines = [
            Sealed(f"{name}: {line.text}", line.secrets)
            for name, line in headers
            if self._matches(name)
        ]
        pieces = [path, *self._told(query), _BETWEEN, *self._told(body), *lines]
        key = "\n".join([one.text for one in pieces])
        telling = [one for one in pieces if one.secrets]
        secrets = tuple([one for piece in telling for one in piece.secrets])
        alike = len({one.text for one in telling}) < len(telling)
        return Look(_same(f"{method} {key}"), secrets, alike)

    def orders(self, asked: SealedRequest, variables: Variables) -> Iterator[tuple[Secret, ...]]:
        """Yield the secrets of a request in the orders that the key allows, the likeliest first.

        Fields that look the same come in the order of what they are bound to, as they stand in a
        recorded request. Where not all of them are bound, any other order may be the right one:
        the order in which they were sent does not count.
        """
        if not asked.look.alike:
            yield asked.look.secrets
            return
        ranked = (
            sorted(self._told(part), key=variables.rank) for part in (asked.query, asked.body)
        )
        query, body = ([tuple(run) for _, run in groupby(part, key=_text)] for part in ranked)
        headers = [line for name, line in asked.headers if self._matches(name)]
        for runs in product(*map(permutations, (*query, *body))):
            pieces = (asked.path, *chain.from_iterable(runs), *headers)
            yield tuple([one for piece in pieces for one in piece.secrets])

    def _told(self, entries: Sequence[Sealed]) -> Sequence[Sealed]:
        """Return the fields that count."""
        return [one for one in entries if self._counts(one.text)] if self.ignore else entries

    def _counts(self, entry: str) -> bool:
        if not self.ignore:
            return True
        name = entry.partition("=")[0]
        return not any(name == out or name.startswith(out + "[") for out in self.ignore)

    def _matches(self, name: str) -> bool:
        return name.lower() in self.match_headers


@lru_cache(maxsize=1_000)
def _same(key: str) -> str:
    """Return one and the same text for a key: requests that are remembered have few of them."""
    return key


@lru_cache(maxsize=1_000)
def _keyed(outline: Texts, shape: Shape) -> tuple[str, tuple[tuple[slice, ...], ...]]:
    return shape.keyed(outline)


_Placed = tuple[str, slice]


def _placed(texts: Iterable[str]) -> Iterator[_Placed]:
    """Yield each text with where its variables stand among those of all."""
    start = 0
    for text in texts:
        stop = start + unnumbered(text)
        yield text, slice(start, stop)
        start = stop


Owners = tuple[Variable | None, ...]
"""The variables that values stand for, or None, in the order of the values."""


class Variables:
    """Which live value each variable stands for, within one session; no two of a kind share one.

    Recording gives new values new numbers; replay binds the numbers that the cassette has.
    """

    def __init__(self) -> None:
        self._values: dict[Variable, Secret] = {}
        self._variables: dict[Secret, Variable] = {}
        self._highest: dict[str, int] = defaultdict(int)
        self.turns = 0
        """How often something was bound or let go."""
        self.upheavals = 0
        """How often something was let go, or bound to another text."""

    def reserve(self, variables: Iterable[Variable]) -> None:
        """Take note of numbers that a cassette has given already."""
        for kind, number in variables:
            self._highest[kind] = max(self._highest[kind], number)

    def value(self, variable: Variable) -> Secret | None:
        """Return what a variable is bound to, or None."""
        return self._values.get(variable)

    def variable(self, secret: Secret) -> Variable | None:
        """Return the variable that stands for a value, or None."""
        return self._variables.get(secret)

    def owners(self, secrets: Iterable[Secret]) -> Owners:
        """Return the variables that stand for some values."""
        return tuple([self._variables.get(one) for one in secrets])

    def rank(self, entry: Sealed) -> tuple[str, tuple[Variable, ...]]:
        """Return what to sort fields by: how they look, then by their variables, new ones last."""
        bound = (self._variables.get(one, (one.kind, TOO_HIGH)) for one in entry.secrets)
        return entry.text, tuple(bound)

    def exchange(self, values: Mapping[Variable, Secret | None]) -> None:
        """Let variables stand for these values, all at once; None is for nothing yet."""
        self.turns += 1
        self.upheavals += 1
        for variable in values:
            before = self._values.pop(variable, None)
            if before is not None:
                self._variables.pop(before, None)
        for variable, value in values.items():
            if value is not None:
                self.bind(variable, value)

    def bind(self, variable: Variable, secret: Secret) -> None:
        """Let a variable stand for a value; whatever either was bound to before is let go."""
        before = self._values.get(variable)
        if before is not None and before.text == secret.text and before == secret:
            return
        other = self._variables.get(secret)
        self.turns += 1
        self.upheavals += before is not None or other is not None
        if before is not None:
            self._variables.pop(before, None)
        if other is not None:
            self._values.pop(other, None)
        self._values[variable] = secret
        self._variables[secret] = variable

    def number(self, secret: Secret) -> Variable:
        """Return the variable of a value, a new one for a value not met before."""
        known = self._variables.get(secret)
        if known is not None:
            return known
        self._highest[secret.kind] += 1
        variable = (secret.kind, self._highest[secret.kind])
        self._values[variable] = secret
        self._variables[secret] = variable
        self.turns += 1
        return variable


def interaction(
    asked: SealedRequest, answered: SealedResponse, variables: Variables
) -> Interaction:
    """Return a recorded interaction, its variables numbered in the order that a cassette has."""

    def numbers(*sealed: Sealed) -> tuple[Variable, ...]:
        return tuple([variables.number(secret) for one in sealed for secret in one.secrets])

    said = Texts(
        method=asked.method,
        path=asked.path.text,
        query=tuple(map(_text, asked.query)),
        request_headers=tuple([(name, line.text) for name, line in asked.headers]),
        body=tuple(map(_text, asked.body)),
        status=answered.status,
        response_headers=tuple([(name, line.text) for name, line in answered.headers]),
        text=answered.body.text,
    )
    sent = [line for _, line in asked.headers]
    came = [line for _, line in answered.headers]
    return Interaction(
        _shared(said),
        numbers(asked.path, *asked.query, *sent, *asked.body),
        numbers(*came, answered.body),
    )


@lru_cache(maxsize=1_000)
def _shared(outline: Texts) -> Texts:
    """Return the outline that was met first of those that say the same: it is kept once."""
    return outline


def outlined(said: Texts) -> Interaction:
    """Return the interaction that says this. Raises ValueError for a variable without a number."""
    found: list[Variable] = []

    def blank(text: str) -> str:
        if unnumbered(text):
            raise ValueError("a variable has no number")
        outline, variables = blanked(text)
        found.extend(variables)
        return outline

    outline = said.changed(blank)
    asked = sum(map(unnumbered, outline.request()))
    return Interaction(_shared(outline), tuple(found[:asked]), tuple(found[asked:]))
