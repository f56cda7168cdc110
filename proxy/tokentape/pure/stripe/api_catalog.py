"""The catalog of all of /v1: the fields of a request by its operation, of an answer by its type.

A field that is not in it is redacted, its name too. An answer is walked by object type, not by
path: where the catalog says that an object may stand (`Field.types`), what stands there is looked
at as the type that it names, however deep it is in the answer. So a charge has the same fields in
an answer of its own, in a list, expanded in a refund, and in an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tokentape.pure.http.forms import Path
from tokentape.pure.stripe.catalog import KEEP, Field, Located, normal_value
from tokentape.pure.stripe.outlines import Outlines, located

ERROR = "error"
"""The object type of an error's content, which names none itself."""


@dataclass(frozen=True)
class ApiCatalog:
    """The fields of /v1."""

    requests: Outlines
    answers: Outlines
    lists: Mapping[str, frozenset[str]]
    """Closed vocabularies for several fields: countries, currencies."""

    def request_field(self, operation: str, path: Path) -> Located:
        """Find a field by an operation, such as `POST /v1/customers/{}`, and its path."""
        return located(self.requests.tree(operation), path, self.lists["currency"])

    def answer_field(self, object_type: str, path: Path) -> Located:
        """Find a field by the type of the object that it is in, and its path in that object.

        Positions in lists are blank. Of an unknown type nothing is known.
        """
        return located(self.answers.tree(object_type), path, self.lists["currency"])

    def normal_form(self, field: Field, value: str) -> str | None:
        """Return the normal form of a value that may be kept, or None where it may not."""
        if field.anything:
            return value
        return normal_value(field, value, self) if field.kind == KEEP else None

    @cached_property
    def words(self) -> frozenset[str]:
        """Every name of the API."""
        return self.requests.names() | self.answers.names()

    @cached_property
    def error_codes(self) -> frozenset[str]:
        """The codes of errors."""
        definition = self.answer_field(ERROR, ("code",)).field
        return frozenset() if definition is None else definition.values
