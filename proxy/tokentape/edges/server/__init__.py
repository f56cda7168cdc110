"""The HTTP/1.1 server: whole requests in, whole answers out, nothing said about either.

Bottom up: `heads` is what a parser finds; `plain` reads nearly all requests, and `aiohttp_private`,
aiohttp's parser, the others; `reader` makes whole, bounded requests of bytes (no I/O); `writer`
makes bytes of answers (no I/O); `memory` has those that are given again; `connection` is a client;
`listener` is the port.
"""

from tokentape.edges.server.connection import Answer, Done, Handler
from tokentape.edges.server.listener import Server, loop_exception_handler, shared
from tokentape.edges.server.memory import LIMIT as MEMORY
from tokentape.edges.server.memory import Repeats

__all__ = [
    "MEMORY",
    "Answer",
    "Done",
    "Handler",
    "Repeats",
    "Server",
    "loop_exception_handler",
    "shared",
]
