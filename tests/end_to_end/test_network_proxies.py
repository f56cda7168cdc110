"""On a network with a proxy: the upstream is reached through it, tokentape itself never is."""

from __future__ import annotations

import base64
import sys
from urllib.parse import urlsplit

import pytest
from tokentape.edges.network_proxies import direct, upstream_proxy
from tokentape.errors import ConfigurationError

from tests.certificates import certificate, needs_openssl, server_context
from tests.network_proxy import NetworkProxy
from tests.processes import Workplace
from tests.upstreams import Upstream, stripe
from tests.wire import Client, card

PASSWORD = "Pa55" + "word"
STRIPE = "https://api.stripe.com"
ORDERS = (
    "import os, urllib.request as r; "
    "q = r.Request(os.environ['TOKENTAPE_URL'] + '/v1/tokens', b'pii[id_number]=000000000', "
    "{'Authorization': 'Bearer sk_' + 'test_4eC39HqLyjWDarjtT1zdp7dc'}); "
    "print(r.urlopen(q).status)"
)


@needs_openssl
def test_an_upstream_is_recorded_through_a_proxy(workplace: Workplace) -> None:
    files = certificate(workplace.directory, "stripe.example")
    with Upstream(stripe(), server_context(files)) as upstream:
        place = ("127.0.0.1", urlsplit(upstream.url).port or 0)
        with NetworkProxy({"stripe.example:443": place}) as proxy:
            environment = {
                "HTTPS_PROXY": f"http://ada:{PASSWORD}@{proxy.address}",
                "SSL_CERT_FILE": str(files[0]),
            }
            options = ("--upstream", "https://stripe.example")
            with workplace.serving("record", "default", *options, **environment) as session:
                answer = Client(session.url).post(card(name="Ada"))
                assert answer.status == 200, answer.body
                assert session.end() == 0, session.said
        assert len(upstream.seen) == 1
    credentials = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    (head,) = proxy.heads
    assert head.startswith("CONNECT stripe.example:443 ")
    assert f"Proxy-Authorization: Basic {credentials}\r\n" in head
    assert "sk_" not in head
    assert PASSWORD not in session.said + workplace.text("default")


@pytest.mark.parametrize("status", [403, 407])
def test_a_proxy_that_refuses_is_named(workplace: Workplace, status: int) -> None:
    with NetworkProxy({}, status) as proxy:
        environment = {"HTTPS_PROXY": f"http://ada:{PASSWORD}@{proxy.address}"}
        options = ("--upstream", "https://stripe.example")
        with workplace.serving("record", "default", *options, **environment) as session:
            answer = Client(session.url).post(card())
            assert answer.status == 502
            assert "the proxy refuses to connect to it" in answer.error["message"]
            session.end()
    assert PASSWORD not in session.said + answer.body.decode()


def test_an_upstream_without_tls_is_recorded_through_a_proxy(workplace: Workplace) -> None:
    with NetworkProxy({}, 404) as proxy:
        environment = {"HTTP_PROXY": f"http://ada:{PASSWORD}@{proxy.address}"}
        options = ("--upstream", "http://stripe.example")
        with workplace.serving("record", "default", *options, **environment) as session:
            for _ in range(2):
                assert Client(session.url).post(card()).status == 404
            session.end()
    assert all(head.startswith("POST http://stripe.example/v1/tokens ") for head in proxy.heads)
    assert all("Proxy-Authorization: Basic " in head for head in proxy.heads)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_command_sends_nothing_for_tokentape_to_a_proxy(workplace: Workplace, name: str) -> None:
    with NetworkProxy({}, 404) as proxy:
        words = ("run", "--", sys.executable, "-c", ORDERS)
        ran = workplace.run(*words, **{name: f"http://{proxy.address}", "NO_PROXY": "example"})
        assert ran.returncode == 0, ran.stderr
    assert proxy.heads == []


def test_a_loopback_upstream_is_reached_without_a_proxy(workplace: Workplace) -> None:
    with NetworkProxy({}, 404) as proxy, Upstream(stripe()) as upstream:
        options = ("--upstream", upstream.url)
        variables = {"HTTP_PROXY": f"http://{proxy.address}"}
        with workplace.serving("record", "default", *options, **variables) as session:
            assert Client(session.url).post(card()).status == 200
            assert session.end() == 0
    assert proxy.heads == []


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTP_PROXY": "http://p"}, None),
        ({"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ({"HTTPS_PROXY": "p:1"}, "http://p:1"),
        ({"https_proxy": "http://low", "HTTPS_PROXY": "http://up"}, "http://low"),
        ({"all_proxy": "http://all"}, "http://all"),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "other, .stripe.com"}, None),
        ({"HTTPS_PROXY": "http://p", "no_proxy": "api.stripe.com:443"}, None),
        ({"HTTPS_PROXY": "http://p", "no_proxy": "api.stripe.com:8443"}, "http://p"),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "ipe.com,,pi.stripe.com"}, "http://p"),
    ],
)
def test_the_environment_says_which_proxy(environ: dict[str, str], proxy: str | None) -> None:
    assert upstream_proxy(STRIPE, environ) == proxy


@pytest.mark.parametrize("upstream", ["http://localhost:1", "https://127.0.0.9", "http://[::1]:1"])
def test_no_proxy_leads_to_this_machine(upstream: str) -> None:
    environ = {"HTTPS_PROXY": "http://p", "HTTP_PROXY": "http://p"}
    assert upstream_proxy(upstream, environ) is None


@pytest.mark.parametrize(
    "url", ["socks5://ada:{}@p", "https://ada:{}@p:1", "http://ada:{}@", "http://p:{}"]
)
def test_an_unusable_proxy_is_named_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        upstream_proxy(STRIPE, {"HTTPS_PROXY": url.format(PASSWORD)})
    assert "HTTPS_PROXY: found no http:// URL" in str(error.value)
    assert PASSWORD not in str(error.value)


def test_exceptions_that_clients_have_already_are_kept() -> None:
    proxied = {"HTTP_PROXY": "http://p"}
    assert direct("http://127.0.0.1:1", {}) == {}
    hosts = direct("http://127.0.0.1:1", {**proxied, "no_proxy": "a", "NO_PROXY": "b"})
    assert hosts == {"no_proxy": "a,127.0.0.1,localhost", "NO_PROXY": "b,127.0.0.1,localhost"}
    assert set(direct("http://127.0.0.1:1", {**proxied, "NO_PROXY": "*"}).values()) == {"*"}
    assert direct("http://10.0.0.1:1", proxied)["no_proxy"] == "10.0.0.1"
