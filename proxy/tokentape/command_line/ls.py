"""`tokentape ls`: the cassettes there are."""

from __future__ import annotations

from functools import partial

import click

from tokentape.command_line.options import Invocation, format_option, with_settings
from tokentape.edges.settings import Settings


@click.command(epilog="Example: tokentape ls")
@format_option("text", "json")
@with_settings("cassettes", "config")
def ls_command(settings: Settings, output_format: str) -> Invocation:
    """List the cassettes, what is in them, and their last use.

    That is the end of the last session on this machine that replayed or recorded one. Exits with 1
    if one is damaged.
    """
    from tokentape.commands.ls import list_cassettes  # noqa: PLC0415  slow to import

    return partial(list_cassettes, settings, output_format)
