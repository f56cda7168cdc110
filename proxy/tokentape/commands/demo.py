"""`tokentape demo`: everything at once, offline."""

from __future__ import annotations

from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Demonstrate:
    """Show the main job, from recording to scanning."""

    def run(self) -> int:
        """Return 0 if it works. Raises ConfigurationError where Stripe's SDK is not installed."""
        from tokentape.commands import demonstration  # noqa: PLC0415  slow to import

        return demonstration.demonstrate()


@click.command(epilog="Example: tokentape demo")
def demo_command() -> Demonstrate:
    """Show everything offline: mock, record, stop, replay, scan."""
    return Demonstrate()
