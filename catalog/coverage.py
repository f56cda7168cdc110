"""`python -m catalog.coverage > docs/coverage.md`: what is proven, what is catalogued only."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable

from tokentape.edges import package_data
from tokentape.mock.payments.operations import OPERATIONS
from tokentape.pure.stripe.routes import Route, Routes

_HEAD = """\
# What of the API is covered

Every operation below is in the catalog: it is recorded, redacted field by field, and replayed. A
test takes each one through all of that once, with made-up values in every field that Stripe's SDK
has. What the built-in mock answers is proven further: checkouts made of it are recorded and
replayed under test, by official clients and with other people each time. All else is catalogued
only: it depends on an upstream that answers as the SDK says.

Not covered: `/v2`, uploads to `files.stripe.com`, answers that are no JSON (a quote's PDF), and
operations newer than the catalog, for which `others` in the configuration has three ways.
`python -m catalog.coverage` writes this page.

| resource | operations | of these answered by the built-in mock |
|---|---|---|
"""


def coverage(routes: Iterable[Route]) -> str:
    """Return the page."""
    resources = defaultdict[str, list[Route]](list)
    for route in routes:
        if route.answer:
            resources[route.pieces[1]].append(route)
    return _HEAD + "".join(_line(name, listed) for name, listed in sorted(resources.items()))


def _line(resource: str, routes: list[Route]) -> str:
    answered = [route.operation for route in routes if _is_answered(route)]
    shown = ", ".join(f"`{operation}`" for operation in answered)
    return f"| `/v1/{resource}` | {len(routes)} | {shown} |\n"


def _is_answered(route: Route) -> bool:
    return route.operation in OPERATIONS or route.answer == "token"


if __name__ == "__main__":
    sys.stdout.write(coverage(Routes(package_data.read("routes.csv"))))
