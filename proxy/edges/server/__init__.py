"""The HTTP/1.1 server: whole requests in, whole answers out, nothing said about either.

Bottom up: `aiohttp_private` is aiohttp's request parser; `reader` makes whole, bounded requests
of bytes (no I/O); `writer` makes bytes of answers (no I/O); `connection` is one client; `listener`
is the port.
"""

from proxy.edges.server.connection import Answer, Done, Handler
from proxy.edges.server.listener import Server, loop_exception_handler

__all__ = ["Answer", "Done", "Handler", "Server", "loop_exception_handler"]
