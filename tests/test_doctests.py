"""The examples in docstrings of the package are run."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest
import tokentape

PACKAGE = Path(tokentape.__file__).parent
MODULES = [
    ".".join(("tokentape", *path.relative_to(PACKAGE).with_suffix("").parts))
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text("utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_right(name: str) -> None:
    result = doctest.testmod(import_module(name.removesuffix(".__init__")))
    assert result.attempted > 0
    assert result.failed == 0


def test_there_are_modules_with_examples() -> None:
    assert "tokentape.pure.http.compression" in MODULES
