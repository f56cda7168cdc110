from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Workplace
from tests.wire import Client, card


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    place = Workplace(tmp_path)
    yield place
    place.inspect()


@pytest.fixture
def place(workplace: Workplace) -> Workplace:
    """A workplace with a cassette of one interaction, of the built-in mock."""
    with workplace.recorded("take") as url:
        Client(url).post(card())
    return workplace


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A workplace for all tests of a module."""
    place = Workplace(tmp_path_factory.mktemp("workplace"))
    yield place
    place.inspect()
