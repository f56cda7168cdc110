"""The HTTP/1.1 server: whole requests in, whole answers out, nothing said about either.

Bottom up: `framing` finds where a request ends (no I/O); `plain` reads nearly all requests, and
`by_aiohttp`, with aiohttp's own server, the others; `writer` makes bytes of answers (no I/O);
`memory` has those that never change again; `connection` is a client; `listener` is the port.
"""

from tokentape.edges.server.connection import Answer, Done, Handler
from tokentape.edges.server.listener import Server, loop_exception_handler, shared
from tokentape.edges.server.memory import LIMIT as MEMORY
from tokentape.edges.server.memory import Repeated

__all__ = [
    "MEMORY",
    "Answer",
    "Done",
    "Handler",
    "Repeated",
    "Server",
    "loop_exception_handler",
    "shared",
]
