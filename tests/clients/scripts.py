"""Scripts of people who use the SDKs, run as they run them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.clients.conftest import installed
from tests.processes import environment

Run = Callable[..., str]
"""Runs a script in a folder, with words for it, a URL and a key, say; returns what it printed."""


def python(script: str, home: Path, *words: str) -> str:
    return _printed([sys.executable, "-c", script, *words], home)


def node(script: str, home: Path, *words: str) -> str:
    file = home / "script.mjs"
    file.write_text(script)
    modules = home / "node_modules"
    if not modules.exists():
        modules.symlink_to(installed() / "node_modules")
    return _printed(["node", str(file), *words], home)


def _printed(words: list[str], home: Path) -> str:
    done = subprocess.run(
        words, env=environment(home), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
