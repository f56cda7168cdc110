"""What requests are forwarded to, from the settings, and whether that fits a cassette's origin."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from contextlib import AsyncExitStack

from tokentape.edges import network_proxies
from tokentape.edges.settings import Settings
from tokentape.errors import CassetteError
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.stripe.upstreams import (
    UpstreamKind,
    kind_of,
    mismatch,
    together,
    upstream_option,
)
from tokentape.session import assembly
from tokentape.session.service import Service, Upstream


def recording_commands(
    settings: Settings, name: str, recorded_from: UpstreamKind | None
) -> tuple[str, str]:
    """Return the commands, to be started here, that record what a cassette lacks, and all of it."""
    option = upstream_option(recorded_from, settings.upstream)
    folder = os.path.relpath(settings.cassettes)
    is_default = folder == str(Settings().cassettes)
    options = option if is_default else f"{option} --cassettes {shlex.quote(folder)}"
    return f"tokentape auto {name}{options}", f"tokentape record {name}{options}"


def check_upstream(settings: Settings, name: str, recorded_from: UpstreamKind | None) -> None:
    """Raise CassetteError if the upstream is no longer of the kind that was recorded."""
    if not settings.mix_upstreams and (problem := mismatch(recorded_from, settings.upstream)):
        raise CassetteError(problem, file=str(settings.cassettes / f"{name}.yaml"))


def kind_of_take(settings: Settings, service: Service) -> UpstreamKind | None:
    """Return what a take will be recorded from. Raises CassetteError as `check_upstream` does."""
    kind = kind_of(settings.upstream)
    if not service.recorded:
        return kind
    check_upstream(settings, service.name, service.recorded_from)
    return together({kind, service.recorded_from})


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
