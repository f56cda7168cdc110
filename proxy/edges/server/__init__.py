"""The HTTP/1.1 server: whole requests in, whole answers out, nothing said about either.

Bottom up: `heads` is what a parser finds; `plain` reads nearly all requests, and `aiohttp_private`,
aiohttp's parser, the others; `reader` makes whole, bounded requests of bytes (no I/O); `writer`
makes bytes of answers (no I/O); `connection` is one client; `listener` is the port.
"""

from proxy.edges.server.connection import Answer, Done, Handler
from proxy.edges.server.listener import Server, loop_exception_handler, shared

__all__ = ["Answer", "Done", "Handler", "Server", "loop_exception_handler", "shared"]
