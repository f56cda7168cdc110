"""Variables of one recording by the names of another: one to one, found bit by bit."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tokentape.pure.notation.placeholders import Variable


class Renaming:
    """What variables are called elsewhere; no two have one name, and none has two.

    But for the `free` ones of here: what those are called does not matter.
    """

    def __init__(self, free: Collection[Variable] = ()) -> None:
        self._free = free
        self._there: dict[Variable, Variable] = {}
        self._here: dict[Variable, Variable] = {}

    def there(self, variable: Variable) -> Variable | None:
        """Return what a variable is called there, or None."""
        return self._there.get(variable)

    def here(self, variable: Variable) -> Variable | None:
        """Return what a variable of there is called here, or None."""
        return self._here.get(variable)

    def agree(self, here: Sequence[Variable], there: Sequence[Variable]) -> bool:
        """Tell whether these can be each other, one by one; if so, they are from now on."""
        found: dict[Variable, Variable] = {}
        for one, other in zip(here, there, strict=True):
            if one in self._free:
                continue
            if self._there.get(one, other) != other or self._here.get(other, one) != one:
                return False
            if found.setdefault(one, other) != other:
                return False
        if len({*found.values()}) < len(found):
            return False
        self._there.update(found)
        self._here.update((other, one) for one, other in found.items())
        return True
