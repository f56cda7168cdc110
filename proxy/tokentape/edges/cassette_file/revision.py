"""Cassettes written anew from what they hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tokentape.edges.cassette_file.cassettes import read
from tokentape.edges.cassette_file.places import place_of
from tokentape.edges.cassette_file.plain_files import remove, write_all
from tokentape.edges.cassette_file.publish import publish
from tokentape.edges.cassette_file.recovery import make_way
from tokentape.edges.cassette_file.take import create


def revise(directory: Path, name: str, revised: Callable[[bytes], bytes]) -> None:
    """Make a cassette what `revised` makes of its bytes, all at once; what that raises stands.

    No recording may be under way meanwhile, or be left to recover: CassetteError, as for a disk
    that refuses; the old cassette stands. One that does not change is left untouched.
    """
    failure = "the cassette cannot be written, so the old one stands"
    with place_of(directory, name, failure) as place:
        make_way(place, name)
        with create(place, ()) as take:
            try:
                write_all(take, revised(read(directory, name)))
                publish(place, take, take.tell())
            finally:
                remove(place.take, take)
