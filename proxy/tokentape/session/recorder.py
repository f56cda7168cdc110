"""Recording one exchange: through the door, past the gate, into the take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Protocol, TypeGuard

from tokentape.pure import leak_check as gate
from tokentape.pure.audit.judge import Judge
from tokentape.pure.cassette.model import TOO_HIGH, Interaction, Variables, interaction
from tokentape.pure.cassette.writing import chunk, said
from tokentape.pure.http.forms import join_name, query_pairs, request_pairs
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.notation.placeholders import Placeholder, parts
from tokentape.pure.notation.sealed import Sealed, SealedRequest
from tokentape.pure.redaction import Door
from tokentape.pure.stripe.catalog import Field
from tokentape.pure.stripe.kinds import Secret, id_kind
from tokentape.pure.stripe.routes import token_id

_NUMBERED = frozenset({"tok", "btok", "card_id", "ba"})
"""Kinds of objects whose answers show a part of the number that they were made from."""

_ID = Field("object_id")
_number = itemgetter(1)

_OF_THE_PROTOCOL = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host"}
)
"""Headers whose values are no one's secret, and that the gate does not look for."""


class Take(Protocol):
    """The recording under way."""

    async def append(self, chunk: bytes) -> None:
        """Return once the chunk is on disk. Raises CassetteError."""
        ...


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Why an exchange must not be written: kinds and places, never values."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recorder:
    """Turns exchanges into interactions of one take."""

    door: Door
    take: Take
    variables: Variables
    vocabulary: frozenset[str]
    """The API's own words: a value made of them alone cannot be told from them."""
    _numbers: dict[Secret, Mapping[str, Sealed]] = field(default_factory=dict)
    _judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        judge = Judge(self.door.values, self.door.match_headers)
        object.__setattr__(self, "_judge", judge)

    def wanted(self, request: Request) -> gate.RawValues:
        """Return what the gate is to look for once there is an answer to a request."""
        return gate.RawValues.of(self._raw(request), self.vocabulary)

    def interaction(
        self, asked: SealedRequest, answer: Response, wanted: gate.RawValues
    ) -> Interaction | HeldBack:
        """Return the exchange as it may be written, or why it may not.

        Raises UnreadableBody for an answer that is no JSON.
        """
        numbers = asked.numbers or self._numbers_behind(asked)
        answered = self.door.response(_as_at_first(answer), asked, numbers)
        if numbers:
            made = (one for one in answered.body.secrets if one.kind in _NUMBERED)
            self._numbers.update(dict.fromkeys(made, numbers))
        one = interaction(asked, answered, self.variables)
        reasons = tuple(self._objections(one, wanted))
        return HeldBack(reasons) if reasons else one

    async def write(self, one: Interaction) -> None:
        """Return once an interaction is on disk. Raises CassetteError."""
        await self.take.append(chunk(one).encode("ascii"))

    def _numbers_behind(self, asked: SealedRequest) -> Mapping[str, Sealed]:
        """Return the numbers that an object named in the request was made from."""
        for entry in (asked.path, *asked.body):
            for one in entry.secrets:
                if one in self._numbers:
                    return self._numbers[one]
            if "{{tok:" in entry.text:
                for found in filter(self._of_published_card, parts(entry.text)):
                    return {"card": Sealed(str(Placeholder("card", name=found.name)))}
        return {}

    def _of_published_card(self, found: str | Placeholder) -> TypeGuard[Placeholder]:
        """Tell a published token that has the name of a published card: tok_visa, say."""
        return (
            isinstance(found, Placeholder)
            and found.kind == "tok"
            and self.door.values.published.value("card", found.name) is not None
        )

    def _objections(self, one: Interaction, wanted: gate.RawValues) -> Iterator[str]:
        for place in self._judge.problems(one):
            yield f"{place} holds what is not redacted"
        if max(map(_number, (*one.asked, *one.answered)), default=0) >= TOO_HIGH:
            yield "a variable's number is too high: `tokentape fmt` numbers all of them anew"
        # The numbers of variables count up, and tell nothing of any value: much is alike but them.
        text = said(one.outline).encode("ascii")
        for finding in (*gate.interaction_findings(text), *wanted.leaks(text)):
            yield f"{finding.kind} in line {finding.line} of the interaction to write"

    def _raw(self, request: Request) -> Iterator[str]:
        """Yield the raw values of a request that nothing vouches for, for the gate to look for."""
        values = self.door.values
        token = token_id(request.target)
        if token is not None and not self._public(_ID, token):
            yield token
        pairs = (*query_pairs(request.target), *request_pairs(request, values.catalog.names))
        for path, value in pairs:
            located = values.catalog.locate_request(path)
            if located.depth < len(path) or located.free:
                yield join_name(path)
            if located.field is None or not self._public(located.field, value):
                yield value
        for name, value in request.headers:
            if name.lower() not in _OF_THE_PROTOCOL:
                known = values.catalog.request_headers.get(name.title())
                if known is None or not self._public(known, value):
                    yield value

    def _public(self, known: Field, value: str) -> bool:
        """Tell a value that is kept as it is, or by the name under which it was published."""
        values = self.door.values
        kind = id_kind(value) if known.kind == _ID.kind else known.kind
        kept = values.catalog.normal_form(known, value) is not None
        return kept or values.published.name(kind, value) is not None


def _as_at_first(answer: Response) -> Response:
    """Return an answer that Stripe gave again as it was when it got lost on its way to the client.

    docs.stripe.com/api/idempotent_requests: the same answer, with Idempotent-Replayed, and the id
    of the first try in Original-Request. So a retry while recording leaves no trace.
    """
    original = answer.header("original-request")
    if original is None or answer.header("idempotent-replayed") != "true":
        return answer
    lines = ((name, original if name.lower() == "request-id" else v) for name, v in answer.headers)
    return replace(answer, headers=tuple(lines))
