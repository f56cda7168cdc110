from __future__ import annotations

import io
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from tokentape.__main__ import main

from tests.processes import Workplace
from tests.wire import Client, card


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of a cassette with a card, its retrieval and a refusal."""
    place = Workplace(tmp_path_factory.mktemp("good"))
    with place.recorded("good") as url:
        client = Client(url)
        client.get(client.post(card(name="Ada Ohnesorg")).id)
        client.post(card(exp_month="13"))
    return place.text("good")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def command(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Run commands in this process, which is fast. What would serve finds its port taken."""
    monkeypatch.chdir(workplace.directory)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("TOKENTAPE_LISTEN", f"127.0.0.1:{taken.getsockname()[1]}")

        def run(*words: str) -> Done:
            monkeypatch.setattr(sys, "argv", ["tokentape", *words])
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
                main()
            assert isinstance(ended.value.code, int)
            return Done(ended.value.code, out.getvalue(), err.getvalue())

        yield run
