"""`tokentape fmt`: cassettes in canonical form, and merges of two branches resolved."""

from __future__ import annotations

from dataclasses import dataclass

import click

from tokentape.commands.command_line import with_settings
from tokentape.edges import terminal
from tokentape.edges.settings import Settings


@dataclass(frozen=True, slots=True)
class FormatCassettes:
    """Bring cassettes to canonical form, or with `check` only name those that are not.

    They are given by name or by file; none means all.
    """

    settings: Settings
    cassettes: tuple[str, ...]
    check: bool

    def run(self) -> int:
        """Return 1 if `check` finds a cassette to format, else 0. Raises CassetteError."""
        from tokentape.commands import formatting  # noqa: PLC0415  slow to import

        cassettes = formatting.find(self.settings, self.cassettes)
        to_format = 0
        for cassette in cassettes:
            examined = cassette.examine()
            if examined.is_canonical:
                continue
            to_format += 1
            terminal.say_lines(formatting.warnings(examined))
            terminal.print_lines([terminal.Line(examined.file)])
            if not self.check:
                cassette.format()
        action = "to format" if self.check else "formatted"
        terminal.say(f"{to_format} of {len(cassettes)} {action}")
        return 1 if self.check and to_format else 0


@click.command(epilog="Example: tokentape fmt cassettes/checkout.yaml")
@click.argument("cassette", nargs=-1, metavar="[NAME|FILE]...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if one is to be formatted.")
@with_settings("cassettes", "config")
def fmt_command(settings: Settings, cassette: tuple[str, ...], *, check: bool) -> FormatCassettes:
    """Bring cassettes to canonical form, and resolve merges.

    A cassette is given by its name, or by its file, which ends in .yaml; without any, all are
    formatted. Conflict markers of git are resolved: what either branch recorded is kept, what both
    recorded is kept once, and placeholders are renumbered.
    """
    return FormatCassettes(settings, cassette, check)
