"""The main job in one go: mock, record with the official SDK, stop, replay offline, look, scan.

Everything is the program itself in processes of its own, as a user would start it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokentape.edges.terminal import out
from tokentape.errors import ConfigurationError

if TYPE_CHECKING:
    from stripe import StripeClient

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
_KINDS: dict[str, dict[str, Any]] = {
    "card": {"card": {**_CARD, "name": "Ada Lovelace"}},
    "debit card": {"card": {**_CARD, "number": "4000056655665556"}},
    "wrong number": {"card": {**_CARD, "number": "4242424242424241"}},
    "bank account": {"bank_account": _BANK},
    "CVC update": {"cvc_update": {"cvc": "424"}},
    "person": {"person": {**_PERSON, "relationship": {"owner": True}}},
    "PII": {"pii": {"id_number": "000000000"}},
    "account": {"account": {"business_type": "individual", "individual": _PERSON}},
}


def demo() -> int:
    """Run the demonstration; return 0 if the client saw the same twice.

    Raises ConfigurationError where the SDK is missing.
    """
    try:
        import stripe  # noqa: F401, PLC0415  an extra: only the demonstration needs it
    except ImportError:
        problem = "the demo's client is Stripe's own SDK; install it: pip install 'tokentape[demo]'"
        raise ConfigurationError((problem,)) from None
    with tempfile.TemporaryDirectory(prefix="tokentape-") as folder:
        return _demo(Path(folder))


def _demo(folder: Path) -> int:
    _step("The embedded upstream stands in for Stripe")
    with _program("mock", "--listen", "127.0.0.1:0") as upstream:
        _step("record: the official Python SDK makes every kind of token")
        with _program("record", "demo", *_on(folder), "--upstream", upstream) as url:
            first = _traffic(url, show=out)
    _step("Both have stopped. replay: the same client, and nothing to talk to")
    with _program("replay", "demo", *_on(folder)) as url:
        second = _traffic(url, show=lambda _: None)
    same = sum(one == other for one, other in zip(first, second, strict=True))
    out(f"{same} of {len(first)} answers are the same to the client", colour="green")
    _step("What was stored of the first: no number, no name, no id")
    with (folder / "demo.yaml").open(encoding="ascii") as cassette:
        out("".join(islice((line for line in cassette if "ccess-" not in line), 50)))
    _step("scan: the cassette may be committed")
    scanned = subprocess.run([*_PROGRAM, "scan", str(folder)], check=False).returncode  # noqa: S603
    return 0 if same == len(first) and scanned == 0 else 1


_PROGRAM = (sys.executable, "-m", "tokentape")


def _step(text: str) -> None:
    out()
    out(f"── {text}", bold=True)


def _on(folder: Path) -> tuple[str, ...]:
    return ("--cassettes", str(folder), "--listen", "127.0.0.1:0")


@contextmanager
def _program(*words: str) -> Iterator[str]:
    """Run the program, give the URL of its ready line, end it as Ctrl-C does, pass on its words."""
    out(f"$ tokentape {words[0]} {' '.join(word for word in words[1:2] if word[0] != '-')}")
    process = subprocess.Popen([*_PROGRAM, *words], stderr=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stderr is not None
    try:
        ready = process.stderr.readline().rstrip()
        out(ready)
        yield ready.rpartition(" ")[2]
    finally:
        process.send_signal(signal.SIGINT)
        for line in process.stderr:
            if "saved" not in line:
                out(line.rstrip())
        process.wait()


def _traffic(url: str, show: Callable[[str], None]) -> list[object]:
    """Make every kind of token and retrieve the first; return what the client saw."""
    from stripe import StripeClient  # noqa: PLC0415  see `demo`

    client = StripeClient(_KEY, base_addresses={"api": url})
    seen: list[object] = []
    for kind, params in _KINDS.items():
        answer = _made(client, params)
        seen.append(_steady(answer))
        show(f"  {kind:<14} {_told(answer)}")
        if len(seen) == 1:
            first = str(answer["id"])
    found = client.v1.tokens.retrieve(first).to_dict()
    show(f"  {'retrieve':<14} {_told(found)}")
    return [*seen, _steady(found), found["id"] == first]


def _made(client: StripeClient, params: dict[str, Any]) -> dict[str, Any]:
    from stripe import StripeError  # noqa: PLC0415  see `demo`

    try:
        return client.v1.tokens.create(params).to_dict()  # type: ignore[arg-type]
    except StripeError as error:
        return {"error": error.code, "message": error.user_message, "status": error.http_status}


def _steady(answer: object) -> object:
    """Return an answer without what is made anew for each: ids, times, fingerprints."""
    if isinstance(answer, dict):
        made = {"id", "created", "fingerprint", "client_ip"}
        return {key: _steady(value) for key, value in answer.items() if key not in made}
    return answer


def _told(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return f"{answer['status']} {answer['error']}: {answer['message']}"
    card = answer.get("card") or answer.get("bank_account") or {}
    parts = (answer["id"], card.get("brand") or card.get("bank_name"), card.get("last4"))
    return " ".join(str(part) for part in (*parts, card.get("name")) if part)
