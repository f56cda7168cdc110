"""What an installation puts where, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
USES_PROXY = "import proxy\n\n\ndef test_it_is_ours():\n    assert proxy.OURS\n"


@pytest.mark.parametrize("file", ["proxy.py", "proxy/__init__.py"])
def test_a_project_with_a_proxy_of_its_own_runs_its_tests(tmp_path: Path, file: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("OURS = True\n")
    (tmp_path / "test_it.py").write_text(USES_PROXY)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the sdist and the wheel, built as a release is."""
    folder = tmp_path_factory.mktemp("built")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)],
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode and "No matching distribution" in done.stdout + done.stderr:
        pytest.skip("needs a package index to build")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


DATA = ("headers.csv", "requests.txt", "routes.csv", "page.html", "page.js", "page.css")


def test_a_wheel_installs_the_package_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"tokentape"}
    data = {f"tokentape/data/{name}" for name in DATA}
    assert {*data, "tokentape/py.typed"} <= {*names}


def test_an_sdist_has_documents_examples_and_tests(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "README.md",
        "Makefile",
        "config.example.yaml",
        "docs/clients.md",
        "cassettes/tokens.yaml",
        "tests/test_structure.py",
        "tests/clients/calls.json",
        "bench/__main__.py",
        "catalog/overrides.csv",
    } <= names
    assert not any("node_modules" in name for name in names)
