"""Length, what a line is made of, how it begins and ends.

Clipped logarithms and shares as in Web2Text (Vogels et al. 2018) and dragnet (Peters and Lecocq 2013).
"""

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff.characters import DIGIT, IDEOGRAPH, LETTER, N_CODE_POINTS, PUNCTUATION, SPACE, UPPER
from dechaff.lines import LineBatch
from dechaff.runs import mean_runs, shift, sum_runs
from dechaff.tokens import Words

Columns = dict[str, NDArray[np.float64]]

# An ideograph says about as much as three letters: lengths become comparable between scripts.
_IDEOGRAPH_WIDTH: Final = 3
PROSE_WIDTH: Final = 80
# Four 16-bit counters share a word: a longer line counts by its first 65,535 code points, so that none overflows.
_COUNTED: Final = 65_535

# Punctuation and symbols by what they do in a line.
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
_MARK_NAMES: Final = tuple(MARKS)


@cache
def mark_table() -> NDArray[np.uint8]:
    """Give every code point the number of its mark, 0 for none, in the order of `MARKS`."""
    table = np.zeros(N_CODE_POINTS, np.uint8)
    for number, characters in reversed(list(enumerate(MARKS.values(), 1))):
        table[[ord(c) for c in characters]] = number
    return table


def shape_features(batch: LineBatch, words: Words, _: Columns) -> Columns:
    """Describe each line by itself: length, shares of kinds of characters, first and last character."""
    counts = _count_classes(batch)
    n_chars = np.minimum(batch.ends - batch.starts, _COUNTED)
    letters = np.maximum(counts["letters"], 1)
    width = n_chars + (_IDEOGRAPH_WIDTH - 1) * counts["ideographs"]
    marks = _count_marks(batch)
    n_words = np.maximum(words.counts, 1)
    columns = {
        "log_n_chars": np.log1p(width),
        "log_n_words": np.log1p(words.counts),
        "is_short": (width < 25) * 1.0,
        "is_long": (width >= PROSE_WIDTH) * 1.0,
        "is_very_long": (width >= 3 * PROSE_WIDTH) * 1.0,
        "mean_word_length": np.log1p(width / n_words),
        "share_letters": counts["letters"] / n_chars,
        "share_upper": counts["upper"] / letters,
        "share_digits": counts["digits"] / n_chars,
        "share_ideographs": counts["ideographs"] / n_chars,
        "share_spaces": counts["spaces"] / n_chars,
        "is_upper": (counts["upper"] == letters) * 1.0,
        "has_digit": (counts["digits"] > 0) * 1.0,
    }
    for number, name in enumerate(_MARK_NAMES):
        columns[f"n_{name}"] = np.log1p(marks[number])
        columns[f"share_{name}"] = np.minimum(marks[number] / n_words, 1.0)
    columns |= _word_shapes(batch, words)
    columns |= _ends(batch)
    columns |= _gaps(batch)
    columns["is_prose"] = columns["is_long"] * (marks[0] > 0)
    return columns


def _count_classes(batch: LineBatch) -> Columns:
    """Count letters, capitals, digits, ideographs and spaces of each line in two packed sums."""
    ends = np.minimum(batch.ends, batch.starts + _COUNTED)
    packed = np.zeros(256, np.uint64)
    bits = np.arange(256)
    for place, class_bit in enumerate((LETTER, UPPER, DIGIT, IDEOGRAPH)):
        packed |= ((bits & class_bit) > 0).astype(np.uint64) << np.uint64(16 * place)
    sums = _sum_spans(packed.take(batch.classes, mode="clip"), batch.starts, ends)  # a byte is within bounds
    fields = [(sums >> np.uint64(16 * place)) & np.uint64(0xFFFF) for place in range(4)]
    names = ("letters", "upper", "digits", "ideographs")
    counts = {name: field.astype(np.float64) for name, field in zip(names, fields, strict=True)}
    counts["spaces"] = _sum_spans((batch.classes & SPACE) >> 5, batch.starts, ends, np.uint32).astype(np.float64)
    return counts


