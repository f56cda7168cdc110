"""The simplest forwarder: aiohttp's server and client, whole bodies, nothing else.

    python -m bench.forwarder UPSTREAM [FILE]

With FILE, each answer is written to it before it goes out, as a recorder does; nothing waits for
the disk.
"""

from __future__ import annotations

import asyncio
import os
import sys

import uvloop
from aiohttp import ClientSession, web

_PASSED = ("Authorization", "Content-Type")


async def main(upstream: str, path: str = "") -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if path else None
    async with ClientSession(upstream) as client:

        async def forward(request: web.BaseRequest) -> web.Response:
            headers = {name: request.headers[name] for name in _PASSED if name in request.headers}
            body = await request.read()
            async with client.request(
                request.method, request.path_qs, headers=headers, data=body
            ) as answer:
                content = await answer.read()
                if file is not None:
                    os.write(file, content)
                return web.Response(
                    status=answer.status, body=content, content_type=answer.content_type
                )

        runner = web.ServerRunner(web.Server(forward, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        print(f"forwarder on http://{host}:{port}", file=sys.stderr, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
