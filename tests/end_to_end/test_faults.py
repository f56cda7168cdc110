"""Injected trouble: what clients get, what is recorded of it, and what the receipt says."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
import stripe

from tests.processes import Session, Workplace, environment
from tests.wire import SECRET, Client, card

DOCUMENT = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()
FORM = "application/x-www-form-urlencoded"
LIMITED = "faults:\n- {answer: 429, route: POST /v1/tokens, first: 2}\n"


def test_the_first_two_get_it_and_the_third_the_recorded_answer(place: Workplace) -> None:
    place.configure(LIMITED)
    with place.serving("replay", "take", "--strict") as session:
        answers = [Client(session.url).post(card()) for _ in range(3)]
        assert session.end() == 0, session.said
    assert [answer.status for answer in answers] == [429, 429, 200]
    assert [answer.result for answer in answers] == ["injected", "injected", "replayed"]
    assert answers[0].error["code"] == "rate_limit"
    assert answers[0].headers["stripe-should-retry"] == "true"
    assert answers[0].headers["stripe-rate-limited-reason"] == "global-rate"
    assert "0 recorded, 1 replayed, 0 missed, 0 refused, 0 unused" in session.said
    assert "tokentape: injected: 429 for POST /v1/tokens (2)\n" in session.said
    assert session.said.count(" 429 injected ") == 2


@pytest.mark.parametrize("status", [500, 502])
def test_an_error_of_the_api_has_the_form_of_stripes(place: Workplace, status: int) -> None:
    place.configure(f"faults:\n- {{answer: {status}, first: 1}}\n")
    with place.replayed("take") as url:
        answer = Client(url).post(card())
        assert (answer.status, answer.error["type"]) == (status, "api_error")
        assert Client(url).post(card()).status == 200


@pytest.mark.parametrize("mode", ["record", "auto"])
def test_nothing_of_it_is_recorded(place: Workplace, mode: str) -> None:
    before = place.text("take")
    place.configure(LIMITED + "record: {errors: true}\n")
    with place.recorded("take", mode=mode) as url:
        assert [Client(url).post(card()).status for _ in range(3)] == [429, 429, 200]
    assert place.text("take") == before


def test_a_key_is_free_after_a_fault(place: Workplace) -> None:
    place.configure("faults:\n- {answer: 500, first: 1}\n- {answer: drop, first: 1}\n")
    with place.serving("record", "take") as session:
        client = Client(session.url)
        assert client.post(card(), Idempotency_Key="k1").status == 500
        with pytest.raises(http.client.RemoteDisconnected):
            client.post(card(), Idempotency_Key="k1")
        answer = client.post(card(), Idempotency_Key="k1")
        assert (answer.status, answer.result) == (200, "recorded")
        assert "idempotent-replayed" not in answer.headers
        assert session.end() == 0
    assert " no answer, injected " in session.said
    assert "injected: 500 (1), drop (1)" in session.said
    assert place.text("take").count("- request:") == 1


@pytest.mark.parametrize("mode", ["record", "replay"])
def test_an_answer_that_was_lost_comes_again_for_its_key(place: Workplace, mode: str) -> None:
    place.configure("faults:\n- {answer: lose, first: 1}\n")
    with place.serving(mode, "take") as session:
        client = Client(session.url)
        with pytest.raises(http.client.RemoteDisconnected):
            client.post(card(), Idempotency_Key="k1")
        answer = client.post(card(), Idempotency_Key="k1")
        assert (answer.status, answer.headers["idempotent-replayed"]) == (200, "true")
        assert session.end() == 0
    assert place.text("take").count("- request:") == 1
    assert "injected: lose (1)" in session.said


def test_a_remembered_answer_does_not_get_round_a_fault(place: Workplace) -> None:
    place.configure("faults:\n- {delay: 0.15, first: 4}\n")
    with place.serving("replay", "take") as session:
        connection = http.client.HTTPConnection("127.0.0.1", session.port)
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": FORM}
        seconds = []
        for _ in range(7):
            since = time.perf_counter()
            connection.request("POST", "/v1/tokens", urlencode(card()), headers)
            assert connection.getresponse().read()
            seconds.append(time.perf_counter() - since)
        connection.close()
        assert session.end() == 0
    assert min(seconds[:4]) >= 0.15
    assert min(seconds[4:]) < 0.15
    assert "7 replayed" in session.said
    assert "injected: 0.15 s late (4)" in session.said


def test_a_fault_is_only_for_its_route(place: Workplace) -> None:
    place.configure("faults:\n- {answer: 502, route: 'GET /v1/tokens/{token}'}\n")
    with place.recorded("take") as url:
        made = Client(url).post(card())
        assert made.status == 200
        assert [Client(url).get(made.id).status for _ in range(3)] == [502] * 3
        assert Client(url).send("GET", "/v1/other").status == 404


@pytest.mark.parametrize(("options", "status"), [((), 0), (("--strict",), 1)])
def test_a_fault_that_nothing_met_is_told_and_fails_a_strict_run(
    place: Workplace, options: tuple[str, ...], status: int
) -> None:
    place.configure(LIMITED)
    with place.serving("record", "take", *options) as session:
        assert Client(session.url).post(card()).status == 429
        assert session.end() == status
    assert "too few requests met a fault: 429 for POST /v1/tokens: 1 of 2" in session.said


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("{answer: 418}", "faults[0].answer: allowed: 429, 500, 502, drop, lose"),
        ("{answr: 429}", "faults[0].answr: unknown key; did you mean answer?"),
        ("{first: none}", "faults[0].first: allowed: a whole number from 1 to 999999"),
        ("{delay: soon}", "faults[0].delay: allowed: seconds"),
        ("{route: /v1/tokens}", "faults[0].route: allowed: a method and a path"),
        ("429", "faults[0]: found a single value; allowed: keys with values"),
    ],
)
def test_a_mistake_is_named(workplace: Workplace, fault: str, problem: str) -> None:
    workplace.configure(f"faults:\n- {fault}\n")
    ran = workplace.run("replay", "take")
    assert ran.returncode == 2
    assert f"tokentape.yaml:2: {problem}" in ran.stderr


def test_a_session_of_the_admin_port_has_its_own(place: Workplace) -> None:
    token = "only-for-these-tests"
    (example,) = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    words = ("serve", "--admin", "127.0.0.1:0")
    with Session(place.directory, *words, TOKENTAPE_ADMIN_TOKEN=token) as server:

        def posted(document: dict[str, object]) -> tuple[int, dict[str, str]]:
            body, form = json.dumps(document).encode(), "application/json"
            path = "/_tokentape/sessions"
            answer = Client(server.url, token).send("POST", path, body, Content_Type=form)
            return answer.status, answer.json

        status, opened = posted(json.loads(example) | {"cassette": "take", "mode": "replay"})
        assert status == 201
        answers = [Client(opened["url"]).post(card()).status for _ in range(3)]
        assert answers == [429, 429, 200]
        for faults in ("429", [429], [{"answer": "418"}], [{"first": 0}], [{"secret": "x"}]):
            status, refused = posted({"cassette": "take", "faults": faults})
            assert status == 422, faults
            assert "faults: " in str(refused)
        path = f"/_tokentape/sessions/{opened['id']}"
        closed = Client(server.url, token).send("DELETE", path).json
    assert closed["injected"] == {"429 for POST /v1/tokens": 2}


def test_the_official_client_gets_over_it(place: Workplace) -> None:
    place.configure(LIMITED)
    with place.serving("replay", "take") as session:
        addresses = {"api": session.url}
        client = stripe.StripeClient(SECRET, base_addresses=addresses, max_network_retries=3)
        number = {"number": "4242424242424242", "exp_month": "5", "exp_year": "2050", "cvc": "314"}
        assert client.v1.tokens.create({"card": number}).type == "card"
        assert session.end() == 0
    assert "injected: 429 for POST /v1/tokens (2)" in session.said


def test_the_test_in_the_document_passes(place: Workplace) -> None:
    (body,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    (place.directory / "test_retries.py").write_text(f"import pytest\nimport stripe\n\n{body}")
    for _ in range(2):  # records, then replays
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "--strict-markers", "test_retries.py"],
            cwd=place.directory,
            env=environment(place.directory),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout


def test_the_settings_in_the_document_are_read(workplace: Workplace) -> None:
    for block in re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL):
        workplace.configure(block)
        assert workplace.run("ls").returncode == 0
