"""`tokentape mock`: the built-in mock on a port."""

from __future__ import annotations

from functools import partial

import click

from tokentape.command_line.options import Invocation, read_by
from tokentape.edges.settings import address


@click.command(epilog="Example: tokentape mock --listen 127.0.0.1:0")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:12111",
    show_default=True,
    callback=read_by(address),
    help="Where to accept clients; port 0 picks a free one.",
)
def mock_command(listen: tuple[str, int]) -> Invocation:
    """Serve the built-in mock of Stripe's tokens API."""
    from tokentape.commands.serve import serve_mock  # noqa: PLC0415  slow to import

    return partial(serve_mock, listen)
