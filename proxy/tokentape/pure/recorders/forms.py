"""The forms of recordings, told apart by what stands in them, whatever their files are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tokentape.errors import CassetteError
from tokentape.pure.recorders import har, nock, vcr
from tokentape.pure.recorders.calls import RawCall, RawRecording
from tokentape.pure.recorders.documents import read_document
from tokentape.pure.recorders.fields import RawField


@dataclass(frozen=True, slots=True)
class _Form:
    """A recorder, and what its files have, by paths; `path=text` is how a value begins."""

    recorder: str
    items: str
    """Where the list of calls is; "" if the document is that list."""
    document: tuple[str, ...]
    """What the document has."""
    item: tuple[str, ...]
    """What the first item of the list has."""
    call: Callable[[int, RawField], RawCall]


_FORMS = (
    _Form("Betamax", "http_interactions", ("recorded_with=betamax",), (), vcr.call),
    _Form("vcr for R", "http_interactions", ("recorded_with=vcr/",), (), vcr.call),
    _Form("Ruby VCR", "http_interactions", (), (), vcr.call),
    _Form("Ruby VCR", "", (), ("request.uri", "response.status"), vcr.call),  # before 2.0
    _Form("go-vcr", "interactions", (), ("response.code",), vcr.call),
    _Form("vcrpy", "interactions", (), (), vcr.call),
    _Form("Polly.js", "log.entries", ("log.creator.name=Polly",), (), har.call),
    _Form("HAR", "log.entries", (), (), har.call),
    _Form("nock", "", (), ("scope", "path", "status"), nock.call),
    _Form("ExVCR", "", (), ("request.url", "response.type"), vcr.call),
    _Form("php-vcr", "", (), ("request.url", "response.status"), vcr.call),
)
"""The first that fits is the form."""

RECORDERS = tuple(dict.fromkeys(form.recorder for form in _FORMS))
"""The recorders whose files are read."""


def read_recording(text: str) -> RawRecording:
    """Return the calls of a recording. Raises CassetteError with line and field."""
    recording = recognised(text)
    if recording is None:
        names = f"{', '.join(RECORDERS[:-1])} or {RECORDERS[-1]}"
        raise CassetteError(f"this is no recording of {names}")
    return recording


def recognised(text: str) -> RawRecording | None:
    """Return what `read_recording` does, None for a document of no form that is read.

    Raises CassetteError for what is no document, or is damaged.
    """
    top = read_document(text)
    form = next((form for form in _FORMS if _fits(form, top)), None)
    if form is None:
        return None
    items = enumerate(_items(form, top).elements(), 1)
    return RawRecording(form.recorder, tuple(form.call(number, item) for number, item in items))


def _items(form: _Form, top: RawField) -> RawField:
    field = top
    for name in filter(None, form.items.split(".")):
        field = field.need(name)
    return field


def _fits(form: _Form, top: RawField) -> bool:
    items = top.at(form.items)
    if items is None or not all(_has(top, mark) for mark in form.document):
        return False
    if not form.item:
        return True
    first = next(items.elements(), None) if items.is_list else None
    return first is not None and all(_has(first, mark) for mark in form.item)


def _has(field: RawField, mark: str) -> bool:
    path, _, beginning = mark.partition("=")
    value = field.at(path)
    return value is not None and (not beginning or value.begins(beginning))
