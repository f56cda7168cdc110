"""A small Stripe for tokens and what they are used up for: from a request to its response.

The other modules have one subject each: `keys` authentication, `parameters` the schema, `tokens`
(with `cards`, `bank_accounts`, `published`) the objects and what a key may see of them,
`api_errors` the errors, `responses` bytes and headers, `memory` repeated requests, `payments` what
tokens are used up for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from tokentape.mock.api_errors import ApiError, invalid_request, no_such
from tokentape.mock.keys import read_key
from tokentape.mock.memory import Fingerprints, Idempotency
from tokentape.mock.parameters import Parameters, read_parameters
from tokentape.mock.published import read_published_numbers
from tokentape.mock.responses import Call, failure, success, unauthorized
from tokentape.mock.tokens import Tokens, token_view
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.stripe.catalog import CATALOG_FILES, read_catalog
from tokentape.pure.stripe.routes import Routes

if TYPE_CHECKING:
    from tokentape.mock.payments.operations import Payments


class MockStripe:
    """The built-in mock. State in memory, bounded; not thread-safe; one per process."""

    def __init__(
        self,
        read: Callable[[str], str],
        *,
        now: Callable[[], int],
        entropy: Callable[[int], str],
    ) -> None:
        """Take what returns a table's text, the time in Unix seconds, n random base62 characters.

        A table is given by its file name. The mock itself reads no file, clock or randomness.
        """
        self._read = read
        self._now = now
        self._entropy = entropy
        self._catalog = read_catalog(*map(read, CATALOG_FILES))
        self._routes = Routes(read("routes.csv"))
        fingerprints = Fingerprints(entropy(32))
        self._tokens = Tokens(read_published_numbers(read("published.csv")), entropy, fingerprints)
        self._idempotency = Idempotency(fingerprints)

    def answer(self, request: Request) -> Response:
        """Answer a request as Stripe does. Never raises."""
        try:
            key = read_key(request)
        except ApiError as error:
            return unauthorized(error)
        call = Call(request, key, f"req_{self._entropy(14)}", self._now())
        try:
            return self._route(call)
        except ApiError as error:
            return failure(call, error)

    def _route(self, call: Call) -> Response:
        method, path = call.request.method, call.request.target.partition("?")[0]
        match = self._routes.match(method, path)
        if match is not None and match.route.answer == "token":
            parameters = read_parameters(call.request, self._catalog, match.route.operation)
            if match.ids:
                return self._retrieve(call, match.ids[0], parameters)
            create = partial(self._create, call, parameters)
            return self._idempotency.answer_once(call, parameters.values, create)
        if match is None:
            raise _unrecognized(method, path)
        return self._payments.answer(call, match)

    @cached_property
    def _payments(self) -> Payments:
        from tokentape.mock.payments.operations import Payments  # noqa: PLC0415  few need them

        return Payments(self._tokens, self._idempotency, self._read)

    def _retrieve(self, call: Call, requested_id: str, parameters: Parameters) -> Response:
        token = self._tokens.find(requested_id, call)
        if token is None:
            raise no_such("token", requested_id, param="token", status=404)
        return success(call, token_view(token, call.key, parameters.expand()))

    def _create(self, call: Call, parameters: Parameters) -> Response:
        try:
            token = self._tokens.create(parameters, call)
        except ApiError as error:
            return failure(call, error)
        return success(call, token_view(token, call.key, parameters.expand()))


def _unrecognized(method: str, path: str) -> ApiError:
    hint = (
        " If you are trying to list objects, remove the trailing slash. If you are trying to "
        "retrieve an object, make sure you passed a valid (non-empty) identifier in your code."
    )
    return invalid_request(
        f"Unrecognized request URL ({method}: {path}).{hint if path.endswith('/') else ''} "
        "Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
        status=404,
    )
