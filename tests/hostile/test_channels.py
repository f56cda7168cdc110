"""A secret in every place that a request has, and an upstream that repeats it in every place of its
answers: none of it is kept, said or shown to anyone but its own client.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from tokentape.pure.http.messages import Headers, Request, Response

from tests.bad_days.scripted import Scripted
from tests.processes import PATIENCE, Session, Workplace
from tests.upstreams import Upstream
from tests.wire import Client, card, numbered

FORM = "application/x-www-form-urlencoded"
NUMBER = numbered("453957876362148")
"""A card number that is no published test value."""
WORD = re.compile(r"Zq[0-9]{4}Ohnesorg")


class Secrets:
    """Makes secrets, each one new and easily recognised."""

    def __init__(self, first: int) -> None:
        self._next = first

    def __str__(self) -> str:
        self._next += 1
        return f"Zq{self._next:04}Ohnesorg"


def thrice(text: str) -> str:
    """Percent-encode every letter, three times."""
    once = "".join(f"%{ord(letter):02X}" for letter in text)
    return once.replace("%", "%2525")


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(f"{text}:{text}".encode()).decode()


def requests(new: Secrets) -> Iterator[Request]:
    """Yield requests with secrets in every place."""
    post, form = ("POST", "/v1/tokens"), ("Content-Type", FORM)
    key = ("Authorization", f"Bearer sk_test_{new}")
    # The request line and the query.
    yield Request("GET", f"/v1/tokens/{new}", (key,))
    yield Request("GET", f"/v1/tokens/tok_{new}?{new}&{new}={new}&expand[]={new}", (key,))
    yield Request("GET", f"/v1/tokens/{quote(quote(f'tok_1 {new}/'))}", (key,))
    yield Request("GET", f"/v1/tokens/{thrice(str(new))}?a={thrice(str(new))}", (key,))
    yield Request("GET", f"/v1/tokens/tok_visa?key=sk_test_{new}")
    yield Request("GET", f"/v1/{new}/{NUMBER}", (key,))
    yield Request("DELETE", f"/v1/tokens/tok_1{new}", (key,))
    # Headers, their names, and some of them twice.
    for value in (f"Bearer {new}", basic(f"sk_test_{new}"), f"Digest {new}", f"{new}", "Basic !"):
        yield Request(*post, (("Authorization", value), form), b"pii[id_number]=000000000")
    yield Request(*post, (key, ("Authorization", basic(str(new))), form), b"cvc_update[cvc]=123")
    names = ("Cookie", "User-Agent", "Referer", "Origin", "From", "Stripe-Version", "Via")
    names += ("Stripe-Account", "Stripe-Context", "Idempotency-Key", "X-Stripe-Client-Telemetry")
    names += ("X-Forwarded-For", "Accept-Language", "If-None-Match", "Range", "Proxy-Authorization")
    for name in (*names, f"X-{new}"):
        lines = ((name, f"{new}"), (name.lower(), f'{{"a": "{new}"}}'))
        yield Request(*post, (key, form, *lines), b"cvc_update[cvc]=123")
    for media in (f"{FORM}; charset={new}", f"text/{new}", f"multipart/form-data; boundary={new}"):
        yield Request(*post, (key, ("Content-Type", media)), f"a={new}".encode())
    # Forms: names, values, and what is neither.
    fields = (
        f"card[number]={NUMBER}&card[name]={new}",
        f"card[{NUMBER}]={new}",
        f"{new}",
        f"={new}",
    )
    fields += (f"key=pk_test_{new}", f"a[{new}][][b]={new}", f"a[b[{new}]]=1", f"a]{new}[=1")
    fields += (f"card[name]={thrice(str(new))}", f"{thrice(str(new))}=1", f"card[name]={new}%FF%00")
    fields += (f"metadata[{new}]={new}", f"card[metadata][{new}]={new}", f"card[exp_year]={new}")
    fields += (
        f"account[company][name]={new}&account[company][{new}]=1",
        f"card={new}&customer={new}",
    )
    fields += (
        f"person[dob][day]={new}&person[dob][year]={new}",
        f"card[cvc]={new}&card[cvc]={new}",
    )
    fields += (f"pii[id_number]={'%E2%80%8B'.join(NUMBER)}", f"card[number]={'-'.join(NUMBER)}")
    for text in fields:
        yield Request(*post, (key, form), text.encode())
    packed = f"card[name]={new}&card[{new}]=1".encode()
    for encoding, body in (
        ("gzip", gzip.compress(packed)),
        ("deflate", zlib.compress(packed)),
        ("", gzip.compress(packed)),
        ("br", packed),
        ("gzip", packed),
    ):
        line = (("Content-Encoding", encoding),) if encoding else ()
        yield Request(*post, (key, form, *line), body)
    # JSON and multipart.
    sent = {"card": {"number": NUMBER, "name": f"{new}", f"{new}": [f"{new}", {f"{new}": None}]}}
    plain = json.dumps(sent)
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in f"{new}")
    for text in (plain, f'{{"{escaped}": "{escaped}"}}', f'["{new}"]', f'{{"a": {new}', f'"{new}"'):
        yield Request(*post, (key, ("Content-Type", "application/json")), text.encode())
    parts = (
        f'Content-Disposition: form-data; name="card[name]"\r\n\r\n{new}',
        f'Content-Disposition: form-data; name="{new}"; filename="{new}.txt"\r\n\r\n{new}',
        f'Content-Disposition: form-data; name="a"\r\nX-{new}: {new}\r\n\r\nb',
    )
    whole = "".join(f"--frontier\r\n{part}\r\n" for part in parts) + "--frontier--\r\n"
    for text in (whole, whole[:-20], f"{new}"):
        media = ("Content-Type", "multipart/form-data; boundary=frontier")
        yield Request(*post, (key, media), text.encode())
    for media in ("application/xml", "text/plain", "application/octet-stream", "application/grpc"):
        yield Request(*post, (key, ("Content-Type", media)), f"<a>{new}</a>".encode())


def written(request: Request) -> bytes:
    """Return the bytes of a request, the last on its connection."""
    lines = [f"{request.method} {request.target} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + request.body


def malformed(new: Secrets) -> Iterator[bytes]:
    """Yield what is no request, with secrets in it."""
    host = "Host: localhost\r\n"
    yield from (
        text.encode("latin-1")
        for text in (
            f"{new}\r\n\r\n",
            f"{new} /v1/tokens HTTP/1.1\r\n{host}\r\n",
            f"GET {new} HTTP/1.1\r\n{host}\r\n",
            f"GET http://{new}.example/{new} HTTP/1.1\r\n{host}\r\n",
            f"CONNECT {new}.example:443 HTTP/1.1\r\n{host}\r\n",
            f"GET /v1/tokens {new}\r\n{host}\r\n",
            f"GET /v1/tokens HTTP/1.1\r\n{new}\r\n\r\n",
            f"GET /v1/tokens HTTP/1.1\r\n{new} : {new}\r\n\r\n",
            f"GET /v1/tokens HTTP/1.1\r\n{host}X: a\r\n {new}\r\n\r\n",
            f"GET /v1/tokens HTTP/1.1\r\n{host}X: {new}\0\r\n\r\n",
            f"GET /v1/tokens HTTP/1.1\r\n{host}X: \xe4{new}\r\n\r\n",
            f"GET /v1/tokens HTTP/1.1\r\n{host}Content-Length: {new}\r\n\r\n",
            f"GET /v1/tokens HTTP/1.1\r\n{host}Transfer-Encoding: {new}\r\n\r\n",
            f"GET /v1/tokens HTTP/1.1\r\n{host}Expect: {new}\r\n\r\n",
            f"GET /v1/tokens HTTP/1.1\r\n{host}X: {f'{new}' * 5_000}\r\n\r\n",
            f"POST /v1/tokens HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n{new}\r\n\r\n",
            f"\x16\x03\x01{new}",
        )
    )
    # Not malformed, but with trailers.
    head = (
        f"POST /v1/tokens HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\nTrailer: X-{new}\r\n\r\n"
    )
    yield f"{head}5;{new}={new}\r\na=b&c\r\n0\r\nX-{new}: {new}\r\n\r\n".encode()


def parrot(request: Request) -> Response:
    """Repeat all of a request in every place of an answer."""
    body = request.body[:2_000].decode("latin-1")
    sent = [*(text for line in request.headers for text in line), request.target, body]
    heard = [*WORD.findall(" ".join(sent)), *sent][:40]
    one, other = heard[0], heard[-1]
    message = (
        f"No such token: '{one}'",
        f"Invalid API Key provided: {one}",
        f"Received unknown parameter: {one}",
        f"Received unknown parameters: {one}, {other}",
        f"Keys for idempotent requests can only be used for {one}",
        " ".join(heard),
    )[len(body) % 6]
    document = {
        "id": one,
        "object": one,
        "created": 1_700_000_000,
        "client_ip": other,
        "livemode": one,
        "type": [one],
        "card": {
            **dict.fromkeys(("id", "name", "brand", "last4", "fingerprint", "exp_year"), one),
            "metadata": {text: text for text in heard},
            "networks": {"available": heard},
            one: {other: heard},
        },
        "error": {
            "message": message,
            "param": one,
            "code": other,
            "type": one,
            "doc_url": f"https://docs.stripe.com/error-codes/{one}",
            "request_log_url": f"https://dashboard.stripe.com/test/logs/{one}?t=1700000000",
        },
        one: {text: text.upper() for text in heard},
        "encoded": base64.b64encode(" ".join(heard).encode()).decode(),
    }
    return Response(
        (200, 402, 404)[len(body) % 3], _echoed(one, other), json.dumps(document).encode()
    )


def _echoed(one: str, other: str) -> Headers:
    plain = "".join(filter(str.isalnum, one))
    names = (
        "Request-Id",
        "Original-Request",
        "Idempotency-Key",
        "Stripe-Account",
        "Stripe-Version",
    )
    names += ("Location", "Set-Cookie", "Www-Authenticate", "Retry-After", "Vary", "X-Unheard-Of")
    names += ("Content-Type", "Server", "Stripe-Notice", "Content-Security-Policy", f"X-{plain}")
    return tuple((name, plain) for name in (*names, "Tokentape-Result"))


def asked(session: Session, raw: bytes) -> bytes:
    """Send bytes; return all that comes back."""
    with socket.create_connection(("127.0.0.1", session.port), PATIENCE) as client:
        client.sendall(raw)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


@dataclass
class Left:
    """What is left of a run: all that anyone but the client itself can read."""

    texts: dict[str, str] = field(default_factory=dict)
    results: list[str] = field(default_factory=list)

    def take(self, session: Session, raw: bytes, what: str) -> None:
        answer = asked(session, raw)
        result = re.search(rb"\r\nTokentape-Result: ([a-z]+)\r\n", answer)
        found = result[1].decode() if result else "none"
        self.results.append(found)
        if found in ("miss", "refused", "none"):
            self.texts[what] = answer.decode("latin-1")

    def look(self, session: Session, what: str) -> None:
        """Take what can be read of a running session."""
        health = Client(session.url).send("GET", "/_tokentape/health")
        self.texts[f"health while {what}"] = health.body.decode() + str(health.headers)
        process = Path(f"/proc/{session.process.pid}")
        self.texts[f"command line while {what}"] = (process / "cmdline").read_text()
        self.texts[f"environment while {what}"] = (process / "environ").read_text()

    def said(self) -> list[str]:
        """Return what sessions said on standard error."""
        return [text for what, text in self.texts.items() if re.search(r"/\.re\w+-\d+\.e ", what)]

    def files(self, workplace: Workplace, what: str) -> None:
        for path in workplace.directory.rglob("*"):
            self.texts[f"{path} {what}"] = path.name
            if path.is_file():
                self.texts[f"{path} {what}"] += path.read_text("latin-1")


def run(workplace: Workplace, variables: dict[str, str]) -> Left:
    """Record, replay, and ask for what is not there; return what is left."""
    left = Left()
    with Upstream(parrot) as upstream:
        options = ("--upstream", upstream.url)
        with workplace.serving("record", "channels", *options, **variables) as session:
            for number, request in enumerate(requests(Secrets(0))):
                left.take(session, written(request), f"record {number}")
            for number, raw in enumerate(malformed(Secrets(1_000))):
                left.take(session, raw, f"record malformed {number}")
            left.look(session, "recording")
            left.files(workplace, "while recording")
            assert session.end() in (0, 1), session.said
    with workplace.serving("replay", "channels", **variables) as session:
        for first, what in ((0, "replay"), (2_000, "others"), (4_000, "more")):
            for number, request in enumerate(requests(Secrets(first))):
                left.take(session, written(request), f"{what} {number}")
        for number, raw in enumerate(malformed(Secrets(6_000))):
            left.take(session, raw, f"replay malformed {number}")
        left.look(session, "replaying")
        assert session.end() in (0, 1), session.said
    left.files(workplace, "in the end")
    return left


TALKATIVE = """
import uvloop
def made(new=uvloop.new_event_loop):
    loop = new()
    loop.slow_callback_duration = 0
    return loop
