"""The command line: what each command hands to `app`, exit statuses, help, lean start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tokentape
from tokentape.__main__ import cli, main
from tokentape.edges.settings import Settings, Timeouts
from tokentape.errors import CassetteError

COMMANDS = (
    *("record", "replay", "auto", "run", "serve", "mock", "scan"),
    *("verify", "ls", "show", "fmt", "recover", "import", "demo"),
)


COLOURS = ("NO_COLOR", "FORCE_COLOR")


class FakeApp(ModuleType):
    """Stands in for `tokentape.app`: notes its calls, and returns or raises `outcome`."""

    def __init__(self) -> None:
        super().__init__("tokentape.app")
        self.calls: list[tuple[Any, ...]] = []
        self.outcome: int | BaseException = 0
        commands = (name for name in COMMANDS[3:] if name not in ("serve", "import"))
        for name in ("administer", "serve", "import_", *commands):
            setattr(self, name, self._noting(name))

    def _noting(self, name: str) -> Callable[..., int]:
        def note(*args: Any, **named: Any) -> int:
            self.calls.append((name, *args, *named.items()))
            if isinstance(self.outcome, BaseException):
                raise self.outcome
            return self.outcome

        return note


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeApp:
    fake = FakeApp()
    monkeypatch.setitem(sys.modules, "tokentape.app", fake)
    monkeypatch.setattr(tokentape, "app", fake, raising=False)
    for variable in os.environ:
        if variable in ("CI", *COLOURS, "STRIPE_API_KEY") or variable.startswith("TOKENTAPE_"):
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    return fake


@pytest.fixture
def command_line(app: FakeApp, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def call(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["tokentape", *words])
        with pytest.raises(SystemExit) as caught:
            main()
        assert isinstance(caught.value.code, int)
        return caught.value.code

    return call


SERVE = ("administer", Settings(), ("127.0.0.1", 0))
RUN = Settings(listen=("127.0.0.1", 0))


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("record", ("serve", Settings(), "record", "default")),
        (
            "record a/b --listen [::1]:0 --upstream http://h --cassettes c --allow-live --strict",
            (
                "serve",
                Settings(
                    listen=("::1", 0),
                    upstream="http://h",
                    cassettes=Path("c"),
                    allow_live=True,
                    strict=True,
                ),
                "record",
                "a/b",
            ),
        ),
        (
            "replay --on-exhausted miss a",
            ("serve", Settings(on_exhausted="miss"), "replay", "a", ("prune", False)),
        ),
        ("auto a", ("serve", Settings(), "auto", "a")),
        ("replay --prune a", ("serve", Settings(), "replay", "a", ("prune", True))),
        (
            "run -- pytest -x",
            ("run", RUN, "auto", "default", ("pytest", "-x"), ("prune", False)),
        ),
        (
            "run pytest --strict",
            ("run", RUN, "auto", "default", ("pytest", "--strict"), ("prune", False)),
        ),
        (
            "run --prune pytest --prune",
            ("run", RUN, "auto", "default", ("pytest", "--prune"), ("prune", True)),
        ),
        (
            "run --mode replay --cassette a --listen h:1 --strict -- make -- -h",
            (
                "run",
                Settings(listen=("h", 1), strict=True),
                "replay",
                "a",
                ("make", "--", "-h"),
                ("prune", False),
            ),
        ),
        ("serve -- npx jest", (*SERVE, "", "auto", ("npx", "jest"))),
        (
            "serve --admin [::1]:1 --mode replay --idle 9 --strict -- node --test",
            (
                "administer",
                Settings(strict=True, timeouts=Timeouts(idle=9.0)),
                ("::1", 1),
                *("", "replay", ("node", "--test")),
            ),
        ),
        ("mock", ("mock", ("127.0.0.1", 12111))),
        ("mock --listen [::1]:0", ("mock", ("::1", 0))),
        ("scan .", ("scan", (Path(),), Settings(), "text")),
        ("scan a - --format sarif", ("scan", (Path("a"), Path("-")), Settings(), "sarif")),
        ("verify a --upstream http://h", ("verify", Settings(upstream="http://h"), "a", "")),
        ("ls", ("ls", Settings(), "text")),
        ("ls --format json", ("ls", Settings(), "json")),
        ("show a --cassettes c", ("show", Settings(cassettes=Path("c")), "a", "text")),
        ("show a --format json", ("show", Settings(), "a", "json")),
        ("fmt", ("fmt", Settings(), (), ("check", False))),
        ("fmt a c/b.yaml --check", ("fmt", Settings(), ("a", "c/b.yaml"), ("check", True))),
        ("recover a", ("recover", Settings(), "a", ("discard", False))),
        ("recover a --discard", ("recover", Settings(), "a", ("discard", True))),
        ("demo", ("demo",)),
    ],
)
def test_a_command_makes_one_call(
    command_line: Callable[..., int], app: FakeApp, words: str, call: tuple[Any, ...]
) -> None:
    assert command_line(*words.split()) == 0
    assert app.calls == [call]


@pytest.mark.parametrize("status", [0, 1, 2, 77])
def test_the_status_of_the_call_is_the_status_of_the_program(
    command_line: Callable[..., int], app: FakeApp, status: int
) -> None:
    app.outcome = status
    assert command_line("demo") == status


@pytest.mark.parametrize(
    ("ci", "mode"), [("true", "replay"), ("1", "replay"), ("", "auto"), ("false", "auto")]
)
def test_run_replays_in_ci(
    command_line: Callable[..., int],
    app: FakeApp,
    monkeypatch: pytest.MonkeyPatch,
    ci: str,
    mode: str,
) -> None:
    monkeypatch.setenv("CI", ci)
    assert command_line("run", "--", "true") == 0
    assert app.calls == [("run", RUN, mode, "default", ("true",), ("prune", False))]


def test_the_key_to_verify_with_is_of_the_environment_alone(
    command_line: Callable[..., int], app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk_" + "test_" + "x" * 24
    monkeypatch.setenv("STRIPE_API_KEY", key)
    assert command_line("verify", "a") == 0
    assert app.calls == [("verify", Settings(), "a", key)]
    assert not any("key" in name for one in cli.commands["verify"].params for name in one.opts)


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [((), False), (("FORCE_COLOR",), True), (("NO_COLOR",), False), (COLOURS, False)],
)
def test_colours_follow_the_conventions(
    command_line: Callable[..., int],
    app: FakeApp,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: tuple[str, ...],
    coloured: bool,
) -> None:
    for variable in variables:
        monkeypatch.setenv(variable, "1")
    app.outcome = CassetteError("is torn")
    assert command_line("show", "a") == 2
    assert ("\x1b[" in capsys.readouterr().err) == coloured


def test_the_token_comes_from_the_environment(
    command_line: Callable[..., int], app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "only-for-these-tests"
    monkeypatch.setenv("TOKENTAPE_ADMIN_TOKEN", token)
    assert command_line("serve", "--admin", "localhost:0") == 0
    assert app.calls == [("administer", Settings(), ("localhost", 0), token, "auto", ())]


@pytest.mark.parametrize("token", ["fifteen-letters", "one with spaces in it", "x" * 257])
@pytest.mark.parametrize("command", [(), ("--", "true")])
def test_a_token_that_is_none_is_not_quoted(
    command_line: Callable[..., int],
    app: FakeApp,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    token: str,
    command: tuple[str, ...],
) -> None:
    monkeypatch.setenv("TOKENTAPE_ADMIN_TOKEN", token)
    assert command_line("serve", "--admin", "127.0.0.1:0", *command) == 2
    assert app.calls == []
    told = capsys.readouterr().err
    assert "TOKENTAPE_ADMIN_TOKEN: allowed: 16 to 256 letters" in told
    assert token not in told


@pytest.mark.parametrize("variable", ["TOKENTAPE_ADMIN", "TOKENTAPE_ADMIN_TOKEN", "TOKENTAPE_URL"])
def test_what_is_set_for_clients_is_no_mistake(
    command_line: Callable[..., int], app: FakeApp, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "x")
    assert command_line("show", "a") == 0


def test_options_environment_and_file_come_together(
    command_line: Callable[..., int], app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("my.yaml").write_text("others: forward\nstrict: on\ncassettes: file\n")
    monkeypatch.setenv("TOKENTAPE_STRICT", "off")
    assert command_line("show", "a", "--config", "my.yaml", "--cassettes", "option") == 0
    expected = Settings(others="forward", strict=False, cassettes=Path("option"))
    assert app.calls == [("show", expected, "a", "text")]


def test_all_problems_are_told_and_nothing_is_started(
    command_line: Callable[..., int], app: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("tokentape.yaml").write_text("strict: maybe\nupstream: https://me:" + "PASSWORD@h\n")
    assert command_line("record", "--listen", "x") == 2
    assert app.calls == []
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.partition("; allowed: ")[0] for line in captured.err.splitlines()] == [
        "tokentape: error: --listen: found 'x'",
        "tokentape: error: tokentape.yaml:1: strict: found 'maybe'",
        "tokentape: error: tokentape.yaml:2: upstream: found a URL with user info",
    ]


def test_an_error_of_ours_is_told_without_a_traceback(
    command_line: Callable[..., int], app: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    app.outcome = CassetteError("is torn", file="a.yaml", line=3)
    assert command_line("show", "a") == CassetteError.exit_status == 2
    assert capsys.readouterr().err == "tokentape: error: a.yaml:3: is torn\n"


def test_an_error_that_is_no_error_of_ours_is_not_hidden(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.outcome = ZeroDivisionError()
    monkeypatch.setattr(sys, "argv", ["tokentape", "demo"])
    with pytest.raises(ZeroDivisionError):
        main()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("replya", "Did you mean 'replay'?"),
        ("record --lisen h:1", "Did you mean '--listen'?"),
        ("record a b", "unexpected extra argument"),
        ("replay --upstream mock", "No such option"),
        ("mock --listen x", "found 'x'; allowed: HOST:PORT"),
        ("run", "Missing argument"),
        ("run --mode x -- true", "'x' is not one of"),
        ("serve", "--admin 127.0.0.1:12122, or what to run, -- COMMAND"),
        ("serve --admin 127.0.0.1:0", "export TOKENTAPE_ADMIN_TOKEN=$(openssl rand -hex 16)"),
        ("serve --admin 0.0.0.0:0 -- true", "allowed: a loopback address"),
        ("serve --admin 10.0.0.1:0 -- true", "allowed: a loopback address"),
        ("serve --admin 127.0.0.1.evil.example:0 -- true", "allowed: a loopback address"),
        ("serve --admin [::]:0 -- true", "allowed: a loopback address"),
        ("serve --idle 0 -- true", "allowed: seconds"),
        ("scan", "Missing argument"),
        ("scan . --format xml", "'xml' is not"),
        ("show", "Missing argument"),
        ("show a --format sarif", "'sarif' is not"),
        ("verify", "Missing argument"),
        ("verify a --key x", "No such option"),
        ("record --prune", "No such option"),
        ("recover", "Missing argument"),
        ("", "Usage: tokentape"),
    ],
)
def test_bad_usage_is_told_on_standard_error(
    command_line: Callable[..., int],
    app: FakeApp,
    capsys: pytest.CaptureFixture[str],
    words: str,
    told: str,
) -> None:
    assert command_line(*words.split()) == 2
    assert app.calls == []
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_of_itself(
    command_line: Callable[..., int], capsys: pytest.CaptureFixture[str], command: str, option: str
) -> None:
    assert command_line(command, option) == 0
    assert f"Example: tokentape {command}" in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_in_the_help_is_good_usage(
    command_line: Callable[..., int], app: FakeApp, command: str
) -> None:
    Path("cassettes").mkdir()
    example = cli.commands[command].epilog
    assert example is not None
    assert command_line(*example.removeprefix("Example: tokentape ").split()) == 0
    assert len(app.calls) == 1


def test_help_shows_the_first_minute_and_the_commands_in_their_order(
    command_line: Callable[..., int], capsys: pytest.CaptureFixture[str]
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
    assert done.stderr.startswith("tokentape: error: --listen: found '\\x1b[31mx'; ")


def test_help_and_mistakes_load_nothing_slow() -> None:
    program = """if True:
        import atexit, sys
        from tokentape.__main__ import main
        sys.argv[0] = "tokentape"
        slow = {"yaml", "aiohttp", "asyncio", "tokentape.app"}
        atexit.register(lambda: print(slow & set(sys.modules)))
        main()
    """
    assert python("-c", program, "--help").stdout.endswith("set()\n")
    assert python("-c", program, "record", "--listen", "x").stdout == "set()\n"


def test_ctrl_c_ends_it_with_130_and_no_traceback() -> None:
    program = """if True:
        import os, signal, sys, types
        import tokentape
        from tokentape.__main__ import main
        tokentape.app = sys.modules["tokentape.app"] = types.ModuleType("tokentape.app")
        signal.signal(signal.SIGINT, signal.default_int_handler)  # CI may start with it ignored
        tokentape.app.demo = lambda: signal.raise_signal(signal.SIGINT)
        sys.argv = ["tokentape", "demo"]
        main()
    """
    done = python("-c", program)
    assert (done.returncode, done.stderr.strip()) == (130, "")
