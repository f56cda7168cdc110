"""`tokentape recover`: what an interrupted recording left."""

# ruff: noqa: PLC0415  What reads cassettes is slow to import, and waits until it is needed.

from __future__ import annotations

from functools import partial

import click

from tokentape.command_line.options import Invocation, with_settings
from tokentape.edges.settings import Settings


@click.command(epilog="Example: tokentape recover checkout")
@click.argument("name")
@click.option("--discard", is_flag=True, help="Delete it instead.")
@with_settings("cassettes", "config")
def recover_command(settings: Settings, name: str, *, discard: bool) -> Invocation:
    """Turn what an interrupted recording left into cassette NAME."""
    return partial(recover_cassette, settings, name, discard=discard)


def recover_cassette(settings: Settings, name: str, *, discard: bool) -> int:
    """Make the cassette of what an interrupted recording left, or delete that; return 0.

    Raises CassetteError.
    """
    from tokentape.edges import cassette_file, terminal
    from tokentape.session import assembly

    if discard:
        cassette_file.discard(settings.cassettes, name)
        terminal.say(f"the unfinished recording of {name} is gone; the cassette stands")
        return 0
    redactor = assembly.redactor(settings.redact, settings.match)
    file = f"the interrupted recording of {name}"
    count = cassette_file.recover(
        settings.cassettes, name, lambda text: assembly.checked(text, file, redactor)
    )
    terminal.say(f"cassette {name} has the {count} interactions of the unfinished recording")
    return 0
