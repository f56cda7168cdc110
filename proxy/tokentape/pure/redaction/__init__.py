"""Redaction: the one way from raw traffic to anything that is kept, shown, compared or counted.

Default-deny. A value passes as it is only where the catalog names its field and its closed
vocabulary; a published test value passes by its name; everything else leaves a placeholder
behind. A name that the API does not know is a secret like any other.

    values      one value, one name
    requests    a request, field by field, by its operation
    responses   a response, object by object, with what the request sent in view
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tokentape.errors import UnreadableBody
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.notation.redacted import RedactedRequest, RedactedResponse
from tokentape.pure.redaction.echoes import Story
from tokentape.pure.redaction.requests import redacted_request, request_headers
from tokentape.pure.redaction.responses import ResponseRedactor
from tokentape.pure.redaction.values import Values
from tokentape.pure.stripe.routes import RouteMatch


class Redactor:
    """Redaction for one configuration: what it knows, and what a user added."""

    def __init__(
        self,
        values: Values,
        *,
        keep_blank: bool = False,
        match_headers: tuple[str, ...] = (),
        records_others: bool = False,
    ) -> None:
        """`keep_blank`: blank fields differ from absent ones everywhere (`match.blank: strict`).

        `match_headers` are stored, redacted, beside the headers of the catalog. `records_others`:
        operations that the catalog does not have can be recorded, too.
        """
        self.values = values
        self.match_headers = match_headers
        self._keep_blank = keep_blank
        self._records_others = records_others
        self._headers = request_headers(values, match_headers)
        self._responses = ResponseRedactor(values)

    def match(self, request: Request) -> RouteMatch | None:
        """Return the operation of a request, if it can be recorded and replayed."""
        path = request.target.partition("?")[0]
        values = self.values
        look_up = values.any_operation_at if self._records_others else values.operation_at
        return look_up(request.method, path)

    @property
    def relevant_headers(self) -> frozenset[str]:
        """The request headers that a response depends on, in lower case.

        Beside them, it depends on whether there is an Idempotency-Key.
        """
        stored = {name for name, header in self._headers.items() if header.name}
        return frozenset({*stored, "content-encoding", "content-type"})

    def request(self, raw: Request, match: RouteMatch | None = None) -> RedactedRequest:
        """Redact a request to an operation of the API: `match`, if that has been looked up.

        Raises UnreadableBody where the body cannot be taken apart: nothing of it may be kept.
        """
        match = match or self.values.any_operation_at(raw.method, raw.target.partition("?")[0])
        if match is None:
            raise UnreadableBody("it is no operation of the API's catalog")
        return redacted_request(raw, match, self.values, self._headers, keep_blank=self._keep_blank)

    def response(
        self,
        raw: Response,
        request: RedactedRequest,
        story: Story,
        present: int,
        stories: Mapping[str, Story] = MappingProxyType({}),
    ) -> RedactedResponse:
        """Redact the response to a redacted request.

        `story` is what earlier requests sent for what this one names, `stories` that for any id, by
        the id's key; `present` is when the response was given, in seconds since 1970. Raises
        UnreadableBody for a body that is no JSON.
        """
        return self._responses.redacted(raw, request, story, present, stories)
