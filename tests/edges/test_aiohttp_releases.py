"""The network edges work with the lowest and the newest release of aiohttp that users may have.

The lowest is 3.12.7: from there on a cookie jar decides what becomes of cookies. Releases before
parse and log them in any case, and a log may not hold what an upstream answered.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = (
    *("edges/test_server.py", "edges/test_tls.py", "edges/test_upstream.py"),
    "laws/test_plain_requests.py",
)
OWN = version("aiohttp")
"""The release that the suite runs with; on a fresh machine the newest."""
PATIENCE = 300


def floor(name: str) -> str:
    """Return the lowest release that the package asks for."""
    (line,) = (line for line in requires("tokentape") or () if re.match(rf"{name}\b", line))
    lowest = re.search(r">=([0-9.]+)", line)
    assert lowest
    return lowest[1]


RELEASES = {
    "lowest": (f"aiohttp=={floor('aiohttp')}", f"yarl=={floor('yarl')}"),
    "newest": (f"aiohttp>={floor('aiohttp')},<4", "yarl"),
}


@pytest.mark.parametrize("release", RELEASES)
def test_the_edges_work_with_it(release: str, tmp_path: Path) -> None:
    """What is installed in a folder of its own stands before what the environment has."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--retries", "0")
    install = ("install", "--quiet", "--no-compile", "--only-binary", ":all:", "--target")
    installed = run((*pip, *install, str(tmp_path), *RELEASES[release]))
    if installed.returncode:
        pytest.skip(f"pip cannot install it: {installed.stderr.strip()[-200:]}")
    if (tmp_path / f"aiohttp-{OWN}.dist-info").exists():
        pytest.skip(f"the whole suite runs with it: aiohttp {OWN}")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    check = "import aiohttp, sys; sys.exit(not aiohttp.__file__.startswith(sys.argv[1]))"
    assert run((sys.executable, "-c", check, str(tmp_path)), environment).returncode == 0

    files = [str(ROOT / "tests" / name) for name in TESTS]
    words = (sys.executable, "-m", "pytest", "-p", "no:xdist", "-x", "-k", "not uvloop", *files)
    tested = run(words, environment)

    assert tested.returncode == 0, tested.stdout[-3000:]
    assert re.search(r"^\d+ passed", tested.stdout, re.MULTILINE)


def run(
    words: tuple[str, ...], environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=PATIENCE,
        check=False,
    )
