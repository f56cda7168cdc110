"""A cassette in memory: interactions in tape notation, and the variables that run through them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from tokentape.pure.notation.placeholders import Variable, blanked, numbered, unnumbered
from tokentape.pure.notation.redacted import RedactedRequest, RedactedResponse
from tokentape.pure.stripe.kinds import Secret
from tokentape.pure.stripe.routes import API

TOO_HIGH = 10_000_000
"""Higher than the number of any variable."""

MAX_ANSWER_VARIABLES = 5_000
"""Variables of one response: more would hold up other clients when it is replayed."""

Lines = tuple[tuple[str, str], ...]
"""Header lines, names in canonical spelling, values in tape notation."""


OUTLINES_CACHED = 1_000
"""Outlines whose result is cached, in each step that looks at one.

All steps keep as many: a smaller cache in one of them would do its work again for each interaction
of a suite that has more kinds of requests than that, and comes back to them in turn.
"""


class Texts(NamedTuple):
    """The request and response of an interaction, all texts in tape notation."""

    method: str
    path: str
    query: tuple[str, ...]
    request_headers: Lines
    body: tuple[str, ...]
    status: int
    response_headers: Lines
    text: str
    """The body of the response."""

    @property
    def uri(self) -> str:
        """The URI as a cassette has it."""
        return API + self.path + ("?" + "&".join(self.query) if self.query else "")

    def request(self) -> tuple[str, ...]:
        """Return the texts of the request in the order of a cassette."""
        lines = (text for _, text in self.request_headers)
        return (self.path, *self.query, *lines, *self.body)

    def response(self) -> tuple[int, Lines, str]:
        """Return status, headers and body of the response."""
        return self.status, self.response_headers, self.text

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
    """One recorded request and its response.

    Many interactions of a cassette differ only in the numbers of variables: they share an outline.
    """

    outline: Texts
    """The texts, their variables unnumbered."""
    request_variables: tuple[Variable, ...]
    """The variables of the request, in the order of its texts."""
    response_variables: tuple[Variable, ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Those of the request, then those of the response."""
        return (*self.request_variables, *self.response_variables)

    @property
    def texts(self) -> Texts:
        """The texts with numbered variables, as a cassette has them."""
        variables = iter(self.variables)
        return self.outline.changed(lambda text: numbered(text, variables))


class Numbering:
    """Which variable stands for each value of a recording; a new value gets a new variable.

    Numbers are given in two steps, so that an interaction that is refused leaves no gap: `planned`
    says what they would be, `adopt` gives them.
    """

    def __init__(self) -> None:
        self._variables: dict[str, Variable] = {}
        """By the keys of values."""
        self._values: dict[Variable, Secret] = {}
        self._highest: dict[str, int] = defaultdict(int)

    @property
    def count(self) -> int:
        """How many values have a number."""
        return len(self._variables)

    def reserve(self, variables: Iterable[Variable]) -> None:
        """Do not give the numbers of these variables to new values."""
        for kind, number in variables:
            self._highest[kind] = max(self._highest[kind], number)

    def bind(self, variable: Variable, secret: Secret) -> None:
        """Let a variable of the cassette stand for a value, if neither has a partner yet."""
        if secret.key not in self._variables and variable not in self._values:
            self._variables[secret.key] = variable
            self._values[variable] = secret

    def value(self, variable: Variable) -> Secret | None:
        """Return what a variable stands for, or None."""
        return self._values.get(variable)

    def planned(self, secrets: Iterable[Secret]) -> tuple[Variable, ...]:
        """Return the variables of values, in their order; those of new values are not given yet."""
        new, highest = dict[str, Variable](), self._highest.copy()
        variables = []
        for secret in secrets:
            variable = self._variables.get(secret.key) or new.get(secret.key)
            if variable is None:
                highest[secret.kind] += 1
                variable = new[secret.key] = (secret.kind, highest[secret.kind])
            variables.append(variable)
        return tuple(variables)

    def adopt(self, secrets: Iterable[Secret], variables: Sequence[Variable]) -> None:
        """Give the numbers that were planned for values: their interaction has been written."""
        for secret, variable in zip(secrets, variables, strict=True):
            self.bind(variable, secret)
        self.reserve(variables)


def request_secrets(request: RedactedRequest) -> tuple[Secret, ...]:
    """Return the values of a request in the order of a cassette."""
    lines = [line for _, line in request.headers]
    entries = (request.path, *request.query, *lines, *request.body)
    return tuple([secret for entry in entries for secret in entry.secrets])


def response_secrets(response: RedactedResponse) -> tuple[Secret, ...]:
    """Return the values of a response in the order of a cassette."""
    lines = [line for _, line in response.headers]
    return tuple([secret for entry in (*lines, response.body) for secret in entry.secrets])


def interaction(
    request: RedactedRequest,
    response: RedactedResponse,
    request_variables: tuple[Variable, ...],
    response_variables: tuple[Variable, ...],
) -> Interaction:
    """Return an exchange as a cassette has it.

    The variables are those of the values that `request_secrets` and `response_secrets` return.
    """
    outline = Texts(
        method=request.method,
        path=request.path.text,
        query=tuple([field.text for field in request.query]),
        request_headers=tuple([(name, line.text) for name, line in request.headers]),
        body=tuple([field.text for field in request.body]),
        status=response.status,
        response_headers=tuple([(name, line.text) for name, line in response.headers]),
        text=response.body.text,
    )
    return Interaction(_shared(outline), request_variables, response_variables)


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Why an exchange must not be written: kinds and places, never values."""

    reasons: tuple[str, ...]


@lru_cache(OUTLINES_CACHED)
def _shared(outline: Texts) -> Texts:
    """Return the first of equal outlines, so that memory holds only that."""
    return outline


def outlined(texts: Texts) -> Interaction:
    """Return the interaction of numbered texts.

    Raises ValueError for a variable without a number.
    """
    variables: list[Variable] = []

    def blank(text: str) -> str:
        if unnumbered(text):
            raise ValueError("a variable has no number")
        blank_text, its_variables = blanked(text)
        variables.extend(its_variables)
        return blank_text

    outline = texts.changed(blank)
    in_request = sum(map(unnumbered, outline.request()))
    return Interaction(
        _shared(outline), tuple(variables[:in_request]), tuple(variables[in_request:])
    )
