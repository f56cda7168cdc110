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
    made: dict[str, str] = {}
    return [
        _seen(call, [str(program), *_words(call, url, key, made)], made, environment)
        for call in calls
    ]


def _words(call: Seen, url: str, key: str, made: dict[str, str]) -> list[str]:
    words = ["post" if "create" in call else "get", target(call, made), "--show-headers"]
    words += ["--api-base", url, "--api-key", call.get("key", key)]
    words += ["--stripe-account", call["account"]] if "account" in call else []
    for name, value in fields(call):
        words += ["-d", f"{name}={value}"]
    return words


def _seen(call: Seen, words: list[str], made: dict[str, str], environment: dict[str, str]) -> Seen:
    done = subprocess.run(
        words, env=environment | ALONE, capture_output=True, check=False, timeout=60, text=True
    )
    body = json.loads(done.stdout or done.stderr.partition("body=")[2])  # 401: on stderr
    made[call["name"]] = body.get("id", "")
    told = dict(_TOLD.findall(done.stderr))
    told.pop("Date")
    return {
        "name": call["name"],
        "status": int(told["HTTP"]),
        "body": body,
        "request_id": told.get("Request-Id"),
        "told": told,
    }
