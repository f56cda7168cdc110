"""`tokentape scan` on files, folders and standard input: what it says, and how it ends."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import vcr
import yaml
from tokentape.commands.scan import scan_files
from tokentape.edges.settings import Settings
from vcr.request import Request as VcrRequest
from vcr.serialize import serialize
from vcr.serializers import yamlserializer

from tests.cassettes_by_hand import CASSETTE
from tests.disguises import CARD, KEY

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def scanned(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*paths: str, output_format: str = "text") -> tuple[int, list[str]]:
        status = scan_files(Settings(), tuple(map(Path, paths)), output_format)
        out = capsys.readouterr().out
        assert CARD not in out
        assert KEY not in out
        return status, out.splitlines()

    return run


def write(path: str, text: str | bytes) -> None:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_finding_names_file_line_kind_and_what_to_do(scanned: Any) -> None:
    write("a/b.py", f"one = 1\nkey = '{KEY}'\n")
    status, (line, summary) = scanned("a")
    assert status == 1
    assert line.startswith("a/b.py:2: API key: roll the key")
    assert summary == "1 finding in 1 file, 0 clean"


def test_a_scan_without_findings_prints_one_line(scanned: Any) -> None:
    write("cassettes/a.yaml", CASSETTE)
    write("notes.md", "4242 4242 4242 4242 is a test number\n")
    assert scanned(".") == (0, ["2 files clean"])


def test_every_yaml_file_in_the_cassettes_folder_has_to_be_a_cassette(scanned: Any) -> None:
    write("cassettes/a/b.yaml", "name: Ada\n")
    write("cassettes/c.yaml", b"\0\1")
    write("cassettes/d.md", "name: Ada\n")
    write("elsewhere/a.yaml", "name: Ada\n")
    status, lines = scanned(".")
    assert status == 1
    assert [line.split(": ")[0] for line in lines[:-1]] == [
        "cassettes/c.yaml:1",
        "cassettes/a/b.yaml:1",
    ]


def test_folders_are_scanned_except_those_of_other_programs(scanned: Any) -> None:
    for folder in ("src/deep", "src", ".github", ".git", "node_modules/a", "x/__pycache__", "env"):
        write(f"{folder}/file.txt", CARD)
    write("env/pyvenv.cfg", "")
    status, lines = scanned(".")
    assert status == 1
    assert [line.split(":")[0] for line in lines[:-1]] == [
        ".github/file.txt", "src/file.txt", "src/deep/file.txt"
    ]  # fmt: skip


def test_links_in_folders_are_followed_once(scanned: Any) -> None:
    write("outside/a.txt", f"\n{CARD}")
    write("outside.txt", CARD)
    write("in/b.txt", "text")
    Path("in/link.txt").symlink_to("../outside.txt")
    Path("in/again.txt").symlink_to("../outside.txt")
    Path("in/folder").symlink_to("../outside")
    Path("in/loop").symlink_to("../in")
    Path("outside/loop").symlink_to("..")
    status, lines = scanned("in")
    assert status == 1
    assert [line.split(": ")[0] for line in lines[:-1]] == ["in/folder/a.txt:2", "in/again.txt:1"]
    assert lines[-1] == "2 findings in 2 files, 1 clean"


def test_what_is_no_file_is_named_and_fails(scanned: Any) -> None:
    write("in/a.txt", "text")
    Path("in/gone").symlink_to("nowhere")
    Path("in/turning").symlink_to("turning")
    os.mkfifo("in/pipe")
    Path("in/null").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("in/socket")
        status, lines = scanned("in")
    assert status == 2
    assert [line.split(": not read in full: ")[0] for line in lines[:-1]] == [
        "in/pipe", "in/socket", "in/gone", "in/null", "in/turning"
    ]  # fmt: skip
    assert lines[-1] == "1 file clean, 5 not read in full"


@pytest.mark.parametrize("before", ["", "sleep 0.3; "])
def test_a_pipe_as_an_argument_is_read(scanned: Any, before: str) -> None:
    os.mkfifo("pipe")
    command = f"exec > pipe; {before}seq 100000; echo {CARD}"
    writing = subprocess.Popen(["sh", "-c", command])
    time.sleep(0.2)
    status, (line, summary) = scanned("pipe")
    assert (status, summary) == (1, "1 finding in 1 file, 0 clean")
    assert line.startswith("pipe:100001: card number")
    writing.wait(10)


def test_a_pipe_that_nobody_writes_to_and_a_device_are_unread(scanned: Any) -> None:
    os.mkfifo("pipe")
    status, lines = scanned("pipe", "/dev/zero", "/dev/null")
    assert status == 2
    assert lines == [
        "pipe: not read in full: a pipe that nobody writes to",
        *(
            f"/dev/{name}: not read in full: no regular file: a pipe, a socket or a device"
            for name in ("zero", "null")
        ),
        "0 files clean, 3 not read in full",
    ]


@pytest.mark.parametrize("fields", [(8, CARD), (16, KEY)])
def test_a_secret_in_a_header_of_gzip_is_found(scanned: Any, fields: tuple[int, str]) -> None:
    flag, secret = fields
    data = gzip.compress(b"text")
    write("a.gz", data[:3] + bytes([flag]) + data[4:10] + f"of {secret}\0".encode() + data[10:])
    status, lines = scanned("a.gz")
    assert status == 1
    assert lines[0].startswith("a.gz/(headers):1: ")


def test_skipped_folders_are_counted(scanned: Any) -> None:
    write("in/.git/a.txt", CARD)
    write("in/env/pyvenv.cfg", "")
    Path("in/node_modules").symlink_to("env")
    Path("in/modules").symlink_to("node_modules")
    assert scanned("in") == (0, ["0 files clean, 4 folders skipped"])


def test_a_finding_and_an_unread_file_fail_as_unread(scanned: Any) -> None:
    write("in/a.txt", CARD)
    Path("in/gone").symlink_to("nowhere")
    status, lines = scanned("in")
    assert status == 2
    assert lines[0].startswith("in/a.txt:1: card number")
    assert lines[-1] == "1 finding in 1 file, 0 clean, 1 not read in full"


@pytest.mark.parametrize("suffix", ["txt", "json"])
def test_a_card_number_is_found_wherever_it_stands_in_a_text_of_any_size(
    scanned: Any, suffix: str
) -> None:
    """Its text has no line ends, and the number lies in each of a block's ends."""
    block = 4 << 20
    for at in (block - 65_536, block - 8, block, 2 * block - 65_536 - 8):
        text = bytearray(b"." * (2 * block + 100))
        text[at : at + 16] = CARD.encode()
        write(f"a.{suffix}", bytes(text))
        status, lines = scanned(f"a.{suffix}")
        assert (status, len(lines)) == (1, 2)
        assert lines[0].startswith(f"a.{suffix}:1: card number")


