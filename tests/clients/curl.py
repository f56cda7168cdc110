"""Makes the calls with curl, written as in Stripe's documentation. The Stripe CLI is fed alike."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Seen = dict[str, Any]

_RESERVED = re.compile(r"[%&+]")


def seen(url: str, key: str, environment: dict[str, str]) -> list[Seen]:
    """Make all calls; return status, body and request id of each."""
    calls = json.loads(Path(__file__).with_name("calls.json").read_text("utf-8").replace("#", "3"))
    ids: dict[str, str] = {}
    return [_seen(call, url, key, ids, environment) for call in calls]


def _seen(call: Seen, url: str, key: str, ids: dict[str, str], environment: dict[str, str]) -> Seen:
    words = ["curl", "-sS", "-D", "-", url + target(call, ids), "-u", f"{call.get('key', key)}:"]
    words += ["-X", "POST"] if call.get("create") == {} else []
    words += ["-H", f"Stripe-Account: {call['account']}"] if "account" in call else []
    for name, value in fields(call):
        words += ["--data-urlencode" if _RESERVED.search(value) else "-d", f"{name}={value}"]
    words += ["-G"] if "expand" in call else []
    done = subprocess.run(
        words, env=environment, capture_output=True, check=True, timeout=60, text=True
    )
    return _read(call, done.stdout, ids)


def _read(call: Seen, answer: str, ids: dict[str, str]) -> Seen:
    head, _, text = answer.partition("\n\n")
    body = json.loads(text)
    ids[call["name"]] = body.get("id", "")
    lines = (line.partition(": ") for line in head.splitlines()[1:])
    headers = {name.lower(): value for name, _, value in lines}
    changing = ("date", "content-length", "tokentape-result")
    stable = {name: value for name, value in headers.items() if name not in changing}
    return {
        "name": call["name"],
        "status": int(head.split()[1]),
        "body": body,
        "request_id": headers.get("request-id"),
        "told": stable,
    }


def target(call: Seen, ids: dict[str, str]) -> str:
    """Return the path that a call goes to; `made` are the ids of earlier answers."""
    if "create" in call:
        return "/v1/tokens"
    return f"/v1/tokens/{call.get('retrieve_id') or ids[call['retrieve']]}"


def fields(call: Seen) -> Iterator[tuple[str, str]]:
    """Return the parameters of a call as `-d name=value` takes them."""
    for name, value in call.get("create", {"expand": call.get("expand", [])}).items():
        yield from _flat(name, value)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from _flat(f"{name}[{key}]", inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _flat(f"{name}[]", inside)
    elif value is not None:
        yield name, value if isinstance(value, str) else json.dumps(value)
