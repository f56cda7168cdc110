"""`tokentape verify`: whether the upstream still answers as recorded."""

from __future__ import annotations

import os
from functools import partial

import click

from tokentape.command_line.options import Invocation, with_settings
from tokentape.edges.settings import KEY_VARIABLE, Settings, Unshown


@click.command(epilog="Example: tokentape verify checkout --upstream https://api.stripe.com")
@click.argument("name")
@with_settings("upstream", "cassettes", "allow_live", "config")
def verify_command(settings: Settings, name: str) -> Invocation:
    """Send the requests of cassette NAME again, and print what changed.

    Published test values are sent as they are, all others as stand-ins. The API key is that of the
    environment variable STRIPE_API_KEY; the built-in mock needs none. Answers are compared
    redacted. Exits with 1 on a difference, with 2 if the upstream gives no answer.
    """
    from tokentape.commands.verify import verify_cassette  # noqa: PLC0415  slow to import

    key = Unshown(os.environ.get(KEY_VARIABLE, ""))
    return partial(verify_cassette, settings, name, key)
