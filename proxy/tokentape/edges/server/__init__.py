"""The HTTP/1.1 server: whole requests in, whole answers out, and nothing logged about either.

Bottom up: `head` reads heads and `framing` cuts whole requests out of what comes (both without
I/O); `by_aiohttp` reads what is not plain again, with aiohttp's own server; `writer` makes bytes of
answers (no I/O), and `memory` has those that never change again; `connection` is one client, on the
same `options` as all; `listener` is the port.
"""

from tokentape.edges.server.listener import Server, loop_exception_handler, shared_sockets
from tokentape.edges.server.memory import LIMIT as MEMORY
from tokentape.edges.server.memory import Memory
from tokentape.edges.server.options import Answer, Done, Handler, ServerOptions

__all__ = [
    "MEMORY",
    "Answer",
    "Done",
    "Handler",
    "Memory",
    "Server",
    "ServerOptions",
    "loop_exception_handler",
    "shared_sockets",
]
