"""Conflict markers of git."""

from __future__ import annotations

import pytest
from tokentape.errors import CassetteError
from tokentape.pure.cassette.merging import sides

OURS, BASE, MIDDLE, THEIRS = "<<<<<<< HEAD", "||||||| 1a2b3c", "=======", ">>>>>>> branche-été"


def text_of(*lines: str, end: str = "\n") -> bytes:
    return "".join(line + end for line in lines).encode()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_each_side_has_the_common_lines_and_its_own(end: str) -> None:
    text = text_of("a", OURS, "b", MIDDLE, "c", THEIRS, "d", OURS, MIDDLE, "e", THEIRS, end=end)
    assert sides(text) == (text_of("a", "b", "d", end=end), text_of("a", "c", "d", "e", end=end))


def test_lines_of_the_common_base_are_on_neither_side() -> None:
    text = text_of(OURS, "b", BASE, "x", MIDDLE, "c", THEIRS)
    assert sides(text) == (text_of("b"), text_of("c"))


def test_a_file_without_markers_has_no_sides() -> None:
    assert sides(text_of("a", " <<<<<<< HEAD", "<<<<<<<<", "======== b")) is None


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ((OURS, "a"), 2),
        (("a", MIDDLE), 2),
        ((OURS, OURS), 2),
        ((OURS, MIDDLE, BASE), 3),
        ((OURS, THEIRS), 2),
        ((OURS, MIDDLE, MIDDLE), 3),
    ],
)
def test_misplaced_markers_are_an_error_with_their_line(lines: tuple[str, ...], line: int) -> None:
    with pytest.raises(CassetteError) as caught:
        sides(text_of(*lines))
    assert caught.value.line == line
