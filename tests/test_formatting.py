"""`tokentape fmt` on a merge whose sides answer one request differently."""

from __future__ import annotations

from pathlib import Path

from tests.processes import Workplace
from tests.wire import Client

REQUEST = {"pii[id_number]": "000000000"}


def conflict(workplace: Workplace) -> None:
    """Leave a cassette `merge` with git's conflict markers, in place of those of both sides."""
    sides = []
    for name, key in (("ours", "sk_test_" + "x" * 24), ("theirs", "not_a_valid_key_asdf")):
        with workplace.recorded(name) as url:
            Client(url, key).post(REQUEST)
        header, _, interactions = workplace.text(name).partition("- request:")
        sides.append(f"- request:{interactions}")
        workplace.path(name).unlink()
    ours, theirs = sides
    text = f"{header}<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> branch\n"
    workplace.path("merge").write_text(text)


def test_fmt_names_a_cassette_and_its_order_dependent_pair_once(tmp_path: Path) -> None:
    workplace = Workplace(tmp_path)
    conflict(workplace)
    conflicted = workplace.text("merge")
    for options, status, summary in (
        (("--check",), 1, "tokentape: 1 of 1 cassette to format"),
        ((), 0, "tokentape: 1 of 1 cassette formatted"),
    ):
        assert workplace.text("merge") == conflicted
        ran = workplace.run("fmt", *options)
        assert (ran.returncode, ran.stdout) == (status, "cassettes/merge.yaml\n")
        warning, last = ran.stderr.splitlines()
        pair = "cassettes/merge.yaml: order-dependent: interactions 1 and 2 are one request"
        assert warning.startswith(f"tokentape: {pair}")
        assert last == summary
    ran = workplace.run("fmt")
    assert (ran.returncode, ran.stdout, ran.stderr) == (
        0,
        "",
        "tokentape: 1 cassette, all in canonical form\n",
    )
