"""The commands, one function each. Each loads what it needs and no more: start-up counts."""

# ruff: noqa: PLC0415  see above

from __future__ import annotations

from pathlib import Path

from proxy.edges.settings import Settings


def serve(settings: Settings, mode: str, name: str) -> int:
    """Serve a cassette until told to end; return the exit status."""
    from proxy import sessions

    return sessions.serve(settings, mode, name)


def run(settings: Settings, mode: str, name: str, command: tuple[str, ...]) -> int:
    """Serve a cassette while a command runs; return the command's status, or the session's."""
    from proxy import sessions

    return sessions.run(settings, mode, name, command)


def mock(listen: tuple[str, int]) -> int:
    """Serve the embedded upstream until told to end; return the exit status."""
    from proxy import sessions

    return sessions.mock(listen)


def show(settings: Settings, name: str) -> int:
    """Print a cassette for people."""
    from proxy import show as showing

    return showing.show(settings, name)


def scan(paths: tuple[Path, ...], settings: Settings, form: str) -> int:
    """Scan cassettes and other files for secrets; return 1 on a finding."""
    from proxy import scan as scanning

    return scanning.scan(paths, settings, form)


def import_(settings: Settings, files: tuple[Path, ...], name: str, *, force: bool) -> int:
    """Make clean cassettes of what plain vcrpy recorded."""
    from proxy import importing

    return importing.import_files(settings, files, name, force=force)


def demo() -> int:
    """Show the main job in one go."""
    from proxy import demo as demonstration

    return demonstration.demo()


def recover(settings: Settings, name: str, *, discard: bool) -> int:
    """Make the cassette of what an interrupted recording left, or throw that away."""
    from proxy import recovery

    return recovery.recover(settings, name, discard=discard)
