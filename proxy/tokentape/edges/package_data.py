"""The data files of the package: catalog, published test values, known messages."""

from __future__ import annotations

from importlib.resources import files


def read(name: str) -> str:
    """Return the text of a data file of the package."""
    return files("tokentape.data").joinpath(name).read_text(encoding="utf-8")
