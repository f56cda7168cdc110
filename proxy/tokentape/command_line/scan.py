"""`tokentape scan`: a search for secrets in files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from tokentape.command_line.options import Invocation, format_option, with_settings
from tokentape.edges.settings import Settings


@click.command(epilog="Example: tokentape scan cassettes src README.md")
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
@format_option(
    *("text", "json", "sarif"), readers="For people, for programs, or for annotations in CI."
)
@with_settings("config")
def scan_command(settings: Settings, paths: tuple[Path, ...], output_format: str) -> Invocation:
    """Find secrets in cassettes and any other text.

    Secrets are card numbers, keys, client secrets, and in cassettes whatever is not redacted. PATH
    is a file, a folder with all that is in it, or - for standard input. Binary files are skipped,
    and in folders .git, node_modules and virtual environments. Exits with 1 on a finding, with 2 if
    something cannot be read.
    """
    from tokentape.commands.scan import scan_files  # noqa: PLC0415  slow to import

    return partial(scan_files, settings, paths, output_format)
