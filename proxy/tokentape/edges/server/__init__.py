"""The HTTP/1.1 server: whole requests in, whole answers out, and nothing logged about either.

Bottom up: `head` reads heads, `framing` cuts whole requests out of what comes, `writer` makes bytes
of answers (all without I/O), and `memory` has answers that never change again; `by_aiohttp` reads
what is not plain a second time; `connection` is one client, `listener` the port with its `options`,
`tls` https, `spares` for a process that can open nothing more.
"""

from tokentape.edges.server.connection import Answer, Done, Handler
from tokentape.edges.server.listener import (
    PortRange,
    Server,
    loop_exception_handler,
    shared_sockets,
)
from tokentape.edges.server.memory import LIMIT as MEMORY
from tokentape.edges.server.memory import Memory
from tokentape.edges.server.options import ServerOptions
from tokentape.edges.server.spares import SpareDescriptors
from tokentape.edges.server.tls import tls_context

__all__ = [
    "MEMORY",
    "Answer",
    "Done",
    "Handler",
    "Memory",
    "PortRange",
    "Server",
    "ServerOptions",
    "SpareDescriptors",
    "loop_exception_handler",
    "shared_sockets",
    "tls_context",
]
