"""`tokentape ls`: the cassettes there are."""

from __future__ import annotations

from dataclasses import dataclass

import click

from tokentape.commands.command_line import format_option, with_settings
from tokentape.edges import terminal
from tokentape.edges.settings import Settings


@dataclass(frozen=True, slots=True)
class ListCassettes:
    """List all cassettes, as text or json."""

    settings: Settings
    output_format: str

    def run(self) -> int:
        """Return 1 if a cassette is damaged, else 0."""
        from tokentape.commands import listing  # noqa: PLC0415  slow to import

        listings = listing.listings(self.settings)
        if self.output_format == "json":
            terminal.print_lines([listing.json(listings)])
        elif listings:
            terminal.print_lines(listing.table(listings))
        else:
            terminal.say(f"no cassettes in {self.settings.cassettes}")
        return 1 if any(cassette.error for cassette in listings) else 0


@click.command(epilog="Example: tokentape ls")
@format_option("text", "json")
@with_settings("cassettes", "config")
def ls_command(settings: Settings, output_format: str) -> ListCassettes:
    """List the cassettes, what is in them, and their last use.

    That is the end of the last session on this machine that replayed or recorded one. Exits with 1
    if one is damaged.
    """
    return ListCassettes(settings, output_format)
