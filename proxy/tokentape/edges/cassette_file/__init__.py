"""Cassettes on disk, as bytes: names, reading, and takes, which are recordings under way.

The cassette `checkout/declined` is `checkout/declined.yaml` under the cassette directory. While it
is recorded, the hidden *take* beside it grows, `checkout/.declined.take`. Each interaction in it
ends with a *frame line*:

    version: 1
    interactions:
    - request: …                 from before, where a cassette is extended
    - request: …
    # end of interaction 2

An interaction is recorded once its frame line is written: the process may be killed then. The file
is synced to disk within a second, and at the end. What follows the last frame line, a torn tail or
zeros that a power cut left, does not count.

At the end the take without its frames is written to a draft, `.declined.yaml.take`, and the draft
renamed onto the cassette; only then is the take removed. So a process killed at any moment leaves
the old cassette or the new one, whole, and every interaction that `append` has returned for.

A take that must not replace the cassette is renamed to `.declined~.take`: it is in nobody's way,
and stays until a take becomes the cassette, or somebody recovers or discards it.

A cassette that is replaced keeps its owner and mode, a new one gets the mode of the user's umask;
only their owner can read takes and drafts. Names cannot leave the directory, and no link is
followed below it; it may be a link itself.
"""

from tokentape.edges.cassette_file.cassettes import exists, is_name, names, read
from tokentape.edges.cassette_file.plain_files import MAX_BYTES
from tokentape.edges.cassette_file.take import Take, digest, discard, recover, revise

__all__ = [
    "MAX_BYTES",
    "Take",
    "digest",
    "discard",
    "exists",
    "is_name",
    "names",
    "read",
    "recover",
    "revise",
]