def test_a_number_cut_by_a_block_is_no_card_number(scanned: Any) -> None:
    digits = f"{CARD}{CARD}11"
    block = 4 << 20
    for at in range(block - 20, block, 3):
        write("a.txt", "." * at + digits + "," * 100)
        assert scanned("a.txt") == (0, ["1 file clean"])


def test_a_file_is_scanned_once(scanned: Any) -> None:
    write("a/b.txt", CARD)
    assert len(scanned("a/b.txt", "a", "./a/../a/b.txt")[1]) == 2


def test_binary_files_are_skipped_and_counted(scanned: Any) -> None:
    write("a.png", b"\x89PNG\0" + CARD.encode())
    write("b.txt", "text")
    assert scanned(".") == (0, ["1 file clean, 1 binary file skipped"])


def test_standard_input_is_scanned_as_a_cassette(
    scanned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Input:
        buffer = io.BytesIO(CASSETTE.replace("{{name.1}}", "Ada", 1).encode())

    monkeypatch.setattr(sys, "stdin", Input())
    status, (line, _) = scanned("-")
    assert status == 1
    assert line.startswith("-:10: unredacted value (request field 3, card[name]): ")


def test_a_file_name_that_holds_a_secret_is_a_finding_and_not_shown(scanned: Any) -> None:
    write("a.txt", "text")
    write(f"names/{CARD}.txt", "text")
    status, lines = scanned(".")
    assert status == 1
    assert lines[0].startswith("file 2:1: card number (in its name): ")


def test_unreadable_files_are_reported_and_the_rest_is_scanned(scanned: Any) -> None:
    write("a.txt", CARD)
    status, lines = scanned("gone.txt", "a.txt", CARD)
    assert status == 2
    assert lines[0].startswith("a.txt:1: card number")
    assert lines[-3:-1] == [
        "gone.txt: not read in full: No such file or directory",
        "file 3: not read in full: No such file or directory",
    ]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_folder_that_cannot_be_listed_is_reported(scanned: Any) -> None:
    Path("closed").mkdir(mode=0)
    assert scanned(".")[0] == 2


def test_a_cassette_of_plain_vcrpy_is_reported(scanned: Any) -> None:
    request = VcrRequest("POST", "https://api.stripe.com/v1/tokens", "card[name]=Ada", {})
    body = json.dumps({"id": "tok_1", "card": {"number": CARD}}).encode()
    response = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": body}}
    recorded = {"requests": [request], "responses": [response]}
    write("fixtures/vcr_cassettes/raw.yaml", serialize(recorded, yamlserializer))
    assert vcr.__version__
    status, lines = scanned("fixtures")
    assert status == 1
    kinds = [line.split(": ")[1] for line in lines[:-1]]
    assert kinds == ["raw recording (vcrpy)", "card number"]
    assert "tokentape import" in lines[0]


def test_compressed_bodies_in_cassettes_of_vcrpy_are_read(scanned: Any) -> None:
    data = {"interactions": [{"body": {"string": gzip.compress(f"pan {CARD}".encode() * 9)}}]}
    write("raw.yaml", yaml.safe_dump(data))
    assert scanned("raw.yaml")[1][0].startswith("raw.yaml:4: card number")


def test_json_and_sarif_are_the_whole_output(scanned: Any) -> None:
    write("a b.txt", CARD)
    status, lines = scanned(".", output_format="json")
    assert status == 1
    assert json.loads("\n".join(lines))["findings"][0]["file"] == "a b.txt"
    folder = Path.cwd().as_posix()
    status, lines = scanned(f"{folder}/a b.txt", output_format="sarif")
    assert status == 1
    (run,) = json.loads("\n".join(lines))["runs"]
    location = run["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "a%20b.txt"


def test_the_scan_command_prints_findings_without_colour_in_a_pipe() -> None:
    write("a.txt", f"{KEY}\n")
    command = [sys.executable, "-m", "tokentape", "scan", "a.txt", "-"]
    done = subprocess.run(
        command,
        input=CASSETTE.encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    assert done.stdout.startswith(b"a.txt:1: API key: ")
    assert b"\x1b" not in done.stdout, "colours are for terminals"
    assert done.stderr == b""


def test_scanning_starts_without_the_http_stack() -> None:
    program = (
        "import sys; from pathlib import Path; from tokentape.edges.settings import Settings;"
        "from tokentape.commands.scan import scan_files; scan_files(Settings(), (), 'text');"
        "sys.exit(bool({'aiohttp', 'uvloop', 'vcr'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"0 files clean\n")


def test_the_committed_cassettes_are_clean(scanned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    status, (summary,) = scanned("cassettes")
    assert status == 0
    assert summary.endswith(" files clean")


def test_the_hook_for_pre_commit_runs_the_command() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"] == "tokentape scan"
    assert {"id", "name", "language", "types"} <= hook.keys()
