"""Conflict markers, read as git writes them."""

from __future__ import annotations

import pytest
from tokentape.errors import CassetteError
from tokentape.pure.cassette.merging import sides

OURS, BASE, MIDDLE, THEIRS = "<<<<<<< HEAD", "||||||| 1a2b3c", "=======", ">>>>>>> branche-été"


def written(*lines: str, end: str = "\n") -> bytes:
    return "".join(line + end for line in lines).encode()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_both_sides_are_whole(end: str) -> None:
    text = written("a", OURS, "b", MIDDLE, "c", THEIRS, "d", OURS, MIDDLE, "e", THEIRS, end=end)
    assert sides(text) == (written("a", "b", "d", end=end), written("a", "c", "d", "e", end=end))


def test_what_was_common_is_neither_side() -> None:
    text = written(OURS, "b", BASE, "x", MIDDLE, "c", THEIRS)
    assert sides(text) == (written("b"), written("c"))


def test_a_file_without_markers_has_no_sides() -> None:
    assert sides(written("a", " <<<<<<< HEAD", "<<<<<<<<", "======== b")) is None


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
def test_markers_out_of_place_are_refused_with_their_line(
    lines: tuple[str, ...], line: int
) -> None:
    with pytest.raises(CassetteError) as caught:
        sides(written(*lines))
    assert caught.value.line == line
