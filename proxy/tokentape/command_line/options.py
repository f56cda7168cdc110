"""What the commands share: their group, settings, options, and what a command line becomes."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from tokentape import __version__
from tokentape.edges.settings import Settings, load, unknown_variables
from tokentape.wording import did_you_mean

Invocation = Callable[[], int]
"""A command with its settings and arguments: runs it, and returns the exit status."""

Callback = Callable[..., Invocation]
Decorator = Callable[[Callback], Callback]

_FIRST_MINUTE = """\b
The first minute:
  tokentape record      forwards to the built-in mock of Stripe
  curl http://127.0.0.1:12121/v1/tokens -u sk_test_anything: -d "pii[id_number]=000000000"
  Ctrl-C                stops; the traffic is in cassettes/default.yaml
  tokentape replay      gives the same request the same answer, with no network

\b
Your own code needs a new base URL, nothing more. In Python:
  stripe.api_base = "http://127.0.0.1:12121"

Options can also come from the environment (TOKENTAPE_LISTEN and so on) and from the file
tokentape.yaml. An option wins over a variable, a variable over the file.
"""


class _GroupInOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's interface
        return list(self.commands)  # as they are declared; click would sort them


@click.group(
    cls=_GroupInOrder,
    epilog=_FIRST_MINUTE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="tokentape %(version)s")
def cli() -> None:
    """Record Stripe token traffic once, replay it offline, keep no secret."""


def _option(name: str, metavar: str, text: str) -> Decorator:
    return click.option(name, metavar=metavar, help=text)


def _flag(text: str, *names: str) -> Decorator:
    return click.option(*names, flag_value="true", default=None, help=text)


LOGGED = ("quiet", "log_format")
"""The settings of what a session prints while it runs."""
_REPEAT_OR_MISS = "What follows the last recorded answer to a request.  [default: repeat]"
_OPTIONS = {
    "config": _option(
        "--config", "FILE", "Settings file.  [default: tokentape.yaml, if it exists]"
    ),
    "listen": _option(
        *("--listen", "HOST:PORT"),
        "Where to accept clients; port 0 picks a free one.  [default: 127.0.0.1:12121]",
    ),
    "tls_cert": _option("--tls-cert", "FILE", "Serve https with this certificate (PEM)."),
    "tls_key": _option("--tls-key", "FILE", "Its key, if that is in another file."),
    "upstream": _option(
        *("--upstream", "URL|mock"),
        "Where requests go: https://api.stripe.com is the real one.  [default: mock]",
    ),
    "mix_upstreams": _flag(
        "Let a cassette hold answers of Stripe and of the mock, say.", "--mix-upstreams"
    ),
    "cassettes": _option("--cassettes", "DIR", "Where cassettes are kept.  [default: cassettes]"),
    "allow_live": _flag("Forward requests with live keys too.", "--allow-live"),
    "strict": _flag(
        "Miss rather than guess; fail on unused and order-dependent interactions.", "--strict"
    ),
    "on_exhausted": _option("--on-exhausted", "repeat|miss", _REPEAT_OR_MISS),
    "quiet": _flag("No line for a request unless something went wrong.", "--quiet", "-q"),
    "log_format": _option(
        "--log-format", "text|json", "JSON has an object a line, for programs.  [default: text]"
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
            _warn()
            settings = load(given, os.environ)
            if "name" in parameters:
                from tokentape.pure.cassette.naming import typed_name  # noqa: PLC0415  help needs none of it

                parameters["name"] = typed_name(parameters["name"], str(settings.cassettes))
            return callback(settings, **parameters)

        decorated: Callback = with_loaded
        for option in reversed(options.values()):
            decorated = option(decorated)
        return decorated

    return decorate


def _warn() -> None:
    for warning in unknown_variables(os.environ):
        from tokentape.edges import terminal  # noqa: PLC0415  few runs have one

        terminal.notice(warning)


class Words(click.Choice[str]):
    """One of these words; the error does not quote another, which may be a secret."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Return the error."""
        words = f"{', '.join(self.choices)}{did_you_mean(str(value), self.choices)}"
        return f"found another value (not shown: it may be a secret); allowed: {words}"


def _usual_mode() -> str:
    from tokentape.pure.replay.decide import usual_mode  # noqa: PLC0415  help needs none of it

    return usual_mode(os.environ).value


mode_option: Decorator = click.option(
    "--mode",
    type=Words(["record", "replay", "auto"]),
    default=_usual_mode,
    help="What to do with traffic.  [default: TOKENTAPE_MODE; else replay if CI is set, or auto]",
)


def name_argument(**options: Any) -> Decorator:  # noqa: ANN401  those of click
    """Return the argument that names a cassette; a shell completes it."""
    return click.argument("name", shell_complete=_complete_names, **options)


def _complete_names(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Return the names of cassettes that begin like this."""
    from tokentape.edges import cassette_file  # noqa: PLC0415  a completion has no other need of it

    given = context.params.get("cassettes") or os.environ.get("TOKENTAPE_CASSETTES")
    names = cassette_file.names(Path(given or Settings().cassettes))
    return [name for name in names if name.startswith(begun)]


def format_option(*formats: str, readers: str = "For people, or for programs.") -> Decorator:
    """Return the option that chooses a format of the output; the first is the default."""
    return click.option(
        *("--format", "output_format"),
        type=Words(formats),
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
