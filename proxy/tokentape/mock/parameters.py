"""The parameters of a request, read and checked as the API's schema wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tokentape.errors import UnreadableBody
from tokentape.mock.refusals import (
    missing_parameter,
    not_expandable,
    unknown_parameters,
    unreadable_body,
    wrong_shape,
)
from tokentape.pure.http.forms import Path, join_name, query_pairs, request_pairs
from tokentape.pure.http.messages import Request
from tokentape.pure.stripe.catalog import HASH, Catalog
from tokentape.pure.stripe.normalise import normalised

# Required within an object that is sent at all, in the order of Stripe's OpenAPI 2026-09-30.endive.
_REQUIRED: Mapping[Path, tuple[str, ...]] = {
    ("account", "individual", "dob"): ("day", "month", "year"),
    ("bank_account",): ("account_number", "country"),
    ("card",): ("exp_month", "exp_year", "number"),
    ("cvc_update",): ("cvc",),
    ("person", "dob"): ("day", "month", "year"),
}


@dataclass(frozen=True, slots=True, repr=False)
class Parameters:
    """The parameters of one request by path. Blank ones that unset nothing are left out."""

    values: Mapping[Path, str]

    def text(self, *path: str) -> str | None:
        """Return the value at `path`, or None if it was not sent."""
        return self.values.get(path)

    def has(self, *path: str) -> bool:
        """Tell whether anything was sent below `path`."""
        return any(len(sent) > len(path) and sent[: len(path)] == path for sent in self.values)

    def expand(self) -> frozenset[str]:
        """Return what the answer should hold whole instead of by id."""
        wanted = (value for path, value in self.values.items() if path[0] == "expand")
        return frozenset(value for value in wanted if value)


def read_parameters(request: Request, catalog: Catalog) -> Parameters:
    """Read body and query. Raises Refusal (400) for what the API's schema does not have."""
    try:
        pairs = (*request_pairs(request), *query_pairs(request.target))
    except UnreadableBody:
        raise unreadable_body() from None
    asked = Parameters(dict(normalised(pairs, catalog, keep_blank=False)))
    _refuse_unknown(asked.values, catalog)
    _refuse_plain(asked.values, catalog)
    _refuse_missing(asked)
    _refuse_expansions(asked.expand(), catalog)
    return asked


def _refuse_unknown(paths: Iterable[Path], catalog: Catalog) -> None:
    """Name each unknown parameter by its path up to where it leaves the API."""
    located = ((path, catalog.locate_request(path).known) for path in paths)
    names = [join_name(path[: known + 1]) for path, known in located if known < len(path)]
    if names:
        raise unknown_parameters(tuple(dict.fromkeys(names)))


def _refuse_plain(values: Mapping[Path, str], catalog: Catalog) -> None:
    """Refuse plain values where the API has a dictionary or an array; a blank one unsets it."""
    for path, value in values.items():
        known = catalog.locate_request(path).field
        if value and (known is None or known.kind == HASH):
            array = catalog.locate_request((*path, "0")).known > len(path)
            raise wrong_shape(path, "array" if array else "object")


def _refuse_missing(asked: Parameters) -> None:
    for path, names in _REQUIRED.items():
        if asked.has(*path):
            for name in names:
                if not asked.text(*path, name):
                    raise missing_parameter((*path, name))


def _refuse_expansions(wanted: Iterable[str], catalog: Catalog) -> None:
    known = catalog.locate_request(("expand", "0")).field
    for name in sorted(wanted):
        if known is None or name not in known.values:
            raise not_expandable(name)
