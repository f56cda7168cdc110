"""The structure of the package: what the import contracts notice, what names may not be."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "proxy" / "tokentape"

VAGUE = {
    *("one", "told", "said", "found", "asked", "known"),
    *("there", "here", "other", "made", "kept", "way"),
}
"""Words that say nothing of what they name."""


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(ROOT), ast.parse(path.read_text())


def identifiers(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name


def test_no_identifier_is_a_vague_word() -> None:
    names = {(path, name) for path, module in modules() for name in identifiers(module)}
    assert sorted((path, name) for path, name in names if name in VAGUE) == []


def test_no_public_type_name_stands_twice() -> None:
    types = Counter(
        node.name
        for _, module in modules()
        for node in module.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in types.items() if count > 1] == []


def test_folders_and_modules_and_functions_are_small() -> None:
    for folder in (PACKAGE, *(path for path in PACKAGE.rglob("*") if path.is_dir())):
        assert len([path for path in folder.glob("*.py") if path.stem != "__init__"]) <= 16, folder
    for path, module in modules():
        assert len((ROOT / path).read_text().splitlines()) <= 350, path
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 40, f"{path}: {node.name}"


Change = Callable[[Path], object]


def append(name: str, line: str) -> Change:
    return lambda package: (package / name).write_text((package / name).read_text() + line)


CHANGES: dict[str, Change] = {
    "a circle": append(
        "pure/stripe/kinds.py", "\nfrom tokentape.pure.stripe import published  # noqa: F401\n"
    ),
    "an import upward": append(
        "pure/http/messages.py", "\nfrom tokentape.pure.replay import receipt  # noqa: F401\n"
    ),
    "a module that stands nowhere": lambda package: (package / "utils.py").write_text(""),
    "a wing that stands nowhere": lambda package: (package / "pure" / "utils.py").write_text(""),
    "a clock in pure": append("pure/stripe/routes.py", "\nimport time  # noqa: F401\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_contracts_notice(change: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(PACKAGE, tmp_path / "tokentape", ignore=shutil.ignore_patterns("__pycache__"))
    CHANGES[change](tmp_path / "tokentape")
    assert lint_imports(tmp_path) == 1


def test_the_contracts_hold(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(PACKAGE, tmp_path / "tokentape", ignore=shutil.ignore_patterns("__pycache__"))
    assert lint_imports(tmp_path) == 0


def lint_imports(directory: Path) -> int:
    program = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; sys.exit(lint_imports(no_cache=True))"],
        cwd=directory,
        capture_output=True,
        check=False,
        text=True,
    )
    assert "Contracts:" in done.stdout or done.returncode, done.stderr
    return done.returncode
