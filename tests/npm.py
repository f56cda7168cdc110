"""Packages of npm that tests need, installed beside the package.json that asks for them."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest


def installed(folder: Path) -> Path:
    """Return a folder in which the packages are that its package.json asks for.

    Skips where they cannot be installed.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no node")
    if not _is_installed(folder):
        wanted = " and ".join(_wanted(folder))
        pytest.skip(f"{wanted} are not installed, and npm cannot install them")
    return folder


def _wanted(folder: Path) -> dict[str, str]:
    parsed: dict[str, str] = json.loads((folder / "package.json").read_text())["dependencies"]
    return parsed


@cache
def _is_installed(folder: Path) -> bool:
    """Install what package.json asks for if need be, which takes npm's registry once."""
    with (folder / "package.json").open() as package:
        fcntl.flock(package, fcntl.LOCK_EX)
        wanted = _wanted(folder).items()
        return all(_version(folder, name) == version for name, version in wanted) or _install(
            folder
        )


def _version(folder: Path, name: str) -> str:
    try:
        text = (folder / "node_modules" / name / "package.json").read_text()
    except OSError:
        return ""
    parsed: str = json.loads(text)["version"]
    return parsed


def _install(folder: Path) -> bool:
    """Install aside and move in place, so that an interrupted installation is none."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".install-") as aside:
        shutil.copy(folder / "package.json", aside)
        options = ("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
        command = ("npm", "install", *options, "--fetch-retries=1", "--fetch-retry-mintimeout=500")
        if subprocess.run(command, cwd=aside, capture_output=True, check=False).returncode:
            return False
        shutil.rmtree(folder / "node_modules", ignore_errors=True)
        (Path(aside) / "node_modules").rename(folder / "node_modules")
    return True
