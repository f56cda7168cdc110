"""A cassette for people: each request and answer in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import orjson

from proxy import assembly
from proxy.edges.settings import Settings
from proxy.edges.terminal import out
from proxy.pure.cassette import Interaction, Texts, request_variables, response_variables


def show(settings: Settings, name: str) -> int:
    """Print a cassette; return the exit status. Raises CassetteError."""
    door = assembly.door(settings.redact, settings.match)
    recorded = assembly.interactions(settings.cassettes, name, door)
    out(f"{name}: {len(recorded)} interactions", bold=True)
    for number, one in enumerate((one.texts for one in recorded), 1):
        out()
        out(f"{number:>3}  {one.method} {one.path}", bold=True)
        for entry in (*one.query, *one.body):
            field, _, value = entry.partition("=")
            out(f"       {field:<34} {value}", colour="cyan" if "{{" in entry else None)
        out(f"     → {one.status} {_summary(one)}", colour="green" if one.status < 400 else "red")
    kinds = _variables(recorded)
    if kinds:
        out()
        out(f"Variables: {', '.join(f'{count} {kind}' for kind, count in kinds)}")
    return 0


def _variables(recorded: Iterable[Interaction]) -> list[tuple[str, int]]:
    met = {
        variable
        for one in recorded
        for variable in (*request_variables(one), *response_variables(one))
    }
    return sorted(Counter(kind for kind, _ in met).items())


def _summary(one: Texts) -> str:
    """Say what an answer is in a few words: the token and its kind, or the error."""
    document = orjson.loads(one.text or "null")
    if not isinstance(document, dict):
        return ""
    error = document.get("error")
    if isinstance(error, dict):
        return " ".join(str(error[key]) for key in ("type", "code", "message") if error.get(key))
    return " ".join(str(document[key]) for key in ("type", "object", "id") if document.get(key))
