"""What a client can tell of answers, with the values that change from run to run made comparable.

Ids, fingerprints and request ids are numbered by first appearance: two runs compare equal if the
same values come again in the same places. A time belongs to its token: within one run each token
has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson
from tokentape.pure.http.messages import Response

_VOLATILE = frozenset({"id", "fingerprint"})
_VOLATILE_HEADERS = frozenset({"request-id", "original-request"})
_LOG = re.compile(r"\?t=[0-9]+$")


class Comparison:
    """One run.

    Without `request_ids`, a request that is answered with the same answer as one before is like one
    that is answered again.
    """

    def __init__(self, *, request_ids: bool = True) -> None:
        self._request_ids = request_ids
        self._names: dict[str, str] = {}
        self._times: dict[str, int] = {}

    def of(self, answers: Iterable[Response]) -> list[tuple[object, ...]]:
        """Return the answers of a run in comparable form."""
        return [self._answer(one) for one in answers]

    def _answer(self, one: Response) -> tuple[object, ...]:
        headers = sorted(
            (name.lower(), self._header(name.lower(), value))
            for name, value in one.lines
            if name.lower() not in ("tokentape-result", "date")
        )
        document = orjson.loads(one.body)
        self._see(document)
        return one.status, headers, self._told(document, document.get("id", ""))

    def _header(self, name: str, value: str) -> str:
        if name not in _VOLATILE_HEADERS:
            return value
        if self._request_ids:
            return self._name(value)
        self._names[value] = "<request>"
        return "<request>"

    def _name(self, value: str) -> str:
        return self._names.setdefault(value, f"<{len(self._names)}>")

    def _see(self, node: Any) -> None:
        for key, value in node.items() if isinstance(node, dict) else ():
            if key in _VOLATILE and isinstance(value, str):
                self._name(value)
            self._see(value)

    def _told(self, node: Any, owner: str) -> Any:
        if isinstance(node, dict):
            return {key: self._member(key, value, owner) for key, value in node.items()}
        return self._text(node) if isinstance(node, str) else node

    def _member(self, key: str, value: Any, owner: str) -> Any:
        if key == "created":
            assert self._times.setdefault(owner, value) == value, "a token has two times"
            return isinstance(value, int)
        if key == "client_ip":
            return isinstance(value, str)
        if key == "request_log_url":
            return _LOG.sub("", self._text(value))
        return self._told(value, owner)

    def _text(self, text: str) -> str:
        for value, name in self._names.items():
            text = text.replace(value, name)
        return text
