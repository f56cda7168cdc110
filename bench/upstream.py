"""An upstream that costs next to nothing: a card's token, the same but for its ids."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys

import uvloop
from aiohttp import web

_CARD: dict[str, object] = {
    "id": "card_1Bench%016d",
    "object": "card",
    "address_city": None,
    "address_line1": None,
    "address_line1_check": None,
    "address_zip": None,
    "address_zip_check": None,
    "brand": "Visa",
    "country": "US",
    "cvc_check": "unchecked",
    "dynamic_last4": None,
    "exp_month": 5,
    "exp_year": 2030,
    "fingerprint": "BenchFingerprint",
    "funding": "credit",
    "last4": "4242",
    "metadata": {},
    "name": None,
    "tokenization_method": None,
    "wallet": None,
}
_TOKEN: dict[str, object] = {
    "id": "tok_1Bench%016d",
    "object": "token",
    "card": _CARD,
    "client_ip": "198.51.100.23",
    "created": 1_700_000_000,
    "livemode": False,
    "type": "card",
    "used": False,
}
BODY = json.dumps(_TOKEN, indent=2).encode()


async def main() -> None:
    numbers = itertools.count()

    async def answer(_: web.BaseRequest) -> web.Response:
        number = next(numbers)
        headers = {"Request-Id": f"req_{number:014}", "Stripe-Version": "2026-10-28.endive"}
        return web.Response(
            body=BODY % (number, number), headers=headers, content_type="application/json"
        )

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    print(f"upstream on http://{host}:{port}", file=sys.stderr, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
