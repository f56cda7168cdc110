"""What the commands share: settings, options, and what a command line becomes."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from tokentape.edges.settings import Settings, load

Invocation = Callable[[], int]
"""A command with its settings and arguments: runs it, and returns the exit status."""

Callback = Callable[..., Invocation]
Decorator = Callable[[Callback], Callback]

_OPTIONS: dict[str, Decorator] = {
    "config": click.option(
        "--config", metavar="FILE", help="Settings file.  [default: tokentape.yaml, if it exists]"
    ),
    "listen": click.option(
        "--listen",
        metavar="HOST:PORT",
        help="Where to accept clients; port 0 picks a free one.  [default: 127.0.0.1:12121]",
    ),
    "upstream": click.option(
        "--upstream",
        metavar="URL|mock",
        help="Where requests go: https://api.stripe.com is the real one.  [default: mock]",
    ),
    "cassettes": click.option(
        "--cassettes", metavar="DIR", help="Where cassettes are kept.  [default: cassettes]"
    ),
    "allow_live": click.option(
        "--allow-live", flag_value="true", default=None, help="Forward requests with live keys too."
    ),
    "strict": click.option(
        "--strict",
        flag_value="true",
        default=None,
        help="Miss rather than guess; fail on unused and order-dependent interactions.",
    ),
    "on_exhausted": click.option(
        "--on-exhausted",
        metavar="repeat|miss",
        help="What follows the last recorded answer to a request.  [default: repeat]",
    ),
}


def with_settings(*names: str, **replacements: Decorator) -> Decorator:
    """Return a decorator: it adds these options, and passes the settings that they result in.

    `replacements` are options that the command defines itself, by the name of their setting.
    """
    options = {name: _OPTIONS[name] for name in names} | replacements

    def decorate(callback: Callback) -> Callback:
        @wraps(callback)
        def with_loaded(**parameters: Any) -> Invocation:  # noqa: ANN401  click's, of any type
            texts = {name: parameters.pop(name) for name in options}
            given = {name: text for name, text in texts.items() if text is not None}
            return callback(load(given, os.environ, _read_file), **parameters)

        decorated: Callback = with_loaded
        for option in reversed(options.values()):
            decorated = option(decorated)
        return decorated

    return decorate


def _read_file(path: Path) -> Settings:
    from tokentape.edges import config_file  # noqa: PLC0415  YAML is slow to import

    return config_file.read(path, Settings)


def _usual_mode() -> str:
    from tokentape.pure.replay.decide import usual_mode  # noqa: PLC0415  help needs none of it

    return usual_mode(os.environ).value


mode_option: Decorator = click.option(
    "--mode",
    type=click.Choice(["record", "replay", "auto"]),
    default=_usual_mode,
    help="What to do with traffic.  [default: replay where CI is set, else auto]",
)


def format_option(*formats: str, readers: str = "For people, or for programs.") -> Decorator:
    """Return the option that chooses a format of the output; the first is the default."""
    return click.option(
        *("--format", "output_format"),
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help=readers,
    )


def read_by(read: Callable[[str], Any]) -> Callable[..., Any]:
    """Return a callback of click that reads the text of an option, if one is given."""

    def value(_context: click.Context, _option: click.Parameter, text: str | None) -> Any:  # noqa: ANN401
        try:
            return None if text is None else read(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return value
