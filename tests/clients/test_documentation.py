"""The curl lines of Stripe's documentation, pointed here, word for word."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.volatile import settled
from tests.processes import Workplace, environment
from tests.wire import SECRET

LINES = Path(__file__).with_name("documentation.sh").read_text()
EXAMPLES = {
    title.strip(): line for title, _, line in (part.partition("\n") for part in LINES.split("\n# "))
}
EXAMPLES.pop(next(iter(EXAMPLES)))

KINDS = {
    "Create a card token": ("tok_", "card"),
    "Create a card token of a customer's card": ("tok_", "card"),
    "Create a bank account token": ("btok_", "bank_account"),
    "Create a PII token": ("pii_", "pii"),
    "Create an account token": ("ct_", "account"),
    "Create a person token": ("cpt_", "person"),
    "Create a CVC update token": ("cvctok_", "cvc_update"),
}
ENCODED = str.maketrans({"[": "%5B", "]": "%5D"})

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")


def run(example: str, url: str, home: Path, *, token: str = "") -> Any:
    line = example.replace("https://api.stripe.com", url).replace("curl ", "curl -sS ", 1)
    variables = {"KEY": SECRET, "YEAR": "2050", "TOKEN": token}
    done = subprocess.run(
        ["sh", "-c", line],
        env=environment(home, **variables),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def all_of_them(url: str, home: Path, rewritten: Any = str) -> dict[str, Any]:
    """Run each example, and retrieve each token; return what came back, settled."""
    seen: list[dict[str, Any]] = []
    for title in KINDS:
        created = run(rewritten(EXAMPLES[title]), url, home)
        again = run(EXAMPLES["Retrieve a token"], url, home, token=created["id"])
        assert again == created
        seen.append({"name": title, "body": created})
    return settled(seen, set())


def encoded(example: str) -> str:
    return example.translate(ENCODED).replace('"Jenny Rosen"', '"Jenny+Rosen"')


def backwards(example: str) -> str:
    """Return the example with its fields the other way round and spaces as %20."""
    words = shlex.split(example.replace("\\\n", "").replace("$", r"\$"))
    head, fields = words[:4], [word for word in words[4:] if word != "-d"]
    turned = "".join(f' -d "{field}"' for field in reversed(fields))
    quoted = " ".join(f'"{word}"' for word in head[1:])
    return f"curl {quoted}{turned}".replace("Jenny Rosen", "Jenny%20Rosen").translate(ENCODED)


def test_the_examples_are_all_here() -> None:
    assert {*EXAMPLES} == {*KINDS, "Retrieve a token"}


def test_they_are_recorded_and_replayed_however_they_are_written(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    with place.recorded("documentation", "--strict") as url:
        recorded = all_of_them(url, tmp_path)
    for title, (prefix, kind) in KINDS.items():
        assert recorded[title]["body"]["type"] == kind
        assert recorded[title]["body"]["id"].startswith(prefix.rstrip("_"))
    with place.replayed("documentation", "--strict") as url:
        for rewritten in (str, encoded, backwards):
            assert all_of_them(url, tmp_path, rewritten) == recorded
    place.inspect()
