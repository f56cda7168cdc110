"""What docs/sessions.md tells a reader to do works as it stands."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tokentape.command_line.serving import serve_command

from tests.clients.conftest import installed
from tests.processes import Session, Workplace, environment
from tests.sessions.documents import TEXT, commands, file
from tests.wire import Client, card

SUITE, EXPORT, SERVE, OPEN, CLOSE = commands()
ROOT = Path(__file__).parents[2]


def test_the_suite_in_node(workplace: Workplace) -> None:
    (workplace.directory / "node_modules").symlink_to(installed() / "node_modules")
    for name in ("tokentape.mjs", "cards.test.mjs"):
        (workplace.directory / name).write_text(file(name))
    words = shlex.split(SUITE)
    assert words[0] == "tokentape"
    for variables, counts in (({}, "2 recorded, 0 replayed"), ({"CI": "1"}, "0 recorded, 2 repl")):
        ran = workplace.run(*words[1:], **variables)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert f"tokentape: 2 sessions, 0 failed\ntokentape: {counts}" in ran.stderr
    named = set(re.findall(r"`cassettes/([\w/-]+)\.yaml`", TEXT))
    assert named == {"cards/a-visa", "cards/an-expired-visa"}
    assert all(workplace.path(name).exists() for name in named)


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_the_lines_of_curl(tmp_path: Path) -> None:
    workplace = Workplace(tmp_path)
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl")
    token = shell(EXPORT + '; printf "%s" "$TOKENTAPE_ADMIN_TOKEN"', workplace)
    shutil.copytree(ROOT / "cassettes", workplace.directory / "cassettes")
    words = shlex.split(SERVE.replace(":12122", ":0"))
    with Session(workplace.directory, *words[1:], TOKENTAPE_ADMIN_TOKEN=token) as server:
        assert server.said == f"tokentape: sessions on {server.url}\n"

        def curled(line: str) -> dict[str, object]:
            line = line.replace("http://127.0.0.1:12122", server.url)
            answer: dict[str, object] = json.loads(shell(line, workplace, token))
            return answer

        opened = curled(OPEN)
        shown = json.loads(TEXT.partition(OPEN)[2].partition("```")[0])
        assert opened.keys() == shown.keys()
        assert (opened["cassette"], opened["mode"]) == (shown["cassette"], shown["mode"])
        Client(str(opened["url"])).post(card(exp_month="13"))
        closed = curled(CLOSE.replace(shown["id"], str(opened["id"])))
        assert closed["ok"] is True
        for field in closed.keys() - opened.keys():
            assert f"`{field}`" in TEXT.partition("A receipt has")[2], field


def shell(line: str, workplace: Workplace, token: str = "") -> str:
    env = environment(workplace.directory, TOKENTAPE_ADMIN_TOKEN=token)
    command = ["sh", "-c", line]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def test_the_options_it_names_are_there() -> None:
    options = {name for option in serve_command.params for name in option.opts}
    assert set(re.findall(r"(?<!-)--(?!test)[a-z][a-z-]+", TEXT)) <= options
