"""Features of a line by itself: its length, its characters and words, and how it begins and ends.

Most are logarithms and shares, as in Web2Text (Vogels et al. 2018) and dragnet (Peters and Lecocq 2013).
"""

from functools import cache
from itertools import chain
from typing import Final

import numpy as np

from dechaff._typing import Classes, Columns, Indices
from dechaff.text.character_counts import MARKS, mark_table
from dechaff.text.characters import DIGIT, IDEOGRAPH, LETTER, PUNCTUATION, UPPER
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import Ragged, shift
from dechaff.text.scaling import log1p_counts, ratio
from dechaff.text.tokens import Words

PROSE_WIDTH: Final = 80

_OF_MARKS: Final = tuple(f"{kind}_{name}" for name in MARKS for kind in ("n", "share"))
SHAPE_NAMES: Final = (
    "log_n_chars",
    "log_n_words",
    "is_short",
    "is_long",
    "is_very_long",
    "mean_word_length",
    "share_letters",
    "share_upper",
    "share_digits",
    "share_ideographs",
    "share_spaces",
    "is_upper",
    "has_digit",
    *_OF_MARKS,
    "share_capitalised_words",
    "share_numbers",
    "share_short_words",
    "n_long_words",
    "ends_with_sentence",
    "ends_with_ellipsis",
    "ends_with_colon",
    "ends_with_comma",
    "ends_with_digit",
    "ends_with_separator",
    "ends_with_quote",
    "begins_with_capital",
    "begins_with_lower",
    "begins_with_digit",
    "begins_with_bullet",
    "begins_with_quote",
    "begins_with_bracket",
    "begins_with_other_mark",
    "blank_lines_before",
    "blank_lines_after",
    "log_indent",
    "is_prose",
)


def shape_features(batch: LineBatch, words: Words, _: Columns) -> Columns:
    """Compute features of each line by itself: length, characters, words, how it begins and ends, blank lines."""
    counts, width = words.characters, words.widths
    n_chars, letters = batch.ends - batch.starts, np.maximum(counts.letters, 1)
    n_words = np.maximum(words.counts, 1)
    kinds = np.array((counts.letters, counts.digits, counts.ideographs, counts.spaces))
    share_letters, share_digits, share_ideographs, share_spaces = ratio(kinds, n_chars)
    columns = {
        "log_n_chars": np.log1p(width),  # not float32, because other features are computed from this column
        "log_n_words": log1p_counts(words.counts),
        "is_short": width < 25,
        "is_long": width >= PROSE_WIDTH,
        "is_very_long": width >= 3 * PROSE_WIDTH,
        "mean_word_length": np.log1p(width / n_words),
        "share_letters": share_letters,
        "share_upper": ratio(counts.upper, letters),
        "share_digits": share_digits,
        "share_ideographs": share_ideographs,
        "share_spaces": share_spaces,
        "is_upper": counts.upper == letters,
        "has_digit": counts.digits > 0,
    }
    numbers, shares = log1p_counts(counts.marks), np.minimum(ratio(counts.marks, n_words), 1)
    columns |= zip(_OF_MARKS, chain.from_iterable(zip(numbers, shares, strict=True)), strict=True)
    columns |= _word_shapes(words)
    columns |= _ends(batch)
    columns |= _gaps(batch)
    columns["is_prose"] = columns["is_long"] & (counts.marks[0] > 0)
    return columns


def _word_shapes(words: Words) -> Columns:
    counts = count_word_shapes(words.first_classes, words.lengths, words.by_line)
    _, capitalised, numbers = counts.sum(axis=1)
    shares = ratio(np.array((capitalised, numbers, counts[0, 0])), np.maximum(words.counts, 1))
    return {
        "share_capitalised_words": shares[0],
        "share_numbers": shares[1],
        "share_short_words": shares[2],
        "n_long_words": log1p_counts(counts[:, 2].sum(axis=0)),
    }


def count_word_shapes(first_classes: Classes, lengths: Indices, by_line: Ragged) -> Indices:
    """Count each line's words by first character (other, capital, digit) and length, shape (3, 3, n_lines)."""
    kinds = _first_kinds().take(first_classes)
    kinds += lengths > 3
    kinds += lengths >= 9
    cells = 9 * by_line.numbers
    cells += kinds
    counts = np.bincount(cells, minlength=9 * len(by_line.counts)).reshape(-1, 9)
    return np.ascontiguousarray(counts.T).reshape(3, 3, -1)


@cache
def _first_kinds() -> Classes:
    """Return thrice the kind of a word by the class bits of its first character: 0 other, 3 capital, 6 digit."""
    classes = np.arange(256)
    return (3 * ((classes & UPPER) > 0) + 6 * ((classes & DIGIT) > 0)).astype(np.uint8)


def _ends(batch: LineBatch) -> Columns:
    """Flag how each line begins and ends; at the end, one closing quote or bracket is skipped."""
    first, last = batch.codes[batch.starts], batch.codes[batch.ends - 1]
    before_last = batch.codes[np.maximum(batch.ends - 2, batch.starts)]
    table = mark_table()
    at_start = table[first]
    marks = {name: number for number, name in enumerate(MARKS, 1)}
    at_end = table[last]
    closing = (at_end == marks["quote"]) | (at_end == marks["bracket"])
    ending = np.where(closing, table[before_last], at_end)
    classes = batch.classes[batch.starts]
    return {
        "ends_with_sentence": ending == marks["sentence_end"],
        "ends_with_ellipsis": (last == 0x2026) | ((last == 0x2E) & (before_last == 0x2E)),
        "ends_with_colon": ending == marks["colon"],
        "ends_with_comma": ending == marks["comma"],
        "ends_with_digit": (batch.classes[batch.ends - 1] & DIGIT) > 0,
        "ends_with_separator": ending == marks["separator"],
        "ends_with_quote": closing,
        "begins_with_capital": (classes & UPPER) > 0,
        "begins_with_lower": (classes & (UPPER | LETTER | IDEOGRAPH)) == LETTER,
        "begins_with_digit": (classes & DIGIT) > 0,
        "begins_with_bullet": at_start == marks["bullet"],
        "begins_with_quote": at_start == marks["quote"],
        "begins_with_bracket": at_start == marks["bracket"],
        "begins_with_other_mark": ((classes & PUNCTUATION) > 0) & (at_start == 0),
    }


def _gaps(batch: LineBatch) -> Columns:
    """Count the line breaks (at most 4) from and to the adjacent lines, and measure the indentation.

    At the ends of an article the count is 4.
    """
    breaks = batch.breaks.searchsorted(batch.starts)
    before = np.full(batch.n_lines, 4.0)
    np.minimum(breaks[1:] - breaks[:-1], 4, out=before[1:])
    before[batch.parts.firsts] = 4
    line_starts = np.concatenate(([0], batch.breaks + 1))[breaks]
    return {
        "blank_lines_before": before,
        "blank_lines_after": shift(before, batch.parts, 1, fill=4.0),
        "log_indent": log1p_counts(batch.starts - line_starts),
    }
