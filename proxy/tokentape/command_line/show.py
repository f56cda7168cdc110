"""`tokentape show`: what is in a cassette."""

from __future__ import annotations

from functools import partial

import click

from tokentape.command_line.options import Invocation, format_option, with_settings
from tokentape.edges.settings import Settings


@click.command(epilog="Example: tokentape show checkout")
@click.argument("name")
@format_option("text", "json")
@with_settings("cassettes", "config")
def show_command(settings: Settings, name: str, output_format: str) -> Invocation:
    """Print cassette NAME for people to read, or for programs."""
    from tokentape.commands.show import show_cassette  # noqa: PLC0415  slow to import

    return partial(show_cassette, settings, name, output_format)
