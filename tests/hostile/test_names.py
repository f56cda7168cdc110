"""Names that lead elsewhere, and files that are not what they seem: nothing outside is touched."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.conftest import Command
from tests.processes import Workplace
from tests.wire import Client, card

SECRET = "Zq7Ohnesorg"

NAMES = (
    *("../x", "..", ".", "", " ", "/etc/passwd", "a/../b", "a/./b", "a//b", "/a", "a/", "~", "~/x"),
    *("a\\b", "..\\x", "C:x", "nul", "CON", "com1.x", "a/aux", ".hidden", "a/.hidden"),
    *(
        "a b",
        "a\nb",
        "a\0b",
        "a\x1b[2J",
        "\u00e4",
        "a\u202eb",
        "%2e%2e%2fx",
        "{{name.1}}",
        "*",
        "$HOME",
    ),
    *("a" * 101, "a/" * 101 + "a", "a;b", "a|b", "`x`", "file:///x"),
)
MODES = ("record", "replay", "auto", "show", "recover")


@pytest.fixture
def outside(workplace: Workplace) -> Path:
    """A file that no command has any business with."""
    path = workplace.directory / "outside" / "file"
    path.parent.mkdir()
    path.write_text(SECRET)
    return path


def everything(workplace: Workplace) -> dict[str, bytes]:
    found = sorted(path for path in workplace.directory.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in found}


@pytest.mark.parametrize("mode", MODES)
def test_a_name_cannot_lead_elsewhere(
    command: Command, workplace: Workplace, outside: Path, mode: str
) -> None:
    before = everything(workplace)
    for name in NAMES:
        done = command(mode, "--", name)
        assert (done.status, done.out) == (2, ""), name
        assert done.err.startswith("tokentape: error: the cassette name "), name
        assert done.err.rstrip("\n").isprintable(), name
        assert done.err.isascii(), name
    assert everything(workplace) == before


@pytest.mark.parametrize("name", ["../outside/file", "/etc/hostname", "../../x"])
def test_nor_can_the_name_that_run_gets(
    command: Command, workplace: Workplace, outside: Path, name: str
) -> None:
    done = command("run", "--cassette", name, "--", "true")
    assert (done.status, done.out) == (2, "")
    assert outside.read_text() == SECRET


def _link_to_file(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def _link_to_nothing(path: Path, outside: Path) -> None:
    path.symlink_to(outside.with_name("nothing"))


def _link_to_itself(path: Path, outside: Path) -> None:
    path.symlink_to(path)


def _link_to_folder(path: Path, outside: Path) -> None:
    path.symlink_to(outside.parent)


def _link_to_endless(path: Path, outside: Path) -> None:
    path.symlink_to("/dev/zero")


def _folder(path: Path, outside: Path) -> None:
    path.mkdir()


def _pipe(path: Path, outside: Path) -> None:
    os.mkfifo(path)


ODD = (_link_to_file, _link_to_nothing, _link_to_itself, _link_to_folder, _link_to_endless)
Make = Callable[[Path, Path], None]


@pytest.mark.parametrize("make", [*ODD, _folder, _pipe])
@pytest.mark.parametrize("mode", ["record", "replay", "auto", "show"])
def test_a_cassette_that_is_no_plain_file_is_refused(
    command: Command, workplace: Workplace, outside: Path, mode: str, make: Make
) -> None:
    path = workplace.path("odd")
    path.parent.mkdir()
    make(path, outside)
    done = command(mode, "odd")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("tokentape: error: cassettes/odd.yaml: ")
    assert SECRET not in done.err
    assert os.path.lexists(path)
    assert list(path.parent.iterdir()) == [path]
    assert outside.read_text() == SECRET


@pytest.mark.parametrize("make", [*ODD, _pipe])
@pytest.mark.parametrize("mode", ["record", "replay", "auto", "show", "recover"])
def test_a_folder_that_is_a_link_is_refused(
    command: Command, workplace: Workplace, outside: Path, mode: str, make: Make
) -> None:
    (workplace.directory / "cassettes").mkdir()
    make(workplace.directory / "cassettes" / "inner", outside)
    done = command(mode, "inner/file")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("tokentape: error: cassettes/inner")
    assert list(outside.parent.iterdir()) == [outside]


@pytest.mark.parametrize("make", [*ODD, _folder, _pipe])
@pytest.mark.parametrize("mode", ["record", "auto", "recover"])
def test_a_take_that_is_no_plain_file_is_refused(
    command: Command, workplace: Workplace, outside: Path, mode: str, make: Make
) -> None:
    path = workplace.directory / "cassettes" / ".odd.take"
    path.parent.mkdir()
    make(path, outside)
    done = command(mode, "odd")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("tokentape: error: cassettes/")
    assert list(path.parent.iterdir()) == [path]
    assert outside.read_text() == SECRET


@pytest.mark.parametrize("make", ODD)
def test_a_draft_that_is_a_link_is_not_written_through(
    workplace: Workplace, outside: Path, make: Make
) -> None:
    (workplace.directory / "cassettes").mkdir()
    make(workplace.directory / "cassettes" / ".odd.yaml.take", outside)
    with workplace.recorded("odd") as url:
        Client(url).post(card())
    assert [path.name for path in workplace.path("odd").parent.iterdir()] == ["odd.yaml"]
    assert not workplace.path("odd").is_symlink()
    assert outside.read_text() == SECRET
    workplace.inspect()
