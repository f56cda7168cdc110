"""The operations of /v1 as one table: which operation a request is, and the path it is stored with.

    path                      method  ids         answer
    /v1/customers             POST                customer
    /v1/customers/search      GET                 search_result:customer
    /v1/customers/{customer}  GET     object_id   customer
    /v1/coupons/{coupon}      GET     text        coupon

A literal comes before an id: `GET /v1/customers/search` is the search. An id is redacted as the
class in the table says: as an id, as a text where users name objects, or by a closed form. What is
in no line of the table is no operation: nothing is assumed of it.

The routes of a resource, such as `customers`, are read when one is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as field_
from itertools import takewhile
from typing import NamedTuple
from urllib.parse import unquote

from tokentape.pure.stripe.fields import KEEP, Field, field_of

HOST = "api.stripe.com"
API = f"https://{HOST}"
"""The origin in every stored URI, whatever upstream was recorded."""
VERSION = "/v1/"
"""How the path of every operation begins."""
METHODS = frozenset({"GET", "POST", "DELETE"})
_MAX_ID = 255
_MOST_IDS = 8
_ANY_ID = Field("object_id")
_RESOURCE = re.compile(r"[a-z0-9_]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API."""

    method: str
    pieces: tuple[str, ...]
    """Of the path, by its slashes; an id is blank."""
    ids: tuple[Field, ...]
    """The classes of the ids in the path."""
    answer: str
    """The object types that it answers with; before those of a list's items stands `list:`."""
    operation: str
    """Its name in the catalog, such as `POST /v1/customers/{}`."""
    literal: str = ""
    """Its path, if there is no id in it."""

    def path(self, ids: Iterable[str]) -> str:
        """Return the path with these ids in it."""
        filled = iter(ids)
        return "/".join(["", *(piece or next(filled) for piece in self.pieces)])


class RouteMatch(NamedTuple):
    """The operation that a request is, and the ids in its path, decoded."""

    route: Route
    ids: tuple[str, ...]


@dataclass(slots=True)
class _Place:
    """A place in the paths of a resource: literals, an id, and the operations that end here."""

    literals: dict[str, _Place] = field_(default_factory=dict)
    id: _Place | None = None
    routes: dict[str, Route] = field_(default_factory=dict)


class Routes:
    """The table of operations."""

    def __init__(self, text: str) -> None:
        """`text` is CSV, sorted: path, method, classes of ids, answer."""
        self._text = text
        self._resources: dict[str, _Place] = {}
        self._literals: dict[tuple[str, str], RouteMatch] = {}
        """Operations that were looked up before, of paths without ids: as many as the table has."""

    def match(self, method: str, target: str) -> RouteMatch | None:
        """Return the operation that a method and a target (origin form) are, or None."""
        return self.at(method, target.partition("?")[0])

    def at(self, method: str, path: str) -> RouteMatch | None:
        """Return the operation at a path, or None.

        An id is at most 255 characters. One with a slash or of dots alone, which a server could
        resolve to another path (RFC 3986 §5.2.4), is none.
        """
        literal = self._literals.get((method, path))
        if literal is not None:
            return literal
        if not path.startswith(VERSION):
            return None
        resource, *pieces = path[len(VERSION) :].split("/")
        place = self._resources.get(resource) or self._resource(resource)
        ids: list[str] = []
        route = None if place is None else _walk(place, pieces, method, ids)
        if route is None:
            return None
        match = RouteMatch(route, tuple(ids))
        if not ids:
            self._literals[method, path] = match
        return match

    def unlisted(self, method: str, path: str) -> RouteMatch | None:
        """Return an operation that is not in the table, as far as its path tells; None for no path.

        Which of its pieces are ids is not known, so all count as ids but the name of a resource
        that the table has. The operation has no name.
        """
        if method not in METHODS or not path.startswith(VERSION):
            return None
        resource, *rest = path[len(VERSION) :].split("/")
        literal = () if self._resources.get(resource) or self._resource(resource) else (resource,)
        ids = [_id(piece) for piece in (*literal, *rest)]
        decoded = tuple(text for text in ids if text is not None)
        if len(decoded) < len(ids) or len(ids) > _MOST_IDS:
            return None
        pieces = ("v1", *(() if literal else (resource,)), *("" for _ in ids))
        classes = (_ANY_ID,) * len(ids)
        return RouteMatch(Route(method, pieces, classes, "", "", _literal(pieces)), decoded)

    def __iter__(self) -> Iterator[Route]:
        """Yield all operations."""
        return map(_route, self._text.splitlines()[1:])

    def _resource(self, name: str) -> _Place | None:
        """Read the routes of a resource; None if there are none."""
        if not _RESOURCE.fullmatch(name):
            return None
        begins = (f"{VERSION}{name},", f"{VERSION}{name}/")
        starts = [start for text in begins if (start := self._text.find(f"\n{text}")) >= 0]
        if not starts:
            return None
        top = _Place()
        lines = self._text[min(starts) + 1 :].splitlines()
        for line in takewhile(lambda line: line.startswith(begins), lines):
            _add(top, _route(line))
        self._resources[name] = top  # only now: other threads look it up
        return top


def _route(line: str) -> Route:
    path, method, ids, answer = line.split(",")
    pieces = ["" if piece.startswith("{") else piece for piece in path.split("/")[1:]]
    operation = f"{method} /{'/'.join(piece or '{}' for piece in pieces)}"
    classes = tuple(map(_id_class, ids.split()))
    return Route(method, tuple(pieces), classes, answer, operation, _literal(pieces))


def _literal(pieces: Sequence[str]) -> str:
    return "/".join(("", *pieces)) if all(pieces) else ""


def _id_class(text: str) -> Field:
    return field_of(KEEP, text) if text.startswith("~") else field_of(text, "")


def _add(place: _Place, route: Route) -> None:
    for piece in route.pieces[2:]:
        if piece:
            place = place.literals.setdefault(piece, _Place())
        else:
            place.id = place.id or _Place()
            place = place.id
    place.routes[route.method] = route


def _walk(place: _Place, pieces: list[str], method: str, ids: list[str]) -> Route | None:
    """Return the operation at a path, its ids added to `ids`; a literal comes before an id."""
    if not pieces:
        return place.routes.get(method)
    head, *rest = pieces
    literal = place.literals.get(head)
    if literal is not None and (route := _walk(literal, rest, method, ids)) is not None:
        return route
    text = None if place.id is None else _id(head)
    if place.id is None or text is None:
        return None
    ids.append(text)
    route = _walk(place.id, rest, method, ids)
    if route is None:
        ids.pop()
    return route


def _id(text: str) -> str | None:
    decoded = unquote(text, errors="surrogateescape")
    invalid = decoded in ("", ".", "..") or "/" in decoded or "\\" in decoded
    return None if invalid or len(decoded) > _MAX_ID else decoded
