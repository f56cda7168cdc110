"""`tokentape import`: clean cassettes from those of plain vcrpy."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from tokentape.command_line.options import Invocation, with_settings
from tokentape.edges.settings import Settings


@click.command(epilog="Example: tokentape import tests/cassettes/test_pay.yaml")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@click.option("--name", default="", help="Name of the new cassette.  [default: after its file]")
@click.option("--force", is_flag=True, help="Replace a cassette that exists.")
@with_settings("cassettes", "config")
def import_command(
    settings: Settings, files: tuple[Path, ...], name: str, *, force: bool
) -> Invocation:
    """Make clean cassettes from those that plain vcrpy recorded.

    From each FILE of vcrpy or pytest-recording, exchanges with /v1/tokens are recorded as if they
    happened now. The rest is left out. The files stay, and still hold what was sent.
    """
    if name and len(files) > 1:
        raise click.UsageError("--name is for a single file")
    from tokentape.commands.import_ import import_cassettes  # noqa: PLC0415  slow to import

    return partial(import_cassettes, settings, files, name, force=force)
