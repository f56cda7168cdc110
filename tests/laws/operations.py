"""Strategies for traces over all of /v1: operations, fields and ids drawn from the catalog itself.

A trace stays with a few resources, so that its calls name what earlier ones made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from hypothesis import strategies as st
from tokentape.pure.http.forms import Path
from tokentape.pure.stripe.fields import KEEP, Field
from tokentape.pure.stripe.outlines import FieldNode
from tokentape.pure.stripe.routes import Route

from tests.laws.pipeline import CATALOG, REDACTOR
from tests.laws.traffic import (
    FORMS,
    USUAL_KEY,
    Fields,
    Leaf,
    Step,
    Trace,
    Value,
    any_symbol,
    apart,
    headers,
    keys,
    made_ids,
    numbers,
    some,
    symbols,
    traces,
    wires,
)
from tests.laws.worlds import NAMES, Symbol

ROUTES: Sequence[Route] = tuple(route for route in REDACTOR.values.routes if route.answer)
_RESOURCES = tuple({route.pieces[1]: None for route in ROUTES})


def leaves(node: FieldNode, path: Path = ()) -> Iterator[Leaf]:
    """Yield the fields of an owner that have no fields inside."""
    if node.field is not None and not node.members:
        yield path, node.field
    for name, member in node.members.items():
        yield from leaves(member, (*path, name))


WRITTEN: Mapping[str, str] = {"[]": "0", "*": "order_id", "~currency": "nzd"}
"""What a client may write where an outline has no name."""


def written(path: Path) -> Path:
    """Return the path of an outline as a client writes it."""
    return tuple(WRITTEN.get(segment, segment) for segment in path)


def _hosts(node: FieldNode, path: Path = ()) -> Iterator[Path]:
    """Yield the places that have none of the names that an unknown field may be called.

    Not those of plain values in lists: no position says which members of a list were hashes.
    """
    is_plain = path[-1:] == ("[]",) and not node.members
    if not is_plain and not {"*", *NAMES} & node.members.keys():
        yield written(path)
    for name, member in node.members.items():
        yield from _hosts(member, (*path, name))


@cache
def _fields(operation: str) -> st.SearchStrategy[Fields]:
    """Draw fields of an operation, those of a large hash no more often than one of their own."""
    tree = CATALOG.requests.tree(operation) or FieldNode()
    groups = [tuple(leaves(member, (name,))) for name, member in tree.members.items()]
    own = [group for group in groups if group]
    return some(st.sampled_from(own).flatmap(st.sampled_from), 6) if own else st.just(())


@cache
def _odd_fields(operation: str) -> st.SearchStrategy[Fields]:
    """Draw fields that an operation does not have."""
    hosts = tuple(_hosts(CATALOG.requests.tree(operation) or FieldNode()))
    names = st.builds(Symbol, st.just("text"), numbers, st.just("name"))
    name = st.builds(lambda host, own: (*host, own), st.sampled_from(hosts), names)
    field = st.tuples(name, any_symbol | st.just(""))
    return st.lists(field, min_size=1, max_size=2, unique_by=lambda one: one[0]).map(tuple)


def _id(field: Field) -> st.SearchStrategy[Value]:
    """Draw an id in a path: one that was made, one of the client's own, or what is no id."""
    text = st.builds(Symbol, st.just("text"), numbers, st.just("path"))
    if field.kind == KEEP:  # or a text of its own that is no word in any world
        return st.sampled_from(FORMS[field.form]) | st.just(Symbol("text", 9, "off"))
    return text if field.kind == "text" else made_ids | made_ids | symbols("object_id") | text


@st.composite
def operations(draw: st.DrawFn, routes: Sequence[Route], *, odd: bool = True) -> Step:
    """Draw a call of one of some operations; `odd`: fields that it does not have, too."""
    route = draw(st.sampled_from(routes))
    fields = draw(_fields(route.operation))
    if odd and draw(st.integers(0, 9)) == 0:
        fields = apart(dict((*draw(_odd_fields(route.operation)), *fields)))  # of a first member
    step = Step(
        path=route.path("{}" for _ in route.ids),
        ids=tuple(draw(_id(field)) for field in route.ids),
        method=route.method,
        key=draw(st.just(USUAL_KEY) | keys),
        headers=draw(headers),
        wire=draw(wires),
    )
    return replace(step, fields=fields) if route.method == "POST" else replace(step, query=fields)


def _focused(resources: Sequence[str], *, odd: bool) -> st.SearchStrategy[Trace]:
    return traces(operations([each for each in ROUTES if each.pieces[1] in resources], odd=odd))


_resources = st.lists(st.sampled_from(_RESOURCES), min_size=1, max_size=2, unique=True)
api_traces = _resources.flatmap(lambda names: _focused(names, odd=False))
"""Traces of calls that have fields of their operations alone."""
odd_api_traces = _resources.flatmap(lambda names: _focused(names, odd=True))
