"""What an upstream says that is no answer to keep, and what may not reach it at all."""

from __future__ import annotations

import base64
import gzip
import socket
from collections.abc import Iterator

import pytest
from tokentape.pure.http.messages import Request, Response

from tests.processes import Session, Workplace
from tests.upstreams import Upstream, saying, stripe
from tests.wire import LIVE, SECRET, Answer, Client, card, numbered

KEYS = (LIVE, *(f"{kind}_" + "live_" + "a" * 40 for kind in ("rk", "pk", "sk_org")))


def wherever(key: str, url: str) -> list[Answer]:
    """Send requests that bear a key in every place where one can stand."""
    basic = base64.b64encode(f"{key}:".encode()).decode()
    quoted = "".join(f"%{ord(letter):02x}" for letter in key)
    anyone, client = Client(url, ""), Client(url)
    return [
        Client(url, key).post(card()),
        anyone.post(card(), Authorization=f"Basic {basic}"),
        anyone.post(card(), Authorization=f"bearer   {key}"),
        anyone.post(card() | {"key": key}),
        anyone.post(f"key={quoted}"),
        anyone.get(f"tok_visa?key={key}"),
        client.post(card(), X_Forwarded_Authorization=f"Bearer {key}"),
        client.send("POST", "/v1/tokens", f'{{"key": "{key}"}}'.encode()),
    ]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(stripe()) as found:
        yield found


def recording(workplace: Workplace, upstream: Upstream, *options: str) -> Session:
    return workplace.serving("record", "take", "--upstream", upstream.url, *options)


class TestLiveKeys:
    def test_reach_no_upstream(self, workplace: Workplace, upstream: Upstream) -> None:
        with recording(workplace, upstream) as session:
            refused = [one for key in KEYS for one in wherever(key, session.url)]
            assert session.end() == 0, session.said
        assert {(one.status, one.result) for one in refused} == {(403, "refused")}
        assert {one.headers["stripe-should-retry"] for one in refused} == {"false"}
        assert upstream.seen == []
        assert f"{len(refused)} refused" in session.said
        assert not any(key in session.said for key in KEYS)
        assert not workplace.path("take").exists()

    def test_are_let_through_on_demand(self, workplace: Workplace, upstream: Upstream) -> None:
        with recording(workplace, upstream, "--allow-live") as session:
            answer = Client(session.url, LIVE).post(card(numbered("453957876362148")))
            assert session.end() == 0
        assert (answer.status, answer.result) == (200, "recorded")
        assert len(upstream.seen) == 1
        assert "{{key:sk_live}}" in workplace.text("take")
        assert LIVE not in workplace.text("take")

    def test_are_served_in_replay(self, workplace: Workplace) -> None:
        with workplace.recorded("take") as url:
            Client(url).post(card())
        with workplace.replayed("take") as url:
            assert Client(url, LIVE).post(card()).result == "replayed"


OUTSIDE = (
    ("GET", "/v1/bicycles"),
    ("POST", "/v1/tokens/tok_visa/refund"),
    ("GET", "/v1/tokens/"),
    ("GET", "/v1/tokens/.."),
    ("GET", "/v1/tokens/%2e%2e"),
    ("GET", "/v1/tokens/a%2Fb"),
    ("GET", "/v1/tokens/../charges"),
    ("GET", "//v1/tokens"),
    ("GET", "/v1/tokensx"),
    ("GET", "/"),
)


