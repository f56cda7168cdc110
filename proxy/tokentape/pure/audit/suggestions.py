"""The placeholder that somebody may have meant: what is closest to one that does not exist.

Only words of tokentape are suggested, and what was written is not repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches

from tokentape.pure.notation.placeholders import Placeholder, whole
from tokentape.pure.stripe.kinds import KINDS
from tokentape.pure.stripe.published import Published

_LONGEST = 120
_PLACEHOLDER = re.compile(rf"\{{\{{\s*([^{{}}]{{1,{_LONGEST}}}?)\s*\}}\}}")
_NUMBER = re.compile(r"\.([1-9][0-9]{0,6}|\?)(?=[.:]|\Z)")
_CLOSE = 0.75
"""How much of two texts has to agree, as difflib counts it."""


def suggested(text: str, published: Published, is_valid: Callable[[Placeholder], bool]) -> str:
    """Return the placeholder that is closest to the first that does not exist in a text, or "".

    `{{card:vsia}}` gives `{{card:visa}}`, `{{nmae.4}}` gives `{{name.N}}`.
    """
    for match in _PLACEHOLDER.finditer(text):
        placeholder = whole(match[0])
        if placeholder is None or not is_valid(placeholder):
            return _closest(match[1], published)
    return ""


def _closest(written: str, published: Published) -> str:
    plain = _NUMBER.sub(".N", written, count=1)
    closest = get_close_matches(plain, set(_all(published)), n=1, cutoff=_CLOSE)
    return f"{{{{{closest[0]}}}}}" if closest else ""


def _all(published: Published) -> Iterator[str]:
    """Yield all placeholders without their braces, variables with N as their number."""
    for of_kind, name in published.values:
        yield from _with_slots(f"{of_kind}:{name}", KINDS[of_kind].slots)
    for variable, kind in KINDS.items():
        yield from (f"{variable}:{name}" for name in kind.classes)
        if not kind.class_only:
            yield from (f"{variable}.N:{guard}" for guard in kind.guards)
            yield from _with_slots(f"{variable}.N", kind.slots)


def _with_slots(placeholder: str, slots: Iterable[str]) -> Iterator[str]:
    yield placeholder
    yield from (f"{placeholder}.{slot}" for slot in slots)
