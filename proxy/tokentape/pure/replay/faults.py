"""Injected trouble, for people who test their retries: which requests meet it, and what it is.

    faults:
    - {answer: 429, route: POST /v1/tokens, first: 2}
    - {delay: 1.5}

Each request meets the first fault of the list that is for its route and has not been met as often
as it is to be: here two requests for tokens get a 429, and every other request waits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, get_type_hints

_ANSWERS = ("429", "500", "502", "drop", "lose")
_ROUTE = re.compile(r"(?:GET|POST|DELETE) /v1/[!-~]{1,200}")
_ID = re.compile(r"\{[^{}/]*\}")
_LONGEST = 3600


def _answer(text: str) -> str:
    if text not in _ANSWERS:
        raise ValueError(f"allowed: {', '.join(_ANSWERS)}")
    return text


def _route(text: str) -> str:
    if not _ROUTE.fullmatch(text):
        raise ValueError("allowed: a method and a path, such as GET /v1/tokens/{token}")
    return text


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise ValueError("allowed: a whole number from 1 to 999999")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(?:\.[0-9]{1,3})?", text) or float(text) > _LONGEST:
        raise ValueError(f"allowed: seconds, such as 0.5, at most {_LONGEST}")
    return float(text)


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble. Each field has its reader, from text."""

    answer: Annotated[str, _answer] = ""
    """A status; `drop`, a connection that closes before anything is done; `lose`, one that closes
    in place of the answer. Blank is a 500, or where there is a delay the usual answer."""
    route: Annotated[str, _route] = ""
    """The operation, such as `GET /v1/tokens/{token}`; blank for any."""
    first: Annotated[int, _count] = 0
    """How many requests meet it, 0 for all."""
    delay: Annotated[float, _seconds] = 0.0
    """Seconds before anything is done."""

    @property
    def kind(self) -> str:
        """The answer that is meant; "" for the usual one."""
        return self.answer or ("" if self.delay else "500")

    def __str__(self) -> str:
        delay = f"{self.delay:g} s late" if self.delay else ""
        what = ", ".join(filter(None, (self.kind, delay)))
        return f"{what} for {self.route}" if self.route else what

    def is_for(self, operation: str) -> bool:
        """Tell whether this is for an operation, such as `GET /v1/tokens/{}`."""
        return not self.route or _ID.sub("{}", self.route) == operation


def read_fault(document: object) -> Fault:
    """Return the fault in a JSON document. Raises ValueError, which quotes nothing of it."""
    readers = {
        name: hint.__metadata__[0]
        for name, hint in get_type_hints(Fault, include_extras=True).items()
    }
    if not isinstance(document, Mapping) or document.keys() - readers.keys():
        raise ValueError(f"a fault has only these fields: {', '.join(readers)}")
    fields = {}
    for name, value in document.items():
        try:
            fields[name] = readers[name](str(value))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return Fault(**fields)


@dataclass(slots=True)
class Faults:
    """The faults of a session, and how often each has been met."""

    faults: tuple[Fault, ...] = ()
    _met: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._met = [0] * len(self.faults)

    def meet(self, operation: str) -> Fault | None:
        """Return the fault that a request for an operation meets, and count it."""
        for place, fault in self._armed():
            if fault.is_for(operation):
                self._met[place] += 1
                return fault
        return None

    @property
    def are_armed(self) -> bool:
        """Whether a request may still meet one."""
        return any(True for _ in self._armed())

    def unmet(self) -> Iterator[str]:
        """Yield those that were not met as often as they were to be."""
        for fault, met in zip(self.faults, self._met, strict=True):
            if met < max(fault.first, 1):
                yield f"{fault}: {met} of {max(fault.first, 1)}"

    def _armed(self) -> Iterable[tuple[int, Fault]]:
        for place, fault in enumerate(self.faults):
            if not fault.first or self._met[place] < fault.first:
                yield place, fault
