"""The parameters of a request, read and checked against the API's schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from tokentape.errors import UnreadableBody
from tokentape.mock.api_errors import invalid_request, missing_parameter, unreadable
from tokentape.pure.http.forms import Path, join_name, query_pairs, request_pairs
from tokentape.pure.http.messages import Request
from tokentape.pure.stripe.catalog import Catalog
from tokentape.pure.stripe.fields import HASH, Located
from tokentape.pure.stripe.normalise import normalised

Locate = Callable[[Path], Located]
"""Finds a field of the operation by its path."""

# Required if any field of the object is sent, in the order of Stripe's OpenAPI 2026-09-30.endive.
_REQUIRED: Mapping[Path, tuple[str, ...]] = {
    ("account", "individual", "dob"): ("day", "month", "year"),
    ("bank_account",): ("account_number", "country"),
    ("card",): ("exp_month", "exp_year", "number"),
    ("cvc_update",): ("cvc",),
    ("person", "dob"): ("day", "month", "year"),
}


@dataclass(frozen=True, slots=True, repr=False)
class Parameters:
    """The parameters of one request by path, without blank ones that unset nothing."""

    values: Mapping[Path, str]

    def text(self, *path: str) -> str | None:
        """Return the value at `path`, or None if it was not sent."""
        return self.values.get(path)

    def has(self, *path: str) -> bool:
        """Tell whether anything was sent below `path`."""
        return any(len(name) > len(path) and name[: len(path)] == path for name in self.values)

    def expand(self) -> frozenset[str]:
        """Return the fields that the response should expand from an id to an object."""
        return frozenset(
            value for path, value in self.values.items() if path[0] == "expand" and value
        )


def read_parameters(request: Request, catalog: Catalog, operation: str) -> Parameters:
    """Read body and query. Raises ApiError (400) for parameters that the schema does not allow."""
    try:
        pairs = (*request_pairs(request), *query_pairs(request.target))
    except UnreadableBody:
        raise unreadable() from None
    parameters = Parameters(dict(normalised(pairs, catalog, operation, keep_blank=False)))
    locate = partial(catalog.request_field, operation)
    _check_names(parameters.values, locate)
    _check_shapes(parameters.values, locate)
    _check_required(parameters)
    _check_expansions(parameters.expand(), locate)
    return parameters


def _check_names(paths: Iterable[Path], locate: Locate) -> None:
    """Raise ApiError for unknown parameters, each named up to its first unknown segment."""
    located = ((path, locate(path).depth) for path in paths)
    unknown = {join_name(path[: depth + 1]): None for path, depth in located if depth < len(path)}
    names = tuple(unknown)
    if names:
        plural = "s" if len(names) > 1 else ""
        message = f"Received unknown parameter{plural}: {', '.join(names)}"
        raise invalid_request(message, "parameter_unknown", names[0])


def _check_shapes(values: Mapping[Path, str], locate: Locate) -> None:
    """Raise ApiError for a plain value in place of an object or array; a blank value unsets it."""
    for path, value in values.items():
        field = locate(path).field
        if value and (field is None or field.kind == HASH):
            array = locate((*path, "0")).depth > len(path)
            raise invalid_request(f"Invalid {'array' if array else 'object'}", "", join_name(path))


def _check_required(parameters: Parameters) -> None:
    for path, names in _REQUIRED.items():
        if parameters.has(*path):
            for name in names:
                if not parameters.text(*path, name):
                    raise missing_parameter((*path, name))


def _check_expansions(wanted: Iterable[str], locate: Locate) -> None:
    field = locate(("expand", "0")).field
    for name in sorted(wanted):
        if field is None or name not in field.values:
            raise invalid_request(f"This property cannot be expanded ({name}).")
