from __future__ import annotations

import pytest

from tests.mock.client import Client


@pytest.fixture
def client() -> Client:
    return Client()
