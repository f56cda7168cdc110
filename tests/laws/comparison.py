"""What a client can tell of answers, with the values that change from run to run made comparable.

Ids, fingerprints and request ids are numbered by first appearance: two runs compare equal if the
same values come again in the same places. A time belongs to its token: within one run each token
has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

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


_MADE_UP_ALIKE = frozenset({"client_ip", "risk_score"})
"""What upstreams make up and is the same by chance, or in each run of the built-in mock."""


class Likeness:
    """Tells whether the answers of a replay are those of an upstream, but for what that makes up.

    What two upstreams with randomness of their own answer in the same place to the same requests is
    what clients sent, or words of the API: a replay must answer the very same. What differs they
    made up: the replay must make up one of the same type, and the same for the same.
    """

    def __init__(self, names: Mapping[str, object] = MappingProxyType({})) -> None:
        """`names` are what the replay made up so far, by what the upstream did."""
        self._names = dict(names)

    def check(self, one: Response, other: Response, replayed: Response) -> None:
        """Fail for an answer of the replay that is another."""
        assert one.status == replayed.status
        bodies = [orjson.loads(each.body) for each in (one, other, replayed)]
        lines = [dict(_lines(each)) for each in (one, other, replayed)]
        self._check("", *bodies)
        self._check("", *lines)

    def _check(self, name: str, one: Any, other: Any, replayed: Any) -> None:
        assert type(one) is type(replayed), name
        if isinstance(one, dict):
            own = [key for key in one if key in other]  # in any order, as keys of metadata may be
            made_up = [[key for key in each if key not in own] for each in (one, other, replayed)]
            for keys in [*zip(own, own, own, strict=True), *zip(*made_up, strict=True)]:
                self._check(name, *keys)
                self._check(keys[0], one[keys[0]], other[keys[1]], replayed.get(keys[2]))
        elif isinstance(one, list):
            for values in zip(one, other, replayed, strict=True):
                self._check(name, *values)
        elif name in _MADE_UP_ALIKE:
            return
        elif name == "url" and one == other:  # a client's own id stands in it as it is
            assert replayed in (one, unquote(one)), name
        elif one == other:
            assert one == replayed, name
        elif isinstance(one, str):
            assert self._names.setdefault(one, replayed) == replayed, name


def _lines(answer: Response) -> Iterator[tuple[str, str]]:
    lines = ((name.lower(), value) for name, value in answer.lines)
    return (line for line in sorted(lines) if line[0] not in ("tokentape-result", "date"))
