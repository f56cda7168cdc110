"""A browser for all tests of the page, which starts only once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.page.browser import browser, why_not
from tests.processes import Workplace


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if reason := why_not():
        pytest.skip(reason)
    with browser() as started:
        yield started
