"""Inspection of one file: cassettes by schema, redaction check and leak check, others by the last.

What another recorder wrote is recognised by its form, and reported as a whole if it holds calls to
Stripe: what such calls say of people has no shape that could be searched for.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial

from tokentape.errors import CassetteError
from tokentape.pure import leak_check
from tokentape.pure.audit.problems import BODY, line_of
from tokentape.pure.audit.redaction_check import RedactionCheck
from tokentape.pure.cassette.hidden_text import hidden_lines, is_plain_json
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.cassette.reading import read_cassette, recorded_from
from tokentape.pure.cassette.writing import cassette_text
from tokentape.pure.cassette.yaml_nodes import read_yaml
from tokentape.pure.leak_check.findings import (
    HIDDEN_TEXT,
    MALFORMED_CASSETTE,
    RAW_RECORDING,
    UNREDACTED_VALUE,
    Finding,
)
from tokentape.pure.leak_check.patterns import bytewise
from tokentape.pure.recorders.recognition import may_be_recording, recording_of_stripe
from tokentape.pure.redaction import Redactor
from tokentape.pure.stripe.kinds import KINDS

MAX_CASSETTE = 64 << 20
"""Bytes of the largest file that is inspected as a cassette."""
TOO_LARGE = f"larger than {MAX_CASSETTE >> 20} MiB: not checked as a cassette, only as text"

_RECORDED_WITH = bytewise(rb"(?:^|[\n{,])\s*[\"']?recorded_with[\"']?\s*:\s*[\"']?tokentape")
_PLACEHOLDER = bytewise(b"\\{\\{(?:%s)[.:][A-Za-z0-9]" % "|".join(sorted(KINDS)).encode())
_INTERACTIONS = bytewise(rb"(?:^|[\n{,])\s*[\"']?interactions[\"']?\s*:")


@dataclass(frozen=True, slots=True)
class Inspector:
    """Inspects files by the rules of redaction and of the leak check."""

    redactor: Redactor

    def cassette(self, text: bytes) -> tuple[Finding, ...]:
        """Return the findings in a cassette of tokentape; a raw recording in its place is one."""
        text = text.removeprefix(BOM_UTF8)  # as some editors write it
        problems = tuple(self._problems(text))
        if problems and not (_RECORDED_WITH.search(text) or _PLACEHOLDER.search(text)):
            problems = self._raw(text) or problems
        return tuple(sorted({*problems, *leak_check.cassette_findings(text)}))

    def file(self, text: bytes) -> tuple[Finding, ...]:
        """Return the findings in a YAML or JSON file, which may be a cassette.

        A raw recording has one finding that says so, if it holds calls to Stripe, and those of the
        leak check.
        """
        text = text.removeprefix(BOM_UTF8)
        if _RECORDED_WITH.search(text):
            return self.cassette(text)
        is_cassette = _INTERACTIONS.search(text) and (
            _PLACEHOLDER.search(text) or not any(self._problems(text))
        )
        return self.cassette(text) if is_cassette else (*self._raw(text), *self.text(text))

    def may_be_cassette(self, text: bytes) -> bool:
        """Tell whether the beginning of a YAML or JSON file is like that of a cassette.

        Or of what another recorder wrote.
        """
        is_like_one = _RECORDED_WITH.search(text) or _INTERACTIONS.search(text)
        return bool(is_like_one) or may_be_recording(text)

    def name(self, name: str, number: int) -> tuple[str, tuple[Finding, ...]]:
        """Return a file's name as it may be shown, and the findings in it.

        A name with a secret is replaced by the file's number in the scan.
        """
        findings = self.text(name.encode("utf-8", "surrogateescape"))
        if findings:
            in_name = tuple(replace(finding, detail="in its name") for finding in findings)
            return f"file {number}", in_name
        return "".join(char if char.isprintable() else "\ufffd" for char in name), ()

    def text(self, text: bytes) -> tuple[Finding, ...]:
        """Return the findings of the leak check in a text that is not a cassette."""
        return self.stream((text,))

    def stream(self, parts: Iterable[bytes]) -> tuple[Finding, ...]:
        """Return the same for a text of any size, which comes in parts."""
        published = self.redactor.values.published.values
        cards = frozenset(number for (kind, _), number in published.items() if kind == "card")
        return leak_check.text_findings(parts, cards)

    def _raw(self, text: bytes) -> tuple[Finding, ...]:
        raw = recording_of_stripe(text, self.redactor.values.operation_at)
        return (Finding(raw.line, RAW_RECORDING, raw.recorder),) if raw else ()

    def _problems(self, text: bytes) -> Iterator[Finding]:
        try:
            plain = text.decode("ascii").replace("\r\n", "\n")
            located = read_cassette(plain)
        except UnicodeDecodeError as error:
            line = text.count(b"\n", 0, error.start) + 1
            yield Finding(line, MALFORMED_CASSETTE, "a cassette is ASCII")
        except CassetteError as error:
            yield Finding(max(error.line, 1), MALFORMED_CASSETTE, error.message)
        else:
            recorded = tuple(interaction for interaction, _ in located)
            yield from self._unredacted(recorded, plain)
            if plain != cassette_text(recorded, recorded_from(plain.encode())):
                yield from (Finding(line, HIDDEN_TEXT) for line in hidden_lines(plain))

    def _unredacted(self, recorded: tuple[Interaction, ...], text: str) -> Iterator[Finding]:
        check = RedactionCheck(self.redactor)
        total = sum(len(interaction.variables) for interaction in recorded)
        line = partial(line_of, cache(lambda: read_yaml(text)))  # most cassettes have no findings
        for number, interaction in enumerate(recorded):
            if any(variable_number > total for _, variable_number in interaction.variables):
                yield Finding(line(number, ""), MALFORMED_CASSETTE, _MISNUMBERED)
            problems = check.problems(interaction)
            for problem in problems:
                detail = f"{problem.position}{problem.question}"
                yield Finding(line(number, problem.position), UNREDACTED_VALUE, detail)
            if not problems and not _is_plain(interaction):
                yield Finding(line(number, BODY), HIDDEN_TEXT)


def _is_plain(interaction: Interaction) -> bool:
    """Tell whether a response's JSON hides nothing. Names may be equal but for their numbers."""
    return is_plain_json(interaction.outline.text) or is_plain_json(interaction.texts.text)


_MISNUMBERED = (
    "a variable's number is higher than the cassette has variables, and could say something: "
    "`tokentape fmt` renumbers them"
)
