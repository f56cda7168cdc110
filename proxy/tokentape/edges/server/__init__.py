"""The HTTP/1.1 server: whole requests in, whole answers out, nothing said about either.

Bottom up: `plain` reads nearly all heads, `framing` cuts whole requests out of what comes (both
without I/O), and `by_aiohttp` reads what is not plain, with aiohttp's own server; `writer` makes
bytes of answers (no I/O), and `memory` has those that never change again; `connection` is one
client on `terms` that hold for all; `listener` is the port.
"""

from tokentape.edges.server.listener import Server, loop_exception_handler, shared
from tokentape.edges.server.memory import LIMIT as MEMORY
from tokentape.edges.server.memory import Repeated
from tokentape.edges.server.terms import Answer, Done, Handler

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
