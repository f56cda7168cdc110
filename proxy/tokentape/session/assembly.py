"""Putting the core together from what ships with the package and what a user set."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable
from pathlib import Path

from tokentape.edges import cassette_file, package_data
from tokentape.edges.settings import MatchSettings, RedactSettings
from tokentape.errors import CassetteError
from tokentape.pure.audit.loading import load_cassette
from tokentape.pure.cassette.match_key import MatchRules, written_name
from tokentape.pure.cassette.model import Interaction
from tokentape.pure.http.messages import Request, Response
from tokentape.pure.redaction import Redactor
from tokentape.pure.redaction.values import Values
from tokentape.pure.stripe.catalog import CATALOG_FILES, Catalog, extended, read_catalog
from tokentape.pure.stripe.phrases import read_phrases
from tokentape.pure.stripe.published import read_published
from tokentape.pure.stripe.routes import Routes


def _holds_no_secret(text: str) -> bool:
    """Tell a text without a card number or key in it, however it is written."""
    from tokentape.pure import leak_check  # noqa: PLC0415  few keep a field, and it is slow to import

    return not leak_check.cassette_findings(text.encode("utf-8", "surrogateescape"))


def redactor(
    redact: RedactSettings, match: MatchSettings, *, records_others: bool = False
) -> Redactor:
    """Return redaction for these settings."""
    values = Values(
        extended(catalog(), redact.keep, redact.fields, _holds_no_secret),
        read_published(package_data.read("published.csv")),
        read_phrases(package_data.read("phrases.csv")),
        Routes(package_data.read("routes.csv")),
        time.gmtime().tm_year,
    )
    return Redactor(
        values,
        keep_blank=match.blank == "strict",
        match_headers=match.headers,
        records_others=records_others,
    )


def catalog() -> Catalog:
    """Return the catalog of the API."""
    return read_catalog(*map(package_data.read, CATALOG_FILES))


def match_rules(match: MatchSettings) -> MatchRules:
    """Return what these settings let take part in a match."""
    headers = (*MatchRules().headers, *(name.lower() for name in match.headers))
    return MatchRules(frozenset(headers), tuple(map(written_name, match.ignore)))


def interactions(directory: Path, name: str, redactor: Redactor) -> tuple[Interaction, ...]:
    """Return what a cassette on disk holds. Raises CassetteError, as `checked` does."""
    return loaded(cassette_file.read(directory, name), name, directory, redactor)


def loaded(text: bytes, name: str, directory: Path, redactor: Redactor) -> tuple[Interaction, ...]:
    """Return what the bytes of a named cassette hold. Raises CassetteError, as `checked` does."""
    file = str(directory / f"{name}.yaml")
    try:
        return checked(text, file, redactor)
    except CassetteError as error:
        recorder = "" if b"recorded_with: tokentape" in text else _recorder(text)
        if not recorder:
            raise
        hint = f"if {recorder} recorded it: `tokentape import {file} --name {name}`"
        raise CassetteError(f"{error.message}; {hint}", file=file, line=error.line) from None


def _recorder(text: bytes) -> str:
    """Return the name of another recorder whose form a file has, or nothing."""
    from tokentape.pure.recorders.forms import recognised  # noqa: PLC0415  replay does without

    try:
        recording = recognised(text.decode("utf-8", "replace"))
    except CassetteError:
        return ""
    return recording.recorder if recording else ""


def checked(text: bytes, file: str, redactor: Redactor) -> tuple[Interaction, ...]:
    """Return what the bytes of a cassette hold; `file` is its path.

    Raises CassetteError for a damaged one, and for one with anything that redaction would not have
    written: what came in a pull request is hostile until it passed.
    """
    try:
        return load_cassette(text, redactor)
    except CassetteError as error:
        raise CassetteError(error.message, file=file, line=error.line) from None


def built_in_mock() -> Callable[[Request], Response]:
    """Return the built-in mock, with the clock and randomness of this machine."""
    from tokentape.mock.upstream import MockStripe  # noqa: PLC0415  replay needs no upstream

    alphabet = string.ascii_letters + string.digits
    stripe = MockStripe(
        package_data.read,
        now=lambda: int(time.time()),
        entropy=lambda count: "".join(secrets.choice(alphabet) for _ in range(count)),
    )
    return stripe.answer
