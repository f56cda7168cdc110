"""A browser for the tests of the page.

It ends with the last of them: while it runs, its driver has an event loop in this thread, and no
other test could run one.
"""

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


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    if reason := why_not():
        pytest.skip(reason)
    with browser() as started:
        yield started
