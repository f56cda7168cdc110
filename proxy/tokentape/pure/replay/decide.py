"""What happens to a request: answered from the cassette, passed on, or turned away.

What depends on the mode is decided in this module, and in no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from tokentape.errors import ConfigurationError

MODE_VARIABLE = "TOKENTAPE_MODE"


class Mode(StrEnum):
    """What a session does with traffic."""

    RECORD = "record"
    REPLAY = "replay"
    AUTO = "auto"


class Unmatched(Enum):
    """What happens to a request that nothing recorded answers, and that is not refused."""

    MISS = auto()
    MADE_UP = auto()
    """A miss, too: it names an id that this replay made up, so no upstream knows it."""
    FORWARD = auto()
    RECORD = auto()
    """Forwarded too."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Turn away with a Stripe-shaped error."""

    status: int
    code: str
    message: str


OUTSIDE = Refuse(
    404,
    "unknown_operation",
    "This is no operation of Stripe's API that tokentape has in its catalog, so it is not recorded "
    "and not replayed. In the configuration, `others: forward` passes such requests on while "
    "recording, and `others: record` records them with nothing but their names. A path that begins "
    "with /v1/v1 or // comes from a base URL that ends in /v1 or /: take that off.",
)
UNLISTED = (
    "tokentape has no such operation in its catalog: all values of the request were redacted, and "
    "those of the answer that are of no object type that it knows"
)
"""What is said of a request that `others: record` recorded."""
LIVE_KEY = Refuse(
    403,
    "live_key_refused",
    "This request carries a live-mode key, so nothing was forwarded. Record with a test-mode key, "
    "or allow live keys with --allow-live if you know what you do.",
)


def decide(
    mode: Mode,
    *,
    in_catalog: bool,
    readable: bool,
    forward_others: bool,
    barred_key: Callable[[], bool],
    names_made_up_id: Callable[[], bool],
) -> Unmatched | Refuse:
    """Return what happens to a request that nothing recorded answers, in a mode that replays.

    `in_catalog`: it is an operation of the API. `readable`: its body could be taken apart.
    `barred_key` tells whether it carries a live key that may not leave; `names_made_up_id` tells
    whether it names what only this replay knows.
    """
    if not in_catalog and not (writes(mode) and forward_others):
        return OUTSIDE
    if not writes(mode):
        return Unmatched.MISS
    if replays(mode) and readable and names_made_up_id():
        return Unmatched.MADE_UP
    if barred_key():
        return LIVE_KEY
    return Unmatched.RECORD if in_catalog and readable else Unmatched.FORWARD


def writes(mode: Mode) -> bool:
    """Tell whether a session in this mode writes a take."""
    return mode is not Mode.REPLAY


def replays(mode: Mode) -> bool:
    """Tell whether a session in this mode answers from what the cassette has already."""
    return mode is not Mode.RECORD


def replaces(mode: Mode) -> bool:
    """Tell whether what a session in this mode records replaces all that the cassette had."""
    return writes(mode) and not replays(mode)


def reopened(mode: Mode) -> Mode:
    """Return the mode for a cassette that this run has opened in a mode before."""
    return Mode.AUTO if writes(mode) else mode


def usual_mode(environ: Mapping[str, str]) -> Mode:
    """Return the default mode: TOKENTAPE_MODE if it is set; else replay if CI is set, else auto.

    Raises ConfigurationError.
    """
    if mode := environ.get(MODE_VARIABLE):
        if mode not in tuple(Mode):
            problem = "found another value (not shown: it may be a secret)"
            raise ConfigurationError((f"{MODE_VARIABLE}: {problem}; allowed: {', '.join(Mode)}",))
        return Mode(mode)
    return Mode.AUTO if environ.get("CI", "").lower() in ("", "0", "false") else Mode.REPLAY
