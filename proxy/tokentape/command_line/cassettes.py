"""The commands that work on cassettes and other files, and the demonstration."""

# ruff: noqa: PLC0415  What does the work is slow to import, and waits until the options are good.

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import click

from tokentape.command_line.options import (
    Invocation,
    cli,
    format_option,
    name_argument,
    with_settings,
)
from tokentape.edges.settings import KEY_VARIABLE, Settings, Unshown


@cli.command(epilog="Example: tokentape scan cassettes src README.md")
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
    is a file, a folder with all that is in it, or - for standard input. Links are followed, and
    gzip, bzip2, xz, tar and zip are opened. Binary files are skipped, and in folders .git,
    node_modules and virtual environments. Exits with 1 on a finding, with 2 if something could not
    be read in full: it is named, and the rest is searched.
    """
    from tokentape.commands.scan import scan_files

    return partial(scan_files, settings, paths, output_format)


@cli.command(epilog="Example: tokentape verify checkout --upstream https://api.stripe.com")
@name_argument()
@with_settings("upstream", "mix_upstreams", "cassettes", "allow_live", "config")
def verify_command(settings: Settings, name: str) -> Invocation:
    """Send the requests of cassette NAME again, and print what changed.

    Published test values are sent as they are, all others as stand-ins. The API key is that of the
    environment variable STRIPE_API_KEY; the built-in mock needs none. Answers are compared
    redacted. Exits with 1 on a difference, with 2 if the upstream gives no answer.
    """
    from tokentape.commands.verify import verify_cassette

    key = Unshown(os.environ.get(KEY_VARIABLE, ""))
    return partial(verify_cassette, settings, name, key)


@cli.command(epilog="Example: tokentape ls")
@format_option("text", "json")
@with_settings("cassettes", "config")
def ls_command(settings: Settings, output_format: str) -> Invocation:
    """List the cassettes, what is in them, and their last use.

    That is the end of the last session on this machine that replayed or recorded one. Exits with 1
    if one is damaged.
    """
    from tokentape.commands.ls import list_cassettes

    return partial(list_cassettes, settings, output_format)


@cli.command(epilog="Example: tokentape show checkout")
@name_argument()
@format_option("text", "json")
@with_settings("cassettes", "config")
def show_command(settings: Settings, name: str, output_format: str) -> Invocation:
    """Print cassette NAME for people to read, or for programs."""
    from tokentape.commands.show import show_cassette

    return partial(show_cassette, settings, name, output_format)


@cli.command(epilog="Example: tokentape fmt cassettes/checkout.yaml")
@click.argument("cassette", nargs=-1, metavar="[NAME|FILE]...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if one is to be formatted.")
@with_settings("cassettes", "config")
def fmt_command(settings: Settings, cassette: tuple[str, ...], *, check: bool) -> Invocation:
    """Bring cassettes to canonical form, and resolve merges.

    A cassette is given by its name, or by its file, which ends in .yaml; without any, all are
    formatted. Conflict markers of git are resolved: what either branch recorded is kept, what both
    recorded is kept once, and placeholders are renumbered.
    """
    from tokentape.commands.fmt import format_cassettes

    return partial(format_cassettes, settings, cassette, check=check)


@cli.command(epilog="Example: tokentape recover checkout")
@name_argument()
@click.option("--discard", is_flag=True, help="Delete it instead.")
@with_settings("cassettes", "config")
def recover_command(settings: Settings, name: str, *, discard: bool) -> Invocation:
    """Make cassette NAME of an interrupted or set-aside take.

    A fresh take in which every answer was a 401, or whose command failed, is set aside where it
    would replace a cassette, and stays until another take is saved.
    """
    from tokentape.commands.recover import recover_cassette

    return partial(recover_cassette, settings, name, discard=discard)


@cli.command(epilog="Example: tokentape import tests/cassettes/test_pay.yaml")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@click.option("--name", default="", help="Name of the new cassette.  [default: after its file]")
@click.option("--force", is_flag=True, help="Replace a cassette that exists.")
@with_settings("upstream", "cassettes", "config")
def import_command(
    settings: Settings, files: tuple[Path, ...], name: str, *, force: bool
) -> Invocation:
    """Make clean cassettes from what other recorders wrote.

    FILE is a recording of Ruby VCR, vcrpy (pytest-recording), Betamax, go-vcr, ExVCR, nock,
    Polly.js or php-vcr, or a HAR file; its form tells which. Its calls to Stripe, or to the
    upstream if one is given, are recorded as if they happened now. The rest is left out and
    counted. The files stay, and still hold what was sent, unless the cassette has the same path.
    """
    if name and len(files) > 1:
        raise click.UsageError("--name is for a single file")
    from tokentape.commands.import_ import import_cassettes

    return partial(import_cassettes, settings, files, name, force=force)


@cli.command(epilog="Example: tokentape demo")
def demo_command() -> Invocation:
    """Show everything offline: mock, record, stop, replay, scan."""
    from tokentape.commands.demo import demonstrate

    return demonstrate
