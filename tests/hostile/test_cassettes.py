"""Cassettes from strangers: each is refused at the start, by file and line, and quoted nowhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.hostile.conftest import Command
from tests.processes import Workplace
from tests.wire import Client, card

SECRET = "Zq7Ohnesorg"
"""A secret, in a position where none may be."""

SERVING = "another program listens there"
"""The error of a command that accepts the cassette: its port is in use."""


@dataclass(frozen=True)
class Change:
    """A text of a cassette, its replacement, and what the error says."""

    old: str
    new: str
    says: str = ""

    def applied(self, text: str) -> tuple[str, range]:
        """Return the changed text, and the lines that an error may name."""
        assert self.old in text, "the cassette has changed: so must this test"
        start = text.index(self.old)
        first = text.count("\n", 0, start) + 1
        interaction = text.rfind("\n- request:", 0, start)
        item = text.count("\n", 0, interaction + 1) + 1
        after = self.new if self.says != "YAML" else text[start:]  # which may go wrong further on
        last = first + after.count("\n") + 1
        return text[:start] + self.new + text[start + len(self.old) :], range(item, last + 1)


FIRST = "recorded_from: mock\n"
VERSION = "version: 1\n"
METHOD = "    method: POST\n"
ID = '"id": "{{tok.1}}"'
STATUS = "{code: 200, message: OK}"
BODY = "    body: card[cvc]"
VARY = "Vary: [Origin]"
NOT_REDACTED = "what is not redacted"

YAML = {
    "a tag": Change(VERSION, "version: !!int 1\n", "tag"),
    "a tag that makes Python run": Change(VERSION, "version: !!python/name:os.system ''\n", "tag"),
    "a tag of its own": Change(VERSION, f"version: !{SECRET} 1\n", "tag"),
    "an anchor": Change(VERSION, f"version: &{SECRET} 1\n", "anchor"),
    "an alias": Change(VERSION, f"version: *{SECRET}\n", "alias"),
    "a merge": Change(VERSION, VERSION + f"<<: {{{SECRET}: 1}}\n", "unknown key"),
    "a key twice at the top": Change(VERSION, VERSION * 2, "already"),
    "a key twice in a request": Change(METHOD, METHOD * 2, "already"),
    "a header twice": Change(f"      {VARY}\n", f"      {VARY}\n" * 2, "already"),
    "a key that is a list": Change(VERSION, "? [a]\n: 1\n" + VERSION, "as a key"),
    "a tab": Change("  response:", "\tresponse:", "YAML"),
    "a quote without end": Change(VERSION, f"version: '{SECRET}\n", "YAML"),
    "another YAML": Change(VERSION, f"%YAML 9.9\n---\n{VERSION}", "YAML"),
    "a comment": Change(METHOD, f"{METHOD}    # {SECRET}\n", "take it out"),
    "a comment behind a value": Change(VERSION, f"version: 1 # {SECRET}\n", "take it out"),
    "a directive": Change(FIRST, f"%TAG !{SECRET}! tag:x,2000:\n---\n{FIRST}", "take it out"),
    "a second document": Change("- request:", f"--- {SECRET}\n- request:"),
    "deep lists": Change(VERSION, f"version: {'[' * 200_000}\n", "deep"),
    "deep mappings": Change(VERSION, f"version: {'{a: ' * 50_000}\n", "deep"),
    "deep items": Change("- request:", "- " * 100_000 + "request:", "deep"),
    "a giant key": Change(VERSION, f"{'version' * 1_000_000}: 1\n", "YAML"),
    "a NUL": Change("Stripe-Version", "Stripe\0Version", "ASCII"),
    "an escape code": Change(VERSION, "version: 1\x1b[2J\n", "ASCII"),
    "a letter that is not ASCII": Change("{{card:visa}}", "{{card:vis\u00e4}}", "ASCII"),
}

SHAPES = {
    "an unknown key at the top": Change(VERSION, VERSION + f"{SECRET}: 1\n", "unknown key"),
    "an unknown key of a request": Change(METHOD, METHOD + f"    {SECRET}: 1\n", "unknown key"),
    "an unknown key of a response": Change(
        "    status:", f"    {SECRET}: 1\n    status:", "unknown key"
    ),
    "an unknown key of a body": Change(
        "      string:", f"      {SECRET}: 1\n      string:", "unknown key"
    ),
    "no method": Change(METHOD, "", "missing here: method"),
    "another version": Change(VERSION, f"version: {SECRET}\n", "version"),
    "another writer": Change("tokentape 0.1", SECRET, "recorded_with"),
    "interactions as a text": Change(
        "interactions:\n", f"interactions: {SECRET}\nunknown:\n", "unknown key"
    ),
    "an interaction as a text": Change("- request:\n", f"- {SECRET}\n- request:\n", "a mapping"),
    "a method as a list": Change("method: POST", f"method: [{SECRET}]", "a single value"),
    "a method that is none": Change("method: POST", f"method: {SECRET}", "method"),
    "a method of others": Change("method: POST", "method: PATCH", "method"),
    "another host": Change(
        "https://api.stripe.com/", f"https://{SECRET}.example/", "begins with https://"
    ),
    "another scheme": Change("https://api.", "http://api.", "begins with https://"),
    "another path": Change("/v1/tokens\n", "/v2/tokens\n", "begins with https://"),
    "no operation": Change("/v1/tokens\n", "/v1/bicycles\n", NOT_REDACTED),
    "a path that goes up": Change("/v1/tokens\n", "/v1/tokens/../charges\n", NOT_REDACTED),
    "a path that goes on": Change("/v1/tokens\n", "/v1/tokens_and_charges\n", NOT_REDACTED),
    "a body as a list": Change(BODY, f"    body: [{SECRET}]\n    x: card[cvc]", "unknown key"),
    "a status as a text": Change(STATUS, SECRET, "a mapping"),
    "a status as a list": Change(STATUS, "[200, OK]", "a mapping"),
    "a status of letters": Change("code: 200", f"code: {SECRET}", "status code"),
    "a status in hexadecimal": Change("code: 200", "code: 0xC8", "status code"),
    "a status that is not final": Change("code: 200", "code: 100", "status code"),
    "a status beyond all": Change("code: 200", "code: 999", "status code"),
    "headers as a list": Change(
        "    headers:\n      Authorization", "    headers: []\n    x:\n      Authorization"
    ),
    "a header as a mapping": Change(VARY, f"Vary: {{{SECRET}: 1}}", "a single value"),
    "a header as a list of lists": Change(VARY, f"Vary: [[{SECRET}]]", "a single value"),
    "a body of an answer as a list": Change(
        "      string: |\n", f"      string: [{SECRET}]\n    x: |\n", "unknown key"
    ),
    "a giant body": Change(ID, f'"id": "{"x" * 5_000_000}"', "larger"),
    "a giant form": Change(BODY, f"    body: {'x' * 5_000_000}", "larger"),
}

HEADERS = {
    "CR and LF in a value": Change(VARY, f'Vary: ["Origin\\r\\nX-Evil: {SECRET}"]', "header"),
    "a NUL in a value": Change(VARY, 'Vary: ["Origin\\0"]', "header"),
    "a folded value": Change(VARY, 'Vary: ["Origin\\n Cookie"]', "header"),
    "a letter in a value": Change(VARY, 'Vary: ["\\u00e4"]', "header"),
    "CR and LF in a name": Change(VARY, f'"Vary\\r\\nX: {SECRET}": [Origin]', "header"),
    "a header without a value": Change(VARY, f"X-{SECRET}: []", "value"),
    "a space in a name": Change(VARY, f"Vary {SECRET}: [Origin]", "header"),
    "an empty name": Change(VARY, "'': [Origin]", "header"),
    "a name that is not the API's": Change(VARY, f"X-{SECRET}: [Origin]", NOT_REDACTED),
    "a cookie": Change(VARY, "Set-Cookie: [Origin]", NOT_REDACTED),
    "an encoding that the body has not": Change(VARY, "Content-Encoding: [gzip]", NOT_REDACTED),
    "a length of its own": Change(VARY, "Content-Length: ['5']", NOT_REDACTED),
    "chunks": Change(VARY, "Transfer-Encoding: [chunked]", NOT_REDACTED),
    "a redirect": Change(VARY, f"Location: ['https://{SECRET}.example']", NOT_REDACTED),
}

PLACEHOLDERS = {
    "an unknown public name": Change("{{card:visa}}", f"{{{{card:{SECRET}}}}}", NOT_REDACTED),
    "an unknown kind": Change("{{tok.1}}", f"{{{{{SECRET.lower()}.1}}}}", NOT_REDACTED),
    "an unknown guard": Change("{{card:visa}}", f"{{{{card.1:{SECRET}}}}}", NOT_REDACTED),
    "an unknown class": Change("{{cvc:3}}", "{{cvc:31}}", NOT_REDACTED),
    "an unknown slot": Change("{{card:visa.last4}}", "{{card:visa.first12}}", NOT_REDACTED),
    "a slot of another kind": Change("{{tok.1}}", "{{tok.1.last4}}", NOT_REDACTED),
    "no number": Change("{{tok.1}}", "{{tok.?}}", "number"),
    "zero": Change("{{tok.1}}", "{{tok.0}}", NOT_REDACTED),
    "a giant number": Change("{{tok.1}}", f"{{{{tok.{'9' * 5_000}}}}}", NOT_REDACTED),
    "one brace too few": Change("{{card:visa}}", "{{card:visa}", NOT_REDACTED),
    "braces alone": Change("{{tok.1}}", "{{}}", NOT_REDACTED),
    "one inside another": Change("{{tok.1}}", "{{tok.{{tok.1}}}}", NOT_REDACTED),
    "spaces": Change("{{tok.1}}", "{{ tok.1 }}", NOT_REDACTED),
    "text before": Change("{{tok.1}}", SECRET + "{{tok.1}}", NOT_REDACTED),
    "text behind": Change("{{tok.1}}", "{{tok.1}}" + SECRET, NOT_REDACTED),
    "half written in escapes": Change("{{tok.1}}", "{{t\\u006fk.1}}", ""),
    "braces written in escapes": Change("{{tok.1}}", "\\u007b{tok.1}}", ""),
}

EXPANDED = '{"object": "card", "customer": {"object": "customer", "default_source": '
"""Each object expanded in another."""
LITERALS = {
    "in the path": Change("/v1/tokens\n", f"/v1/tokens/{SECRET}\n", NOT_REDACTED),
    "in the path, encoded": Change("/v1/tokens\n", "/v1/tokens/%5A%71%37Ada\n", NOT_REDACTED),
    "as a query": Change("/v1/tokens\n", f"/v1/tokens?{SECRET}\n", NOT_REDACTED),
    "as a query's name": Change("/v1/tokens\n", f"/v1/tokens?{SECRET}=1\n", NOT_REDACTED),
    "as a query's value": Change("/v1/tokens\n", f"/v1/tokens?expand[0]={SECRET}\n", NOT_REDACTED),
    "as a field's name": Change("card[cvc]=", f"card[{SECRET}]=", NOT_REDACTED),
    "as a field's position": Change("card[cvc]=", "card[4242]=", NOT_REDACTED),
    "as a field's value": Change("{{cvc:3}}", SECRET, NOT_REDACTED),
    "as a field of its own": Change(BODY, f"    body: {SECRET}=&card[cvc]", NOT_REDACTED),
    "as a kept field's value": Change("[exp_month]=5", f"[exp_month]={SECRET}", NOT_REDACTED),
    "as a key": Change("{{key:sk_test}}", SECRET, NOT_REDACTED),
    "as a scheme": Change("Bearer {{", SECRET + " {{", NOT_REDACTED),
    "as a content type": Change("application/x-www-form-urlencoded", SECRET, NOT_REDACTED),
    "as a reason phrase": Change("message: OK", f"message: {SECRET}"),
    "as a header's value": Change(VARY, f"Vary: [{SECRET}]", NOT_REDACTED),
    "as a second value of a header": Change(VARY, f"Vary: [Origin, {SECRET}]", NOT_REDACTED),
    "as an id": Change(ID, f'"id": "{SECRET}"', NOT_REDACTED),
    "as a number": Change('"created": "{{time.1}}"', '"created": 1700000000', NOT_REDACTED),
    "as a fraction": Change('"exp_month": 5', '"exp_month": 5.5', NOT_REDACTED),
    "as a kept field of the answer": Change('"Visa"', f'"{SECRET}"', NOT_REDACTED),
    "as an object instead of a text": Change(ID, f'"id": {{"{SECRET}": 1}}', NOT_REDACTED),
    "as a list instead of a text": Change(ID, f'"id": ["{SECRET}"]', NOT_REDACTED),
    "as a key of the answer": Change('"client_ip"', f'"{SECRET}"', NOT_REDACTED),
    "as a key that the user names": Change(
        '"metadata": {}', f'"metadata": {{"{SECRET}": "x"}}', NOT_REDACTED
    ),
    "as a value that the user names": Change(
        '"metadata": {}', f'"metadata": {{"{{{{field.1}}}}": "{SECRET}"}}', NOT_REDACTED
    ),
    "as a message": Change(
        '"Your card\'s expiration month is invalid."', f'"{SECRET}"', NOT_REDACTED
    ),
    "hidden behind a key that stands twice": Change(
        ID, f'"id": "{SECRET}",\n          {ID}', NOT_REDACTED
    ),
    "as text that is no JSON": Change('"object": "token",', SECRET, NOT_REDACTED),
    "as text behind the JSON": Change("        }\n- request:", f"        }} {SECRET}\n- request:"),
    "deep in the answer": Change('"metadata": {}', f'"metadata": {"[" * 900}{"]" * 900}'),
    "deep in objects that hold objects": Change(
        '"card": {',
        f'"card": {EXPANDED * 40}null{"}}" * 40}, "bank_account": {{',
        "nested too deeply",
    ),
    "deeper in objects that hold objects": Change(
        '"card": {', f'"card": {EXPANDED * 200}null{"}}" * 200}, "bank_account": {{', NOT_REDACTED
    ),
    "too deep in the answer": Change('"metadata": {}', f'"metadata": {"[" * 100_000}'),
}

CHANGES = {
    f"{group}: {name}": change
    for group, changes in {
        "YAML": YAML,
        "shape": SHAPES,
        "header": HEADERS,
        "placeholder": PLACEHOLDERS,
        "literal": LITERALS,
    }.items()
    for name, change in changes.items()
}

WHOLE = {
    "empty": (b"", "one YAML document"),
    "blank": (b"\n\n  \n", "one YAML document"),
    "an empty document": (b"---\n", "a mapping"),
    "a comment": (b"# Zq7Ohnesorg\n", "one YAML document"),
    "a text": (SECRET.encode(), "a mapping"),
    "a list": (b"- 1\n", "a mapping"),
    "brackets": (b"[" * 200_000, "deep"),
    "braces": (b"{" * 200_000, "as a key|deep"),
    "question marks": (b"? " * 200_000, "as a key"),
    "a bomb": (b"a: &a [x,x]\n" + b"b: &b [*a,*a]\n" * 9, "anchor"),
    "binary": (bytes(range(256)) * 40, "ASCII"),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0\0\3", "ASCII"),
    "UTF-16": ("version: 1\n".encode("utf-16"), "ASCII"),
    "Latin-1": ("name: \u00dcbung".encode("latin-1"), "ASCII"),
    "broken UTF-8": (b"version: \xc3\x28\n", "ASCII"),
    "JSON": (b'{"version": 1, "interactions": []}\0', "ASCII"),
    "interactions as a mapping": (b"version: 1\ninteractions: {a: b}\n", "a list"),
    "no interactions": (b"version: 1\ninteractions:\n", "a list"),
    "of vcrpy": (b"interactions: []\nversion: 1\nZq7Ohnesorg: 1\n", "unknown key"),
}


def refused(command: Command, workplace: Workplace, text: bytes) -> list[tuple[int, str]]:
    """Give a cassette to each command that loads one; return the lines and the words of errors."""
    path = workplace.path("strange")
    path.parent.mkdir()
    path.write_bytes(text)
    errors = []
    for words in (("replay", "strange"), ("auto", "strange"), ("show", "strange")):
        done = command(*words)
        assert done.status == 2, done.err[:300]
        assert done.out == ""
        assert SECRET.lower() not in done.err.lower()
        error = re.fullmatch(
            r"tokentape: error: cassettes/strange\.yaml:([1-9][0-9]*): ([ -~\u2026]+)\n", done.err
        )
        assert error is not None, done.err[:300]
        errors.append((int(error[1]), error[2]))
    assert path.read_bytes() == text
    assert list(path.parent.iterdir()) == [path]
    return errors


def test_the_cassette_without_a_change_is_served(
    command: Command, workplace: Workplace, good: str
) -> None:
    path = workplace.path("good")
    path.parent.mkdir()
    path.write_text(good)
    for mode in ("replay", "auto"):
        assert SERVING in command(mode, "good").err
    assert command("show", "good").status == 0


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_cassette_is_refused(
    command: Command, workplace: Workplace, good: str, change: Change
) -> None:
    text, lines = change.applied(good)
    for line, message in refused(command, workplace, text.encode("utf-8")):
        assert change.says in message
        assert line in lines, message


@pytest.mark.parametrize("whole", WHOLE.values(), ids=WHOLE)
def test_a_file_that_is_not_a_cassette_is_refused(
    command: Command, workplace: Workplace, whole: tuple[bytes, str]
) -> None:
    text, says = whole
    for _, message in refused(command, workplace, text):
        assert re.search(says, message)


def test_a_second_byte_order_mark_is_refused(
    command: Command, workplace: Workplace, good: str
) -> None:
    marked = "\ufeff" + good  # a second mark: the first one is that of the encoding
    assert {line for line, _ in refused(command, workplace, marked.encode("utf-8-sig"))} == {1}


def test_a_cassette_with_windows_line_ends_is_served(workplace: Workplace, good: str) -> None:
    """Git writes them on Windows."""
    path = workplace.path("windows")
    path.parent.mkdir()
    path.write_bytes(good.replace("\n", "\r\n").encode())
    with workplace.replayed("windows") as url:
        assert Client(url).post(card(name="Bea")).json["card"]["name"] == "Bea"


@pytest.mark.parametrize("text", [b"[" * 200_000, b"\0\1\2"], ids=["deep", "binary"])
@pytest.mark.parametrize("mode", ["replay", "auto", "show", "recover"])
def test_a_command_ends_with_status_2_on_a_strange_cassette(
    workplace: Workplace, mode: str, text: bytes
) -> None:
    """In a separate process: a crash of the parser would end it."""
    path = workplace.path("strange")
    path.parent.mkdir()
    path.write_bytes(text)
    done = workplace.run(mode, "strange")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tokentape: error: cassettes/strange.yaml")
    assert done.stderr.count("\n") == 1
    assert list(path.parent.iterdir()) == [path]


def leave_recording_with_secret(workplace: Workplace, good: str) -> None:
    """Leave a take with a secret in it, beside a good cassette."""
    text = LITERALS["as an id"].applied(good)[0]
    count = text.count("- request:")
    workplace.path("strange").parent.mkdir()
    workplace.path("strange").write_text(good)
    take = workplace.path("strange").with_name(".strange.take")
    take.write_text(f"{text}# end of interaction {count}\n")


def test_an_unfinished_recording_with_a_secret_is_refused_without_quoting_it(
    workplace: Workplace, good: str
) -> None:
    leave_recording_with_secret(workplace, good)
    done = workplace.run("recover", "strange")
    assert (done.returncode, done.stdout) == (2, "")
    assert NOT_REDACTED in done.stderr
    assert SECRET not in done.stderr


def test_an_unfinished_recording_with_a_secret_does_not_replace_the_cassette(
    workplace: Workplace, good: str
) -> None:
    leave_recording_with_secret(workplace, good)
    workplace.run("recover", "strange")
    assert workplace.text("strange") == good
