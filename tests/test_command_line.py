"""The command line: what each command runs, exit statuses, help, lean start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tokentape
from tokentape.__main__ import main
from tokentape.command_line.options import Invocation, cli
from tokentape.commands.demo import demonstrate
from tokentape.commands.fmt import format_cassettes
from tokentape.commands.health import health
from tokentape.commands.import_ import import_cassettes
from tokentape.commands.ls import list_cassettes
from tokentape.commands.recover import recover_cassette
from tokentape.commands.scan import scan_files
from tokentape.commands.serve import (
    SessionPlan,
    serve_cassette,
    serve_in_workers,
    serve_mock,
    serve_sessions,
)
from tokentape.commands.show import show_cassette
from tokentape.commands.verify import verify_cassette
from tokentape.edges.settings import VARIABLES, Settings, Timeouts, Unshown
from tokentape.errors import CassetteError

COMMANDS = tuple(cli.commands)
COLOURS = ("NO_COLOR", "FORCE_COLOR")


class FakeRunner:
    """Notes the function and arguments of a command, and returns or raises `outcome` instead."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.outcome: int | BaseException = 0

    def __call__(self, invocation: Invocation) -> int:
        if isinstance(invocation, partial):
            named = invocation.keywords.items()
            self.calls.append((invocation.func, *invocation.args, *named))
        else:
            self.calls.append((invocation,))
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeRunner:
    for variable in os.environ:
        if variable in ("CI", *COLOURS, "STRIPE_API_KEY") or variable.startswith("TOKENTAPE_"):
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    return FakeRunner()


CommandLine = Callable[..., int]


@pytest.fixture
def command_line(runner: FakeRunner, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["tokentape", *words])
        with pytest.raises(SystemExit) as caught:
            main(runner)
        assert isinstance(caught.value.code, int)
        return caught.value.code

    return run


