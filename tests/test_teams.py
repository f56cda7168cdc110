"""docs/teams.md, command by command, with real git."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import environment
from tests.upstreams import Upstream, stripe
from tests.wire import SECRET

PAGE = (Path(__file__).parents[1] / "docs" / "teams.md").read_text()

pytestmark = pytest.mark.skipif(
    not (shutil.which("git") and shutil.which("curl")), reason="needs git and curl"
)

CALL = """\
id=$(curl -sS "$TOKENTAPE_URL/v1/tokens" -u "$KEY:" {} | sed -n 's/^  "id": "\\(.*\\)",$/\\1/p')
"""
RETRIEVE = 'curl -sSf "$TOKENTAPE_URL/v1/tokens/$id" -u "$KEY:"\n'


def call(**fields: str) -> str:
    """Return a line that creates a person and keeps the id."""
    return CALL.format(" ".join(f'-d "person[{name}]={text}"' for name, text in fields.items()))


BOTH = call(first_name="Ada", last_name="Lovelace")
OURS = call(first_name="Grace", maiden_name="Ada")
THEIRS = call(first_name="Alan", email="alan@example.com") + RETRIEVE


class Repository:
    """A repository with a cassette `checkout` and the calls that record it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.variables: dict[str, str] = {"KEY": SECRET, "STRIPE_API_KEY": SECRET}
        self.run("git init --quiet --initial-branch main")
        self.run("git config user.name Tester && git config user.email tester@example.com")
        self.commit(BOTH)

    def run(self, line: str, status: int = 0) -> str:
        """Run a line of shell; return all that it printed."""
        bin_ = Path(sys.executable).parent
        variables = environment(self.directory, **self.variables)
        variables["PATH"] = f"{bin_}:{variables['PATH']}"
        ran = subprocess.run(
            ["sh", "-c", line],
            cwd=self.directory,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        assert ran.returncode == status, (line, ran.returncode, ran.stdout)
        return ran.stdout

    def commit(self, calls: str, mode: str = "auto") -> None:
        """Record some calls, and commit them with the cassette."""
        (self.directory / "checkout.sh").write_text(calls)
        self.run(f"tokentape run --mode {mode} --cassette checkout -- sh checkout.sh")
        self.run("git add cassettes && git commit --quiet --message recorded")

    def replays(self, calls: str, *options: str) -> str:
        (self.directory / "checkout.sh").write_text(calls)
        words = ("--mode replay --cassette checkout", *options)
        return self.run(f"tokentape run {' '.join(words)} -- sh checkout.sh")

    @property
    def cassette(self) -> str:
        return (self.directory / "cassettes" / "checkout.yaml").read_text("ascii")


def lines(section: str) -> list[str]:
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\$ (.*)$", text, re.MULTILINE)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_ls_and_show_print_what_was_recorded(repository: Repository) -> None:
    ls, show = lines("What there is")
    assert "checkout             1" in repository.run(ls)
    assert "person[first_name]                 {{name.1}}" in repository.run(show)


def test_verify_and_record_again_change_nothing(repository: Repository) -> None:
    verify, record, diff = lines("Stale cassettes")
    with Upstream(stripe()) as upstream:
        report = repository.run(
            verify.replace("https://api.stripe.com", f"{upstream.url} --mix-upstreams")
        )
    assert "1 interaction is answered as it was recorded" in report
    repository.run(record)
    assert repository.run(diff) == ""


def test_prune_removes_unused_interactions(repository: Repository) -> None:
    (prune,) = lines("Unused interactions")
    repository.commit(BOTH + OURS)
    (repository.directory / "checkout.sh").write_text(BOTH)
    assert "pruned 1 of 2 interactions" in repository.run(prune)
    assert repository.cassette.count("- request:") == 1


def test_fmt_resolves_a_merge_of_two_branches(repository: Repository) -> None:
    merge, fmt, commit, *_ = lines("Two branches")
    repository.run("git checkout --quiet -b discounts")
    repository.commit(BOTH + THEIRS)
    repository.run("git checkout --quiet main")
    repository.commit(BOTH + OURS)

    assert "CONFLICT (content)" in repository.run(merge, status=1)
    repository.run("tokentape fmt --check", status=1)
    assert repository.run(fmt).startswith("cassettes/checkout.yaml\n")
    repository.run(commit)

    for entry in (
        "person[first_name]={{name.1}}&person[last_name]={{name.2}}",
        "person[first_name]={{name.3}}&person[maiden_name]={{name.4}}",
        "person[email]={{email.1}}&person[first_name]={{name.5}}",
        "/v1/tokens/{{cpt.3}}",
    ):
        assert repository.cassette.count(entry) == 1, entry
    for calls in (BOTH, BOTH + OURS, BOTH + THEIRS):
        repository.replays(calls)
    repository.replays(BOTH + OURS + THEIRS, "--strict")
    assert repository.run("tokentape fmt --check && git status --short --untracked-files=no") == (
        "tokentape: 1 cassette, all in canonical form\n"
    )


def test_fmt_resolves_a_merge_with_common_lines_in_the_markers(repository: Repository) -> None:
    repository.run("git config merge.conflictStyle diff3")
    test_fmt_resolves_a_merge_of_two_branches(repository)


def test_a_branch_that_recorded_again_can_be_taken_and_added_to(repository: Repository) -> None:
    *_, take, add = lines("Two branches")
    repository.run("git checkout --quiet -b discounts")
    repository.commit(BOTH + THEIRS, mode="record")
    repository.run("git checkout --quiet main")
    repository.commit(BOTH + OURS)
    repository.run(take)
    (repository.directory / "checkout.sh").write_text(BOTH + OURS)
    repository.run(add)
    for calls in (BOTH + OURS, BOTH + THEIRS):
        repository.replays(calls)


def test_the_commands_for_one_form_in_a_repository_succeed(repository: Repository) -> None:
    for line in lines("One form"):
        repository.run(line)
