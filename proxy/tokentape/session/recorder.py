"""Recording one exchange: through redaction, past the leak check, into the take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from time import time
from typing import Protocol

from tokentape.errors import UnreadableBody
from tokentape.pure import leak_check
from tokentape.pure.audit.redaction_check import RedactionCheck
from tokentape.pure.cassette.model import (
    MAX_ANSWER_VARIABLES,
    TOO_HIGH,
    HeldBack,
    Interaction,
    Numbering,
    interaction,
    request_secrets,
    response_secrets,
)
from tokentape.pure.cassette.reading import MAX_BODY
from tokentape.pure.cassette.writing import interaction_text, outline_text
from tokentape.pure.http.messages import Response, given_at
from tokentape.pure.notation.placeholders import Placeholder, parts
from tokentape.pure.notation.redacted import Redacted, RedactedRequest
from tokentape.pure.redaction import Redactor
from tokentape.pure.redaction.echoes import Story
from tokentape.pure.stripe.kinds import ID_PREFIXES, Secret

_MOST_STORIES = 50_000
"""Ids of which it is remembered what was sent for them: those longest not seen are forgotten."""
_number = itemgetter(1)


class InteractionWriter(Protocol):
    """The recording under way."""

    def append(self, chunk: bytes, /) -> None:
        """Write an interaction to the file. Raises CassetteError."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Prepared:
    """An exchange that may be written."""

    interaction: Interaction
    chunk: bytes
    secrets: Sequence[Secret]
    """Its values, in the order of its variables."""
    stories: Mapping[str, Story]
    """Of the ids in its response, by their keys."""
    numbered: int
    """How many values had numbers when it was prepared."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """Turns exchanges into interactions of one take."""

    redactor: Redactor
    take: InteractionWriter
    numbering: Numbering
    clock: Callable[[], float] = time
    """Tells when a response came that does not say so itself."""
    _stories: dict[str, Story] = field(default_factory=dict)
    """By the key of an id: what was sent for the object."""
    _check: RedactionCheck = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_check", RedactionCheck(self.redactor))

    def record(self, request: RedactedRequest, response: Response) -> Interaction | HeldBack:
        """Write an exchange; return it as it was written, or why it must not be.

        Raises UnreadableBody for a response that cannot be recorded, and CassetteError.
        """
        return self.written(self.prepared(request, response))

    def prepared(self, request: RedactedRequest, response: Response) -> Prepared | HeldBack:
        """Return an exchange as it can be written next, or why it must not be.

        It changes nothing, so it may run in a thread while nothing else is recorded: `written`
        looks at its numbers again. Raises UnreadableBody for a response that is no JSON, or too
        large to be read again.
        """
        story = self._story(request)
        present = given_at(response) or int(self.clock())
        redacted = self.redactor.response(
            _as_at_first(response), request, story, present, self._stories
        )
        in_request = request_secrets(request)
        secrets, numbered = (*in_request, *response_secrets(redacted)), self.numbering.count
        variables, count = self.numbering.planned(secrets), len(in_request)
        recorded = interaction(request, redacted, variables[:count], variables[count:])
        if len(recorded.response_variables) > MAX_ANSWER_VARIABLES:
            raise UnreadableBody(f"it has more than {MAX_ANSWER_VARIABLES:,} values that vary")
        chunk = interaction_text(recorded).encode("ascii")
        if len(chunk) > MAX_BODY:
            raise UnreadableBody(f"it takes more than {MAX_BODY >> 20} MiB in a cassette")
        reasons = tuple(self._objections(recorded))
        if reasons:
            return HeldBack(reasons)
        story = story.after(request, redacted.echoes)  # of the same numbers
        ids = [secret.key for secret in redacted.body.secrets if secret.kind in ID_PREFIXES]
        return Prepared(recorded, chunk, secrets, dict.fromkeys(ids, story), numbered)

    def written(self, prepared: Prepared | HeldBack) -> Interaction | HeldBack:
        """Write what was prepared last, and return it as written. Raises CassetteError.

        Its variables get their numbers once it has been written: one that is refused leaves no
        trace.
        """
        if isinstance(prepared, HeldBack):
            return prepared
        prepared = self._numbered(prepared)
        self.take.append(prepared.chunk)
        self.numbering.adopt(prepared.secrets, prepared.interaction.variables)
        for key, story in prepared.stories.items():
            if story:
                self._stories[key] = self._stories.pop(key, story).joined(story)
        while len(self._stories) > _MOST_STORIES:
            del self._stories[next(iter(self._stories))]
        return prepared.interaction

    def _numbered(self, prepared: Prepared) -> Prepared:
        """Return an exchange with the numbers that its values have by now.

        While it was prepared in a thread, a request that was replayed may have bound some of them.
        """
        if self.numbering.count == prepared.numbered:
            return prepared
        variables = self.numbering.planned(prepared.secrets)
        outline, count = prepared.interaction.outline, len(prepared.interaction.request_variables)
        again = Interaction(outline, variables[:count], variables[count:])
        return replace(prepared, interaction=again, chunk=interaction_text(again).encode("ascii"))

    def _story(self, request: RedactedRequest) -> Story:
        """Return what a response may show of the requests that made what this one names."""
        story, published = Story(), dict[str, Redacted]()
        for entry in (request.path, *request.query, *request.body):
            for secret in entry.secrets:
                if (named := self._stories.get(secret.key)) is not None:
                    story = named.joined(story)
            if "{{tok:" in entry.text or "{{pm:" in entry.text:
                published |= self._published_card(entry.text)
        numbers = {**story.numbers, **published, **request.numbers}
        return Story(numbers, story.echoes, story.sent)

    def _published_card(self, text: str) -> dict[str, Redacted]:
        """Return the card of a published token or payment method: tok_visa, pm_card_visa."""
        published = self.redactor.values.published
        for part in parts(text):
            if isinstance(part, str) or part.kind not in ("tok", "pm"):
                continue
            name = part.name.removeprefix("card_") if part.kind == "pm" else part.name
            if published.value("card", name) is not None:
                return {"card": Redacted(str(Placeholder("card", name=name)))}
        return {}

    def _objections(self, recorded: Interaction) -> Iterator[str]:
        yield from map(str, self._check.problems(recorded))
        if max(map(_number, recorded.variables), default=0) >= TOO_HIGH:
            yield "a variable's number is too high: `tokentape fmt` renumbers them"
        # The numbers of variables count up, and tell nothing of any value: much is alike but them.
        text = outline_text(recorded.outline).encode("ascii")
        for finding in leak_check.interaction_findings(text):
            yield f"{finding.kind} in line {finding.line} of the interaction to write"


def _as_at_first(response: Response) -> Response:
    """Return a response that Stripe gave again as it was when it got lost on its way to the client.

    docs.stripe.com/api/idempotent_requests: the same response, with Idempotent-Replayed, and the id
    of the first try in Original-Request. So a retry while recording leaves no trace.
    """
    original = response.header("original-request")
    if original is None or response.header("idempotent-replayed") != "true":
        return response
    lines = (
        (name, original if name.lower() == "request-id" else value)
        for name, value in response.headers
    )
    return response._replace(headers=tuple(lines))
