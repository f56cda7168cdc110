"""Settings: precedence, all problems at once with their lines, and invalid YAML."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tokentape.edges import settings
from tokentape.edges.settings import (
    Limits,
    MatchSettings,
    Record,
    RedactSettings,
    Settings,
    Timeouts,
    file,
    texts,
)
from tokentape.errors import ConfigurationError
from tokentape.pure.stripe import kinds

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def load(
    options: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    return settings.load(options or {}, environ or {})


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(text: str | bytes, name: str = "tokentape.yaml") -> Path:
    path = Path(name)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems_of(text: str | bytes) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        file.read(write(text))
    return list(caught.value.problems)


# Defaults and precedence


def test_without_any_source_settings_have_their_defaults() -> None:
    assert load() == Settings(
        listen=("127.0.0.1", 12121),
        session_ports=None,
        hosts=(),
        origins=(),
        upstream="mock",
        cassettes=Path("cassettes"),
        allow_live=False,
        strict=False,
        on_exhausted="repeat",
        others="refuse",
        record=Record(errors=False),
        match=MatchSettings(blank="lenient", headers=(), ignore=()),
        redact=RedactSettings(keep=(), fields={}),
        limits=Limits(body=1_048_576, head=16_384, connections=1000),
        timeouts=Timeouts(upstream=80, request=30, shutdown=5),
    )


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().strict = True  # type: ignore[misc]


def test_options_override_variables_and_variables_override_the_file() -> None:
    write("cassettes: file\nupstream: http://file\nlisten: file:1\nstrict: yes\n")
    loaded = load(
        options={"cassettes": "option"},
        environ={"TOKENTAPE_CASSETTES": "variable", "TOKENTAPE_UPSTREAM": "http://variable"},
    )
    assert loaded == replace(
        Settings(),
        cassettes=Path("option"),
        upstream="http://variable",
        listen=("file", 1),
        strict=True,
    )


def test_a_variable_can_turn_off_a_flag_of_the_file() -> None:
    write("allow_live: true\n")
    assert load(environ={"TOKENTAPE_ALLOW_LIVE": "0"}).allow_live is False


def test_an_empty_variable_is_ignored() -> None:
    assert load(environ={"TOKENTAPE_STRICT": "", "TOKENTAPE_CONFIG": ""}) == Settings()


def test_every_variable_sets_its_setting() -> None:
    loaded = load(
        environ={
            "TOKENTAPE_LISTEN": "[::1]:0",
            "TOKENTAPE_UPSTREAM": "HTTPS://API.Stripe.com/",
            "TOKENTAPE_CASSETTES": "tapes",
            "TOKENTAPE_ALLOW_LIVE": "yes",
            "TOKENTAPE_STRICT": "TRUE",
            "TOKENTAPE_ON_EXHAUSTED": "miss",
            "TOKENTAPE_SESSION_PORTS": "12200-12299",
            "TOKENTAPE_HOSTS": "Tokentape, [::1],fd00::5 ,",
            "TOKENTAPE_ORIGINS": "null https://App.example:443",
        }
    )
    assert loaded == Settings(
        listen=("::1", 0),
        upstream="https://api.stripe.com",
        cassettes=Path("tapes"),
        allow_live=True,
        strict=True,
        on_exhausted="miss",
        session_ports=(12200, 12299),
        hosts=("tokentape", "[::1]", "[fd00::5]"),
        origins=("null", "https://app.example"),
    )


def test_the_variable_of_run_for_its_command_is_ignored() -> None:
    assert load(environ={"TOKENTAPE_URL": "http://127.0.0.1:1"}) == Settings()


def test_the_file_is_that_of_the_option_else_of_the_variable_else_the_default() -> None:
    write("cassettes: default\n")
    write("cassettes: variable\n", "variable.yaml")
    write("cassettes: option\n", "option.yaml")
    environ = {"TOKENTAPE_CONFIG": "variable.yaml"}
    assert load().cassettes == Path("default")
    assert load(environ=environ).cassettes == Path("variable")
    assert load({"config": "option.yaml"}, environ).cassettes == Path("option")


def test_a_named_file_must_exist() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^--config: the file cannot be read: No such file"
    ):
        load({"config": "gone.yaml"})


def test_a_tilde_is_the_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert load({"cassettes": "~/tapes"}).cassettes == Path("/home/ada/tapes")


# The example


def keys(value: Any, prefix: str = "") -> Iterator[str]:
    for each in fields(value):
        inner = getattr(value, each.name)
        if is_dataclass(inner):
            yield from keys(inner, f"{prefix}{each.name}.")
        else:
            yield prefix + each.name


def test_the_example_has_the_defaults() -> None:
    assert file.read(EXAMPLE) == Settings()


def test_the_example_has_every_key() -> None:
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    example_keys = {
        f"{key}.{inner}" if isinstance(value, dict) else key
        for key, value in document.items()
        for inner in (value if isinstance(value, dict) else [""])
    }
    assert example_keys == set(keys(Settings()))


def test_the_example_names_every_kind() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert [kind for kind in texts.KINDS if kind not in text] == []


def test_every_kind_of_the_settings_is_a_kind_of_the_catalog() -> None:
    assert set(texts.KINDS) <= kinds.KINDS.keys()


# Valid and invalid files


def test_a_file_with_all_kinds_of_values() -> None:
    path = write(
        """
