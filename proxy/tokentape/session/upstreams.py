"""What requests are forwarded to, from the settings: a server, or the mock without a socket."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AsyncExitStack

from tokentape.edges import network_proxies
from tokentape.edges.settings import Settings
from tokentape.pure.http.messages import Request, Response
from tokentape.session import assembly
from tokentape.session.service import Upstream


async def upstream_of(settings: Settings, stack: AsyncExitStack) -> Upstream:
    """Return the upstream that the settings name, to be closed by `stack`.

    Raises ConfigurationError for a proxy to it that cannot be used.
    """
    if settings.upstream == "mock":
        return InProcessUpstream(assembly.built_in_mock())
    from tokentape.edges import upstream  # noqa: PLC0415  the others need no HTTP client

    outside = upstream.HttpUpstream(
        settings.upstream,
        timeout=settings.timeouts.upstream,
        max_body=8 * settings.limits.body,
        proxy=network_proxies.upstream_proxy(settings.upstream, os.environ),
    )
    return await stack.enter_async_context(outside)


class InProcessUpstream:
    """An upstream without a socket."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._answer = answer

    async def send(self, request: Request) -> Response:
        """Return the answer."""
        return self._answer(request)
