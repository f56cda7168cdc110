"""`tokentape fmt`: cassettes in canonical form, and merges of two branches resolved."""

from __future__ import annotations

from functools import partial

import click

from tokentape.command_line.options import Invocation, with_settings
from tokentape.edges.settings import Settings


@click.command(epilog="Example: tokentape fmt cassettes/checkout.yaml")
@click.argument("cassette", nargs=-1, metavar="[NAME|FILE]...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if one is to be formatted.")
@with_settings("cassettes", "config")
def fmt_command(settings: Settings, cassette: tuple[str, ...], *, check: bool) -> Invocation:
    """Bring cassettes to canonical form, and resolve merges.

    A cassette is given by its name, or by its file, which ends in .yaml; without any, all are
    formatted. Conflict markers of git are resolved: what either branch recorded is kept, what both
    recorded is kept once, and placeholders are renumbered.
    """
    from tokentape.commands.fmt import format_cassettes  # noqa: PLC0415  slow to import

    return partial(format_cassettes, settings, cassette, check=check)
