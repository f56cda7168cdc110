"""Without google-re2 the same is found, and what takes too long is refused in time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokentape.errors import SearchTooSlow
from tokentape.pure.leak_check.patterns import Limited, LimitedCharacters, bytewise, of_characters

from tests.processes import Workplace
from tests.wire import Client, card, numbered

ROOT = Path(__file__).parents[2]
PATTERNS = [
    rb"(?m:^)[^\n]*(?:%[0-9A-F]{2}|\\[^\n])[^\n]*",
    rb"(?i)\bkey[ +\t]+([a-z0-9]{3,})",
    rb"(?:^|[\n{,])\s*[\"']?key[\"']?\s*:",
    rb"[0-9](?:[^0-9A-Za-z]*[0-9]){3,}",
    rb"a{2,}|(?:0x)?b{2}(?:[ ,]{1,3}b{2}){1,}",
    rb"(?:[\x00\t\r\n\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]){3,}",
]
texts = st.text("aABb0123%\\ \n,:'\"{keyKEY\x00\t\xe9\u0663", max_size=60).map(str.encode)


@given(st.sampled_from(PATTERNS), texts | st.binary(max_size=60))
def test_both_engines_find_the_same(pattern: bytes, text: bytes) -> None:
    fast, limited = bytewise(pattern), Limited(pattern)
    spans = [match.span() for match in fast.finditer(text)]
    assert [match.span() for match in limited.finditer(text)] == spans
    first = limited.search(text)
    assert (first and first.span()) == (spans[0] if spans else None)


@given(
    st.text(max_size=30).map(str.encode)
    | st.text("4\u0664\uff12\u00ad\u0301\U000e0041", max_size=9).map(str.encode)
)
def test_both_engines_replace_the_same_characters(text: bytes) -> None:
    for pattern in (
        rb"[\p{Mn}\p{Cf}\x{115f}\x{1160}]+",
        rb"[^\P{Nd}0-9]",
        rb"[\x{e0020}-\x{e007e}]",
    ):
        fast, limited = of_characters(pattern), LimitedCharacters(pattern)
        assert limited.sub(b"", text) == fast.sub(b"", text)
        assert limited.sub(lambda match: b"<%d>" % len(match[0]), text) == fast.sub(
            lambda match: b"<%d>" % len(match[0]), text
        )


def test_a_word_that_a_match_begins_with_is_tried_once() -> None:
    pattern, word = rb"[a-z]{3,}(?:\n[a-z]+)+", rb"a-z"
    text = b"abc\nd ab\nc 1abcd\ne " + b"x" * 1_000_000
    assert [match[0] for match in bytewise(pattern).finditer(text)] == [b"abc\nd", b"abcd\ne"]
    limited = Limited(b"(?<![%s])%s" % (word, pattern))
    assert [match[0] for match in limited.finditer(text)] == [b"abc\nd", b"abcd\ne"]


@pytest.mark.parametrize("method", ["search", "finditer", "sub"])
def test_what_takes_too_long_is_refused(method: str) -> None:
    text = b"a" * 60 + b"b"
    words = (b"", text) if method == "sub" else (text,)
    with pytest.raises(SearchTooSlow, match=r"pip install 'tokentape\[re2\]'"):
        getattr(Limited(rb"(?:a|aa)+$"), method)(*words)


def test_the_leak_check_passes_its_tests_without_re2() -> None:
    words = ("-q", "-p", "tests.without_re2", "-k", "not hostile and not large")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "tests/pure/test_leak_check.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


HOSTILE = """
import sys, time
sys.modules["re2"] = None
from tokentape.pure.leak_check import cassette_findings, text_findings
for unit in map(bytes.fromhex, sys.argv[1:]):
    text = unit * (100_000 // len(unit))
    begin = time.process_time()
    cassette_findings(text)
    tuple(text_findings([text], frozenset()))
    assert time.process_time() - begin < 10, unit
"""
UNITS = (
    *(b"\n", b" ", b"a", b"a\n", b"1 ", b"1", b"-", b"ab==", b"=", b"%", b"\\", b"%4", b"0x1 "),
    *(b"a1-_", b"&#", b"\n\n:", b"{{", b"B1", b"basic "),
)


def test_a_hostile_text_takes_time_in_proportion_without_re2() -> None:
    words = [sys.executable, "-c", HOSTILE, *(unit.hex() for unit in UNITS)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_session_records_replays_and_is_scanned_without_re2(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "re2.py").write_text("raise ImportError")
    variables = {"PYTHONPATH": str(tmp_path / "hidden")}
    for mode, result in (("record", "recorded"), ("replay", "replayed")):
        with place.serving(mode, "shop", **variables) as session:
            assert Client(session.url).post(card(name="Ada Ohnesorg")).result == result
            assert session.end() == 0, session.said
    (tmp_path / "leak.txt").write_text(numbered("400000000000123"))
    for path, status in (("cassettes", 0), ("leak.txt", 1)):
        assert place.run("scan", path, **variables).returncode == status
