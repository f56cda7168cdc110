"""`tokentape demo`: everything at once, offline."""

from __future__ import annotations

import click

from tokentape.commands.command_line import Invocation


@click.command(epilog="Example: tokentape demo")
def demo_command() -> Invocation:
    """Show everything offline: mock, record, stop, replay, scan."""
    from tokentape.commands.demonstrating import demonstrate  # noqa: PLC0415  slow to import

    return demonstrate
