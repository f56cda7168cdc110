"""Ids, times and fingerprints that a session makes up, others for each instance.

The first of each variable follows from the cassette's name and the variable only: so every run of a
suite gets the same. Further ones follow from their number too.
"""

from __future__ import annotations

from collections import OrderedDict

from tokentape.pure.notation.placeholders import Variable
from tokentape.pure.stripe.kinds import stand_in

_FINGERPRINTS = 50_000
"""Numbers whose fingerprints are remembered: those asked for first are forgotten first."""


class MadeUp:
    """What one session has made up."""

    def __init__(self, seed: str) -> None:
        """`seed` is the cassette's name."""
        self._seed = seed
        self._counts: dict[Variable, int] = {}
        self._fingerprints: OrderedDict[tuple[str, str, int], str] = OrderedDict()

    def new(self, variable: Variable) -> tuple[str, bool]:
        """Return another value of a variable, and whether it is the first."""
        count = self._counts[variable] = self._counts.get(variable, 0) + 1
        return self._value(variable, count), count == 1

    def first(self, variable: Variable) -> str:
        """Return the first value of a variable, whether it has been made or not."""
        return self._value(variable, 1)

    def fingerprint(self, variable: Variable, number: tuple[str, str, int]) -> str:
        """Return the fingerprint of a card or account number: the same for the same number.

        With the number goes which of its fingerprints is meant: an account has one with each bank.
        """
        text = self._fingerprints.get(number)
        if text is None:
            text = self._fingerprints[number] = self.new(variable)[0]
            if len(self._fingerprints) > _FINGERPRINTS:
                self._fingerprints.popitem(last=False)
        return text

    def _value(self, variable: Variable, count: int) -> str:
        kind, number = variable
        seed = self._seed if count == 1 else f"{self._seed}|{count}"
        return stand_in(kind, number, "", seed)
