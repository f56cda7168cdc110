"""Makes the calls with the Stripe CLI: one `stripe post` or `stripe get` for each."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.clients.curl import fields, target

Seen = dict[str, Any]

_TOLD = re.compile(r"(?m)^< ([\w-]+):? (.*)$")
"""A line of `--show-headers`: `HTTP` has the status."""

ALONE = {"STRIPE_CLI_TELEMETRY_OPTOUT": "1", "HTTPS_PROXY": "http://127.0.0.1:9"}
"""Keeps the CLI from telling Stripe of its use, and from reaching anything if it tried."""


def seen(program: Path, url: str, key: str, environment: dict[str, str]) -> list[Seen]:
    """Make all calls; return status, body and request id of each."""
    calls = json.loads(Path(__file__).with_name("calls.json").read_text("utf-8").replace("#", "3"))
    ids: dict[str, str] = {}
    return [
        _seen(call, [str(program), *_words(call, url, key, ids)], ids, environment)
        for call in calls
    ]


def _words(call: Seen, url: str, key: str, ids: dict[str, str]) -> list[str]:
    words = ["post" if "create" in call else "get", target(call, ids), "--show-headers"]
    words += ["--api-base", url, "--api-key", call.get("key", key)]
    words += ["--stripe-account", call["account"]] if "account" in call else []
    for name, value in fields(call):
        words += ["-d", f"{name}={value}"]
    return words


def _seen(call: Seen, words: list[str], ids: dict[str, str], environment: dict[str, str]) -> Seen:
    done = subprocess.run(
        words, env=environment | ALONE, capture_output=True, check=False, timeout=60, text=True
    )
    body = json.loads(done.stdout or done.stderr.partition("body=")[2])  # 401: on stderr
    ids[call["name"]] = body.get("id", "")
    headers = dict(_TOLD.findall(done.stderr))
    headers.pop("Date")
    return {
        "name": call["name"],
        "status": int(headers["HTTP"]),
        "body": body,
        "request_id": headers.get("Request-Id"),
        "told": headers,
    }
