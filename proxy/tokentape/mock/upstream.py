"""A small Stripe for /v1/tokens: who asks, for what, and what it gets.

The other modules know one thing each: `keys` who may ask, `parameters` the schema, `tokens` (with
`cards`, `bank_accounts`, `published`) what is made, `views` what of it a key sees, `refusals` the
words of each error, `answers` bytes and headers, `idempotency` what is answered twice, `memory`
what is remembered.
"""

from __future__ import annotations

from collections.abc import Callable

from tokentape.mock.answers import Call, refused, success, unauthorized
from tokentape.mock.idempotency import Idempotency
from tokentape.mock.keys import read_key
from tokentape.mock.memory import Fingerprints
from tokentape.mock.parameters import Parameters, read_parameters
from tokentape.mock.published import read_published
from tokentape.mock.refusals import Refusal, no_such, unrecognized_url
from tokentape.mock.tokens import Tokens
from tokentape.mock.views import shown
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.stripe.catalog import read_catalog
from tokentape.pure.stripe.routes import TOKENS, token_id


class MockStripe:
    """The embedded upstream. State in memory, bounded; not thread-safe; one per process."""

    def __init__(
        self,
        published_csv: str,
        catalog_csv: str,
        *,
        now: Callable[[], int],
        entropy: Callable[[int], str],
    ) -> None:
        """Take the text of both tables, the time in unix seconds, and n random base62 characters.

        The upstream reads no file, clock or source of randomness itself.
        """
        self._now = now
        self._entropy = entropy
        self._catalog = read_catalog(catalog_csv)
        fingerprints = Fingerprints(entropy(32))
        self._tokens = Tokens(read_published(published_csv), entropy, fingerprints)
        self._idempotency = Idempotency(fingerprints)

    def answer(self, request: Request) -> Response:
        """Answer a request as Stripe does. Never raises."""
        try:
            key = read_key(request)
        except Refusal as refusal:
            return unauthorized(refusal)
        call = Call(request, key, f"req_{self._entropy(14)}", self._now())
        try:
            return self._routed(call)
        except Refusal as refusal:
            return refused(call, refusal)

    def _routed(self, call: Call) -> Response:
        request, path = call.request, call.request.target.partition("?")[0]
        wanted = token_id(request.target)
        if request.method == "GET" and wanted is not None:
            return self._retrieved(call, wanted)
        if request.method == "POST" and path == TOKENS:
            asked = read_parameters(request, self._catalog)
            return self._idempotency.once(call, asked, lambda: self._created(call, asked))
        raise unrecognized_url(request.method, path)

    def _created(self, call: Call, asked: Parameters) -> Response:
        try:
            token = self._tokens.create(asked, call.key, call.time)
        except Refusal as refusal:
            return refused(call, refusal)
        return success(call, shown(token, call.key, asked.expand()))

    def _retrieved(self, call: Call, wanted: str) -> Response:
        asked = read_parameters(call.request, self._catalog)
        token = self._tokens.find(wanted, call.key, call.time)
        if token is None:
            raise no_such("token", wanted, param="token", status=404)
        return success(call, shown(token, call.key, asked.expand()))
