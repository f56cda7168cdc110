"""Recording one exchange: through redaction, past the leak check, into the take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Protocol, TypeGuard

from tokentape.pure import leak_check
from tokentape.pure.audit.redaction_check import RedactionCheck
from tokentape.pure.cassette.model import (
    TOO_HIGH,
    HeldBack,
    Interaction,
    Numbering,
    Recorded,
    interaction,
    request_secrets,
    response_secrets,
)
from tokentape.pure.cassette.writing import interaction_text, outline_text
from tokentape.pure.http.forms import join_name, query_pairs, request_pairs
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.notation.placeholders import Placeholder, parts
from tokentape.pure.notation.redacted import Redacted, RedactedRequest
from tokentape.pure.redaction import Redactor
from tokentape.pure.stripe.catalog import Field
from tokentape.pure.stripe.kinds import ID_PREFIXES, Secret, id_kind
from tokentape.pure.stripe.routes import token_id

_ID = Field("object_id")
_number = itemgetter(1)

_OF_THE_PROTOCOL = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host"}
)
"""Headers whose values are no one's secret, and that the leak check does not look for."""


class Take(Protocol):
    """The recording under way."""

    def append(self, chunk: bytes) -> None:
        """Write an interaction to the file. Raises CassetteError."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """What answers may show of the requests that an object was made by."""

    numbers: Mapping[str, Redacted] = field(default_factory=dict)
    """The card or account number, by kind, of which they show a part."""
    echoes: Mapping[Secret, Secret] = field(default_factory=dict)
    """The values that they show under another name, with the request's own."""


_NOTHING = Origin()


@dataclass(frozen=True, slots=True)
class Recorder:
    """Turns exchanges into interactions of one take."""

    redactor: Redactor
    take: Take
    numbering: Numbering
    vocabulary: frozenset[str]
    """The API's own words: a value made of them alone cannot be told from them."""
    _origins: dict[Secret, Origin] = field(default_factory=dict)
    """By id: what the object was made from."""
    _check: RedactionCheck = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_check", RedactionCheck(self.redactor))

    def wanted(self, request: Request) -> leak_check.RawValues:
        """Return what the leak check is to look for once there is an answer to a request."""
        return leak_check.RawValues.of(self._raw(request), self.vocabulary)

    def record(
        self, request: RedactedRequest, answer: Response, wanted: leak_check.RawValues
    ) -> Recorded | HeldBack:
        """Write an exchange; return it as it was written, or why it must not be.

        Its variables get their numbers once it has been written: one that is held back leaves no
        trace. Raises UnreadableBody for an answer that is no JSON, and CassetteError.
        """
        origin = self._origin(request)
        redacted = self.redactor.response(
            _as_at_first(answer), request, origin.numbers, origin.echoes
        )
        secrets = (*request_secrets(request), *response_secrets(redacted))
        plan = self.numbering.planned(secrets)
        recorded = interaction(request, redacted, plan)
        reasons = tuple(self._objections(recorded, wanted))
        if reasons:
            return HeldBack(reasons)
        self.take.append(interaction_text(recorded).encode("ascii"))
        self.numbering.adopt(plan)
        shown = Origin(origin.numbers, {**origin.echoes, **redacted.echoes})
        if shown != _NOTHING:
            ids = (each for each in redacted.body.secrets if each.kind in ID_PREFIXES)
            self._origins.update(dict.fromkeys(ids, shown))
        return Recorded(recorded, secrets)

    def _origin(self, request: RedactedRequest) -> Origin:
        """Return what an answer may show of this request, and of those that made what it names."""
        origin = Origin(request.numbers)
        for entry in (request.path, *request.body):
            for secret in entry.secrets:
                if (named := self._origins.get(secret)) is not None:
                    origin = Origin(origin.numbers or named.numbers, origin.echoes or named.echoes)
            if "{{tok:" in entry.text and not origin.numbers:
                for placeholder in filter(self._of_published_card, parts(entry.text)):
                    card = str(Placeholder("card", name=placeholder.name))
                    origin = Origin({"card": Redacted(card)}, origin.echoes)
        return origin

    def _of_published_card(self, found: str | Placeholder) -> TypeGuard[Placeholder]:
        """Tell a published token that has the name of a published card: tok_visa, say."""
        return (
            isinstance(found, Placeholder)
            and found.kind == "tok"
            and self.redactor.values.published.value("card", found.name) is not None
        )

    def _objections(self, one: Interaction, wanted: leak_check.RawValues) -> Iterator[str]:
        for place in self._check.problems(one):
            yield f"{place} holds what is not redacted"
        if max(map(_number, one.variables), default=0) >= TOO_HIGH:
            yield "a variable's number is too high: `tokentape fmt` renumbers them"
        # The numbers of variables count up, and tell nothing of any value: much is alike but them.
        text = outline_text(one.outline).encode("ascii")
        for finding in (*leak_check.interaction_findings(text), *wanted.leaks(text)):
            yield f"{finding.kind} in line {finding.line} of the interaction to write"

    def _raw(self, request: Request) -> Iterator[str]:
        """Yield the raw values of a request that nothing vouches for."""
        values = self.redactor.values
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
        values = self.redactor.values
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
