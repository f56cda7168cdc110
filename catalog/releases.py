"""Downloads the SDK's releases with pip into a folder, and unpacks them. Nothing is installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

VERSIONS = ("16.1.0", "14.4.1", "12.5.1", "10.12.0", "8.11.0")
"""The newest first. One for each of five API versions that are in use: 2026-10-28.endive,
2026-02-25.clover, 2025-08-27.basil, 2024-06-20 and 2023-10-16."""


class Unavailable(Exception):
    """A release can neither be found in the folder nor be downloaded."""


def unpacked(folder: Path, versions: tuple[str, ...] = VERSIONS) -> list[Path]:
    """Return a folder for each release, downloaded where it is not there yet.

    Raises Unavailable.
    """
    return [_unpacked(folder, version) for version in versions]


def _unpacked(folder: Path, version: str) -> Path:
    target = folder / version
    if not (target / "stripe").is_dir():
        with zipfile.ZipFile(_wheel(folder, version)) as wheel:
            wheel.extractall(target)
    return target


def _wheel(folder: Path, version: str) -> Path:
    command = (
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary", ":all:", "--dest", str(folder), f"stripe=={version}"),
    )
    wheels = f"stripe-{version}-*.whl"
    if not any(folder.glob(wheels)):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise Unavailable(f"pip cannot download stripe=={version}: {done.stderr[-300:]}")
    return next(folder.glob(wheels))
