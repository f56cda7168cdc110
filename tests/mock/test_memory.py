from __future__ import annotations

from tokentape.mock.memory import Fingerprints, Newest


def test_the_oldest_entry_makes_room() -> None:
    table: Newest[str, int] = Newest(2)
    for number, name in enumerate("abc"):
        table.put(name, number)
    assert [table.get(name) for name in "abc"] == [None, 1, 2]


def test_a_fingerprint_is_of_its_value_and_its_salt() -> None:
    one, other = Fingerprints("a"), Fingerprints("b")
    assert one.of("4242424242424242") == one.of("4242424242424242")
    assert one.of("4242424242424242") != one.of("4242424242424243")
    assert one.of("4242424242424242") != other.of("4242424242424242")
    assert one.of("ab", "c") != one.of("a", "bc")


def test_a_fingerprint_has_the_form_of_stripes() -> None:
    found = Fingerprints("a").of("4242424242424242", None, "\udcff")
    assert len(found) == 16
    assert found.isascii()
    assert found.isalnum()
