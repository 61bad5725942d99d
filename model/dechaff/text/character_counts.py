"""Counts of each line's characters by class: letters, capitals, digits, and punctuation by function."""

from functools import cache
from typing import Final, NamedTuple

import numpy as np

from dechaff._typing import Classes, Codes, Indices
from dechaff.kernels import accelerated
from dechaff.text.characters import CURRENCY, DIGIT, IDEOGRAPH, LETTER, N_CODE_POINTS, SPACE, UPPER, class_table
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import number_rows

# Punctuation and symbols by their function in a line.
MARKS: Final = {
    "sentence_end": ".!?。！？।؟…۔｡",
    "comma": ",，、،;；؛",
    "colon": ":：",
    "quote": '"“”„«»「」『』‘’‚‹›',
    "bullet": "•·∙◦▪■●○*–—-‣►▶✓✔★☆",
    "separator": "|/\\>→←»›<↑↓_~=+",
    "bracket": "()[]{}（）【】［］",
    "address": "@#©®™&%",
}
# The classes of `counting_table`: 0 for spaces, and for letters but capitals and ideographs; the marks; and these.
_PERCENT, _OTHER_PERCENT, _OTHER, _UPPER, _DIGIT, _IDEOGRAPH, _CURRENCY = range(len(MARKS) + 1, len(MARKS) + 8)
N_CLASSES: Final = len(MARKS) + 8


class CharacterCounts(NamedTuple):
    """Counts of characters for every line of a batch.

    Attributes
    ----------
    letters, upper, digits, ideographs, spaces, percents : ndarray of int64, shape (n_lines,)
        The numbers of characters; capitals and ideographs also count as letters.
    marks : ndarray of int64, shape (n_marks, n_lines)
        The numbers of characters of each kind of mark, in the order of `MARKS`.
    """

    letters: Indices
    upper: Indices
    digits: Indices
    ideographs: Indices
    spaces: Indices
    percents: Indices
    marks: Indices


@cache
def mark_table() -> Classes:
    """Return the kind of mark of every code point: 1 and up in the order of `MARKS`, 0 for other characters."""
    table = np.zeros(N_CODE_POINTS, np.uint8)
    for number, characters in reversed(list(enumerate(MARKS.values(), 1))):
        table[[ord(c) for c in characters]] = number
    return table


@cache
def counting_table() -> Classes:
    """Return the counting class of every code point.

    Spaces, and letters but capitals and ideographs, are the most frequent characters and have class 0: their counts
    are derived from the word lengths instead.
    """
    classes, table = class_table(), mark_table().copy()
    table[table == 0] = _OTHER
    table[ord("%")] = _PERCENT
    table[[ord("％"), ord("٪")]] = _OTHER_PERCENT
    others = {LETTER | SPACE: 0, UPPER: _UPPER, DIGIT: _DIGIT, IDEOGRAPH: _IDEOGRAPH, CURRENCY: _CURRENCY}
    for bits, number in others.items():
        table[(classes & bits) > 0] = number
    return table


def count_characters(batch: LineBatch, n_word_chars: Indices) -> CharacterCounts:
    """Count the characters of each class in every line.

    Parameters
    ----------
    batch : LineBatch
    n_word_chars : ndarray of int64, shape (n_lines,)
        The number of characters of each line that are part of words.
    """
    counts = count_classes(batch.codes, batch.classes, batch.starts, batch.ends, counting_table())
    marks = counts[1 : len(MARKS) + 1]
    marks[list(MARKS).index("address")] += counts[_PERCENT]
    return CharacterCounts(
        letters=n_word_chars - counts[_DIGIT] - counts[_CURRENCY],
        upper=counts[_UPPER],
        digits=counts[_DIGIT],
        ideographs=counts[_IDEOGRAPH],
        spaces=batch.ends - batch.starts - n_word_chars - counts[1 : _OTHER + 1].sum(axis=0) + counts[_PERCENT],
        percents=counts[_PERCENT] + counts[_OTHER_PERCENT],
        marks=marks,
    )


@accelerated
def count_classes(
    codes: Codes,
    classes: Classes,
    starts: Indices,
    ends: Indices,  # noqa: ARG001 - between lines there is only space, which is not counted
    table: Classes,
) -> Indices:
    """Count the characters of each class except 0 in every line, shape (N_CLASSES, n_lines)."""
    rare = ((classes != LETTER) & (classes != SPACE)).nonzero()[0]
    first = np.concatenate((rare.searchsorted(starts), [len(rare)]))
    cells = N_CLASSES * number_rows(first)
    cells += table.take(codes[rare[len(rare) - len(cells) :]])
    counts = np.bincount(cells, minlength=N_CLASSES * len(starts)).reshape(-1, N_CLASSES)
    counts[:, 0] = 0
    return np.ascontiguousarray(counts.T)
