"""`tokentape mock`: the embedded upstream on a port."""

from __future__ import annotations

from dataclasses import dataclass

import click

from tokentape.commands.command_line import read_by
from tokentape.edges.settings import address


@dataclass(frozen=True, slots=True)
class ServeMock:
    """Serve the embedded upstream until a signal ends it."""

    listen: tuple[str, int]

    def run(self) -> int:
        """Return the exit status."""
        from tokentape.commands import serving  # noqa: PLC0415  slow to import

        return serving.serve_mock(self.listen)


@click.command(epilog="Example: tokentape mock --listen 127.0.0.1:0")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:12111",
    show_default=True,
    callback=read_by(address),
    help="Where to accept clients; port 0 picks a free one.",
)
def mock_command(listen: tuple[str, int]) -> ServeMock:
    """Serve the embedded stand-in for Stripe's tokens API."""
    return ServeMock(listen)
