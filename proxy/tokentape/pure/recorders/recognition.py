"""Recordings of calls to Stripe among the files of a scan, of which most are none.

Two searches of the text leave few files that have to be read. One that looks like a recording and
cannot be read, because it is too large, damaged or has ERB in it, is taken for what it looks like.
"""

from __future__ import annotations

from dataclasses import dataclass

from tokentape.errors import CassetteError
from tokentape.pure.leak_check.patterns import bytewise
from tokentape.pure.recorders.calls import IsServed
from tokentape.pure.recorders.forms import recognised

_RECORDING = bytewise(
    rb"VCR::HTTPInteraction"
    rb"|(?:^|[\n{,])\s*(?:- )?[\"']?:?(?:(?:http_)?interactions|entries|scope|request)[\"']?\s*:"
)
"""A key that each form has."""
_STRIPE = bytewise(rb"(?i)api\.stripe\.com|\blocalhost\b|\b127\.[0-9.]+|\[::1\]")
_CALL = bytewise(rb"(?i)//(?:[^/@\s]*@)?api\.stripe\.com[:/\"'\s\\]")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A raw recording of calls to Stripe: who wrote it, and the line of the first such call."""

    recorder: str
    line: int


def may_be_recording(text: bytes) -> bool:
    """Tell whether a text has what each recording of calls to Stripe has."""
    return bool(_RECORDING.search(text) and _STRIPE.search(text))


def recording_of_stripe(text: bytes, is_served: IsServed) -> Recognised | None:
    """Return what is known of a raw recording of calls to Stripe, None for any other text."""
    if not may_be_recording(text):
        return None
    try:
        recording = recognised(text.decode("utf-8-sig", "replace"))
    except CassetteError:
        call = _CALL.search(text)
        return call and Recognised("which cannot be read", _line(text, call.start()))
    calls = recording.calls if recording else ()
    first = next((call for call in calls if call.goes_to_stripe(is_served)), None)
    if recording is None or first is None:
        return None
    match = _CALL.search(text) or _STRIPE.search(text)  # JSON has no lines
    return Recognised(recording.recorder, first.line or _line(text, match.start()))


def _line(text: bytes, position: int) -> int:
    return text.count(b"\n", 0, position) + 1
