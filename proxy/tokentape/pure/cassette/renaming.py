"""A one-to-one relation between the variables of two recordings, extended step by step."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tokentape.pure.notation.placeholders import Variable


class Renaming:
    """Pairs of variables of this and another recording; each variable is in one pair at most.

    The `free` ones of this recording are paired with none: they may be any.
    """

    def __init__(self, free: Collection[Variable] = ()) -> None:
        self._free = free
        self._to_other: dict[Variable, Variable] = {}
        self._from_other: dict[Variable, Variable] = {}

    def to_other(self, variable: Variable) -> Variable | None:
        """Return the variable of the other recording for one of this recording, or None."""
        return self._to_other.get(variable)

    def from_other(self, variable: Variable) -> Variable | None:
        """Return the variable of this recording for one of the other recording, or None."""
        return self._from_other.get(variable)

    def agree(self, variables: Sequence[Variable], counterparts: Sequence[Variable]) -> bool:
        """Pair variables with counterparts, one by one; False, without a change, if impossible.

        >>> names = Renaming()
        >>> names.agree([("name", 1), ("name", 2)], [("name", 5), ("name", 6)])
        True
        >>> names.agree([("name", 1)], [("name", 6)])
        False
        >>> names.to_other(("name", 1))
        ('name', 5)
        """
        pairs: dict[Variable, Variable] = {}
        for variable, counterpart in zip(variables, counterparts, strict=True):
            if variable in self._free:
                continue
            if self._to_other.get(variable, counterpart) != counterpart:
                return False
            if self._from_other.get(counterpart, variable) != variable:
                return False
            if pairs.setdefault(variable, counterpart) != counterpart:
                return False
        if len({*pairs.values()}) < len(pairs):
            return False
        self._to_other.update(pairs)
        self._from_other.update((counterpart, variable) for variable, counterpart in pairs.items())
        return True
