"""Which placeholders may stand in which place of a request or response. Writing and loading ask.

A place is a field of the catalog, on one side. What redaction writes there follows from the class
of the field, so a cassette may hold nothing else there: a stranger's cassette that could put
`{{key:sk_test}}` into a message would be answered with the client's own key.

    place                          may hold
    a request's field of a kind    that kind
    a response's field of a kind   that kind; its part, where the field holds a part (last4)
    an id, on either side          any kind of id; a text, where something else stood there
    a closed vocabulary            a text, where something else stood there
    a text, or an unknown field    a text; in a response any kind that a request may have sent there
    a field's name                 `{{field.1}}`

Kinds that Stripe never answers with (`Kind.never_answered`) stand in no response: a card number, a
CVC, a key. Their parts have places of their own, and so have the slots of messages.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokentape.pure.stripe.fields import Field
from tokentape.pure.stripe.kinds import CLASS_ONLY, ID_PREFIXES, KINDS, NEVER_ANSWERED

Place = frozenset[tuple[str, str]]
"""What may stand in a place: kinds, each with the slot that is shown of it, blank for all."""


def _place(*kinds: str) -> Place:
    return frozenset((kind, "") for kind in kinds)


NAME = _place("field")
"""The name of a field that the API does not know, or that its user chose."""
KEY = _place("key")
"""The Authorization header."""
ID = _place("text", "object_id", *ID_PREFIXES)
"""Any object's id, and what stands where one should."""
CLIENT_SECRET = _place("client_secret")
"""What makes a client secret one, beside the id in it."""
_TEXT = _place("text")
_TIME = _place("time")
_JSON = _place("json")
_NO_ECHO = CLASS_ONLY | NEVER_ANSWERED | {"dob", "field", "json", "last4", "time"}
ECHO = _place(*(KINDS.keys() - _NO_ECHO))
"""What a response may repeat of a request, whatever the field was called there."""

_OF_REQUESTS: Mapping[str, Place] = {
    **{kind: _place(kind) for kind in KINDS},
    "object_id": ID,
    "time": _TIME | _TEXT,
}
_OF_RESPONSES: Mapping[str, Place] = {
    **{kind: _place(kind) for kind in KINDS.keys() - NEVER_ANSWERED},
    **dict.fromkeys(("text", "json", "message"), ECHO),
    "object_id": ID,
    "path": _TEXT,
    "time": _TIME | _TEXT,
}
_MESSAGE_SLOTS: Mapping[str, Place] = {
    "id": ID,
    "made_id": ID,
    "idempotency_key": _place("idempotency_key"),
    "masked_key": frozenset({("key", "masked")}),
    "time": _TIME,
}


def in_request(field: Field | None) -> Place:
    """Return what may stand for a value of a request's field; None is a field of no catalog."""
    if field is None:
        return _TEXT
    if field.slot:
        return frozenset({(field.kind, field.slot)})
    return _OF_REQUESTS.get(field.kind, _TEXT)


def in_response(field: Field | None) -> Place:
    """Return what may stand for a text of a response's field; None is a field of no catalog."""
    if field is None:
        return ECHO
    if field.slot:
        return frozenset({(field.kind, field.slot), ("last4", "")})
    return _OF_RESPONSES.get(field.kind, _TEXT)


def in_response_leaf(field: Field | None) -> Place:
    """Return what may stand for a text or for anything else that JSON has, such as a list."""
    return in_response(field) | _JSON


def in_response_header(field: Field) -> Place:
    """Return what may stand for a header: a value of no vocabulary is left out."""
    return ID if field.kind == "object_id" else frozenset()


def in_message(slot: str) -> Place:
    """Return what may stand in a slot of a message, by the slot's kind: not a field's name."""
    return _MESSAGE_SLOTS.get(slot, ECHO)
