r"""Card numbers in text that is not a cassette: the careful search.

Such text has ids, hashes and tables, and few of their numbers are card numbers. So a number counts
in these forms only:

* unbroken: `4539…`, also between letters (`PAN4539…`), or continued on the next line after `\`;
* in the groups that are printed on cards, with the same separator between them, whatever it is
  (4539 57…, 4539|57…), also when a line ends at one of them, as YAML folds it;
* in any groups or lengths after a word for cards, on the same line or at the end of that above;
* as magnetic stripes hold it: `%B4539…^NAME^3012…` (track 1), `;4539…=3012…` (track 2);
* as chips do, in hex: `5A 08 45 39…` (tag, length, number), `57 11 45 39…D3012…` (track 2).

A number does not count in a longer word with other digits, in a table of groups like its own, or
after the name of an id.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache
from itertools import accumulate

from tokentape.pure.leak_check.cards import NO_DIGIT, is_card_number
from tokentape.pure.leak_check.patterns import LINE_END, bytewise

_COMMON_LENGTHS = frozenset({14, 15, 16})
"""Longer and shorter card numbers are rare, and ids of those lengths are not."""
_MAX_LENGTH = 19

_UNBROKEN = bytewise(rb"[0-9]{14,16}|[0-9]{17,}|[0-9]{1,15}\\[\r\n]+[ \t]*\\?[0-9]{1,15}")
_MARKS = rb"-_.+|/~*=#"
"""What stands between groups, beside spaces and tabs; `plain` has replaced other scripts' marks."""
_GAPS = (b" {1,2}", b"\t+", *(b" {0,2}[%c]{1,2} {0,2}" % mark for mark in _MARKS))


def _groups(between: bytes, *sizes: bytes) -> bytes:
    return between.join(b"[0-9]{%s}" % size for size in sizes)


_GROUPED = bytewise(
    b"|".join(
        _groups(gap, *sizes)
        for gap in _GAPS
        for sizes in ((b"4", b"4", b"4", b"4"), (b"4", b"6", b"4,5"))
    )
)


def _folded(gap: bytes, *sizes: bytes) -> Iterator[bytes]:
    """Yield the patterns of groups with a line end at one of the gaps."""
    for first in range(1, len(sizes)):
        yield _groups(gap, *sizes[:first]) + gap + b"?" + LINE_END + _groups(gap, *sizes[first:])


_FOLDED = bytewise(
    b"|".join(
        pattern
        for gap in (b" ", b"-")
        for sizes in ((b"4", b"4", b"4", b"4"), (b"4", b"6", b"4,5"))
        for pattern in _folded(gap, *sizes)
    )
)


def separate_card_numbers(text: bytes, public: Collection[str]) -> Iterator[int]:
    """Yield offsets of card numbers of usual lengths, except `public` ones (digits)."""
    for pattern, is_part in (
        (_UNBROKEN, _is_in_word),
        (_GROUPED, _is_in_table),
        (_FOLDED, _is_in_table),
    ):
        for match in pattern.finditer(text):
            digits = NO_DIGIT.sub(b"", match[0])
            if len(digits) in _COMMON_LENGTHS and is_card_number(digits, public):
                before, after = _context(text, *match.span(), across=pattern is _FOLDED)
                if not is_part(match[0], before, after) and not _ID_LABEL.search(before):
                    yield match.start()


_CONTEXT = 64
"""Bytes before and after a number that are searched for what it is."""
_LINE_ENDS_TO_SPACES = bytes.maketrans(b"\r\n", b"  ")


def _context(text: bytes, start: int, end: int, *, across: bool = False) -> tuple[bytes, bytes]:
    """Return the text before and after a number: within its line, or `across` lines."""
    before, after = text[max(start - _CONTEXT, 0) : start], text[end : end + _CONTEXT]
    if across:
        return before.translate(_LINE_ENDS_TO_SPACES), after.translate(_LINE_ENDS_TO_SPACES)
    return before.rpartition(b"\n")[2], after.partition(b"\n")[0]


_DIGIT_BEFORE = re.compile(rb"[0-9][A-Za-z]*$|[0-9]\.$")
_DIGIT_AFTER = re.compile(rb"[A-Za-z]*[0-9]|\.[0-9]")


def _is_in_word(_: bytes, before: bytes, after: bytes) -> bool:
    """Tell whether a number is a part of a word with other digits: an id, a hash, a fraction."""
    return bool(_DIGIT_BEFORE.search(before) or _DIGIT_AFTER.match(after))


def _is_in_table(groups: bytes, before: bytes, after: bytes) -> bool:
    """Tell whether there are more groups beside these, or they are part of a word."""
    mark = re.sub(rb"[0-9\s\\]+", b"", groups)[:1] or b" "
    group_before, group_after = _beside(mark)
    return bool(group_before.search(before) or group_after.match(after))


