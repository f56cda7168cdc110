"""What docs/watching.md shows is what is printed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.processes import Workplace
from tests.wire import VISA, Client

DOCUMENT = (Path(__file__).parents[2] / "docs" / "watching.md").read_text()
FIELDS = {"card[number]": VISA, "card[exp_year]": "2030", "card[cvc]": "314"}


def test_the_lines_in_the_document_are_those_of_a_session(workplace: Workplace) -> None:
    (block,) = re.findall(r"```text\n(.*?)```", DOCUMENT, re.DOTALL)
    with workplace.recorded("default") as url:
        Client(url).post({**FIELDS, "card[exp_month]": "5"})
    with workplace.serving("replay", "default") as session:
        for month in ("5", "7"):
            Client(session.url).post({**FIELDS, "card[exp_month]": month})
        assert session.end() == 1
    printed = re.sub(r"\d+ ms", "N ms", session.said)
    assert re.sub(r"\d+ ms", "N ms", block) in printed