class TestOtherPaths:
    @pytest.mark.parametrize("mode", ["record", "auto", "replay"])
    def test_are_refused(self, workplace: Workplace, upstream: Upstream, mode: str) -> None:
        with workplace.recorded("take") as url:
            Client(url).post(card())
        options = {
            "record": ("--upstream", upstream.url),
            "auto": ("--upstream", upstream.url, "--mix-upstreams"),
            "replay": (),
        }
        with workplace.serving(mode, "take", *options[mode]) as session:
            answers = [Client(session.url).send(*line) for line in OUTSIDE]
            assert session.end() == 0
        assert [(one.status, one.result) for one in answers] == [(404, "refused")] * len(OUTSIDE)
        assert {one.error["type"] for one in answers} == {"invalid_request_error"}
        assert upstream.seen == []

    def test_are_passed_on_unrecorded_if_so_set(
        self, workplace: Workplace, upstream: Upstream
    ) -> None:
        workplace.configure("others: forward\n")
        upstream.answer = saying(201, b'{"id": "ch_1"}', X_Unheard_Of="kept")
        with recording(workplace, upstream) as session:
            answer = Client(session.url).send(
                "POST", "/v1/bicycles?a=%5b1", b"amount=1", X_Mine="1"
            )
            live = Client(session.url, LIVE).send("POST", "/v1/bicycles", b"amount=1")
            assert session.end() == 0
        assert (answer.status, answer.body, answer.result) == (201, b'{"id": "ch_1"}', "forwarded")
        assert answer.headers["x-unheard-of"] == "kept"
        assert (live.status, len(upstream.seen)) == (403, 1)
        sent = upstream.seen[0]
        assert (sent.method, sent.target, sent.body) == ("POST", "/v1/bicycles?a=%5b1", b"amount=1")
        assert (sent.header("x-mine"), sent.header("authorization")) == ("1", f"Bearer {SECRET}")
        assert "1 forwarded and not recorded" in session.said
        assert not workplace.path("take").exists()

    def test_are_refused_in_replay_even_so(self, workplace: Workplace, upstream: Upstream) -> None:
        with workplace.recorded("take") as url:
            Client(url).post(card())
        workplace.configure(f"others: forward\nupstream: {upstream.url}\n")
        with workplace.serving("replay", "take") as session:
            assert Client(session.url).send("GET", "/v1/bicycles").status == 404
        assert upstream.seen == []

    def test_a_target_in_another_form_is_refused(
        self, workplace: Workplace, upstream: Upstream
    ) -> None:
        workplace.configure("others: forward\n")
        lines = (("GET", "http://127.0.0.1:1/v1/tokens"), ("GET", "v1/tokens"), ("OPTIONS", "*"))
        with recording(workplace, upstream) as session:
            answers = [Client(session.url).send(*line) for line in lines]
        assert {one.status for one in answers} <= {400, 404}
        assert upstream.seen == []


class TestFailures:
    def test_no_one_there_is_502(self, workplace: Workplace) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with workplace.serving(
            "record", "take", "--upstream", f"http://127.0.0.1:{port}"
        ) as session:
            answer = Client(session.url).post(card())
            assert session.end() == 1
        self.is_failure(answer, 502)
        assert "1 forwarded and not recorded" in session.said
        assert "1 of these not answered by the upstream: see above why" in session.said
        assert not workplace.path("take").exists()

    def test_too_slow_is_504(self, workplace: Workplace) -> None:
        workplace.configure("timeouts:\n  upstream: 0.2\n")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with workplace.serving("record", "take", "--upstream", url) as session:
                answer = Client(session.url).post(card())
                assert session.end() == 1
        self.is_failure(answer, 504)

    def is_failure(self, answer: Answer, status: int) -> None:
        assert (answer.status, answer.result) == (status, "forwarded")
        assert answer.error["type"] == "api_connection_error"
        assert answer.error["message"].startswith("tokentape: ")

    @pytest.mark.parametrize("status", [429, 503])
    def test_too_many_and_faults_are_passed_on_and_not_kept(
        self, workplace: Workplace, upstream: Upstream, status: int
    ) -> None:
        error = b'{"error": {"message": "Request rate limit exceeded.", "type": "api_error"}}'
        upstream.answer = saying(status, error, Retry_After="7", Stripe_Should_Retry="true")
        with recording(workplace, upstream) as session:
            answer = Client(session.url).post(card())
            assert session.end() == 0
        assert (answer.status, answer.body, answer.result) == (status, error, "forwarded")
        assert (answer.headers["retry-after"], answer.headers["stripe-should-retry"]) == (
            "7",
            "true",
        )
        assert not workplace.path("take").exists()

    def test_they_are_kept_if_so_set(self, workplace: Workplace, upstream: Upstream) -> None:
        workplace.configure("record:\n  errors: true\n")
        error = b'{"error": {"message": "Request rate limit exceeded.", "type": "api_error"}}'
        upstream.answer = saying(429, error, Retry_After="7")
        with recording(workplace, upstream) as session:
            assert Client(session.url).post(card()).result == "recorded"
            assert session.end() == 0
        with workplace.replayed("take", "--strict") as url:
            answer = Client(url).post(card())
        assert (answer.status, answer.headers["retry-after"]) == (429, "7")
        assert answer.error["message"] == "Request rate limit exceeded."


