"""Cards of one take: each gets its own answer, and unknown ones live on as what came in."""

from __future__ import annotations

import itertools

import pytest

from tests.processes import Workplace
from tests.wire import Answer, Client, card, numbered

NUMBERS = ("4242424242424242", "4000056655665556", "378282246310005", "4242424242424241")
OTHERS = (
    numbered("453957876362148"),
    numbered("542523343010990"),
    numbered("37424545540012"),
    "4539578763621487",
)
"""None is a published test value: a Visa card, a Mastercard, an Amex card, and a Visa typo."""


def sent(client: Client, number: str, **fields: str) -> Answer:
    cvc = "3141" if number.startswith("37") else "314"
    return client.post(card(number, cvc=cvc, **fields))


def read(answer: Answer) -> tuple[object, ...]:
    """Return what of an answer does not change from run to run."""
    found = answer.json
    if answer.status != 200:
        error = found["error"]
        return answer.status, error["code"], error["param"], error["message"]
    made = found["card"]
    return tuple(made[name] for name in ("brand", "funding", "country", "last4", "exp_year"))


@pytest.mark.parametrize("numbers", [NUMBERS, OTHERS], ids=["published", "unknown"])
def test_each_number_has_its_own_answer_in_any_order(
    workplace: Workplace, numbers: tuple[str, ...]
) -> None:
    with workplace.recorded("cards") as url:
        recorded = {number: read(sent(Client(url), number)) for number in numbers}
    assert len(set(recorded.values())) == 4
    with workplace.replayed("cards", "--strict") as url:
        for order in itertools.permutations(numbers):
            for number in order:
                answer = sent(Client(url), number)
                assert answer.result == "replayed"
                assert read(answer) == recorded[number]


def test_a_published_number_stands_for_itself_alone(workplace: Workplace) -> None:
    with workplace.recorded("cards") as url:
        sent(Client(url), NUMBERS[0])
    with workplace.serving("replay", "cards") as session:
        answers = [sent(Client(session.url), number) for number in (*NUMBERS[1:], *OTHERS)]
        assert {answer.status for answer in answers} == {424}
        assert session.end() == 1


def test_an_unknown_number_answers_for_any_other_of_its_class_and_no_more(
    workplace: Workplace,
) -> None:
    with workplace.recorded("cards") as url:
        sent(Client(url), OTHERS[0])
    with workplace.replayed("cards", "--strict") as url:
        assert read(sent(Client(url), numbered("492926043834563")))[3] == "5639"
    with workplace.serving("replay", "cards") as session:
        answers = [sent(Client(session.url), number) for number in OTHERS[1:]]
        assert {answer.status for answer in answers} == {424}
        assert session.end() == 1


def test_the_live_name_and_the_live_last_four_come_back(workplace: Workplace) -> None:
    with workplace.recorded("cards") as url:
        token = sent(Client(url), OTHERS[0], name="Ada Ohnesorg").id
        Client(url).get(token)
    with workplace.replayed("cards", "--strict") as url:
        live = sent(
            Client(url), numbered("492926043834563"), name="Übung \"2\" 'ß' {{name.1}} \U0001f4b3"
        )
        again = Client(url).get(live.id)
    made = live.json["card"]
    assert made["name"] == "Übung \"2\" 'ß' {{name.1}} \U0001f4b3"
    assert made["last4"] == "5639"
    assert again.json == live.json


def test_an_expiry_is_told_apart(workplace: Workplace) -> None:
    expiries = ({"exp_month": "13"}, {"exp_year": "2019"}, {"exp_month": "12"}, {"cvc": "99"}, {})
    with workplace.recorded("cards") as url:
        recorded = [read(Client(url).post(card(**fields))) for fields in expiries]
    assert [one[1] for one in recorded if one[0] == 402] == [
        "invalid_expiry_month",
        "invalid_expiry_year",
        "invalid_cvc",
    ]
    with workplace.replayed("cards", "--strict") as url:
        for fields, one in reversed(list(zip(expiries, recorded, strict=True))):
            assert read(Client(url).post(card(**fields))) == one
