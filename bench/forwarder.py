"""The simplest forwarder: aiohttp's server and client, whole bodies, nothing else.

    python -m bench.forwarder UPSTREAM [FILE]

With FILE, each answer is on disk before it goes out, as in any recorder that keeps this promise.
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial

import uvloop
from aiohttp import ClientSession, web
from tokentape.edges.cassette_file.plain_files import sync_data

_PASSED = ("Authorization", "Content-Type")


def durable(file: int, content: bytes) -> None:
    os.write(file, content)
    sync_data(file)


async def main(upstream: str, path: str = "") -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if path else None
    in_thread = partial(asyncio.get_running_loop().run_in_executor, None)
    async with ClientSession(upstream) as client:

        async def forward(request: web.BaseRequest) -> web.Response:
            headers = {name: request.headers[name] for name in _PASSED if name in request.headers}
            body = await request.read()
            async with client.request(
                request.method, request.path_qs, headers=headers, data=body
            ) as answer:
                content = await answer.read()
                if file is not None:
                    await in_thread(durable, file, content)
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
