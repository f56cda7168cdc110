"""The table of operations: literals before ids, and nothing assumed of what is not in it."""

from __future__ import annotations

import pytest
from tokentape.edges import package_data
from tokentape.pure.stripe.routes import Routes
from tokentape.session import assembly

CATALOG = assembly.catalog()
ROUTES = Routes(package_data.read("routes.csv"))


def found(method: str, target: str) -> tuple[str, tuple[str, ...]] | None:
    match = ROUTES.match(method, target)
    return None if match is None else (match.route.operation, match.ids)


@pytest.mark.parametrize(
    ("method", "target", "operation", "ids"),
    [
        ("POST", "/v1/tokens", "POST /v1/tokens", ()),
        ("GET", "/v1/tokens/tok_%31?expand[]=card", "GET /v1/tokens/{}", ("tok_1",)),
        ("GET", "/v1/customers/search?query=x", "GET /v1/customers/search", ()),
        ("GET", "/v1/customers/searching", "GET /v1/customers/{}", ("searching",)),
        ("POST", "/v1/customers/search", "POST /v1/customers/{}", ("search",)),
        (
            "DELETE",
            "/v1/customers/cus_1/sources/card_1",
            "DELETE /v1/customers/{}/sources/{}",
            ("cus_1", "card_1"),
        ),
        ("GET", "/v1/invoices/upcoming/lines", "GET /v1/invoices/upcoming/lines", ()),
        ("GET", "/v1/invoices/in_1/lines", "GET /v1/invoices/{}/lines", ("in_1",)),
        ("POST", "/v1/account_links", "POST /v1/account_links", ()),
        ("GET", "/v1/account", "GET /v1/account", ()),
        ("GET", "/v1/coupons/{{text.1}}", "GET /v1/coupons/{}", ("{{text.1}}",)),
    ],
)
def test_a_target_is_an_operation(
    method: str, target: str, operation: str, ids: tuple[str, ...]
) -> None:
    assert found(method, target) == (operation, ids)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1/tokens"),
        ("PUT", "/v1/tokens"),
        ("DELETE", "/v1/tokens/tok_1"),
        ("POST", "/v1/tokens/"),
        ("GET", "/v1/tokens/tok_1/"),
        ("GET", "/v1/tokens/.."),
        ("GET", "/v1/tokens/%2e%2e"),
        ("GET", "/v1/tokens/a%2fb"),
        ("GET", "/v1/tokens/a%5cb"),
        ("GET", "/v1/tokens/" + "x" * 256),
        ("POST", "/v1/%74okens"),
        ("POST", "/v1/token"),
        ("POST", "/v1/tokens,POST"),
        ("POST", "/v1"),
        ("POST", "/v1/"),
        ("POST", "/v2/tokens"),
        ("POST", "//v1/tokens"),
        ("GET", "/v1/customers" + "/x" * 10_000),
        ("GET", ""),
    ],
)
def test_anything_else_is_none(method: str, target: str) -> None:
    assert found(method, target) is None


def test_each_operation_is_found_by_its_own_path_and_has_fields() -> None:
    operations = set()
    for route in ROUTES:
        ids = tuple(f"id_{number}" for number, _ in enumerate(route.ids))
        match = ROUTES.match(route.method, route.path(ids))
        assert match is not None
        assert (match.route, match.ids) == (route, ids)
        assert route.operation in CATALOG.requests
        types = route.answer.rpartition(":")[2].split("|") if route.answer else []
        assert [name for name in types if name not in CATALOG.answers] == []
        operations.add(route.operation)
    assert operations == {*CATALOG.requests.owners()}
    assert len(operations) > 550


def test_ids_have_classes() -> None:
    classes = {
        "/v1/customers/{}": "object_id",
        "/v1/coupons/{}": "text",
        "/v1/country_specs/{}": "keep",
    }
    for path, kind in classes.items():
        match = ROUTES.match("GET", path)
        assert match is not None
        assert [field.kind for field in match.route.ids] == [kind]
