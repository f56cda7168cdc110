"""Cassettes from strangers that would move a client's own secrets into another place.

A placeholder is filled with what the client sends. So one in a wrong place would put a card number
into an answer, a log or a request to somebody else. Each such cassette is refused by all that reads
cassettes; and what fills placeholders would not do it even if it were not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tokentape.errors import CassetteError
from tokentape.pure.audit.loading import load_cassette
from tokentape.pure.audit.redaction_check import RedactionCheck, is_valid_placeholder
from tokentape.pure.cassette.model import Texts, outlined
from tokentape.pure.http.forms import Path, join_name
from tokentape.pure.http.messages import Request
from tokentape.pure.notation.placeholders import Placeholder, parts
from tokentape.pure.replay.rendering import Renderer
from tokentape.pure.stripe.fields import Field
from tokentape.pure.stripe.kinds import ID_PREFIXES, KINDS, NEVER_ANSWERED, SLOTS, Secret, secret
from tokentape.pure.stripe.outlines import FieldNode
from tokentape.pure.stripe.times import Times

from tests.cassettes_by_hand import CASSETTE, INSPECTOR
from tests.hostile.conftest import Command
from tests.laws.pipeline import PUBLISHED, REDACTOR
from tests.processes import Workplace
from tests.wire import numbered

KEY = "sk_" + "test_" + "Zq7Ohnesorg" * 2
CARD = numbered("453957876362148")
CVC = "739"
LIVE = {
    "card": secret("card", CARD, "number"),
    "cvc": secret("cvc", CVC),
    "key": secret("key", KEY),
    "idempotency_key": secret("idempotency_key", "Zq7Ohnesorg"),
    "device": secret("device", "Zq7Ohnesorg"),
}

BODY = '"name": "{{name.1}}"\n          },'
MESSAGE = "No such token: '{{tok.2}}'"
FORM = "card[name]={{name.1}}"

ATTACKS = {
    "a card number as an id": ('"id": "{{tok.1}}"', '"id": "{{card.1:visa}}"'),
    "a published card number as an id": ('"id": "{{tok.1}}"', '"id": "{{card:visa}}"'),
    "a key as the object": ('"object": "token"', '"object": "{{key:sk_test}}"'),
    "a masked key as the object": ('"object": "token"', '"object": "{{key:sk_test.masked}}"'),
    "a name as the object": ('"object": "token"', '"object": "{{name.1}}"'),
    "a CVC as a city": (BODY, f'"address_city": "{{{{cvc:3}}}}",\n            {BODY}'),
    "a name as a city": (BODY, f'"address_city": "{{{{name.1}}}}",\n            {BODY}'),
    "a card number as a name": ('"name": "{{name.1}}"', '"name": "{{card.1:visa}}"'),
    "a whole card number as its end": ("{{card:visa.last4}}", "{{card:visa}}"),
    "the start of a card number as its end": ("{{card:visa.last4}}", "{{card:visa.iin}}"),
    "an account number's end as a card's": ("{{card:visa.last4}}", "{{account_number.1.last4}}"),
    "a card number as a time": ('"{{time.1}}"', '"{{card.1:visa}}"'),
    "a CVC as a month": ('"exp_month": 5', '"exp_month": "{{cvc:3}}"'),
    "a key as metadata": ('"metadata": {}', '"metadata": {"{{field.1}}": "{{key:sk_test}}"}'),
    "a key as a name of metadata": ('"metadata": {}', '"metadata": {"{{key:sk_test}}": ""}'),
    "a name as a name of metadata": ('"metadata": {}', '"metadata": {"{{name.1}}": ""}'),
    "a card number in an unknown field": (
        '"metadata": {}',
        '"metadata": {},\n            "{{field.1}}": "{{card.1:visa}}"',
    ),
    "a device's id in an unknown field": (
        '"metadata": {}',
        '"metadata": {},\n            "{{field.1}}": "{{device:sent}}"',
    ),
    "a key in a message": (MESSAGE, "No such token: '{{key:sk_test}}'"),
    "a card number in a message": (MESSAGE, "Invalid string: {{card.1:visa}}"),
    "an Idempotency-Key in a message": (MESSAGE, "Invalid string: {{idempotency_key:sent}}"),
    "a key as a message": (MESSAGE, "{{key:sk_test}}"),
    "a masked key in another message": (MESSAGE, "No such token: '{{key:sk_test.masked}}'"),
    "a whole key in the message for masked ones": (
        MESSAGE,
        "Invalid API Key provided: {{key:sk_test}}",
    ),
    "a name as a parameter": ('"param": "token"', '"param": "card[{{name.1}}]"'),
    "a CVC as a request's id": ("{{req.1}}", "{{cvc:3}}"),
    "a key as a content type": ("[application/json]", "['{{key:sk_test}}']"),
    "a text as a content type": ("[application/json]", "['{{text.1}}']"),
    "a key in the path": ("/{{tok.2}}\n", "/{{key:sk_test}}\n"),
    "a card number in the path": ("/{{tok.2}}\n", "/{{card.1:visa}}\n"),
    "a name in the path": ("/{{tok.2}}\n", "/{{name.1}}\n"),
    "a key as the account": (
        "      Content-Type: [application/x-www-form-urlencoded]",
        "      Stripe-Account: ['{{key:sk_test}}']",
    ),
    "a name as the key": ("Bearer {{key:sk_test}}", "Bearer {{name.1}}"),
    "a key as a name": (FORM, "card[name]={{key:sk_test}}"),
    "a CVC as a name": (FORM, "card[name]={{cvc:3}}"),
    "a card number as a name that is sent": (FORM, "card[name]={{card.1:visa}}"),
    "a number of an account as a card's": ("{{card:visa}}", "{{account_number.1}}"),
    "a name as a card number": ("{{card:visa}}", "{{name.1}}"),
    "a card number without its class": ("{{card:visa}}", "{{card.1}}"),
    "a part of a card number as the whole": ("{{card:visa}}", "{{card:visa.last4}}"),
    "a class of a part": ("{{card:visa.last4}}", "{{card.1:visa.last4}}"),
    "JSON in a request": (FORM, "card[name]={{json.1}}"),
    "a date of birth as a year": ("exp_month]=5", "exp_month]={{dob.1.month}}"),
    "a name as a month": ("exp_month]=5", "exp_month]={{name.1}}"),
    "a key as a field's name": (FORM, "card[{{key:sk_test}}]={{text.1}}"),
    "a name as a field's name": (FORM, "card[{{name.1}}]={{text.1}}"),
    "a name in an unknown field": (FORM, "card[{{field.1}}]={{name.1}}"),
    "a field's name in percent-encoding": (FORM, "card[%7B%7Bfield.1%7D%7D]={{text.1}}"),
    "a known field's name in percent-encoding": (FORM, "card[n%61me]={{name.1}}"),
}


def attacked(attack: tuple[str, str]) -> str:
    old, new = attack
    assert old in CASSETTE, "the cassette has changed: so must this test"
    return CASSETTE.replace(old, new, 1)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_cassette_that_would_move_a_secret_does_not_load(attack: tuple[str, str]) -> None:
    with pytest.raises(CassetteError, match="what is not redacted"):
        load_cassette(attacked(attack).encode(), REDACTOR)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_cassette_that_would_move_a_secret_is_found_by_a_scan(attack: tuple[str, str]) -> None:
    assert INSPECTOR.cassette(attacked(attack).encode()) != ()


def test_every_command_that_reads_a_cassette_refuses_it(
    command: Command, workplace: Workplace
) -> None:
    path = workplace.path("strange")
    path.parent.mkdir()
    path.write_text(attacked(ATTACKS["a key as the object"]))
    for words in (("replay",), ("auto",), ("show",), ("fmt",), ("verify",)):
        done = command(*words, "strange")
        assert (done.status, done.out) == (2, ""), words
        assert "what is not redacted" in done.err
    assert command("scan", "cassettes").status == 1


def test_a_side_of_a_merge_is_refused(command: Command, workplace: Workplace) -> None:
    path = workplace.path("strange")
    path.parent.mkdir()
    old, new = ATTACKS["a key as the object"]
    sides = f"<<<<<<< ours\n          {old},\n=======\n          {new},\n>>>>>>> theirs\n"
    path.write_text(CASSETTE.replace(f"          {old},\n", sides, 1))
    done = command("fmt", "strange")
    assert done.status == 2
    assert "their side" in done.err


# What each place accepts is what redaction writes there.

SAMPLES = {
    "text": ("Zq7 Ohnesorg", "5", "x=y"),
    "object_id": ("zz_1Zq7", *(f"{prefix}_1Zq7" for prefix in ID_PREFIXES.values())),
    "time": ("1700000000", "soon"),
}
"""Values of which redaction writes different kinds, by the kind of the field."""
PLACEHOLDERS = [
    placeholder
    for kind in KINDS.values()
    for slot in ("", *SLOTS.get(kind.name, ()))
    for placeholder in (
        Placeholder(kind.name, "1", slot=slot),
        *(Placeholder(kind.name, "1", guard, slot) for guard in kind.guards),
        *(Placeholder(kind.name, "", name, slot) for name in kind.classes),
    )
    if is_valid_placeholder(placeholder, REDACTOR.values)
]


OPERATION = "POST /v1/tokens"
CATALOG = REDACTOR.values.catalog


def paths(node: FieldNode, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of fields, with a first element and a name of the user's."""
    if node.field is not None:
        yield path
    for name, child in node.members.items():
        yield from paths(child, (*path, {"[]": "0", "*": "{{field.1}}"}.get(name, name)))


