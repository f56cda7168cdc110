"""Which hosts and origins are served, and what a page of one of them gets."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.web_pages import FOREIGN_HOST, FOREIGN_ORIGIN, FromPage, WebPages

LOOPBACK = WebPages()
CONFIGURED = WebPages(frozenset({"tokentape"}), frozenset({"https://app.example:8443", "null"}))
ANYWHERE = WebPages(frozenset({"0.0.0.0"}), any_address=True)
OURS = ("Host", "127.0.0.1:12121")


def visit(pages: WebPages, *headers: tuple[str, str], method: str = "GET") -> object:
    return pages.visit(Request(method, "/v1/tokens", headers))


@pytest.mark.parametrize(
    ("pages", "host"),
    [
        *((LOOPBACK, host) for host in ("localhost", "127.0.0.1:80", "[::1]:1", "a.localhost")),
        *((CONFIGURED, host) for host in ("tokentape", "TokenTape:12121", "tokentape.")),
        *((ANYWHERE, host) for host in ("10.0.0.5:1", "[fd00::5]", "0.0.0.0:1", "localhost")),
    ],
)
def test_a_host_of_this_service_is_served(pages: WebPages, host: str) -> None:
    assert visit(pages, ("Host", host)) is None


@pytest.mark.parametrize("pages", [LOOPBACK, CONFIGURED, ANYWHERE])
@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.example",
            "tokentape.evil.example",
            "localhost.evil.example",
            "",
            " ",
            "127.0.0.1:",
        ),
        *("a@localhost", "localhost/", "localhost, evil.example", "xlocalhost", ".localhost:x"),
    ],
)
def test_a_host_that_a_page_could_have_made_is_foreign(pages: WebPages, host: str) -> None:
    assert visit(pages, ("Host", host)) is FOREIGN_HOST


def test_a_client_of_old_that_sends_no_host_is_served() -> None:
    assert visit(LOOPBACK) is None


def test_an_address_is_a_host_where_the_port_listens_beyond_loopback_only() -> None:
    assert visit(LOOPBACK, ("Host", "10.0.0.5")) is FOREIGN_HOST


def test_two_hosts_are_foreign_whichever_is_first() -> None:
    for hosts in ((OURS, ("host", "evil.example")), (("host", "evil.example"), OURS)):
        assert visit(LOOPBACK, *hosts) is FOREIGN_HOST


@pytest.mark.parametrize(
    ("pages", "origin"),
    [
        *((LOOPBACK, f"http://{host}") for host in ("localhost:3000", "127.0.0.1", "[::1]:5173")),
        *((LOOPBACK, f"https://{host}") for host in ("localhost", "app.localhost:3000")),
        *((CONFIGURED, each) for each in ("https://app.example:8443", "null", "http://tokentape")),
    ],
)
def test_a_page_of_an_allowed_origin_is_served_without_it(pages: WebPages, origin: str) -> None:
    headers = (OURS, ("oRigin", origin), ("Sec-Fetch-Site", "cross-site"), ("X", "y"))
    expected = Request("GET", "/v1/tokens", (headers[0], *headers[2:]))
    assert visit(pages, *headers) == FromPage(origin, expected)


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "http://app.example:8443", "https://app.example", "", "*"),
        *("null", "https://localhost.evil.example", "file://", "ftp://localhost", "localhost:3000"),
        *("http://localhost@evil.example", "http://localhost:3000, https://evil.example"),
        *("http://localhost:3000/", "http://10.0.0.5", "http://evil.example#localhost", "http://"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_page_of_another_origin_is_foreign(origin: str, method: str) -> None:
    for pages in (LOOPBACK, ANYWHERE):
        for more in ((), (("Access-Control-Request-Method", "POST"),)):
            headers = (OURS, ("Origin", origin), *more)
            assert visit(pages, *headers, method=method) is FOREIGN_ORIGIN


def test_a_page_that_was_served_under_the_same_address_is_served() -> None:
    host = ("Host", "10.0.0.5:12121")
    assert isinstance(visit(ANYWHERE, host, ("Origin", "http://10.0.0.5:12121")), FromPage)
    assert visit(ANYWHERE, host, ("Origin", "http://10.0.0.5:3000")) is FOREIGN_ORIGIN


@pytest.mark.parametrize(
    ("site", "result"),
    [
        *((site, None) for site in ("none", "same-origin")),
        *((site, FOREIGN_ORIGIN) for site in ("same-site", "cross-site", "", "of-the-future")),
    ],
)
def test_without_an_origin_the_site_decides(site: str, result: object) -> None:
    assert visit(LOOPBACK, OURS, ("Sec-Fetch-Site", site)) is result


def test_a_host_is_looked_at_before_the_origin() -> None:
    origin = ("Origin", "http://evil.example")
    assert visit(LOOPBACK, ("Host", "evil.example"), origin) is FOREIGN_HOST


PAGE = (OURS, ("Origin", "http://localhost:3000"))


def preflight(*headers: tuple[str, str]) -> dict[str, str]:
    answer = visit(LOOPBACK, *PAGE, *headers, method="OPTIONS")
    assert isinstance(answer, Response)
    assert (answer.status, answer.body) == (204, b"")
    return dict(answer.headers)


def test_a_preflight_is_answered_with_what_it_asks_for() -> None:
    asked = preflight(
        ("Access-Control-Request-Method", "DELETE"),
        ("Access-Control-Request-Headers", "authorization,x-stripe-client-user-agent"),
        ("Access-Control-Request-Private-Network", "true"),
    )
    assert asked == {
        "Access-Control-Allow-Origin": "http://localhost:3000",
        "Access-Control-Allow-Methods": "DELETE",
        "Access-Control-Allow-Headers": "authorization,x-stripe-client-user-agent",
        "Access-Control-Allow-Private-Network": "true",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Max-Age": "300",
        "Vary": "Origin",
    }


def test_a_preflight_gets_back_nothing_that_is_no_name() -> None:
    secret = "Zq7 Ohnesorg"
    asked = preflight(
        ("Access-Control-Request-Method", secret), ("Access-Control-Request-Headers", secret)
    )
    assert secret not in "".join(asked.values())
    assert "Access-Control-Allow-Methods" not in asked


def test_options_that_asks_for_nothing_is_passed_on() -> None:
    assert isinstance(visit(LOOPBACK, *PAGE, method="OPTIONS"), FromPage)
    preflight_of_no_page = (OURS, ("Access-Control-Request-Method", "POST"))
    assert visit(LOOPBACK, *preflight_of_no_page, method="OPTIONS") is None


RECORDED: Headers = (
    ("Content-Type", "application/json"),
    ("Access-Control-Allow-Credentials", "true"),
    ("access-control-allow-origin", "*"),
    ("Access-Control-Expose-Headers", "Request-Id, Stripe-Manage-Version"),
    ("Vary", "Accept-Encoding, origin"),
    ("Tokentape-Result", "replayed"),
)


def test_an_answer_names_the_origin_once_and_keeps_what_else_it_has() -> None:
    page = FromPage("http://localhost:3000", Request("GET", "/"))
    response = Response(200, RECORDED, b"{}", (("Idempotency-Key", "k"),), final="final")
    named = page.named(response)
    assert named.headers == (
        RECORDED[0],
        RECORDED[-1],
        ("Access-Control-Allow-Origin", "http://localhost:3000"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Vary", "Accept-Encoding, Origin"),
        ("Access-Control-Expose-Headers", "Request-Id, Stripe-Manage-Version, Tokentape-Result"),
    )
    assert (named.status, named.body, named.echo) == (200, b"{}", response.echo)
    assert named.final == "final"


def test_an_answer_that_allowed_no_page_is_for_this_page_all_the_same() -> None:
    named = FromPage("null", Request("GET", "/")).named(Response(404))
    assert named.header("Access-Control-Allow-Origin") == "null"
    assert named.header("Vary") == "Origin"
    assert named.header("Access-Control-Expose-Headers") == (
        "Request-Id, Stripe-Should-Retry, Tokentape-Result"
    )


def test_a_refusal_has_the_shape_of_stripe_and_says_what_to_configure() -> None:
    for response, key in ((FOREIGN_HOST, "hosts"), (FOREIGN_ORIGIN, "origins")):
        error = json.loads(response.body)["error"]
        assert (response.status, error["code"]) == (403, f"foreign_{key[:-1]}")
        assert f"`{key}` in tokentape.yaml" in error["message"]
        assert f"TOKENTAPE_{key.upper()}" in error["message"]
        assert response.header("Access-Control-Allow-Origin") is None


@given(st.text(max_size=300), st.sampled_from([LOOPBACK, CONFIGURED, ANYWHERE]))
def test_no_text_is_a_host_or_origin_unless_it_is_in_the_settings_or_of_this_machine(
    text: str, pages: WebPages
) -> None:
    for header in ("Host", "Origin"):
        headers = ((header, text),) if header == "Host" else (OURS, (header, text))
        if visit(pages, *headers) not in (FOREIGN_HOST, FOREIGN_ORIGIN):
            known = ("localhost", "127.", "::1", "tokentape", "null", "app.example")
            assert pages.any_address or any(word in text.lower() for word in known)
