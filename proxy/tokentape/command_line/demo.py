"""`tokentape demo`: everything at once, offline."""

from __future__ import annotations

import click

from tokentape.command_line.options import Invocation


@click.command(epilog="Example: tokentape demo")
def demo_command() -> Invocation:
    """Show everything offline: mock, record, stop, replay, scan."""
    from tokentape.commands.demo import demonstrate  # noqa: PLC0415  slow to import

    return demonstrate
