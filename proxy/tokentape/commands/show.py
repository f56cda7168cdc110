"""A cassette for people, each interaction in a few lines, and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from urllib.parse import unquote_plus

import orjson

from tokentape.edges import cassette_file
from tokentape.edges.settings import Settings
from tokentape.edges.terminal import Line, print_lines
from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.cassette.reading import recorded_from
from tokentape.pure.stripe.upstreams import UpstreamKind, kind_name
from tokentape.session import assembly
from tokentape.wording import counted


def show_cassette(settings: Settings, name: str, output_format: str) -> int:
    """Print a cassette, as text or json; return 0. Raises CassetteError."""
    redactor = assembly.redactor(settings.redact, settings.match)
    text = cassette_file.read(settings.cassettes, name)
    recorded = assembly.loaded(text, name, settings.cassettes, redactor)
    as_json, kind = output_format == "json", recorded_from(text)
    print_lines([_json(name, recorded, kind)] if as_json else _lines(name, recorded, kind))
    return 0


def _lines(name: str, recorded: Sequence[Interaction], kind: UpstreamKind | None) -> Iterator[Line]:
    """Yield a cassette for people."""
    origin = f", recorded from {kind_name(kind)}" if kind else ""
    yield Line(f"{name}: {counted(len(recorded), 'interaction')}{origin}", bold=True)
    for number, texts in enumerate((interaction.texts for interaction in recorded), 1):
        yield Line()
        yield Line(f"{number:>3}  {texts.method} {texts.path}", bold=True)
        for entry in (*texts.query, *texts.body):
            field, _, value = entry.partition("=")
            yield Line(f"       {field:<34} {value}", colour="cyan" if "{{" in entry else None)
        colour = "green" if texts.status < 400 else "red"
        yield Line(f"     → {texts.status} {_summary(texts)}", colour)
    if kinds := _variables(recorded):
        yield Line()
        yield Line(f"Variables: {', '.join(f'{count} {kind}' for kind, count in kinds)}")


def _summary(texts: Texts) -> str:
    """Return a response in a few words: the token and its kind, or the error."""
    document = orjson.loads(texts.text or "null")
    if not isinstance(document, dict):
        return ""
    error = document.get("error")
    if isinstance(error, dict):
        return " ".join(str(error[key]) for key in ("type", "code", "message") if error.get(key))
    return " ".join(str(document[key]) for key in ("type", "object", "id") if document.get(key))


def _json(name: str, recorded: Sequence[Interaction], kind: UpstreamKind | None) -> Line:
    """Return a cassette for programs; its keys are stable. Fields and headers may repeat."""
    interactions = [
        {
            "number": number,
            "request": {
                "method": texts.method,
                "path": texts.path,
                "query": _fields(texts.query),
                "headers": _pairs(texts.request_headers),
                "fields": _fields(texts.body),
            },
            "response": {
                "status": texts.status,
                "headers": _pairs(texts.response_headers),
                "body": orjson.loads(texts.text or "null"),
            },
        }
        for number, texts in enumerate((interaction.texts for interaction in recorded), 1)
    ]
    variables = dict(_variables(recorded))
    document = {
        "name": name,
        "recorded_from": kind,
        "interactions": interactions,
        "variables": variables,
    }
    return Line(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _fields(entries: Iterable[str]) -> list[dict[str, str]]:
    """Return form fields, decoded; a placeholder holds nothing to decode."""
    fields = (entry.partition("=") for entry in entries)
    return _pairs((unquote_plus(name), unquote_plus(value)) for name, _, value in fields)


def _variables(recorded: Iterable[Interaction]) -> list[tuple[str, int]]:
    """Return the kinds of variables, and how many there are of each."""
    in_each = (interaction.variables for interaction in recorded)
    return sorted(Counter(kind for kind, _ in set(chain.from_iterable(in_each))).items())


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
