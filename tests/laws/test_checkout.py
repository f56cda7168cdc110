"""A whole checkout: replayed to other people, and recorded with them to the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from tokentape.pure.audit.inspection import Inspector
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.replay.decide import Mode

from tests.laws.pipeline import REDACTOR, Stage, replay, results, stripe

KEY = "sk_" + "test_" + "x" * 24
OTHER_KEY = "sk_" + "test_" + "y" * 30
HEADERS = (
    ("Authorization", f"Bearer {KEY}"),
    ("Content-Type", "application/x-www-form-urlencoded"),
)

Fields = Mapping[str, str]


class Buyer:
    """Somebody who buys, each with their own name, address and card."""

    def __init__(self, name: str, *, number: str = "4242424242424242", key: str = KEY) -> None:
        self.name, self.number = name, number
        self.email = f"{name.lower()}@example.com"
        self.headers = (("Authorization", f"Bearer {key}"), *HEADERS[1:])
        self.ids: dict[str, str] = {}

    def sent(self, method: str, path: str, fields: Fields | None = None) -> Request:
        text = urlencode(fields or {})
        if method == "POST":
            return Request(method, path, self.headers, text.encode())
        return Request(method, path + (f"?{text}" if text else ""), self.headers)

    def checkout(self, stage: Stage) -> list[tuple[Request, Response]]:
        """Buy, get the money back, look at it all, and leave."""
        exchanges: list[tuple[Request, Response]] = []

        def call(method: str, path: str, fields: Fields | None = None) -> Any:
            request = self.sent(method, path, fields)
            response = stage.send(request)
            exchanges.append((request, response))
            return json.loads(response.body)

        customer = call(
            "POST",
            "/v1/customers",
            {"name": self.name, "email": self.email, "metadata[order]": f"{self.name} 1"},
        )["id"]
        method = call(
            "POST",
            "/v1/payment_methods",
            {
                "type": "card",
                "card[number]": self.number,
                "card[exp_month]": "5",
                "card[exp_year]": "2040",
                "card[cvc]": "314",
                "billing_details[name]": self.name,
            },
        )["id"]
        call("POST", f"/v1/payment_methods/{method}/attach", {"customer": customer})
        intent = call(
            "POST",
            "/v1/payment_intents",
            {
                "amount": "2000",
                "currency": "usd",
                "customer": customer,
                "payment_method_types[]": "card",
                "description": f"a pot for {self.name}",
            },
        )["id"]
        confirmed = call(
            "POST", f"/v1/payment_intents/{intent}/confirm", {"payment_method": method}
        )
        charge = confirmed["latest_charge"]
        self.ids |= {"customer": customer, "charge": charge, "intent": intent}
        call("GET", f"/v1/charges/{charge}")
        call("POST", "/v1/refunds", {"charge": charge, "amount": "500"})
        call("GET", f"/v1/charges/{charge}", {"expand[]": "customer"})
        call("GET", "/v1/payment_methods", {"customer": customer, "type": "card", "limit": "3"})
        call("GET", f"/v1/payment_intents/{intent}")
        call(
            "POST",
            "/v1/charges",
            {"amount": "100", "currency": "usd", "source": "tok_chargeDeclined"},
        )
        call("DELETE", f"/v1/customers/{customer}")
        call("GET", f"/v1/customers/{customer}")
        return exchanges


def recorded(buyer: Buyer, seed: int = 0) -> tuple[Stage, list[tuple[Request, Response]]]:
    stage = Stage(answer=stripe(seed))
    exchanges = buyer.checkout(stage)
    assert results([response for _, response in exchanges]) == ["recorded"] * len(exchanges), (
        stage.notices
    )
    return stage, exchanges


def outcome(response: Response) -> tuple[int, object]:
    """Return what an application sees of an answer, whoever it is for."""
    document = json.loads(response.body)
    shown = ("object", "status", "amount", "amount_refunded", "deleted", "refunded", "captured")
    error = document.get("error", {})
    return response.status, {
        **{name: document.get(name) for name in shown},
        **{name: error.get(name) for name in ("code", "decline_code", "type")},
    }


def outcomes(exchanges: Iterable[tuple[Request, Response]]) -> list[tuple[int, object]]:
    return [outcome(response) for _, response in exchanges]


def test_a_checkout_is_replayed_to_somebody_else() -> None:
    stage, exchanges = recorded(Buyer("Ada"))
    again = replay(stage.cassette)
    grace = Buyer("Grace")
    replayed = grace.checkout(again)
    assert results([response for _, response in replayed]) == ["replayed"] * len(replayed), (
        again.notices
    )
    assert outcomes(replayed) == outcomes(exchanges)
    shown = b"".join(response.body for _, response in replayed)
    assert b"Grace" in shown
    assert b"Ada" not in shown
    documents = [json.loads(response.body) for _, response in replayed]
    assert documents[0]["name"] == "Grace"
    assert documents[0]["metadata"] == {"order": "Grace 1"}
    assert documents[4]["client_secret"].startswith(f"{grace.ids['intent']}_secret_")
    assert documents[5]["billing_details"]["name"] == "Grace"
    assert documents[7]["customer"]["name"] == "Grace"
    assert documents[8]["data"][0]["customer"] == grace.ids["customer"]
    assert documents[8]["url"] == "/v1/payment_methods"
    assert documents[9]["description"] == "a pot for Grace"
    assert b'"risk_score": 32' in shown
    assert b'"seller_message": "Payment complete."' in shown


def test_a_checkout_recorded_with_other_people_is_the_same_cassette() -> None:
    ada, _ = recorded(Buyer("Ada"))
    grace, _ = recorded(Buyer("Grace Brewster", key=OTHER_KEY), seed=7)
    assert ada.cassette == grace.cassette
    assert "Ada" not in ada.cassette


def test_a_checkout_loads_scans_clean_and_has_no_unknown_field() -> None:
    stage, _ = recorded(Buyer("Ada"))
    assert Inspector(REDACTOR).cassette(stage.cassette.encode()) == ()
    assert "{{json." not in stage.cassette
    assert '"risk_score": "{{risk_score:normal}}"' in stage.cassette
    assert "{{field." not in stage.cassette.replace("metadata[{{field.1}}]", "").replace(
        '"{{field.1}}": "{{text.1}}"', ""
    )


def test_checkouts_of_many_are_replayed_in_any_order() -> None:
    stage, exchanges = recorded(Buyer("Ada"))
    again = replay(stage.cassette)
    people = [Buyer(name) for name in ("Grace", "Mary", "Joan", "Katherine")]
    for buyer in people:
        replayed = buyer.checkout(again)
        assert outcomes(replayed) == outcomes(exchanges)
        assert json.loads(replayed[7][1].body)["customer"]["email"] == buyer.email
    assert len({buyer.ids["customer"] for buyer in people}) == len(people)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/v1/customers"), ("GET", "/v1/bicycles")])
def test_what_is_no_operation_is_refused(method: str, path: str) -> None:
    for mode in (Mode.RECORD, Mode.REPLAY):
        answer = Stage(mode).send(Request(method, path, HEADERS))
        assert answer.status == 404
        assert json.loads(answer.body)["error"]["code"] == "unknown_operation"


@pytest.mark.parametrize(
    ("fields", "last4"),
    [
        ({"source": "tok_mastercard"}, "{{card:mastercard.last4}}"),
        ({"source": "tok_visa"}, "{{card:visa.last4}}"),
    ],
)
def test_a_charge_shows_the_end_of_a_published_card(fields: Fields, last4: str) -> None:
    stage = Stage(answer=stripe(0))
    charge = {"amount": "100", "currency": "usd", **fields}
    assert stage.send(Buyer("Ada").sent("POST", "/v1/charges", charge)).status == 200
    assert f'"last4": "{last4}"' in stage.cassette


def test_a_payment_shows_the_end_of_a_published_payment_method() -> None:
    stage, buyer = Stage(answer=stripe(0)), Buyer("Ada")
    fields = {
        "amount": "100",
        "currency": "usd",
        "confirm": "true",
        "expand[]": "latest_charge",
        "payment_method": "pm_card_visa",
        "payment_method_types[]": "card",
    }
    answer = stage.send(buyer.sent("POST", "/v1/payment_intents", fields))
    assert answer.status == 200, answer.body
    assert '"last4": "{{card:visa.last4}}"' in stage.cassette


def test_a_list_shows_what_was_sent_for_what_is_in_it() -> None:
    stage = Stage(answer=stripe(0))
    people = [Buyer(name) for name in ("Ada", "Grace")]
    for buyer in people:
        stage.send(buyer.sent("POST", "/v1/customers", {"name": buyer.name, "email": buyer.email}))
    stage.send(people[0].sent("GET", "/v1/customers"))
    listed = stage.cassette.rpartition("uri: https://api.stripe.com/v1/customers")[2]
    assert all(f'"email": "{{{{email.{number}}}}}"' in listed for number in (1, 2))
    assert "{{email.3}}" not in stage.cassette
    assert "{{name.3}}" not in stage.cassette