@cache
def _beside(mark: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return what finds a group of a table before, and after, groups with a mark between them."""
    gap = rb"[ \t]*[ \t+%s-][ \t]*" % re.escape(mark)
    group = rb"(?=[A-F]{0,5}[0-9])[0-9A-F]{4,6}"
    return (
        re.compile(rb"(?:[A-Za-z0-9.]|%s%s)$" % (group, gap)),
        re.compile(rb"[A-Za-z0-9]|\.[0-9]|%s%s" % (gap, group)),
    )


_ID_LABEL = re.compile(
    rb"(?:\b(?:id|ID|ts)|_id|_ID|[a-z]I[dD]|time|stamp|hash|seq|seed|isbn|ean|gtin|imei|offset|nonce)"
    rb"[\"']?\s*[:=]\s*[\"']?$|[A-Z]{2}[0-9]{2} $"
)
"""The name of an id or time, or the beginning of an IBAN, directly before a number."""

_LOOSELY_GROUPED = bytewise(
    rb"[0-9](?:(?:[ \t%s]{0,3}|%s)[0-9]){12,}" % (_MARKS.replace(b"-", rb"\-"), LINE_END)
)
_GROUP = re.compile(rb"[0-9]+")
_CARD_LABEL = re.compile(
    rb"(?i)card|visa|amex|discover|diners|jcb|unionpay|\b(?:pan|cc)\b|\bnumber[\"'\]]*\s*[:=]"
    rb"|[\"'\[]number[\"'\]]"
)


_LABEL_ABOVE = re.compile(
    rb"(?i)(?:(?:card|visa|amex|discover|diners|jcb|unionpay|\b(?:pan|cc))"
    rb"[ _-]?(?:num(?:ber)?|no|nr)?[.\"'\]]*\s*[:=]?|\bnumber[\"'\]]*\s*[:=])(?:\s|</?[a-z0-9]+>)*$"
)
"""The end of a line that names what the next one begins with."""
_NOTHING_BEFORE = re.compile(rb"(?i)(?:[\s>#*|/\"'\\-]|</?[a-z][^<>]*>)*")
"""What may stand on a line before what it begins with: marks of lists and comments, HTML."""


def _is_labelled_above(text: bytes, start: int) -> bool:
    """Tell whether a number that its line begins with has a word for cards on the line above."""
    line = text.rfind(b"\n", max(start - _CONTEXT, 0), start) + 1
    if not line or not _NOTHING_BEFORE.fullmatch(text, line, start):
        return False
    above = text[max(line - _CONTEXT, 0) : line].rstrip()
    return bool(_LABEL_ABOVE.search(above.rpartition(b"\n")[2]))


def labelled_card_numbers(text: bytes, public: Collection[str]) -> Iterator[int]:
    """Yield offsets of card numbers in unusual groups or lengths after a word for cards."""
    for match in _LOOSELY_GROUPED.finditer(text):
        before, after = _context(text, *match.span())
        is_labelled = _CARD_LABEL.search(before) or _is_labelled_above(text, match.start())
        if is_labelled and not _is_in_word(match[0], before, after):
            groups = list(_GROUP.finditer(match[0]))
            for first, group in enumerate(groups):
                numbers = accumulate(each[0] for each in groups[first : first + _MAX_LENGTH])
                if any(len(each) > 12 and is_card_number(each, public) for each in numbers):
                    yield match.start() + group.start()


# ISO/IEC 7813: track 1 has the format code B and carets; track 2 an equals sign, and the expiry.
_TRACK = bytewise(rb"%?B([0-9](?: ?[0-9]){11,18})\^|;?\b([0-9]{12,19})=[0-9]{7}")
# EMV book 3, annex B: tag, octets, digits. 5A is the number, with F after an odd one; 57 is track
# 2, with D for the equals sign. There may be a space or colon between octets.
_BETWEEN = b"[ :]?"
_CHIP = bytewise(
    b"(?i)5A%s(?:" % _BETWEEN
    + b"|".join(
        b"0%X%s(?:[0-9]{2}%s){%d}[0-9][0-9F]" % (octets, _BETWEEN, _BETWEEN, octets - 1)
        for octets in range(6, 11)
    )
    + b")|57%s(?:0[9A-F]|1[0-3])%s(?:[0-9]%s){12,19}D%s[0-9]%s[0-9]" % ((_BETWEEN,) * 5)
)
_CHIP_MARKS = re.compile(rb"[ :]")


def recorded_card_numbers(text: bytes, public: Collection[str]) -> Iterator[int]:
    """Yield offsets of card numbers as magnetic stripes and chips hold them."""
    for match in _TRACK.finditer(text):
        if is_card_number(NO_DIGIT.sub(b"", match[1] or match[2]), public):
            yield match.start()
    for match in _CHIP.finditer(text):
        number = _CHIP_MARKS.sub(b"", match[0])[4:].upper()
        if is_card_number(number.partition(b"D")[0].rstrip(b"F"), public):
            yield match.start()


SEARCHES = (separate_card_numbers, labelled_card_numbers, recorded_card_numbers)
"""Each yields the offsets of card numbers in a text, except those that are public."""
