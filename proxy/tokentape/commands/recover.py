"""What an interrupted recording left behind: made the cassette, or thrown away."""

from __future__ import annotations

from tokentape.edges import cassette_file, terminal
from tokentape.edges.settings import Settings
from tokentape.session import assembly


def recover(settings: Settings, name: str, *, discard: bool) -> int:
    """Recover or discard a take; return the exit status. Raises CassetteError."""
    if discard:
        cassette_file.discard(settings.cassettes, name)
        terminal.say(f"the unfinished recording of {name} is gone; the cassette stands")
        return 0
    door = assembly.door(settings.redact, settings.match)
    file = f"the interrupted recording of {name}"
    count = cassette_file.recover(
        settings.cassettes, name, lambda text: assembly.judged(text, file, door)
    )
    terminal.say(f"cassette {name} has the {count} interactions of the unfinished recording")
    return 0