FREE_PORT = Settings(listen=("127.0.0.1", 0))
LOOPBACK = ("127.0.0.1", 0)
NO_TOKEN = Unshown("")


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("record", (serve_cassette, SessionPlan(Settings(), "record", "default"))),
        (
            "record a/b --listen [::1]:0 --upstream http://h --cassettes c --allow-live --strict",
            (
                serve_cassette,
                SessionPlan(
                    Settings(
                        listen=("::1", 0),
                        upstream="http://h",
                        cassettes=Path("c"),
                        allow_live=True,
                        strict=True,
                    ),
                    *("record", "a/b"),
                ),
            ),
        ),
        (
            "replay --on-exhausted miss a",
            (serve_cassette, SessionPlan(Settings(on_exhausted="miss"), "replay", "a")),
        ),
        ("auto a", (serve_cassette, SessionPlan(Settings(), "auto", "a"))),
        (
            "replay --prune a",
            (serve_cassette, SessionPlan(Settings(), "replay", "a", prune=True)),
        ),
        (
            "replay --prune --workers 2 a",
            (serve_in_workers, SessionPlan(Settings(), "replay", "a", prune=True), 2),
        ),
        (
            "run -- pytest -x",
            (serve_cassette, SessionPlan(FREE_PORT, "auto", "default"), ("pytest", "-x")),
        ),
        (
            "run pytest --strict",
            (serve_cassette, SessionPlan(FREE_PORT, "auto", "default"), ("pytest", "--strict")),
        ),
        (
            "run --prune pytest --prune",
            (
                serve_cassette,
                SessionPlan(FREE_PORT, "auto", "default", prune=True),
                ("pytest", "--prune"),
            ),
        ),
        (
            "run --mode replay --cassette a --listen h:1 --strict -- make -- -h",
            (
                serve_cassette,
                SessionPlan(Settings(listen=("h", 1), strict=True), "replay", "a"),
                ("make", "--", "-h"),
            ),
        ),
        (
            "serve -- npx jest",
            (serve_sessions, Settings(), LOOPBACK, NO_TOKEN, "auto", ("npx", "jest")),
        ),
        (
            "serve --admin [::1]:1 --mode replay --idle 9 --strict -- node --test",
            (
                serve_sessions,
                Settings(strict=True, timeouts=Timeouts(idle=9.0)),
                *(("::1", 1), NO_TOKEN, "replay", ("node", "--test")),
            ),
        ),
        (
            "serve --admin 0.0.0.0:1 --session-ports 8-9 -- a",
            (
                *(serve_sessions, Settings(session_ports=(8, 9)), ("0.0.0.0", 1), NO_TOKEN),
                *("auto", ("a",)),
            ),
        ),
        ("run", (serve_cassette, SessionPlan(FREE_PORT, "auto", "default"), ())),
        ("health", (health, "http://127.0.0.1:12121", 2.0)),
        ("health --listen [::]:9 --timeout 0.5", (health, "http://[::1]:9", 0.5)),
        ("health HTTP://Tokentape:1/", (health, "http://tokentape:1", 2.0)),
        ("mock", (serve_mock, Settings(listen=("127.0.0.1", 12111)))),
        ("mock --listen [::1]:0", (serve_mock, Settings(listen=("::1", 0)))),
        ("scan .", (scan_files, Settings(), (Path(),), "text")),
        ("scan a - --format sarif", (scan_files, Settings(), (Path("a"), Path("-")), "sarif")),
        (
            "verify a --upstream http://h",
            (verify_cassette, Settings(upstream="http://h"), "a", Unshown("")),
        ),
        ("ls", (list_cassettes, Settings(), "text")),
        ("ls --format json", (list_cassettes, Settings(), "json")),
        ("show a --cassettes c", (show_cassette, Settings(cassettes=Path("c")), "a", "text")),
        ("show a --format json", (show_cassette, Settings(), "a", "json")),
        ("fmt", (format_cassettes, Settings(), (), ("check", False))),
        (
            "fmt a c/b.yaml --check",
            (format_cassettes, Settings(), ("a", "c/b.yaml"), ("check", True)),
        ),
        ("recover a", (recover_cassette, Settings(), "a", ("discard", False))),
        ("recover a --discard", (recover_cassette, Settings(), "a", ("discard", True))),
        (
            "import a.yaml b.yaml --force",
            (import_cassettes, Settings(), (Path("a.yaml"), Path("b.yaml")), "", ("force", True)),
        ),
        (
            "import a.yaml --name b",
            (import_cassettes, Settings(), (Path("a.yaml"),), "b", ("force", False)),
        ),
        ("demo", (demonstrate,)),
    ],
)
def test_a_command_line_runs_one_function_with_its_settings(
    command_line: CommandLine, runner: FakeRunner, words: str, call: tuple[Any, ...]
) -> None:
    assert command_line(*words.split()) == 0
    assert runner.calls == [call]


@pytest.mark.parametrize("status", [0, 1, 2, 77])
def test_what_a_command_returns_is_the_exit_status(
    command_line: CommandLine, runner: FakeRunner, status: int
) -> None:
    runner.outcome = status
    assert command_line("demo") == status


@pytest.mark.parametrize(
    ("ci", "mode"), [("true", "replay"), ("1", "replay"), ("", "auto"), ("false", "auto")]
)
def test_run_replays_in_ci(
    command_line: CommandLine,
    runner: FakeRunner,
    monkeypatch: pytest.MonkeyPatch,
    ci: str,
    mode: str,
) -> None:
    monkeypatch.setenv("CI", ci)
    assert command_line("run", "--", "true") == 0
    assert runner.calls == [(serve_cassette, SessionPlan(FREE_PORT, mode, "default"), ("true",))]


