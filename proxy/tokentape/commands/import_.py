"""`tokentape import`: clean cassettes from those of plain vcrpy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from tokentape.commands.command_line import with_settings
from tokentape.edges import terminal
from tokentape.edges.settings import Settings


@dataclass(frozen=True, slots=True)
class ImportCassettes:
    """Make clean cassettes from raw ones.

    `name` is for a single file; with "", a cassette is named after its file. `force` replaces
    cassettes that exist.
    """

    settings: Settings
    files: tuple[Path, ...]
    name: str
    force: bool

    def run(self) -> int:
        """Return the worst exit status of all files."""
        from tokentape.commands import importing  # noqa: PLC0415  slow to import

        importer = importing.Importer(self.settings, self.name, force=self.force)
        status = 0
        for number, file in enumerate(self.files, 1):
            imported = importer.imported(file, number)
            terminal.say_lines(importing.lines(imported))
            status = max(status, imported.exit_status)
        return status


@click.command(epilog="Example: tokentape import tests/cassettes/test_pay.yaml")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@click.option("--name", default="", help="Name of the new cassette.  [default: after its file]")
@click.option("--force", is_flag=True, help="Replace a cassette that exists.")
@with_settings("cassettes", "config")
def import_command(
    settings: Settings, files: tuple[Path, ...], name: str, *, force: bool
) -> ImportCassettes:
    """Make clean cassettes from those that plain vcrpy recorded.

    From each FILE of vcrpy or pytest-recording, exchanges with /v1/tokens are recorded as if they
    happened now. The rest is left out. The files stay, and still hold what was sent.
    """
    if name and len(files) > 1:
        raise click.UsageError("--name is for a single file")
    return ImportCassettes(settings, files, name, force)
