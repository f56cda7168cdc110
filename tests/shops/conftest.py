from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import npm
from tests.processes import Session, Workplace
from tests.shops.visits import Shown, Visitor, open_shop, visits_at_once, visits_one_by_one

HERE = Path(__file__).parent
SHOPS = ("flask", "express")
RECORDED = tuple(map(Visitor, (1, 2, 3)))
OTHERS = tuple(map(Visitor, range(11, 19)))


@dataclass(frozen=True)
class Shop:
    """A shop as a program, which can be opened on any Stripe."""

    words: tuple[str, ...]

    def on(self, url: str, key: str = "a") -> AbstractContextManager[str]:
        return open_shop(*self.words, url, f"sk_test_{24 * key}")


@pytest.fixture(scope="session", params=SHOPS)
def shop(request: pytest.FixtureRequest) -> Shop:
    if request.param == "flask":
        return Shop((sys.executable, str(HERE / "flask_shop.py")))
    return Shop(("node", str(npm.installed(HERE / "express") / "shop.mjs")))


@pytest.fixture(scope="session")
def workplace(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Return where three people's visits are recorded in the cassette `visits`."""
    place = Workplace(tmp_path_factory.mktemp("workplace"))
    record(shop, place, "visits", RECORDED)
    return place


def record(
    shop: Shop, place: Workplace, name: str, people: Sequence[Visitor], key: str = "a"
) -> None:
    with place.recorded(name, "--strict") as url, shop.on(url, key) as address:
        visits_one_by_one(address, people)


@pytest.fixture(scope="session")
def upstream(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> dict[Visitor, Shown]:
    """Return what each person is shown where the shop is on the mock, with nothing between."""
    people = (*RECORDED, *OTHERS)
    with (
        Session(tmp_path_factory.mktemp("mock"), "mock", "--listen", "127.0.0.1:0") as mock,
        shop.on(mock.url) as address,
    ):
        return dict(zip(people, visits_at_once(address, people), strict=True))
