"""The messages of the mock, found in its source: redaction knows every one of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import tokentape.mock
from tokentape.edges import package_data
from tokentape.mock.api_errors import _CARD_ERRORS
from tokentape.mock.payments.ledger import _IDS, _NAMES
from tokentape.mock.payments.outcomes import read_outcomes
from tokentape.pure.stripe.phrases import read_phrases

PHRASES = read_phrases(package_data.read("phrases.csv"))
FOLDER = Path(tokentape.mock.__file__).parent
MESSAGE_AT = {"ApiError": 2, "_routing_number_error": 0, "_unexpected": 1, "invalid_request": 0}
"""By the function that makes an error: the position of its message."""
SLOT = "\0"
VALUES = ("tok_1", "$5.00", "usd", "5", "/v1/x", "one or two", "POST")
Names = dict[str, list[ast.expr]]
"""What the names of a function may stand for."""


def texts(node: ast.expr, names: Names) -> Iterator[str]:
    """Yield the texts that an expression may have, with marks for what is not known."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield from map("".join, product(*(list(texts(part, names)) for part in parts)))
        case ast.FormattedValue(value=value):
            yield from texts(value, names)
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*texts(body, names), *texts(orelse, names))
        case ast.Name(id=name) if name in names:
            others = {each: values for each, values in names.items() if each != name}
            for value in names[name]:
                yield from texts(value, others)
        case _:
            yield SLOT


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node


def names_in(function: ast.FunctionDef, tree: ast.Module) -> Names:
    """Return what a function or its module assigns, and what it is called with."""
    names: Names = {}
    for node in (*tree.body, *ast.walk(function)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names.setdefault(node.targets[0].id, []).append(node.value)
    for name, call in calls(tree):
        if name == function.name:
            for parameter, argument in zip(function.args.args, call.args, strict=False):
                names.setdefault(parameter.arg, []).append(argument)
    return names


def messages(tree: ast.Module) -> Iterator[str]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            names = names_in(function, tree)
            for name, call in calls(function):
                if name in MESSAGE_AT:
                    yield from texts(call.args[MESSAGE_AT[name]], names)


def found() -> Iterator[str]:
    for path in sorted(FOLDER.rglob("*.py")):
        yield from messages(ast.parse(path.read_text("utf-8")))
    yield from (message for _, message in _CARD_ERRORS.values())
    for outcome in read_outcomes(package_data.read("mock_outcomes.csv")).values():
        yield outcome.message
        yield str(outcome.fields["seller_message"] or "")
    kinds = {*(_NAMES.get(kind, kind) for kind in _IDS), "token", "object", "source"}
    yield from (f"No such {kind}: '{SLOT}'" for kind in kinds)


NOT_RECORDED = "tokentape's built-in mock does not know"
"""Of an answer with the status 501."""
MESSAGES = sorted(
    text
    for text in set(found())
    if text.strip(SLOT) and NOT_RECORDED not in text and not text.startswith(f"No such {SLOT}")
)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_of_the_mock_is_known(message: str) -> None:
    first, *others = message.split(SLOT)
    fillings = product(VALUES, repeat=len(others))
    forms = (first + "".join(map("".join, zip(each, others, strict=True))) for each in fillings)
    assert any(PHRASES.read(text) for text in forms)


def test_the_messages_are_found() -> None:
    assert len(MESSAGES) > 50
    assert f"You cannot use a Stripe token more than once: {SLOT}." in MESSAGES
