"""Redaction: the one way from raw traffic to anything that is kept, shown, compared or counted.

Default-deny. A value passes as it is only where the catalog names its field and its closed
vocabulary; a published test value passes by its name; everything else leaves a placeholder
behind. A name that the API does not know is a secret like any other.

    values      one value, one name
    requests    a request, field by field
    responses   an answer, leaf by leaf, with what the request said in view
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tokentape.pure.http.messages import Request, Response
from tokentape.pure.notation.redacted import Redacted, RedactedRequest, RedactedResponse
from tokentape.pure.redaction.requests import Lines, kept_lines, redacted_request
from tokentape.pure.redaction.responses import Answers
from tokentape.pure.redaction.values import Values
from tokentape.pure.stripe.kinds import Secret

_OF_THE_BODY = ("content-encoding", "content-type")


@dataclass(frozen=True, slots=True)
class Redactor:
    """Redaction for one configuration: what it knows, and what a user added."""

    values: Values
    keep_blank: bool = False
    """Blank fields stay apart from absent ones everywhere (`match.blank: strict`)."""
    match_headers: tuple[str, ...] = ()
    """Headers beside the catalog's own that are kept, redacted, to match by them."""
    _lines: Lines = field(init=False, repr=False, compare=False)
    _answers: Answers = field(init=False, repr=False, compare=False)
    looked_at: frozenset[str] = field(init=False, repr=False, compare=False)
    """The headers that a match or an answer hangs on, in lower case."""

    def __post_init__(self) -> None:
        lines = kept_lines(self.values, self.match_headers)
        object.__setattr__(self, "_lines", lines)
        object.__setattr__(self, "_answers", Answers(self.values))
        object.__setattr__(self, "looked_at", frozenset({*lines, *_OF_THE_BODY}))

    def request(self, raw: Request) -> RedactedRequest:
        """Redact a request to /v1/tokens.

        Raises UnreadableBody where the body cannot be taken apart: nothing of it may be kept.
        """
        return redacted_request(raw, self.values, self._lines, keep_blank=self.keep_blank)

    def response(
        self,
        raw: Response,
        asked: RedactedRequest,
        numbers: Mapping[str, Redacted],
        echoes: Mapping[Secret, Secret],
    ) -> RedactedResponse:
        """Redact the answer to a redacted request.

        `numbers` are the card and account numbers, by kind, that its `last4` may belong to;
        `echoes` what answers to earlier requests repeated of those under other names. Raises
        UnreadableBody for a body that is no JSON.
        """
        return self._answers.redacted(raw, asked, numbers, echoes)
