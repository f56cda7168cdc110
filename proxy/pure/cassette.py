"""A cassette in memory: interactions in tape notation, and the variables that run through them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from proxy.pure.kinds import Secret
from proxy.pure.placeholders import Variable, blanked
from proxy.pure.sealed import Sealed, SealedRequest, SealedResponse

API = "https://api.stripe.com"
"""The origin in every stored URI, whatever upstream was recorded: it is Stripe's API."""

_NEW = 10_000_000
"""Higher than the number of any variable."""

Lines = tuple[tuple[str, str], ...]
"""Header lines, names in canonical spelling, values in tape notation."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One recorded request and its answer. All texts are tape notation."""

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


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a request takes part in the match, and how it is told from requests like it."""

    match_headers: frozenset[str] = frozenset({"stripe-account", "stripe-context"})
    ignore: tuple[str, ...] = ()
    """Fields left out, by name; a name stands for all fields below it too."""

    def recorded(self, one: Interaction) -> tuple[str, tuple[Variable, ...]]:
        """Return the key of a recorded request, its variables blanked, and those variables."""
        headers = (f"{name}: {text}" for name, text in one.request_headers if self._matches(name))
        pieces = (
            blanked(one.path),
            *sorted(blanked(entry) for entry in one.query if self._counts(entry)),
            ("", ()),
            *sorted(blanked(entry) for entry in one.body if self._counts(entry)),
            *map(blanked, headers),
        )
        key = "\n".join(text for text, _ in pieces)
        return f"{one.method} {key}", tuple(one for _, found in pieces for one in found)

    def live(self, asked: SealedRequest, variables: Variables) -> tuple[str, tuple[Secret, ...]]:
        """Return the key of a request that came in, and its secrets in the key's order.

        Fields that look the same (two of metadata, say) come in the order of what they are bound
        to, as they stand in a recorded request: the order in which they were sent does not count.
        """
        headers = ((name, line) for name, line in asked.headers if self._matches(name))
        pieces = (
            asked.path,
            *sorted(filter(self._told, asked.query), key=variables.rank),
            Sealed(""),
            *sorted(filter(self._told, asked.body), key=variables.rank),
            *(Sealed(f"{name}: {line.text}", line.secrets) for name, line in headers),
        )
        key = "\n".join(piece.text for piece in pieces)
        return f"{asked.method} {key}", tuple(one for piece in pieces for one in piece.secrets)

    def _told(self, entry: Sealed) -> bool:
        return self._counts(entry.text)

    def _counts(self, entry: str) -> bool:
        if not self.ignore:
            return True
        name = entry.partition("=")[0]
        return not any(name == out or name.startswith(out + "[") for out in self.ignore)

    def _matches(self, name: str) -> bool:
        return name.lower() in self.match_headers


class Variables:
    """Which live value each variable stands for, within one session; no two of a kind share one.

    Recording gives new values new numbers; replay binds the numbers that the cassette has.
    """

    def __init__(self) -> None:
        self._values: dict[Variable, Secret] = {}
        self._variables: dict[Secret, Variable] = {}
        self._highest: dict[str, int] = defaultdict(int)

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

    def rank(self, entry: Sealed) -> tuple[str, tuple[Variable, ...]]:
        """Return what to sort fields by: how they look, then by their variables, new ones last."""
        bound = (self._variables.get(one, (one.kind, _NEW)) for one in entry.secrets)
        return entry.text, tuple(bound)

    def exchange(self, values: Mapping[Variable, Secret | None]) -> None:
        """Let variables stand for these values, all at once; None is for nothing yet."""
        for variable in values:
            before = self._values.pop(variable, None)
            if before is not None:
                self._variables.pop(before, None)
        for variable, value in values.items():
            if value is not None:
                self.bind(variable, value)

    def bind(self, variable: Variable, secret: Secret) -> None:
        """Let a variable stand for a value; whatever either was bound to before is let go."""
        before = self._values.pop(variable, None)
        if before is not None:
            self._variables.pop(before, None)
        other = self._variables.pop(secret, None)
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
        self.bind(variable, secret)
        return variable


def interaction(
    asked: SealedRequest, answered: SealedResponse, variables: Variables
) -> Interaction:
    """Return a recorded interaction, its variables numbered in the order that a cassette has."""

    def text(sealed: Sealed) -> str:
        return sealed.numbered(variables.number)

    return Interaction(
        method=asked.method,
        path=text(asked.path),
        query=tuple(text(entry) for entry in asked.query),
        request_headers=tuple((name, text(line)) for name, line in asked.headers),
        body=tuple(text(entry) for entry in asked.body),
        status=answered.status,
        response_headers=tuple((name, text(line)) for name, line in answered.headers),
        text=text(answered.body),
    )


def request_variables(one: Interaction) -> tuple[Variable, ...]:
    """Return the variables of a recorded request in the order of first use."""
    texts = (one.path, *one.query, *(text for _, text in one.request_headers), *one.body)
    return blanked("\n".join(texts))[1]


def response_variables(one: Interaction) -> tuple[Variable, ...]:
    """Return the variables of a recorded answer in the order of first use."""
    return blanked("\n".join((*(text for _, text in one.response_headers), one.text)))[1]
