"""`tokentape show`: what is in a cassette."""

from __future__ import annotations

from dataclasses import dataclass

import click

from tokentape.commands.command_line import format_option, with_settings
from tokentape.edges import terminal
from tokentape.edges.settings import Settings


@dataclass(frozen=True, slots=True)
class ShowCassette:
    """Print a cassette, as text or json."""

    settings: Settings
    name: str
    output_format: str

    def run(self) -> int:
        """Return 0. Raises CassetteError for a cassette that cannot be loaded."""
        from tokentape.commands import showing  # noqa: PLC0415  slow to import

        cassette = showing.read(self.settings, self.name)
        as_json = self.output_format == "json"
        terminal.print_lines([showing.json(cassette)] if as_json else showing.lines(cassette))
        return 0


@click.command(epilog="Example: tokentape show checkout")
@click.argument("name")
@format_option("text", "json")
@with_settings("cassettes", "config")
def show_command(settings: Settings, name: str, output_format: str) -> ShowCassette:
    """Print cassette NAME for people to read, or for programs."""
    return ShowCassette(settings, name, output_format)