def _sum_spans(
    values: NDArray[Any],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    dtype: type[np.generic] | None = None,
) -> NDArray[Any]:
    if not len(starts):
        return values[:0]
    bounds = np.column_stack((starts, ends)).ravel()  # every line ends before the buffer does: a break follows
    return np.add.reduceat(values, bounds, dtype=dtype)[::2]


def _count_marks(batch: LineBatch) -> NDArray[np.float64]:
    """Count each kind of mark in each line, shape (n_kinds, n_lines)."""
    candidates = np.flatnonzero((batch.classes & (LETTER | DIGIT | SPACE)) == 0)
    marks = mark_table()[batch.codes[candidates]].astype(np.int64)
    first = np.append(np.searchsorted(candidates, batch.starts), len(candidates))
    lines = np.repeat(np.arange(batch.n_lines), np.diff(first))
    marks = marks[len(marks) - len(lines) :]
    n_kinds = len(_MARK_NAMES) + 1
    counts = np.bincount(lines * n_kinds + marks, minlength=batch.n_lines * n_kinds)
    return counts.reshape(-1, n_kinds).T[1:].astype(np.float64)


def _word_shapes(batch: LineBatch, words: Words) -> Columns:
    lengths, first = words.ends - words.starts, batch.classes[words.starts]
    capital, number = (first & UPPER) > 0, (first & DIGIT) > 0
    return {
        "share_capitalised_words": mean_runs(capital * 1.0, words.offsets),
        "share_numbers": mean_runs(number * 1.0, words.offsets),
        "share_short_words": mean_runs(((lengths <= 3) & ~capital & ~number) * 1.0, words.offsets),
        "n_long_words": np.log1p(sum_runs((lengths >= 9) * 1.0, words.offsets)),
    }


def _ends(batch: LineBatch) -> Columns:
    """Tell how each line begins and ends; a closing quote or bracket is looked through once."""
    first, last = batch.codes[batch.starts], batch.codes[batch.ends - 1]
    before_last = batch.codes[np.maximum(batch.ends - 2, batch.starts)]
    table = mark_table()
    kinds = {name: number for number, name in enumerate(_MARK_NAMES, 1)}
    closing = np.isin(table[last], (kinds["quote"], kinds["bracket"]))
    ending = np.where(closing, table[before_last], table[last])
    classes = batch.classes[batch.starts]
    return {
        "ends_with_sentence": (ending == kinds["sentence_end"]) * 1.0,
        "ends_with_ellipsis": ((last == 0x2026) | ((last == 0x2E) & (before_last == 0x2E))) * 1.0,
        "ends_with_colon": (ending == kinds["colon"]) * 1.0,
        "ends_with_comma": (ending == kinds["comma"]) * 1.0,
        "ends_with_digit": ((batch.classes[batch.ends - 1] & DIGIT) > 0) * 1.0,
        "ends_with_separator": (ending == kinds["separator"]) * 1.0,
        "ends_with_quote": closing * 1.0,
        "begins_with_capital": ((classes & UPPER) > 0) * 1.0,
        "begins_with_lower": ((classes & (UPPER | LETTER | IDEOGRAPH)) == LETTER) * 1.0,
        "begins_with_digit": ((classes & DIGIT) > 0) * 1.0,
        "begins_with_bullet": (table[first] == kinds["bullet"]) * 1.0,
        "begins_with_quote": (table[first] == kinds["quote"]) * 1.0,
        "begins_with_bracket": (table[first] == kinds["bracket"]) * 1.0,
        "begins_with_other_mark": (((classes & PUNCTUATION) > 0) & (table[first] == 0)) * 1.0,
    }


def _gaps(batch: LineBatch) -> Columns:
    """Count the blank lines before and after each line, and its indentation."""
    breaks = np.searchsorted(batch.breaks, batch.starts)
    before = np.minimum(np.diff(breaks, prepend=0), 4).astype(np.float64)
    starts_article = batch.article_lines[:-1][np.diff(batch.article_lines) > 0]
    before[starts_article] = 4
    line_starts = np.concatenate(([0], batch.breaks + 1))[breaks]
    return {
        "blank_lines_before": before,
        "blank_lines_after": shift(before, batch.article_lines, 1, fill=4.0),
        "log_indent": np.log1p(batch.starts - line_starts),
    }