class TestOddAnswers:
    def test_a_redirect_is_passed_on(self, workplace: Workplace, upstream: Upstream) -> None:
        with Upstream(saying(200)) as elsewhere:
            upstream.answer = saying(302, b"", Location=elsewhere.url + "/v1/tokens")
            with recording(workplace, upstream) as session:
                answer = Client(session.url).post(card())
                assert session.end() == 0
            assert (answer.status, answer.headers["location"]) == (
                302,
                elsewhere.url + "/v1/tokens",
            )
            assert elsewhere.seen == []

    def test_an_answer_that_is_no_json_is_passed_on_and_not_kept(
        self, workplace: Workplace, upstream: Upstream
    ) -> None:
        upstream.answer = saying(200, b"<html>Ada Ohnesorg", Content_Type="text/html")
        with recording(workplace, upstream) as session:
            answer = Client(session.url).post(card())
            assert session.end() == 0
        assert (answer.body, answer.result) == (b"<html>Ada Ohnesorg", "forwarded")
        assert "not recorded" in session.said
        assert "Ohnesorg" not in session.said

    def test_a_compressed_answer_is_passed_on_and_kept_plain(
        self, workplace: Workplace, upstream: Upstream
    ) -> None:
        plain = b'{"id": "tok_1NffrFeUfNV2Hib1", "object": "token", "used": false}'
        upstream.answer = saying(200, gzip.compress(plain), Content_Encoding="gzip")
        with recording(workplace, upstream) as session:
            got = Client(session.url).post(card(), Accept_Encoding="gzip, br")
            assert session.end() == 0
        assert (got.headers["content-encoding"], gzip.decompress(got.body)) == ("gzip", plain)
        assert upstream.seen[0].header("accept-encoding") == "gzip"
        with workplace.replayed("take") as url:
            again = Client(url).post(card(), Accept_Encoding="gzip")
        assert "content-encoding" not in again.headers
        assert again.json["used"] is False

    def test_a_body_that_cannot_be_read_is_passed_on_and_not_kept(
        self, workplace: Workplace, upstream: Upstream
    ) -> None:
        with recording(workplace, upstream) as session:
            sent = Client(session.url).send("POST", "/v1/tokens", b"\0\1", Content_Type="image/png")
            assert session.end() == 0
        assert sent.result == "forwarded"
        assert [one.body for one in upstream.seen] == [b"\0\1"]

    def test_an_answer_that_echoes_a_secret_is_not_written_and_the_run_fails(
        self, workplace: Workplace, upstream: Upstream
    ) -> None:
        """An echo where the catalog keeps values passes redaction, and not the leak check."""
        number = numbered("453957876362148")
        answer = (
            f'{{"id": "tok_1", "object": "token", "card": {{"bin": {{"{number}": 1}}}}}}'.encode()
        )
        workplace.configure(f"redact:\n  keep: [card.bin.{number}]\n")
        upstream.answer = saying(200, answer)
        with recording(workplace, upstream) as session:
            got = Client(session.url).post(card(number))
            assert session.end() == 1
        assert (got.status, got.body, got.result) == (200, answer, "forwarded")
        assert "1 not written" in session.said
        assert "card number" in session.said
        assert number not in session.said
        assert not workplace.path("take").exists()

    def test_headers_pass_both_ways_as_they_came(
        self, workplace: Workplace, upstream: Upstream
    ) -> None:
        def answer(request: Request) -> Response:
            made = stripe()(request)
            return Response(
                made.status, (*made.headers, ("X-Odd", "1"), ("Stripe-Notice", "old")), made.body
            )

        upstream.answer = answer
        with recording(workplace, upstream) as session:
            got = Client(session.url).post(card(), X_Stripe_Client_Telemetry="t", Cookie="c=1")
            assert session.end() == 0
        assert (got.headers["x-odd"], got.headers["stripe-notice"]) == ("1", "old")
        sent = upstream.seen[0]
        assert (sent.header("x-stripe-client-telemetry"), sent.header("cookie")) == ("t", "c=1")
        with workplace.replayed("take", "--strict") as url:
            again = Client(url).post(card())
        gone = {"x-odd", "stripe-notice"}
        assert gone <= got.headers.keys() - again.headers.keys()

    @pytest.mark.parametrize("method", ["PUT", "HEAD"])
    def test_what_is_recorded_can_be_loaded_whatever_the_method(
        self, workplace: Workplace, upstream: Upstream, method: str
    ) -> None:
        with recording(workplace, upstream) as session:
            Client(session.url).post(card())
            Client(session.url).send(method, "/v1/tokens")
            assert session.end() == 0
        with workplace.replayed("take") as url:
            assert Client(url).post(card()).status == 200

    @pytest.mark.parametrize("status", [204, 600])
    def test_what_is_recorded_can_be_loaded_whatever_the_status(
        self, workplace: Workplace, upstream: Upstream, status: int
    ) -> None:
        workplace.configure("record:\n  errors: true\n")
        upstream.answer = saying(status, b"" if status < 400 else b"{}")
        with recording(workplace, upstream) as session:
            upstream.answer, answer = stripe(), upstream.answer
            Client(session.url).post(card())
            upstream.answer = answer
            Client(session.url).post(card(name="Ada"))
            assert session.end() == 0
        with workplace.replayed("take") as url:
            assert Client(url).post(card()).status == 200
