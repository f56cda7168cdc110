from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Workplace
from tests.upstreams import Upstream, stripe


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(stripe()) as upstream:
        yield upstream
