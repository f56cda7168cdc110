"""The calls that the mock knows beyond tokens, and the way from a call to its response."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from tokentape.errors import UnreadableBody
from tokentape.mock.api_errors import ApiError, invalid_request, unreadable, unsupported
from tokentape.mock.memory import Idempotency
from tokentape.mock.payments import charges, customers, payment_intents, payment_methods, refunds
from tokentape.mock.payments.account import Account
from tokentape.mock.payments.expansion import expanded
from tokentape.mock.payments.fields import Schema, read_fields, read_schema
from tokentape.mock.payments.ledger import Ledger, Record, read_templates
from tokentape.mock.payments.outcomes import read_outcomes
from tokentape.mock.responses import Call, failure, success
from tokentape.mock.tokens import Tokens
from tokentape.pure.http.forms import Path, query_pairs, request_pairs
from tokentape.pure.http.messages import Response
from tokentape.pure.stripe.outlines import Outlines, located
from tokentape.pure.stripe.routes import RouteMatch

Handler = Callable[..., Record]
"""Takes the account, the call, its parameters, and the id in its path if there is one."""

OPERATIONS: Mapping[str, Handler] = {
    "DELETE /v1/customers/{}": customers.delete,
    "GET /v1/charges": charges.listed,
    "GET /v1/charges/{}": charges.retrieve,
    "GET /v1/customers": customers.listed,
    "GET /v1/customers/{}": customers.retrieve,
    "GET /v1/payment_intents": payment_intents.listed,
    "GET /v1/payment_intents/{}": payment_intents.retrieve,
    "GET /v1/payment_methods": payment_methods.listed,
    "GET /v1/payment_methods/{}": payment_methods.retrieve,
    "POST /v1/charges": charges.create,
    "POST /v1/customers": customers.create,
    "POST /v1/payment_intents": payment_intents.create,
    "POST /v1/payment_intents/{}/capture": payment_intents.capture,
    "POST /v1/payment_intents/{}/confirm": payment_intents.confirm,
    "POST /v1/payment_methods": payment_methods.create,
    "POST /v1/payment_methods/{}/attach": payment_methods.attach,
    "POST /v1/refunds": refunds.create,
}
_BY_PUBLISHABLE_KEYS = frozenset({"POST /v1/payment_methods"})
_NOT_PUBLISHABLE = (
    "This API call cannot be made with a publishable API key. Please use a secret API key. You can "
    "find a list of your API keys at https://dashboard.stripe.com/account/apikeys."
)


class Payments:
    """Answers the calls in OPERATIONS."""

    def __init__(
        self, tokens: Tokens, idempotency: Idempotency, read: Callable[[str], str]
    ) -> None:
        """`read` returns the text of a table by its file name."""
        templates = read_templates(read("mock_objects.csv"))
        outcomes = read_outcomes(read("mock_outcomes.csv"))
        self._account = Account(tokens, Ledger(templates, tokens.entropy), outcomes)
        self._schema: Schema = read_schema(read("mock_parameters.csv"))
        self._idempotency = idempotency
        self._read = read
        tokens.customer_card = self._account.customer_card

    def answer(self, call: Call, match: RouteMatch) -> Response:
        """Return the response to a call.

        Raises ApiError for one that Stripe would not carry out, or that the mock does not know.
        """
        operation = match.route.operation
        if operation not in OPERATIONS:
            raise unsupported(operation)
        if call.key.publishable and operation not in _BY_PUBLISHABLE_KEYS:
            raise invalid_request(_NOT_PUBLISHABLE, "secret_key_required", status=401)
        return self._carried_out(call, operation, match.ids)

    def _carried_out(self, call: Call, operation: str, ids: tuple[str, ...]) -> Response:
        try:
            pairs = (*request_pairs(call.request), *query_pairs(call.request.target))
        except UnreadableBody:
            raise unreadable() from None
        handler = OPERATIONS[operation]
        owners = (operation, "pages") if handler.__name__ == "listed" else (operation,)
        fields = read_fields(pairs, self._schema, owners, partial(self._stripe_has, operation))
        respond = partial(self._respond, call, handler, fields, ids)
        if call.request.method != "POST":
            return respond()
        return self._idempotency.answer_once(call, dict(pairs), respond)

    def _stripe_has(self, operation: str, path: Path) -> bool:
        tree = Outlines(self._read("requests.txt")).tree(operation)
        return located(tree, path, frozenset(), numbered=True).depth == len(path)

    def _respond(
        self, call: Call, handler: Handler, fields: Record, ids: tuple[str, ...]
    ) -> Response:
        names = fields.pop("expand", None) or ()
        try:
            record = handler(self._account, call, fields, *ids)
            return success(call, expanded(self._account, call, record, names))
        except ApiError as error:
            return failure(call, error)