uvloop.run.__kwdefaults__["loop_factory"] = made
"""
"""Run by Python at its start: in its debug mode, the event loop then logs each of its callbacks."""


@pytest.fixture(scope="module", params=["quiet", "talkative"])
def left(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Left:
    """What is left of a run, and of one in which Python says all that it can say."""
    workplace = Workplace(tmp_path_factory.mktemp("channels"))
    if request.param == "quiet":
        return run(workplace, {})
    directory = tmp_path_factory.mktemp("start")
    (directory / "sitecustomize.py").write_text(TALKATIVE)
    debug = {"PYTHONDEVMODE": "1", "PYTHONASYNCIODEBUG": "1", "PYTHONPATH": str(directory)}
    left = run(workplace, debug)
    assert sum(text.count("\nExecuting <") for text in left.said()) > 1_000
    return left


def views(text: str) -> Iterator[str]:
    """Yield a text as someone might read it who looks for secrets."""
    yield text
    for token in set(re.findall(r"[A-Za-z0-9+/_-]{16,}", text)):
        for start in range(4):
            cut = token[start:].replace("-", "+").replace("_", "/") + "A"  # one too many for some
            cut = cut[: len(cut) - (len(cut) % 4 == 1)]
            yield base64.b64decode(cut + "=" * (-len(cut) % 4)).decode("latin-1")
    for token in set(re.findall(r"(?:[0-9a-fA-F]{2}){8,}", text)):
        yield bytes.fromhex(token).decode("latin-1")
    if "%" in text:
        for _ in range(3):
            text = re.sub("%([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), text)
        yield text


@pytest.mark.parametrize(
    "text",
    [
        "a: Zq0001Ohnesorg",
        thrice("Zq0001Ohnesorg"),
        b"Zq0001Ohnesorg".hex(),
        *(base64.b64encode(b"x" * pad + b" Zq0001Ohnesorg ").decode() for pad in range(3)),
        basic("Zq0001Ohnesorg"),
        "ZQ0001OHNESORG",
    ],
    ids=range(8),
)
def test_a_secret_is_seen_in_many_forms(text: str) -> None:
    assert any("ohnesorg" in view.lower() for view in views(text))


def test_much_of_it_is_recorded_and_replayed(left: Left) -> None:
    count = sum(1 for _ in requests(Secrets(0)))
    recorded = left.results[:count]
    assert recorded.count("recorded") > count * 0.7, recorded
    assert left.results.count("replayed") > count * 1.5
    assert left.results.count("miss") > 20
    cassette = next(text for what, text in left.texts.items() if what.endswith(".yaml in the end"))
    with_trailers = 1
    assert cassette.count("- request:") == recorded.count("recorded") + with_trailers


def test_no_secret_is_left_anywhere(left: Left) -> None:
    places = {
        what
        for what, text in left.texts.items()
        for view in views(text)
        if "ohnesorg" in view.lower() or NUMBER in re.sub("[^0-9]", "", view)
    }
    assert places == set()


def test_nothing_failed_and_no_one_was_warned(left: Left) -> None:
    assert len(left.said()) >= 3
    for text in left.said():
        for word in ("Traceback", "failed inside", "Warning", "never"):
            assert word not in text.replace("never asked for", "")


def test_what_an_upstream_says_between_the_lines_is_not_kept(workplace: Workplace) -> None:
    """Reason phrases, chunk extensions and trailers; and answers that are none."""
    new = Secrets(0)
    head = f"HTTP/1.1 402 {new}\r\nContent-Type: application/json\r\n"
    broken = (f"HTTP/1.1 {new} OK\r\n\r\n", f"{new}\r\n\r\n", f"{head}{new}\r\n\r\n")
    broken += (f"{head}X-A: {new}\0\r\n\r\n", f"{head}Content-Length: {new}\r\n\r\n")
    broken += (f"{head}Content-Length: 99\r\n\r\n{new}", f"{head}X-A: {str(new) * 9_000}\r\n\r\n")
    chunked = f"{head}Transfer-Encoding: chunked\r\nTrailer: X-{new}\r\n\r\n"
    with (
        Scripted() as upstream,
        workplace.serving("record", "between", "--upstream", upstream.url) as session,
    ):
        client = Client(session.url)
        for text in broken:
            upstream.answer = text.encode()
            answer = client.post(card())
            assert answer.status == 502
            assert "Ohnesorg" not in f"{answer.headers} {answer.body!r}"
        upstream.answer = f"{chunked}2;a={new}\r\n{{}}\r\n0\r\nX-{new}: {new}\r\n\r\n".encode()
        assert client.post(card()).result == "recorded"
        assert session.end() == 0, session.said
    assert "Ohnesorg" not in workplace.text("between") + session.said
