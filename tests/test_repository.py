"""The repository itself holds no secret: our own scan and detect-secrets agree."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tokentape.commands.scan import scan_files
from tokentape.edges.settings import Settings

ROOT = Path(__file__).parent.parent


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Return the files that are committed, or would be."""
    monkeypatch.chdir(ROOT)
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return tuple(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def test_tokentape_scan_finds_nothing_in_the_repository(
    files: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    status = scan_files(Settings(), tuple(map(Path, files)), "text")
    assert status == 0, capsys.readouterr().out


def test_detect_secrets_finds_nothing_in_the_repository(files: tuple[str, ...]) -> None:
    """Nothing is allow-listed.

    Its keyword rule goes by the names of variables. It holds for all but tests, where canaries,
    the values that must not come out anywhere, are called SECRET.
    """
    command = [sys.executable, "-m", "detect_secrets", "scan", *files]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    findings = {
        f"{name}:{secret['line_number']}: {secret['type']}"
        for name, results in json.loads(done.stdout)["results"].items()
        for secret in results
        if not (name.startswith("tests/") and secret["type"] == "Secret Keyword")
    }
    assert findings == set()
