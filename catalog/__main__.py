"""`python -m catalog`: writes the catalog of /v1 into the package.

It is made of the releases of the SDK and of what the tables of this folder add. What needs a
decision is named: numbers that no list knows, lines of overrides.csv without a field.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from catalog.classes import Rules, by_owner, read_csv
from catalog.releases import VERSIONS, unpacked
from catalog.sdk import Release
from catalog.union import Api, completed, joined
from catalog.writing import outlines, routes

ROOT = Path(__file__).parent.parent
DOWNLOADS = ROOT / "build" / "sdk"
DATA = ROOT / "proxy" / "tokentape" / "data"


def generated(api: Api, rules: Rules) -> Mapping[str, str]:
    """Return the texts of the catalog by the names of their files."""
    completed(api, read_csv("operations.csv"))
    requests = by_owner(rules, "request", {key: op.fields for key, op in api.operations.items()})
    answers = by_owner(rules, "answer", {**api.objects, "answer": {}})
    return {
        "answers.txt": outlines(answers, VERSIONS),
        "requests.txt": outlines(requests, VERSIONS),
        "routes.csv": routes(api.operations),
    }


def main() -> None:
    """Generate and write."""
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    rules = Rules()
    for name, text in generated(joined(map(Release, unpacked(DOWNLOADS))), rules).items():
        (DATA / name).write_text(text, "utf-8")
        sys.stdout.write(f"{name}: {text.count(chr(10))} lines\n")
    for line in rules.unused:
        sys.stdout.write(f"overrides.csv: no field for {line.side} {line.owner} {line.path}\n")


if __name__ == "__main__":
    main()