def answer_paths() -> Iterator[tuple[Path, Field | None]]:
    """Yield the paths of a token's answer, and what is there."""
    for prefix in ((), ("card",), ("bank_account",), ("error",)):
        owner = prefix[0] if prefix else "token"
        for path in paths(CATALOG.answers.tree(owner) or FieldNode()):
            yield (*prefix, *path), CATALOG.answer_field(owner, path).field


def kinds_of(text: str) -> set[tuple[str, str]]:
    return {(part.kind, part.slot) for part in parts(text) if isinstance(part, Placeholder)}


def written(path: Path, kind: str) -> set[tuple[str, str]]:
    """Return what redaction writes for values of a request's field."""
    found = set()
    for value in SAMPLES.get(kind, SAMPLES["text"]):
        form = f"{join_name(path)}={value}".replace(" ", "+")
        request = REDACTOR.request(Request("POST", "/v1/tokens", (), form.encode()))
        for entry in request.body:
            found |= kinds_of(entry.text.rpartition("=")[2])
    return found


CHECK = RedactionCheck(REDACTOR)


def accepted(form: str = "", answer: str = "") -> bool:
    fields = (form,) if form else ()
    return not CHECK.problems(
        outlined(Texts("POST", "/v1/tokens", (), (), fields, 200, (), answer))
    )


