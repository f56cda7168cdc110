"""Every known message: kept as a template, and replayed with what another client sends."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from tokentape.pure.audit.inspection import Inspector
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.stripe.kinds import masked, stand_in
from tokentape.pure.stripe.phrases import Phrase

from tests.laws.pipeline import REDACTOR, Stage, dated, loaded, replay

PHRASES = REDACTOR.values.phrases
MADE = {"amount": "$5.00", "number": "20", "word": "requires_capture", "words": "one or two"}

UNKNOWN_KEY = stand_in("idempotency_key", 1, "sent", "")
"""One answer serves retries with any key."""


@dataclass(frozen=True)
class Client:
    """Somebody who sends what messages repeat; the letter makes all values of two different."""

    letter: str

    @property
    def slots(self) -> dict[str, str]:
        """What Stripe writes into the slots of a message for this client, by kind."""
        customer, key = f"cus_{14 * self.letter}", f"sk_test_{24 * self.letter}"
        return MADE | {
            "expand": f"what {self.letter} wants",
            "field": "amount",
            "fields": "amount",
            "id": f"tok_{24 * self.letter}",
            "idempotency_key": f"retry {self.letter}",
            "made_id": customer,
            "masked_key": masked(key),
            "path": f"/v1/customers/{customer}",
            "text": f"{self.letter}'s; it has a status of usd.",
            "time": "1790000000",
        }

    def request(self) -> Request:
        fields = {
            "amount": "x",
            "customer": self.slots["made_id"],
            "description": self.slots["text"],
            "expand[]": self.slots["expand"],
            "source": self.slots["id"],
        }
        headers = (
            ("Authorization", f"Bearer sk_test_{24 * self.letter}"),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", self.slots["idempotency_key"]),
        )
        return Request("POST", "/v1/charges", headers, json.dumps(fields).encode())

    def message(self, phrase: Phrase, **others: str) -> str:
        slots = self.slots | others
        values = (*(slots[kind] for kind in phrase.kinds), "")
        return "".join(map("".join, zip(phrase.literals, values, strict=True)))


FIXED = [Phrase((text,), ()) for text in sorted(PHRASES.fixed)]
TEMPLATES = [phrase for phrase in PHRASES.templates if "time" not in phrase.kinds]


@pytest.mark.parametrize("phrase", [*FIXED, *TEMPLATES], ids=lambda phrase: phrase.literals[0])
def test_a_message_is_kept_and_replayed_for_another_client(phrase: Phrase) -> None:
    def failed(client: Client) -> Response:
        message = client.message(phrase)
        error = {"message": message, "type": "invalid_request_error"}
        headers = (("Content-Type", "application/json"), *dated(1_790_000_000))
        return Response(400, headers, json.dumps({"error": error}).encode())

    ada, grace = Client("a"), Client("b")
    stages = [Stage(answer=lambda _, client=client: failed(client)) for client in (ada, grace)]
    for stage, client in zip(stages, (ada, grace), strict=True):
        assert stage.send(client.request()).header("tokentape-result") == "recorded", stage.notices
    first, second = (stage.cassette for stage in stages)
    assert first == second
    assert Inspector(REDACTOR).cassette(first.encode()) == ()
    (interaction,) = loaded(first)
    kept = json.loads(interaction.texts.text)["error"]["message"]
    assert all(literal in kept for literal in phrase.literals)
    answer = replay(first).send(grace.request())
    expected = grace.message(phrase, idempotency_key=UNKNOWN_KEY)
    assert json.loads(answer.body)["error"]["message"] == expected
