r"""Patterns that are searched in text from anywhere, at a cost that the text's size bounds.

Python's own engine tries again from each character, and what a stranger wrote can make that take
hours: `[a-z]*1` in a line of a million letters is tried half a million times a million steps.

    google-re2   linear by its construction; used if it is installed (`pip install tokentape[re2]`)
    regex        as Python's engine, but it gives up in time. It has wheels for every system, and
                 google-re2 has none for Alpine. What takes too long is refused, never let through.

Both take the same patterns and find the same: the leftmost match, its alternatives in order. Where
one has to be told where a match can begin, so that it does not try from each character, a pattern
has `word`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from tokentape.errors import SearchTooSlow

try:
    import re2
except ImportError:
    re2 = None

Pattern = Any
"""A compiled pattern, with `search`, `finditer` and `sub`."""
Replace = Callable[[Any], bytes] | bytes

LINE_END = rb"[ \t]*\\?[\r\n]+[ \t]*(?:(?:[#>*|]|//)+ ?)?\\?[ \t]*"
"""A line end inside a value, with the characters that YAML, comments and quotes add."""
_SECONDS = 1.0
_SECONDS_PER_BYTE = 2e-6
"""How long a search may take without re2; usual text takes a tenth of that."""


def bytewise(pattern: bytes, word: bytes = b"") -> Pattern:
    """Compile a pattern that matches bytes, not UTF-8 characters.

    `word` is a class of characters, as in `[...]`, where a match begins with as many of them as
    there are: it cannot begin inside such a word.
    """
    if re2 is None:
        return Limited(pattern if not word else b"(?<![%s])%s" % (word, pattern))
    options = re2.Options()
    options.encoding = options.Encoding.LATIN1
    options.log_errors = False
    return re2.compile(pattern, options)


def of_characters(pattern: bytes) -> Pattern:
    r"""Compile a pattern that matches characters of UTF-8 text; its only method is `sub`.

    >>> of_characters(rb"[^\P{Nd}0-9]").sub(b"4", "\u0664\uff122".encode())
    b'442'
    """
    return LimitedCharacters(pattern) if re2 is None else re2.compile(pattern)


class Limited:
    """A pattern of `regex` on bytes, each search of which has to end in time."""

    def __init__(self, pattern: bytes) -> None:
        import regex  # noqa: PLC0415  re2 does without

        self._pattern = regex.compile(pattern)

    def search(self, text: bytes) -> Any:  # noqa: ANN401  a match of regex
        """Return the first match. Raises SearchTooSlow."""
        try:
            return self._pattern.search(text, timeout=_seconds(text))
        except TimeoutError:
            _refuse()

    def finditer(self, text: bytes) -> Iterator[Any]:
        """Return the matches. Raises SearchTooSlow."""
        try:  # all at once: what is done with each would count as well
            return iter(list(self._pattern.finditer(text, timeout=_seconds(text))))
        except TimeoutError:
            _refuse()

    def sub(self, replace: Replace, text: bytes) -> bytes:
        """Replace the matches. Raises SearchTooSlow."""
        try:
            replaced: bytes = self._pattern.sub(replace, text, timeout=_seconds(text))
        except TimeoutError:
            _refuse()
        return replaced


class LimitedCharacters:
    """A pattern of `regex` on the characters of UTF-8 text; bytes that are none match nothing."""

    def __init__(self, pattern: bytes) -> None:
        import regex  # noqa: PLC0415  as above

        escapes = re.compile(r"\\x\{([0-9a-f]+)\}")
        self._pattern = regex.compile(
            escapes.sub(lambda escape: f"\\U{escape[1]:0>8}", pattern.decode("ascii"))
        )

    def sub(self, replace: Replace, text: bytes) -> bytes:
        """Replace the matches; each has its bytes at 0. Raises SearchTooSlow."""

        def replaced(match: Any) -> str:  # noqa: ANN401  a match of regex
            new = replace([match[0].encode()]) if callable(replace) else replace
            return new.decode()

        characters = text.decode("utf-8", "surrogateescape")
        try:
            characters = self._pattern.sub(replaced, characters, timeout=_seconds(text))
        except TimeoutError:
            _refuse()
        return characters.encode("utf-8", "surrogateescape")


def _seconds(text: bytes) -> float:
    return _SECONDS + _SECONDS_PER_BYTE * len(text)


def _refuse() -> NoReturn:
    raise SearchTooSlow from None
