"""The text of a cassette: YAML that vcrpy loads, in one canonical form.

ASCII, a fixed order of keys, bodies as block scalars. So recording the same behaviour again
changes no byte, and a diff of a cassette shows a change of the API and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tokentape.pure.cassette.model import OUTLINES_CACHED, Interaction, Lines, Texts
from tokentape.pure.http.messages import reason_phrase
from tokentape.pure.notation.placeholders import to_number
from tokentape.pure.stripe.upstreams import UpstreamKind

HEADER = "version: 1\nrecorded_with: tokentape 0.1\ninteractions:\n"
"""What every cassette begins with, after its first line; its interactions follow."""

MARGIN = "\n" + " " * 8
"""What comes before each line of a response body."""

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_\[\]{}.:=&%+?/*-]*")
"""What may stand in YAML without quotes, as a block value."""
_PLAIN_IN_LIST = re.compile(r"(?!(?i:true|false|null|yes|no|on|off|y|n)$)[A-Za-z][A-Za-z0-9/_-]*")
"""What may stand in a flow list of YAML, or as a key, without quotes, as text."""


def header(recorded_from: UpstreamKind | None) -> str:
    """Return what a cassette begins with; its first line says where it came from, if known."""
    return HEADER if recorded_from is None else f"recorded_from: {recorded_from}\n{HEADER}"


def cassette_text(
    interactions: Iterable[Interaction], recorded_from: UpstreamKind | None = None
) -> str:
    """Return a whole cassette."""
    head, items = header(recorded_from), "".join(map(interaction_text, interactions))
    return head + items if items else head.rstrip("\n") + " []\n"


def interaction_text(interaction: Interaction) -> str:
    """Return one interaction: an item of the list, its first line at the margin."""
    return _numbers_format(interaction.outline) % tuple(
        [number for _, number in interaction.variables]
    )


@lru_cache(OUTLINES_CACHED)
def _numbers_format(outline: Texts) -> str:
    return to_number(outline_text(outline))


@lru_cache(OUTLINES_CACHED)
def outline_text(texts: Texts) -> str:
    """Return the text of an interaction with these texts, numbered or not."""
    return (
        "- request:\n"
        f"    method: {texts.method}\n"
        f"    uri: {_scalar(texts.uri)}\n"
        f"{_headers(texts.request_headers)}"
        f"    body: {_scalar('&'.join(texts.body))}\n"
        "  response:\n"
        f"    status: {{code: {texts.status}, message: {reason_phrase(texts.status)}}}\n"
        f"{_headers(texts.response_headers)}"
        "    body:\n"
        f"      string: {_block(texts.text)}"
    )


def _headers(lines: Lines) -> str:
    if not lines:
        return "    headers: {}\n"
    values: dict[str, list[str]] = {}
    for name, text in lines:
        values.setdefault(name, []).append(_in_list(text))
    rows = (f"      {_in_list(name)}: [{', '.join(texts)}]\n" for name, texts in values.items())
    return "    headers:\n" + "".join(rows)


def _in_list(text: str) -> str:
    return text if _PLAIN_IN_LIST.fullmatch(text) else _quoted(text)


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and ("=" in text or "/" in text) and not text.endswith(":")
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _block(text: str) -> str:
    if not text:
        return "''\n"
    return MARGIN.join(("|", *text.removesuffix("\n").split("\n"))) + "\n"
