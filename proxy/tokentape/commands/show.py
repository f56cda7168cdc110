"""A cassette for people: each request and answer in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import unquote_plus

import orjson

from tokentape.edges.settings import Settings
from tokentape.edges.terminal import out
from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.session import assembly


def show(settings: Settings, name: str, form: str) -> int:
    """Print a cassette, as text or json; return the exit status. Raises CassetteError."""
    door = assembly.door(settings.redact, settings.match)
    recorded = assembly.interactions(settings.cassettes, name, door)
    if form == "json":
        out(_json(name, recorded))
    else:
        _print(name, recorded)
    return 0


def _print(name: str, recorded: Sequence[Interaction]) -> None:
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


def _json(name: str, recorded: Sequence[Interaction]) -> str:
    """Return a cassette for programs; its keys stay. Fields and headers may come more than once."""
    interactions = [
        {
            "number": number,
            "request": {
                "method": one.method,
                "path": one.path,
                "query": _fields(one.query),
                "headers": _pairs(one.request_headers),
                "fields": _fields(one.body),
            },
            "response": {
                "status": one.status,
                "headers": _pairs(one.response_headers),
                "body": orjson.loads(one.text or "null"),
            },
        }
        for number, one in enumerate((one.texts for one in recorded), 1)
    ]
    document = {
        "name": name,
        "interactions": interactions,
        "variables": dict(_variables(recorded)),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _fields(entries: Iterable[str]) -> list[dict[str, str]]:
    """Return form fields, decoded; a placeholder holds nothing to decode."""
    split = (entry.partition("=") for entry in entries)
    return _pairs((unquote_plus(name), unquote_plus(value)) for name, _, value in split)


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _variables(recorded: Iterable[Interaction]) -> list[tuple[str, int]]:
    met = {variable for one in recorded for variable in (*one.asked, *one.answered)}
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