listen: localhost:0
hosts: [TokenTape., db_1, 10.0.0.5]
origins: [null, "chrome-extension://abc", HTTP://localhost:80/, "https://[::1]:8443"]
on_exhausted: miss
others: forward
record: {errors: on}
match:
  blank: strict
  headers: [Stripe-Version, X_1]
  ignore: [card, "card[metadata]", "expand[]", "metadata[my key.1]"]
redact:
  keep: ["card[metadata]", card.metadata.plan, "data[].object", livemode]
  fields: {"card[nick]": name, no: text}
limits: {body: 2 MiB, head: 512, connections: "7"}
timeouts: {upstream: 0.5, request: 86400, shutdown: 1}
"""
    )
    assert file.read(path) == Settings(
        listen=("localhost", 0),
        hosts=("tokentape", "db_1", "10.0.0.5"),
        origins=("null", "chrome-extension://abc", "http://localhost", "https://[::1]:8443"),
        on_exhausted="miss",
        others="forward",
        record=Record(errors=True),
        match=MatchSettings(
            blank="strict",
            headers=("Stripe-Version", "X_1"),
            ignore=("card", "card[metadata]", "expand[]", "metadata[my key.1]"),
        ),
        redact=RedactSettings(
            keep=("card[metadata]", "card.metadata.plan", "data[].object", "livemode"),
            fields={"card[nick]": "name", "no": "text"},
        ),
        limits=Limits(body=2 * 1024 * 1024, head=512, connections=7),
        timeouts=Timeouts(upstream=0.5, request=86400, shutdown=1),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n", "\ufeff"])
def test_an_empty_file_changes_nothing(text: str) -> None:
    assert file.read(write(text)) == Settings()


@pytest.mark.parametrize("text", ["1MiB", "1048576", "1024KiB", "1048576 B"])
def test_sizes_have_units(text: str) -> None:
    assert texts.size(text) == 1_048_576


FOUND = "found nothing", "found another value (not shown: it may be a secret)"
REFUSED = {
    "listen": [
        "12121",
        ":1",
        "h:",
        "h:65536",
        "h:-1",
        "::1:1",
        "http://h:1",
        "h h:1",
        "h:\u0661",
        "",
    ],
    "upstream": [
        "Mock",
        "ftp://h",
        "//h",
        "http://",
        "http://h:0",
        "http://h:99999",
        "http://h/v1",
    ],
    "cassettes": ["", "~nobody-of-this-name/tapes"],
    "allow_live": ["maybe", "2", ""],
    "on_exhausted": ["Repeat", "repeat|miss", ""],
    "others": ["allow"],
    "session_ports": ["", "1", "2-1", "0-1", "1-65536", "1-2-3", "-"],
    "record: {errors": ["x"],
    "match: {blank": ["x"],
    "limits: {body": ["0", "1MB", "-1", "1.5MiB", "1025MiB", "1e3", "9" * 5000],
    "limits: {connections": ["0", "1.5", "-1", "1_000"],
    "timeouts: {upstream": ["0", "-1", ".inf", "nan", "86401", "1m", "9" * 5000],
}


@pytest.mark.parametrize(("key", "text"), [(key, text) for key in REFUSED for text in REFUSED[key]])
def test_an_invalid_value_is_reported_with_line_and_allowed_values(key: str, text: str) -> None:
    name = key.replace(": {", ".")
    [problem] = problems_of(f'\n{key}: "{text}"' + ("}" if "{" in key else ""))
    assert problem.startswith(f"tokentape.yaml:2: {name}: found ")
    assert "; allowed: " in problem
    assert len(problem) < 250


@pytest.mark.parametrize(
    ("key", "item"),
    [
        ("{hosts", "tokentape:12121"),
        ("{hosts", "http://tokentape"),
        ("{hosts", "*"),
        ("{hosts", "t\u00f6kentape"),
        ("{origins", "*"),
        ("{origins", "app.example"),
        ("{origins", "https://app.example/checkout"),
        ("{origins", "https://me@app.example"),
        ("match: {headers", "Stripe Version"),
        ("match: {headers", "ORIGIN"),
        ("match: {headers", ""),
        ("match: {ignore", "card.metadata"),
        ("match: {ignore", "card[metadata"),
        ("match: {ignore", "card]"),
        ("redact: {keep", "card..name"),
        ("redact: {keep", "card.name[x]"),
        ("redact: {keep", "card[{{name.1}}]"),
        ("redact: {keep", "card" + "[a]" * 16),
        ("redact: {keep", "card" + ".a" * 16),
        ("match: {headers", "x" * 101),
    ],
)
def test_an_invalid_list_item_is_reported_with_its_line(key: str, item: str) -> None:
    name = key.replace(": {", ".").removeprefix("{")
    [problem] = problems_of(f'{key}: [{"fine" if name != "origins" else "null"},\n "{item}"]}}')
    assert problem.startswith(f"tokentape.yaml:2: {name}[1]: {FOUND[bool(item)]}; allowed: ")


@pytest.mark.parametrize("escape", [r"\t", r"\n", r"\x00", r"\x7f"])
def test_a_name_with_a_control_character_is_refused(escape: str) -> None:
    [problem] = problems_of(f'redact: {{keep: ["card[a{escape}b]"]}}')
    assert "a field's name" in problem


@pytest.mark.parametrize(
    "name", ["card[metadata][my plan]", "card[metadata][Größe]", "card[no. 1]"]
)
def test_a_name_in_brackets_may_have_any_other_character(name: str) -> None:
    loaded = file.read(write(f'redact: {{keep: ["{name}"]}}\nmatch: {{headers: [X_Tenant]}}'))
    assert (loaded.redact.keep, loaded.match.headers) == ((name,), ("X_Tenant",))


def test_an_unknown_kind_is_reported_with_its_line_and_the_valid_kinds() -> None:
    [name, kind] = problems_of("redact:\n  fields:\n    a..b: name\n    ok: nam\n")
    assert name.startswith(f"tokentape.yaml:3: redact.fields.a..b: {FOUND[True]}; allowed: ")
    assert kind.startswith(f"tokentape.yaml:4: redact.fields.ok: {FOUND[True]}; allowed: card, ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mode: replay", "mode: unknown key; the mode is given by --mode, the command or TOKEN"),
        ("strickt: x", "strickt: unknown key; did you mean strict?"),
        ("limit: {}", "limit: unknown key; did you mean limits?"),
        ("match: {blnk: x}", "match.blnk: unknown key; did you mean blank?"),
        ("blank: strict", "blank: unknown key; did you mean blank under match?"),
        ("match.blank: strict", "match.blank: unknown key; did you mean blank under match?"),
        ("record: {xyzzy: 1}", "record.xyzzy: unknown key; allowed: errors"),
        ('"a\\n\\e[31m": x', "a\\n\\x1b[31m: unknown key; allowed: listen, session_ports, "),
        ("strict: [1]", "strict: found a list; allowed: a single value"),
        ("strict: {a: b}", "strict: found a mapping; allowed: a single value"),
        ("match: strict", "match: found a single value; allowed: keys with values"),
        ("match:", "match: found nothing; allowed: keys with values"),
        ("match: {ignore: card}", "match.ignore: found a single value; allowed: a list"),
        ("redact: {fields: [a]}", "redact.fields: found a list; allowed: keys with values"),
        ("- strict", "found a list; allowed: keys with values"),
        ("strict", "found a single value; allowed: keys with values"),
        ("? [a]\n: b", "a list or mapping is not allowed as a key"),
        ("strict: !!bool true", "a tag (!name) is not allowed"),
        ("strict: !!python/name:os.system x", "a tag (!name) is not allowed"),
        ("strict: &a on", "an anchor (&name) is not allowed"),
        ("strict: *a", "an alias (*name) is not allowed: write the value"),
        ("<<: {strict: on}", "<<: unknown key; "),
        ("[" * 30_000, "this is nested too deeply"),
        ("{} # one\n--- # two\n{}", ""),
    ],
)
def test_a_value_of_another_shape_is_reported(text: str, problem: str) -> None:
    [message] = problems_of(text)
    assert message.startswith(f"tokentape.yaml:1: {problem}" if problem else "tokentape.yaml:3: ")


def test_an_anchor_that_contains_its_alias_is_an_error() -> None:
    [problem] = problems_of("match:\n  ignore: &a [*a]\n")
    assert problem.startswith("tokentape.yaml:2: an anchor")


def test_the_error_for_a_repeated_key_names_both_lines() -> None:
    [problem] = problems_of("strict: on\nmatch:\n  blank: strict\n  blank: lenient\n")
    assert problem == "tokentape.yaml:4: this key is on line 3 already"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: b\nc: [\n", "tokentape.yaml:3: is no YAML: "),
        ("a: b: c", "tokentape.yaml:1: is no YAML: mapping values are not allowed "),
        ("a: b\n\tc: d", "tokentape.yaml:2: is no YAML: "),
        ("a: b\nc: \x07", "tokentape.yaml:2: is no YAML: a control character"),
        (b"a: b\nc: \xff", "tokentape.yaml:2: is not UTF-8; save the file as such"),
        ("strict: on\n".encode("utf-16"), "tokentape.yaml:1: is not UTF-8; "),
        ("#" * 70_000, "tokentape.yaml: is too large; allowed: 65536 bytes"),
    ],
)
def test_a_file_that_is_not_yaml_is_reported(text: str | bytes, problem: str) -> None:
    [message] = problems_of(text)
    assert message.startswith(problem)


@pytest.mark.parametrize("path", [".", "gone.yaml", "gone/tokentape.yaml", "a\0b"])
def test_a_path_that_is_no_file_cannot_be_read(path: str) -> None:
    with pytest.raises(ConfigurationError, match="the file cannot be read: "):
        file.read(Path(path))


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text("abc:-? []{}&*!|>'\"%#\n\t~0", max_size=60).map(str.encode),
        st.lists(st.sampled_from(["strict", "match", ":", " ", "\n", "  ", "- ", "[", "}", "on"]))
        .map("".join)
        .map(str.encode),
    )
)
@hypothesis_settings(max_examples=150, deadline=None)
def test_any_file_gives_settings_or_problems_of_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    problems: tuple[str, ...] = ()
    try:
        file.read(path)
    except ConfigurationError as error:
        problems = error.problems or ("\n",)
    assert all(problem.isprintable() for problem in problems)


# All problems at once, without secrets


def test_the_problems_of_all_sources_are_reported_at_once() -> None:
    write("strict: maybe\nlimits: {body: 1MB}\n")
    with pytest.raises(ConfigurationError) as caught:
        load(
            {"listen": "x", "on_exhausted": "stop"},
            {"TOKENTAPE_STRICT": "x"},
        )
    assert [problem.rpartition(": found")[0] for problem in caught.value.problems] == [
        "TOKENTAPE_STRICT",
        "--listen",
        "--on-exhausted",
        "tokentape.yaml:1: strict",
        "tokentape.yaml:2: limits.body",
    ]


OF_KUBERNETES = {
    "TOKENTAPE_SERVICE_HOST": "10.0.0.11",
    "TOKENTAPE_SERVICE_PORT": "12121",
    "TOKENTAPE_SERVICE_PORT_HTTP": "12121",
    "TOKENTAPE_PORT": "tcp://10.0.0.11:12121",
    "TOKENTAPE_PORT_12121_TCP": "tcp://10.0.0.11:12121",
    "TOKENTAPE_PORT_12121_TCP_PROTO": "tcp",
    "TOKENTAPE_PORT_12121_TCP_PORT": "12121",
    "TOKENTAPE_PORT_12121_TCP_ADDR": "10.0.0.11",
    "TOKENTAPE_MOCK_SERVICE_HOST": "10.0.0.12",
    "TOKENTAPE_MOCK_PORT": "tcp://10.0.0.12:12111",
}


def test_what_kubernetes_sets_for_a_service_of_this_name_is_ignored() -> None:
    assert list(settings.unknown_variables(OF_KUBERNETES)) == []
    assert load(environ=OF_KUBERNETES) == Settings()


def test_an_unknown_variable_is_warned_of_without_its_value() -> None:
    environ = {"TOKENTAPE_PORT": "12121", "TOKENTAPE_UPSTREM": "SECRET", "TOKENTAPE_\n": "SECRET"}
    line_end, port, upstrem = settings.unknown_variables(environ)
    assert port.startswith("TOKENTAPE_PORT: unknown environment variable, so it changes nothing; ")
    assert "those that count: TOKENTAPE_CONFIG, TOKENTAPE_LISTEN, " in port
    assert upstrem.endswith("; did you mean TOKENTAPE_UPSTREAM?")
    assert line_end.startswith("TOKENTAPE_\\n: ")
    assert "SECRET" not in line_end + upstrem


def test_the_variables_for_clients_and_commands_are_no_mistakes() -> None:
    names = ("URL", "ADMIN", "ADMIN_TOKEN", "MODE", "CASSETTE", "FAST", "HOSTS")
    assert list(settings.unknown_variables({f"TOKENTAPE_{name}": "x" for name in names})) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("https://me:" + "PASSWORD@api.stripe.com", "a URL with user info"),
        ("https://PASSWORD@api.stripe.com/v1?x#y", "a URL with user info"),
        ("https://h/?key=PASSWORD", "a URL with a query"),
        ("https://h#PASSWORD", "a URL with a fragment"),
        ("https://h/PASSWORD", "a URL with a path"),
        ("https://h\\PASSWORD", "a URL with a bad host or port"),
        ("https://h\n", "a URL with a bad host or port"),
        ("me:PASSWORD@api.stripe.com", "no http or https URL"),
    ],
)
def test_an_invalid_upstream_is_never_quoted(text: str, fault: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load({"upstream": text})
    assert "PASSWORD" not in str(caught.value)
    assert caught.value.problems[0].startswith(f"--upstream: found {fault}; allowed: mock, or ")


# Start-up


def test_without_a_file_yaml_is_not_imported() -> None:
    program = (
        "import sys\n"
        "from tokentape.edges import settings\n"
        "settings.load({'strict': 'on'}, {'TOKENTAPE_LISTEN': 'h:1'})\n"
        "print({'yaml', 'aiohttp'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
