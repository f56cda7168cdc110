"""The schema of the configuration file says what the settings are, and takes the example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tokentape.edges.settings.schema import schema

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "config.example.yaml").read_text()
SCHEMA = json.loads((ROOT / "docs" / "config.schema.json").read_text())


def test_the_committed_schema_is_that_of_the_settings() -> None:
    again = "python -m tokentape.edges.settings.schema < config.example.yaml"
    assert schema(EXAMPLE) == SCHEMA, f"write it again: {again} > docs/config.schema.json"


def test_the_example_is_valid() -> None:
    jsonschema.validate(yaml.safe_load(EXAMPLE), SCHEMA)


def described(node: dict[str, Any]) -> list[tuple[str, bool]]:
    """Return the keys of a schema, each with whether an editor can explain it."""
    pairs = []
    for name, member in node.get("properties", {}).items():
        leaf = [(name, "description" in member)]
        pairs += described(member) if "properties" in member else leaf
    return pairs


def test_every_setting_is_explained() -> None:
    assert [name for name, is_explained in described(SCHEMA) if not is_explained] == []


@pytest.mark.parametrize(
    "text",
    ["unknown: 1", "strict: maybe", "match: {blank: never}", "redact: {fields: {a: nothing}}"],
)
def test_a_mistake_is_one_for_the_schema_too(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), SCHEMA)
