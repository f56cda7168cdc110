"""Cassettes on disk, as bytes: names, reading, and takes, which are recordings under way.

The cassette `checkout/declined` is `checkout/declined.yaml` under the cassette directory. While it
is recorded, the hidden *take* beside it, `checkout/.declined.take`, grows by a *frame line* after
each interaction:

    version: 1
    interactions:
    - request: …                 kept from before, where a cassette is carried on
    # end of interaction 1
    # recorded from here on
    - request: …
    # end of interaction 2

An interaction counts once its frame line is on disk; what follows the last one is a torn tail or
zeros, which are room for more (to fill it takes a disk two thirds of the time), and is cut. A take
without `from here on` was killed before it began and holds nothing.

At the end the take without its frames is written to a draft, `.declined.yaml.take`, and the draft
renamed onto the cassette; only then does the take go. So a process killed at any moment leaves the
old cassette or the new one, whole, and every interaction that `append` has returned for.

Names cannot leave the directory, and no link is followed below it; it may be a link itself.

Bottom up: `plain_files` touches the disk; `places` knows names; `cassettes` reads; `frames` is what
a take looks like; `publish` makes it the cassette; `recovery` finds what was left; `take` records;
`revision` writes a cassette anew.
"""

from tokentape.edges.cassette_file.cassettes import exists, names, read
from tokentape.edges.cassette_file.places import is_name
from tokentape.edges.cassette_file.plain_files import MAX_BYTES
from tokentape.edges.cassette_file.recovery import discard, pending, recover
from tokentape.edges.cassette_file.revision import revise
from tokentape.edges.cassette_file.take import Take

__all__ = [
    "MAX_BYTES",
    "Take",
    "discard",
    "exists",
    "is_name",
    "names",
    "pending",
    "read",
    "recover",
    "revise",
]