@pytest.mark.parametrize(
    ("words", "plan"),
    [
        ("run true", SessionPlan(Settings(listen=("0.0.0.0", 9)), "record", "shop/cards")),
        (
            "run --mode auto --cassette a --listen h:1 true",
            SessionPlan(Settings(listen=("h", 1)), "auto", "a"),
        ),
        ("replay", SessionPlan(Settings(listen=("0.0.0.0", 9)), "replay", "shop/cards")),
        ("auto b", SessionPlan(Settings(listen=("0.0.0.0", 9)), "auto", "b")),
    ],
)
def test_mode_cassette_and_address_come_from_the_environment_too(
    command_line: CommandLine,
    runner: FakeRunner,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    plan: SessionPlan,
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("TOKENTAPE_MODE", "record")
    monkeypatch.setenv("TOKENTAPE_CASSETTE", "shop/cards")
    monkeypatch.setenv("TOKENTAPE_LISTEN", "0.0.0.0:9")
    assert command_line(*words.split()) == 0
    assert runner.calls[0][1] == plan


@pytest.mark.parametrize(
    "variable",
    [name for name in VARIABLES if not name.endswith(("_CASSETTES", "_CERT", "_KEY"))]
    + ["TOKENTAPE_MODE"],
)
def test_a_key_in_the_wrong_variable_is_not_shown(
    command_line: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
) -> None:
    key = "sk_" + "live_" + "x" * 24 + "/"
    monkeypatch.setenv(variable, key)
    assert command_line("run", "true") == 2
    captured = capsys.readouterr()
    assert variable in captured.err
    assert "sk_" not in captured.out + captured.err


@pytest.mark.parametrize("option", ["listen", "upstream", "on-exhausted", "config", "mode"])
def test_a_key_in_the_wrong_option_is_not_shown(
    command_line: CommandLine, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert command_line("run", f"--{option}", "sk_" + "live_" + "x" * 24, "true") == 2
    captured = capsys.readouterr()
    assert f"--{option}" in captured.err
    assert "sk_" not in captured.out + captured.err


def test_an_unknown_variable_is_a_warning(
    command_line: CommandLine,
    runner: FakeRunner,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TOKENTAPE_UPSTREM", "http://h")
    assert command_line("record") == 0
    assert runner.calls == [(serve_cassette, SessionPlan(Settings(), "record", "default"))]
    warning = "TOKENTAPE_UPSTREM: unknown environment variable, so it changes nothing; did you mean"
    assert f"tokentape: {warning} TOKENTAPE_UPSTREAM?\n" in capsys.readouterr().err


def test_the_key_to_verify_with_comes_from_the_environment_only(
    command_line: CommandLine, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk_" + "test_" + "x" * 24
    monkeypatch.setenv("STRIPE_API_KEY", key)
    assert command_line("verify", "a") == 0
    assert runner.calls == [(verify_cassette, Settings(), "a", Unshown(key))]
    assert key not in repr(runner.calls)
    assert not any(
        "key" in name for option in cli.commands["verify"].params for name in option.opts
    )


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [((), False), (("FORCE_COLOR",), True), (("NO_COLOR",), False), (COLOURS, False)],
)
def test_no_color_and_force_color_switch_colours(
    command_line: CommandLine,
    runner: FakeRunner,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: tuple[str, ...],
    coloured: bool,
) -> None:
    for variable in variables:
        monkeypatch.setenv(variable, "1")
    runner.outcome = CassetteError("is torn")
    assert command_line("show", "a") == 2
    assert ("\x1b[" in capsys.readouterr().err) == coloured


def test_the_admin_token_comes_from_the_environment(
    command_line: CommandLine, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "only-for-these-tests"
    monkeypatch.setenv("TOKENTAPE_ADMIN_TOKEN", token)
    assert command_line("serve", "--admin", "localhost:0") == 0
    assert runner.calls == [
        (serve_sessions, Settings(), ("localhost", 0), Unshown(token), "auto", ())
    ]
    assert token not in repr(runner.calls)


@pytest.mark.parametrize("token", ["fifteen-letters", "one with spaces in it", "x" * 257])
@pytest.mark.parametrize("to_run", [(), ("--", "true")])
def test_an_invalid_admin_token_is_refused_and_not_quoted(
    command_line: CommandLine,
    runner: FakeRunner,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    token: str,
    to_run: tuple[str, ...],
) -> None:
    monkeypatch.setenv("TOKENTAPE_ADMIN_TOKEN", token)
    assert command_line("serve", "--admin", "127.0.0.1:0", *to_run) == 2
    assert runner.calls == []
    message = capsys.readouterr().err
    assert "TOKENTAPE_ADMIN_TOKEN: allowed: 16 to 256 letters" in message
    assert token not in message


@pytest.mark.parametrize("variable", ["TOKENTAPE_ADMIN", "TOKENTAPE_ADMIN_TOKEN", "TOKENTAPE_URL"])
def test_variables_that_are_set_for_clients_are_accepted(
    command_line: CommandLine, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "x")
    assert command_line("show", "a") == 0


def test_settings_combine_options_environment_and_file(
    command_line: CommandLine, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("my.yaml").write_text("others: forward\nstrict: on\ncassettes: file\n")
    monkeypatch.setenv("TOKENTAPE_STRICT", "off")
    assert command_line("show", "a", "--config", "my.yaml", "--cassettes", "option") == 0
    expected = Settings(others="forward", strict=False, cassettes=Path("option"))
    assert runner.calls == [(show_cassette, expected, "a", "text")]


def test_all_problems_of_settings_are_reported_and_nothing_runs(
    command_line: CommandLine, runner: FakeRunner, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("tokentape.yaml").write_text("strict: maybe\nupstream: https://me:" + "PASSWORD@h\n")
    assert command_line("record", "--listen", "x") == 2
    assert runner.calls == []
    captured = capsys.readouterr()
    assert captured.out == ""
    hidden = "found another value (not shown: it may be a secret)"
    assert [line.partition("; allowed: ")[0] for line in captured.err.splitlines()] == [
        f"tokentape: error: --listen: {hidden}",
        f"tokentape: error: tokentape.yaml:1: strict: {hidden}",
        "tokentape: error: tokentape.yaml:2: upstream: found a URL with user info",
    ]


def test_a_tokentape_error_is_reported_without_a_traceback(
    command_line: CommandLine, runner: FakeRunner, capsys: pytest.CaptureFixture[str]
) -> None:
    runner.outcome = CassetteError("is torn", file="a.yaml", line=3)
    assert command_line("show", "a") == CassetteError.exit_status == 2
    assert capsys.readouterr().err == "tokentape: error: a.yaml:3: is torn\n"


def test_any_other_error_keeps_its_traceback(
    runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.outcome = ZeroDivisionError()
    monkeypatch.setattr(sys, "argv", ["tokentape", "demo"])
    with pytest.raises(ZeroDivisionError):
        main(runner)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("replya", "Did you mean 'replay'?"),
        ("record --listenn h:1", "Did you mean '--listen'?"),
        ("record a b", "unexpected extra argument"),
        ("replay --upstream mock", "No such option"),
        ("mock --listen x", "it may be a secret); allowed: HOST:PORT"),
        ("run --mode x -- true", "it may be a secret); allowed: record, replay, auto"),
        ("serve", "--admin 127.0.0.1:12122, or something to run, -- COMMAND"),
        ("serve --admin 127.0.0.1:0", "export TOKENTAPE_ADMIN_TOKEN=$(openssl rand -hex 16)"),
        ("serve --admin 0.0.0.0:0", "export TOKENTAPE_ADMIN_TOKEN=$(openssl rand -hex 16)"),
        ("serve --session-ports 9-8 -- true", "allowed: any, or FIRST-LAST"),
        ("health http://h/path", "allowed: mock, or http(s)://HOST[:PORT]"),
        ("health mock", "allowed: http(s)://HOST[:PORT]"),
        ("serve --idle 0 -- true", "allowed: seconds"),
        ("import a b --name c", "--name is for a single file"),
        ("record --workers 2", "--workers is for replay"),
        ("scan", "Missing argument"),
        ("scan . --format xml", "allowed: text, json, sarif"),
        ("show", "Missing argument"),
        ("show a --format sarif", "allowed: text, json"),
        ("verify", "Missing argument"),
        ("verify a --key x", "No such option"),
        ("record --prune", "No such option"),
        ("recover", "Missing argument"),
        ("", "Usage: tokentape"),
    ],
)
def test_bad_usage_is_reported_on_standard_error(
    command_line: CommandLine,
    runner: FakeRunner,
    capsys: pytest.CaptureFixture[str],
    words: str,
    message: str,
) -> None:
    assert command_line(*words.split()) == 2
    assert runner.calls == []
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_of_itself(
    command_line: CommandLine, capsys: pytest.CaptureFixture[str], name: str, option: str
) -> None:
    assert command_line(name, option) == 0
    assert f"Example: tokentape {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_in_the_help_is_good_usage(
    command_line: CommandLine, runner: FakeRunner, name: str
) -> None:
    Path("cassettes").mkdir()
    example = cli.commands[name].epilog
    assert example is not None
    assert command_line(*example.removeprefix("Example: tokentape ").split()) == 0
    assert len(runner.calls) == 1


def test_help_shows_the_first_minute_and_lists_the_commands_in_order(
    command_line: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line("--help") == 0
    text = capsys.readouterr().out
    listed = text.partition("Commands:")[2].partition("\n\n")[0]
    assert tuple(line.split()[0] for line in listed.strip().splitlines()) == COMMANDS
    assert "..." not in listed  # cut by click: the first sentence is too long
    minute = text.partition("The first minute:")[2]
    assert minute.index("tokentape record") < minute.index("tokentape replay")


# As a real process


def python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_module_is_the_program() -> None:
    done = python("-m", "tokentape", "--version")
    assert (done.returncode, done.stdout) == (0, f"tokentape {tokentape.__version__}\n")
    assert python("-m", "tokentape", "--help").stdout.startswith("Usage: tokentape ")
    assert python("-m", "tokentape").returncode == 2


def test_a_mistake_in_a_pipe_has_no_colour() -> None:
    done = python("-m", "tokentape", "record", "--listen", "\x1b[31mx")
    assert done.returncode == 2
    assert done.stderr.startswith("tokentape: error: --listen: found another value (")


LOADED = """if True:
    import atexit, sys
    from tokentape.__main__ import main
    sys.argv[0] = "tokentape"
    atexit.register(lambda: print(*sorted({} & sys.modules.keys())))
    main()
"""
SLOW = {
    *("yaml", "aiohttp", "asyncio", "orjson"),
    *("tokentape.session", "tokentape.mock", "tokentape.pure.http", "tokentape.pure.stripe"),
    *("tokentape.pure.redaction", "tokentape.pure.leak_check", "tokentape.data", "http", "json"),
}


@pytest.mark.parametrize(
    ("words", "question"),
    [
        (("recrod",), "Did you mean one of: 'record', 'recover'?"),
        (("run", "--mode", "recrod", "--", "true"), "did you mean record?"),
        (("show", "--format", "jsn", "a"), "did you mean json?"),
        (("record", "--upstram", "mock"), "Did you mean '--upstream'?"),
    ],
)
def test_a_misspelt_word_is_asked_about(words: tuple[str, ...], question: str) -> None:
    ran = python("-m", "tokentape", *words)
    assert ran.returncode == 2
    assert question in ran.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_loads_nothing_slow(name: str) -> None:
    assert python("-c", LOADED.format(SLOW), name, "--help").stdout.endswith("\n\n")


def test_help_and_mistakes_load_nothing_slow() -> None:
    assert python("-c", LOADED.format(SLOW), "--help").stdout.endswith("\n\n")
    assert python("-c", LOADED.format(SLOW), "record", "--listen", "x").stdout == "\n"


def test_a_mistake_in_options_loads_the_work_of_no_command() -> None:
    folder = Path(tokentape.__file__).parent / "commands"
    modules = {f"tokentape.commands.{path.stem}" for path in folder.glob("*.py")}
    assert "tokentape.commands.serve" in modules
    assert python("-c", LOADED.format(modules), "record", "--listen", "x").stdout == "\n"


def test_ctrl_c_ends_it_with_130_and_no_traceback() -> None:
    program = """if True:
        import signal, sys
        from tokentape.__main__ import main
        signal.signal(signal.SIGINT, signal.default_int_handler)  # CI may start with it ignored
        sys.argv = ["tokentape", "demo"]
        main(lambda _: signal.raise_signal(signal.SIGINT))
    """
    done = python("-c", program)
    assert (done.returncode, done.stderr.strip()) == (130, "")
