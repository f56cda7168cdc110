from __future__ import annotations

from tokentape.mock.memory import Fingerprints, remember


def test_a_new_entry_replaces_the_oldest() -> None:
    table: dict[str, int] = {}
    for number, name in enumerate("abc"):
        remember(table, name, number, 2)
    assert table == {"b": 1, "c": 2}


def test_a_fingerprint_depends_on_value_and_salt() -> None:
    fingerprints, others = Fingerprints("a"), Fingerprints("b")
    assert fingerprints.of("4242424242424242") == fingerprints.of("4242424242424242")
    assert fingerprints.of("4242424242424242") != fingerprints.of("4242424242424243")
    assert fingerprints.of("4242424242424242") != others.of("4242424242424242")
    assert fingerprints.of("ab", "c") != fingerprints.of("a", "bc")


def test_a_fingerprint_is_16_alphanumeric_characters() -> None:
    fingerprint = Fingerprints("a").of("4242424242424242", None, "\udcff")
    assert len(fingerprint) == 16
    assert fingerprint.isascii()
    assert fingerprint.isalnum()