def test_a_field_of_a_request_holds_what_redaction_writes_there_and_no_other_kind() -> None:
    for path in paths(CATALOG.requests.tree(OPERATION) or FieldNode()):
        field = CATALOG.request_field(OPERATION, path).field
        assert field is not None
        expected = written(path, field.kind)
        held = {
            (each.kind, each.slot)
            for each in PLACEHOLDERS
            if accepted(form=f"{join_name(path)}={each}")
        }
        assert expected <= held, path
        assert held - expected <= {("text", "")}, path  # what its vocabulary does not have


def test_no_field_of_an_answer_holds_a_whole_secret() -> None:
    for path, part in answer_paths():
        for each in PLACEHOLDERS:
            if each.kind in NEVER_ANSWERED and not (each.slot and part and part.slot == each.slot):
                assert not accepted(answer=nested(path, str(each))), (path, each)
        # An answer of an unknown type has no field of the API.
        assert path == ("object",) or accepted(answer=nested(path, "{{json.1}}"))


def nested(path: Path, value: str) -> str:
    """Return JSON with a text in a place."""
    document: object = value
    for name in reversed(path):
        document = [document] if name == "0" else {name: document}
    return json.dumps(document, indent=2)


# And if one were loaded all the same.


def rendered(text: str, live: dict[str, Secret]) -> str:
    """Render a recorded answer for a client that sends everything."""
    interaction = outlined(
        Texts("GET", "/v1/tokens", (), (), (), 200, (("Request-Id", text),), f'{{"id": "{text}"}}')
    )
    values = [live[kind].text for kind, _ in interaction.response_variables]
    response = Renderer(PUBLISHED, "tape", Times(0)).response(interaction, values, live)
    return repr(response.headers) + response.body.decode()


@pytest.mark.parametrize("kind", sorted(NEVER_ANSWERED & LIVE.keys()))
def test_no_answer_is_filled_with_a_whole_secret(kind: str) -> None:
    for placeholder in PLACEHOLDERS:
        if placeholder.kind == kind:
            for text in (str(placeholder), f"x {placeholder} y"):
                assert LIVE[kind].text not in rendered(text, LIVE)
