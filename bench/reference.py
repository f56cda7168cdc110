"""The reference: bare aiohttp under uvloop, answering a constant of one kilobyte."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from aiohttp import web

BODY = b'{"id": "tok_1", "object": "token", "filler": "' + b"x" * 970 + b'"}\n'


async def answer(_: web.BaseRequest) -> web.Response:
    return web.Response(body=BODY, content_type="application/json")


async def main() -> None:
    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    print(f"reference on http://{host}:{port}", file=sys.stderr, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
