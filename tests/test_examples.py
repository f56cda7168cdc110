"""The examples for containers and CI, as far as a machine without containers can check them."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tokentape.__main__ import cli
from tokentape.command_line.options import Invocation
from tokentape.edges.settings import COMMAND_VARIABLES, VARIABLES

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
DOCKERFILE = (EXAMPLES / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((EXAMPLES / "compose.yaml").read_text())
WORKFLOW = yaml.safe_load((EXAMPLES / "ci.yaml").read_text())
DOCUMENT = (ROOT / "docs" / "containers.md").read_text()
TOOLS = Path(sys.executable).parent


def accepted(words: list[str], monkeypatch: pytest.MonkeyPatch, **variables: str) -> Invocation:
    """Return what the command line makes of words and variables; it does nothing of it."""
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    invocations: list[Invocation] = []

    def runner(invocation: Invocation) -> int:
        invocations.append(invocation)
        return 0

    assert cli.main(words, standalone_mode=False, obj=runner) == 0
    return invocations[0]


def instructions(name: str) -> list[str]:
    """Return the arguments of an instruction of the Dockerfile."""
    text = DOCKERFILE.replace("\\\n", "")
    return re.findall(rf"^{name} (.*)$", text, re.MULTILINE)


def image_variables() -> dict[str, str]:
    (words,) = instructions("ENV")
    return dict(word.split("=", 1) for word in words.split())


def lint(tool: str, *words: str) -> None:
    program = shutil.which(tool, path=str(TOOLS)) or shutil.which(tool)
    if program is None:
        pytest.skip(f"{tool} has no wheel for this machine")
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_has_no_finding_of_hadolint() -> None:
    lint("hadolint", str(EXAMPLES / "Dockerfile"))


@pytest.mark.parametrize(
    ("schema", "name"), [("compose-spec", "compose.yaml"), ("github-workflows", "ci.yaml")]
)
def test_the_yaml_files_are_as_their_schemas_say(schema: str, name: str) -> None:
    lint("check-jsonschema", "--builtin-schema", f"vendor.{schema}", str(EXAMPLES / name))


def test_the_image_is_slim_has_no_compiler_and_is_not_root() -> None:
    assert all("-slim" in image for image in instructions("FROM"))
    assert "--only-binary=:all:" in DOCKERFILE
    assert not re.search(r"apt-get|\bgcc\b|build-essential", DOCKERFILE)
    *_, user = instructions("USER")
    assert int(user) > 0


def test_what_the_image_is_made_of_exists_and_is_enough_to_build() -> None:
    copied = [word for line in instructions("COPY") for word in line.split()[:-1]]
    assert all((ROOT / name).exists() for name in copied)
    project = (ROOT / "pyproject.toml").read_text()
    named = re.findall(r'^readme = "(.*)"|^license-files = \["(.*)"\]', project, re.MULTILINE)
    assert {name for pair in named for name in pair if name} <= set(copied)


def test_the_commands_of_the_image_are_accepted_with_its_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry, command = (json.loads(instructions(name)[0]) for name in ("ENTRYPOINT", "CMD"))
    (health,) = re.findall(r"CMD (\[.*\])", instructions("HEALTHCHECK")[0])
    assert entry == ["tokentape"]
    plan = accepted(command, monkeypatch, **image_variables()).args[0]  # type: ignore[attr-defined]
    assert plan.settings.listen == ("0.0.0.0", int(instructions("EXPOSE")[0]))
    assert str(plan.settings.cassettes) == "/cassettes"
    probe = accepted(json.loads(health)[1:], monkeypatch)
    assert probe.args[0] == "http://127.0.0.1:12121"  # type: ignore[attr-defined]


def variables() -> Iterator[str]:
    yield from image_variables()
    for service in COMPOSE["services"].values():
        yield from service["environment"]
    yield from re.findall(r"TOKENTAPE_[A-Z_]+", DOCUMENT)


def test_the_variables_are_those_that_count() -> None:
    known = {*VARIABLES, *COMMAND_VARIABLES, "TOKENTAPE_ADMIN_TOKEN", "TOKENTAPE_PORT"}
    own = {name for name in variables() if name.startswith("TOKENTAPE_")}
    assert len(own) > 5
    assert own <= known


def test_compose_waits_for_health_and_reaches_the_service_by_a_name_that_is_served() -> None:
    service, tests = COMPOSE["services"]["tokentape"], COMPOSE["services"]["tests"]
    assert (EXAMPLES / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]).exists()
    assert tests["depends_on"]["tokentape"]["condition"] == "service_healthy"
    name = re.findall(r"http://([\w.]+):12121", tests["environment"]["STRIPE_API_BASE"])[0]
    assert name in service["environment"]["TOKENTAPE_HOSTS"].split(",")
    assert name in COMPOSE["services"]


def commands() -> Iterator[Any]:
    steps = WORKFLOW["jobs"]["tests"]["steps"]
    for line in (step["run"] for step in steps if "tokentape " in step.get("run", "")):
        yield pytest.param(shlex.split(line)[1:], id=line)
    for line in re.findall(r"^\$ (tokentape .*)$", DOCUMENT, re.MULTILINE):
        yield pytest.param(shlex.split(line)[1:], id=line)
    for line in re.findall(r"^docker run (.*)$", DOCUMENT.replace("\\\n", ""), re.MULTILINE):
        _, _, words = line.partition(" tokentape")
        yield pytest.param(shlex.split(words) or ["run"], id=line)


@pytest.mark.parametrize("words", list(commands()))
def test_the_commands_of_the_workflow_and_the_document_are_accepted(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(words, monkeypatch, TOKENTAPE_ADMIN_TOKEN="x" * 32)
