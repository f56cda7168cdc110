"""Makes the calls with stripe-python: `stripe_python.py WAY URL KEY`.

The ways are those of WAYS. Prints what its user gets to see, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import stripe

Seen = dict[str, Any]
Make = Callable[[str, dict[str, Any], dict[str, Any]], Awaitable[Any]]
"""Creates (with parameters) or retrieves (by id) a token, with options."""


def module(url: str, key: str) -> Make:
    stripe.api_base = url
    stripe.api_key = key

    async def make(token: str, params: dict[str, Any], options: dict[str, Any]) -> Any:
        if token:
            return stripe.Token.retrieve(token, **params, **options)
        return stripe.Token.create(**params, **options)

    return make


def module_async(url: str, key: str) -> Make:
    stripe.api_base = url
    stripe.api_key = key

    async def make(token: str, params: dict[str, Any], options: dict[str, Any]) -> Any:
        if token:
            return await stripe.Token.retrieve_async(token, **params, **options)
        return await stripe.Token.create_async(**params, **options)

    return make


def client(url: str, key: str) -> Make:
    tokens = stripe.StripeClient(key, base_addresses={"api": url}).v1.tokens

    async def make(token: str, params: dict[str, Any], options: dict[str, Any]) -> Any:
        if token:
            return tokens.retrieve(token, params, options)
        return tokens.create(params, options)

    return make


def client_async(url: str, key: str) -> Make:
    tokens = stripe.StripeClient(key, base_addresses={"api": url}).v1.tokens

    async def make(token: str, params: dict[str, Any], options: dict[str, Any]) -> Any:
        if token:
            return await tokens.retrieve_async(token, params, options)
        return await tokens.create_async(params, options)

    return make


WAYS = {
    "module": module,
    "module-async": module_async,
    "client": client,
    "client-async": client_async,
}


async def seen(make: Make, call: dict[str, Any], ids: dict[str, str]) -> Seen:
    token = call.get("retrieve_id") or ids.get(call.get("retrieve", ""), "")
    params = call.get("create") or {name: call[name] for name in ("expand",) if name in call}
    options = {"api_key": call.get("key"), "stripe_account": call.get("account")}
    try:
        token_object = await make(token, params, {k: v for k, v in options.items() if v})
    except stripe.StripeError as error:
        extra = {"class": type(error).__name__, "code": error.code, "text": error.user_message}
        extra["param"] = getattr(error, "param", None)
        return _seen(call, error.http_status, error.json_body, error.request_id, extra)
    ids[call["name"]] = token_object.id
    answer = token_object.last_response
    extra = {"class": type(token_object).__name__}
    return _seen(call, answer.code, token_object.to_dict(), answer.request_id, extra)


def _seen(call: Seen, status: Any, body: Any, request_id: Any, extra: Seen) -> Seen:
    return {
        "name": call["name"],
        "status": status,
        "body": body,
        "request_id": request_id,
        "told": extra,
    }


async def main(style: str, url: str, key: str) -> None:
    make = WAYS[style](url, key)
    ids: dict[str, str] = {}
    calls = json.loads(Path(__file__).with_name("calls.json").read_text("utf-8").replace("#", "3"))
    json.dump([await seen(make, call, ids) for call in calls], sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
