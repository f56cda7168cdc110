"""The commands, one function each. Each loads what it needs and no more: start-up counts."""

# ruff: noqa: PLC0415  see above

from __future__ import annotations

from pathlib import Path

from tokentape.edges.settings import Settings


def serve(settings: Settings, mode: str, name: str, *, prune: bool = False) -> int:
    """Serve a cassette until told to end; return the exit status."""
    from tokentape.commands import sessions

    return sessions.serve(settings, mode, name, prune=prune)


def share(settings: Settings, name: str, workers: int, *, prune: bool = False) -> int:
    """Replay a cassette in several processes until told to end; return the exit status."""
    from tokentape.commands import sessions

    return sessions.share(settings, name, workers, prune=prune)


def run(
    settings: Settings, mode: str, name: str, command: tuple[str, ...], *, prune: bool = False
) -> int:
    """Serve a cassette while a command runs; return the command's status, or the session's."""
    from tokentape.commands import sessions

    return sessions.run(settings, mode, name, command, prune=prune)


def administer(
    settings: Settings, at: tuple[str, int], token: str, mode: str, command: tuple[str, ...]
) -> int:
    """Serve an admin port until told to end, or while a command runs; return the exit status."""
    from tokentape.commands import sessions

    return sessions.administer(settings, at, token, mode, command)


def mock(listen: tuple[str, int]) -> int:
    """Serve the embedded upstream until told to end; return the exit status."""
    from tokentape.commands import sessions

    return sessions.mock(listen)


def verify(settings: Settings, name: str, key: str) -> int:
    """Send a cassette's requests again, with this API key; return 1 if an answer changed."""
    from tokentape.commands import verify as verification

    return verification.verify(settings, name, key)


def ls(settings: Settings, form: str) -> int:
    """List the cassettes there are; return 1 where one is damaged."""
    from tokentape.commands import ls as listing

    return listing.ls(settings, form)


def show(settings: Settings, name: str, form: str) -> int:
    """Print a cassette, as text or json."""
    from tokentape.commands import show as showing

    return showing.show(settings, name, form)


def scan(paths: tuple[Path, ...], settings: Settings, form: str) -> int:
    """Scan cassettes and other files for secrets; return 1 on a finding."""
    from tokentape.commands import scan as scanning

    return scanning.scan(paths, settings, form)


def import_(settings: Settings, files: tuple[Path, ...], name: str, *, force: bool) -> int:
    """Make clean cassettes of what plain vcrpy recorded."""
    from tokentape.commands import import_ as importing

    return importing.import_files(settings, files, name, force=force)


def demo() -> int:
    """Show the main job in one go."""
    from tokentape.commands import demo as demonstration

    return demonstration.demo()


def recover(settings: Settings, name: str, *, discard: bool) -> int:
    """Make the cassette of what an interrupted recording left, or throw that away."""
    from tokentape.commands import recover as recovery

    return recovery.recover(settings, name, discard=discard)


def fmt(settings: Settings, words: tuple[str, ...], *, check: bool) -> int:
    """Bring cassettes to canonical form; with `check`, return 1 if one is not."""
    from tokentape.commands import fmt as formatting

    return formatting.fmt(settings, words, check=check)
