"""Unicode properties as look-up tables, so that one gather classifies all code points of a buffer.

The tables are built from `unicodedata` on first use (about 40 ms) and cover every code point.
"""

import unicodedata
from functools import cache
from typing import Final

import numpy as np

from dechaff._typing import Classes, Codes

N_CODE_POINTS: Final = 0x110000
# Above this, only private-use characters, tags and variation selectors are assigned.
_N_ASSIGNED: Final = 0x323B0

# The classes of code points, one bit each, so that one array holds several properties.
LETTER: Final = 1
UPPER: Final = 2
DIGIT: Final = 4
PUNCTUATION: Final = 8
CURRENCY: Final = 16
SPACE: Final = 32
IDEOGRAPH: Final = 64  # written without spaces: each character counts as a word
LINE_BREAK: Final = 128

WORD: Final = LETTER | DIGIT

_CATEGORY_CLASS: Final = {
    "Lu": LETTER | UPPER,
    "Lt": LETTER | UPPER,
    "Ll": LETTER,
    "Lm": LETTER,
    "Lo": LETTER,
    "Mn": LETTER,
    "Mc": LETTER,
    "Me": LETTER,
    "Nd": DIGIT,
    "Nl": LETTER,
    "No": DIGIT,
    "Sc": CURRENCY,
    "Zs": SPACE,
    "Zl": SPACE,
    "Zp": SPACE,
}
# Scripts that put no space between words (Unicode blocks).
_UNSPACED_BLOCKS: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # ideographic iteration mark, zero
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9D),  # half-width Katakana
    (0x20000, 0x323AF),
)
# The line breaks of `str.splitlines`: LF, VT, FF, CR, FS, GS, RS, NEL, LINE and PARAGRAPH SEPARATOR.
_LINE_BREAKS: Final = (0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029)
# Tab, unit separator, and characters without width: a line that consists only of spaces is blank.
_OTHER_SPACES: Final = (0x09, 0x1F, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF)


def _category_class(category: str) -> int:
    return PUNCTUATION if category[0] == "P" else _CATEGORY_CLASS.get(category, 0)


@cache
def class_table() -> Classes:
    """Return the class bits of every code point.

    Returns
    -------
    ndarray of uint8, shape (0x110000,)

    Examples
    --------
    >>> [c for c in "a1₹ 世" if class_table()[ord(c)] & CURRENCY]
    ['₹']
    """
    classes = {c: _category_class(c) for c in {*map(unicodedata.category, map(chr, range(0x3000)))}}
    categories = map(unicodedata.category, map(chr, range(_N_ASSIGNED)))
    table = np.zeros(N_CODE_POINTS, np.uint8)
    table[:_N_ASSIGNED] = np.fromiter(
        (classes.get(c) or _category_class(c) for c in categories), np.uint8, _N_ASSIGNED
    )
    table[list(_OTHER_SPACES)] = SPACE
    table[list(_LINE_BREAKS)] = SPACE | LINE_BREAK
    for first, last in _UNSPACED_BLOCKS:
        block = table[first : last + 1]
        block[(block & LETTER) > 0] |= IDEOGRAPH
    table.flags.writeable = False
    return table


@cache
def fold_table() -> Codes:
    """Return the folded form of every code point, by which words are compared.

    Letters become lower case, full-width forms become ordinary characters and every decimal digit becomes 0, so
    that `£1,234` and `£5,678` consist of the same words.

    Returns
    -------
    ndarray of uint32, shape (0x110000,)

    Examples
    --------
    >>> "".join(map(chr, fold_table()[[ord(c) for c in "ＡbÇ٣9"]]))
    'abç00'
    """
    table = np.arange(N_CODE_POINTS, dtype=np.uint32)
    wide = np.arange(0xFF01, 0xFF5F)
    table[wide] = wide - 0xFEE0
    classes = class_table()
    for code in np.flatnonzero(classes & UPPER).tolist():
        lower = chr(int(table[code])).lower()
        table[code] = ord(lower) if len(lower) == 1 else ord(lower[0])
    decimal = [c for c in np.flatnonzero(classes & DIGIT).tolist() if unicodedata.category(chr(c)) == "Nd"]
    table[decimal] = ord("0")
    table[ord("ς")] = ord("σ")
    table[0x2019] = ord("'")
    table.flags.writeable = False
    return table
