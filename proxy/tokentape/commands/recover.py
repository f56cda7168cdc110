"""What an interrupted recording left becomes the cassette, or is deleted."""

from __future__ import annotations

from tokentape.edges import cassette_file, terminal
from tokentape.edges.settings import Settings
from tokentape.session import assembly
from tokentape.wording import counted


def recover_cassette(settings: Settings, name: str, *, discard: bool) -> int:
    """Write the cassette from an unfinished recording, or delete that; return 0.

    Raises CassetteError.
    """
    if discard:
        cassette_file.discard(settings.cassettes, name)
        terminal.say(f"the unfinished recording of {name} is gone; the cassette stands")
        return 0
    redactor = assembly.redactor(settings.redact, settings.match)
    file = f"the interrupted recording of {name}"
    count = cassette_file.recover(
        settings.cassettes, name, lambda text: assembly.checked(text, file, redactor)
    )
    terminal.say(f"cassette {name} has {counted(count, 'interaction')} of the unfinished recording")
    return 0
