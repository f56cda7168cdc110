"""`tokentape recover`: what an interrupted recording left."""

# ruff: noqa: PLC0415  Cassettes are slow to import, and wait until the options are good.

from __future__ import annotations

from dataclasses import dataclass

import click

from tokentape.commands.command_line import with_settings
from tokentape.edges import terminal
from tokentape.edges.settings import Settings


@dataclass(frozen=True, slots=True)
class RecoverCassette:
    """Turn what an interrupted recording left into a cassette, or delete it."""

    settings: Settings
    name: str
    discard: bool

    def run(self) -> int:
        """Return 0. Raises CassetteError where nothing was left or it cannot be used."""
        from tokentape.edges import cassette_file

        if self.discard:
            cassette_file.discard(self.settings.cassettes, self.name)
            terminal.say(f"the unfinished recording of {self.name} is gone; the cassette stands")
        else:
            found = f"the {self._recovered()} interactions of the unfinished recording"
            terminal.say(f"cassette {self.name} has {found}")
        return 0

    def _recovered(self) -> int:
        """Recover the cassette; return the number of its interactions."""
        from tokentape.edges import cassette_file
        from tokentape.session import assembly

        door = assembly.door(self.settings.redact, self.settings.match)
        file = f"the interrupted recording of {self.name}"
        return cassette_file.recover(
            self.settings.cassettes, self.name, lambda text: assembly.judged(text, file, door)
        )


@click.command(epilog="Example: tokentape recover checkout")
@click.argument("name")
@click.option("--discard", is_flag=True, help="Delete it instead.")
@with_settings("cassettes", "config")
def recover_command(settings: Settings, name: str, *, discard: bool) -> RecoverCassette:
    """Turn what an interrupted recording left into cassette NAME."""
    return RecoverCassette(settings, name, discard)
