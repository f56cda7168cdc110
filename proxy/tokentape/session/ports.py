"""Ports for clients, from the settings: their limits, and which web pages they answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tokentape.edges.server import Answer, Handler, Memory, Server, ServerOptions, tls_context
from tokentape.edges.settings import Settings
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.web_pages import FromPage, WebPages, listens_beyond_loopback

Notice = Callable[[str], None]
"""Takes a line for people; everything in it is redacted."""


def serving(
    handler: Handler,
    settings: Settings,
    on_fault: Notice,
    *,
    memory: Memory | None = None,
    on_refused: Callable[[Response], None] = lambda _: None,
) -> Server:
    """Return a server for a handler at the settings' address, yet to be started.

    It answers the web pages that the settings allow. `on_refused` gets the responses to others, and
    to what is no request.
    """
    limits, timeouts = settings.limits, settings.timeouts
    options = ServerOptions(
        max_head=limits.head,
        max_body=limits.body,
        max_connections=limits.connections,
        request_timeout=timeouts.request,
        shutdown_timeout=timeouts.shutdown,
        tls=tls_context(settings.tls_cert, settings.tls_key),
        memory=memory or Memory(),
        on_refused=on_refused,
        on_fault=on_fault,
    )
    pages = WebPages(
        frozenset({*settings.hosts, settings.listen[0].lower()}),
        frozenset(settings.origins),
        any_address=listens_beyond_loopback(settings.listen[0]),
    )
    return Server(_for_pages(handler, pages, on_refused), *settings.listen, options)


def _for_pages(
    handler: Handler, pages: WebPages, on_refused: Callable[[Response], None]
) -> Handler:
    """Return a handler that looks at the host and the origin of each request first."""

    async def named(page: FromPage, outcome: Awaitable[Answer]) -> Answer:
        response, done = await outcome
        return page.named(response), done

    def answer(request: Request) -> Answer | Awaitable[Answer]:
        match pages.visit(request):
            case None:
                return handler(request)
            case FromPage() as page:
                outcome = handler(page.request)
                if not isinstance(outcome, tuple):
                    return named(page, outcome)
                return page.named(outcome[0]), outcome[1]
            case Response() as response:
                if response.status == 403:
                    on_refused(response)
                return response, ignore_written

    return answer


def ignore_written(_written: bool, /) -> None:  # noqa: FBT001  the server's callback
    """Do nothing when a response has been written."""


def url(host: str, port: int, *, tls: bool = False) -> str:
    """Return the base URL of a server at an address."""
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def reachable(served: str, name: str) -> str:
    """Return the base URL for a client that reached this machine under a name or address.

    A port that listens on every address has none that a client could use.

    >>> reachable("http://0.0.0.0:12200", "tokentape"), reachable("http://127.0.0.1:1", "localhost")
    ('http://tokentape:12200', 'http://127.0.0.1:1')
    """
    scheme, _, address = served.partition("://")
    host, _, port = address.rpartition(":")
    return f"{scheme}://{name}:{port}" if host in ("0.0.0.0", "[::]") and name else served  # noqa: S104
