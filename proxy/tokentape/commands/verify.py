"""`tokentape verify`: whether the upstream still answers as recorded."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import click

from tokentape.commands.command_line import with_settings
from tokentape.edges import terminal
from tokentape.edges.settings import API_KEY, Settings


@dataclass(frozen=True, slots=True)
class VerifyCassette:
    """Send the requests of a cassette again with an API key, and print what changed."""

    settings: Settings
    name: str
    key: str = field(repr=False)

    def run(self) -> int:
        """Return 1 if an answer changed, else 0.

        Raises CassetteError, ConfigurationError for a key that does not fit the cassette, and
        UpstreamFailure.
        """
        from tokentape.commands import verifying  # noqa: PLC0415  slow to import

        verification = verifying.verify(self.settings, self.name, self.key)
        terminal.print_lines(verifying.lines(verification))
        return 1 if verification.changes else 0


@click.command(epilog="Example: tokentape verify checkout --upstream https://api.stripe.com")
@click.argument("name")
@with_settings("upstream", "cassettes", "allow_live", "config")
def verify_command(settings: Settings, name: str) -> VerifyCassette:
    """Send the requests of cassette NAME again, and print what changed.

    Published test values are sent as they are, all others as stand-ins. The API key is that of the
    environment variable STRIPE_API_KEY; the embedded upstream needs none. Answers are compared
    redacted. Exits with 1 on a difference, with 2 if the upstream gives no answer.
    """
    return VerifyCassette(settings, name, os.environ.get(API_KEY, ""))
