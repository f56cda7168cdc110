"""The main job at once: mock, record with the official SDK, stop, replay offline, look, scan.

Everything is the program itself in processes, as a user would start it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from tokentape.edges import network_proxies
from tokentape.edges.terminal import Line, print_lines
from tokentape.errors import ConfigurationError

_KEY = "sk_test_" + "demo" * 6
_PERSON = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"}
_CARD = {"number": "4242424242424242", "exp_month": "5", "exp_year": "2030", "cvc": "314"}
_BANK = {
    "country": "US",
    "currency": "usd",
    "account_holder_name": "Ada Lovelace",
    "routing_number": "110000000",
    "account_number": "000123456789",
}
_TOKENS: dict[str, dict[str, Any]] = {
    "card": {"card": {**_CARD, "name": "Ada Lovelace"}},
    "debit card": {"card": {**_CARD, "number": "4000056655665556"}},
    "wrong number": {"card": {**_CARD, "number": "4242424242424241"}},
    "bank account": {"bank_account": _BANK},
    "CVC update": {"cvc_update": {"cvc": "424"}},
    "person": {"person": {**_PERSON, "relationship": {"owner": True}}},
    "PII": {"pii": {"id_number": "000000000"}},
    "account": {"account": {"business_type": "individual", "individual": _PERSON}},
}


_VOLATILE = frozenset({"id", "created", "fingerprint", "client_ip"})
"""Fields that replay fills with new values."""
_FREE_PORT = ("--listen", "127.0.0.1:0")
_PROGRAM = (sys.executable, "-m", "tokentape")

Answers = dict[str, dict[str, Any]]
"""What the client saw, by the kind of token; the last is the retrieval of the first."""


def demonstrate() -> int:
    """Run the demonstration; return 0 if the client saw the same twice, and the scan is clean.

    Raises ConfigurationError where Stripe's SDK is not installed.
    """
    try:
        import stripe  # noqa: F401, PLC0415  an extra: only the demonstration needs it
    except ImportError:
        problem = "the demo's client is Stripe's own SDK; install it: pip install 'tokentape[demo]'"
        raise ConfigurationError((problem,)) from None
    os.environ.update(network_proxies.direct("http://127.0.0.1", os.environ))
    with tempfile.TemporaryDirectory(prefix="tokentape-") as folder:
        return _demonstrate(Path(folder))


def _demonstrate(folder: Path) -> int:
    options = ("--cassettes", str(folder), *_FREE_PORT)
    _step("The built-in mock stands in for Stripe")
    with _program("mock", *_FREE_PORT) as upstream:
        _step("record: the official Python SDK makes every kind of token")
        with _program("record", "demo", *options, "--upstream", upstream) as url:
            recorded = _traffic(url)
            print_lines(_lines(recorded))
    _step("Both have stopped. replay: the same client, and nothing to talk to")
    with _program("replay", "demo", *options) as url:
        replayed = _traffic(url)
    pairs = list(zip(_steady(recorded), _steady(replayed), strict=True))
    same = sum(first == second for first, second in pairs)
    print_lines([Line(f"{same} of {len(pairs)} answers are the same to the client", "green")])
    _step("What was stored of the first: no number, no name, no id")
    with (folder / "demo.yaml").open(encoding="ascii") as cassette:
        shown = islice((line for line in cassette if "ccess-" not in line), 50)
        print_lines([Line("".join(shown))])
    _step("scan: the cassette may be committed")
    scan = subprocess.run([*_PROGRAM, "scan", str(folder)], check=False)  # noqa: S603
    return 0 if same == len(pairs) and scan.returncode == 0 else 1


def _step(title: str) -> None:
    print_lines([Line(), Line(f"── {title}", bold=True)])


@contextmanager
def _program(command: str, *arguments: str) -> Iterator[str]:
    """Run a command, give the URL of its ready line, end it as Ctrl-C does, print what it says."""
    name = "" if arguments[0].startswith("-") else arguments[0]
    print_lines([Line(f"$ tokentape {command} {name}")])
    process = subprocess.Popen(  # noqa: S603
        [*_PROGRAM, command, *arguments], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        ready = process.stderr.readline().rstrip()
        print_lines([Line(ready)])
        yield ready.rpartition(" ")[2]
    finally:
        process.send_signal(signal.SIGINT)
        print_lines(Line(line.rstrip()) for line in process.stderr if "saved" not in line)
        process.wait()


def _traffic(url: str) -> Answers:
    """Create every kind of token, and retrieve the first."""
    from stripe import StripeClient, StripeError  # noqa: PLC0415  see `demonstrate`

    client = StripeClient(_KEY, base_addresses={"api": url})
    answers: Answers = {}
    for kind, fields in _TOKENS.items():
        try:
            answers[kind] = client.v1.tokens.create(fields).to_dict()  # type: ignore[arg-type]
        except StripeError as error:
            problem = {"error": error.code, "message": error.user_message}
            answers[kind] = {**problem, "status": error.http_status}
    return answers | {"retrieve": client.v1.tokens.retrieve(answers["card"]["id"]).to_dict()}


def _steady(answers: Answers) -> list[object]:
    """Return what replay does not change."""
    same_id = answers["card"]["id"] == answers["retrieve"]["id"]
    return [*map(_without_volatile, answers.values()), same_id]


def _without_volatile(node: object) -> object:
    if not isinstance(node, dict):
        return node
    return {key: _without_volatile(value) for key, value in node.items() if key not in _VOLATILE}


def _lines(answers: Answers) -> Iterator[Line]:
    for kind, answer in answers.items():
        if "error" in answer:
            summary = f"{answer['status']} {answer['error']}: {answer['message']}"
        else:
            card = answer.get("card") or answer.get("bank_account") or {}
            parts = (answer["id"], card.get("brand") or card.get("bank_name"), card.get("last4"))
            summary = " ".join(str(part) for part in (*parts, card.get("name")) if part)
        yield Line(f"  {kind:<14} {summary}")
