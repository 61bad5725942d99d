"""Features of blocks of lines: stretches of probable content, lists of like lines, and records.

A teaser or a comment in full sentences looks like the article, line by line. As blocks they differ: the article is
one large block, teasers are small ones with sure boilerplate between them, and comments or teasers are records: a
line of the same kind, such as "0 hours ago" or "Reply", comes again at intervals. A list shares one label.
"""

from typing import Final

import numpy as np

from dechaff._typing import Columns, Flags, Hashes, Indices, Values
from dechaff.features.words import first_words
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import log1p_counts, max_rows, mean_rows, repeat_rows, shift, sum_before, sum_rows
from dechaff.text.tokens import Words, join_hashes, mix

# Lines with lower log-odds stand between blocks of content.
_BETWEEN: Final = -1.5
# The log-odds before the first line of an article.
_OUTSIDE: Final = -4.0
# Records begin or end with a line of at most this width in characters, of which at least three follow each other at
# intervals of two lines or more on average, and at most 25. Their lengths are compared in words of five characters.
_LARGEST_WIDTH: Final = 80
_WORD_WIDTH: Final = 5
_FEWEST: Final = 3
_SHORTEST, _LONGEST = 2, 25
_UNITS: Final = 1 << 16
# Lines of one list agree in these flags.
_LIST_FLAGS: Final = ("begins_with_bullet", "is_prose", "is_short", "ends_with_sentence", "is_upper")
# Lines have the same shape if these flags agree and their lengths fall into the same logarithmic class.
SHAPE_FLAGS: Final = (
    "ends_with_sentence",
    "begins_with_capital",
    "begins_with_lower",
    "begins_with_digit",
    "begins_with_bullet",
    "has_digit",
    "ends_with_digit",
    "is_upper",
    "ends_with_colon",
)

_OF_RECORDS: Final = ("log_lists_of_records_by_{}", "log_n_records_by_{}", "log_odds_of_records_by_{}")
BLOCK_NAMES: Final = (
    "block_share",
    "block_to_largest",
    "share_before_block",
    "log_gap_before_block",
    "log_block_words",
    "log_block_lines",
    "log_list_lines",
    "list_mean_log_odds",
    "list_largest_log_odds",
    "log_odds_before_list",
    "colon_before_list",
    *(name.format(key) for key in ("shape", "first_word") for name in _OF_RECORDS),
)


def block_features(words: Words, columns: Columns, log_odds: Values, probability: Values) -> Columns:
    """Compute the features of each line's block, list and records.

    Parameters
    ----------
    words : Words
    columns : dict of str to ndarray
        The features of stage 1.
    log_odds, probability : ndarray of float64, shape (n_lines,)
        Of stage 1.
    """
    batch = words.batch
    offsets = batch.part_lines
    found = measure_blocks(log_odds, probability * np.maximum(words.counts, 1), offsets)
    found |= _lists(log_odds, columns, offsets)
    classes = length_classes(words.widths / _WORD_WIDTH, 1)
    begins = join_hashes(first_words(words), classes * np.uint64(2) + columns["has_digit"])
    is_short = (words.counts > 0) & (words.widths <= _LARGEST_WIDTH)
    for name, keys in (("shape", line_shapes(columns, classes)), ("first_word", begins)):
        values = _records(keys, is_short, log_odds, batch)
        found |= {label.format(name): value for label, value in zip(_OF_RECORDS, values, strict=True)}
    return found


def length_classes(lengths: Values, per_doubling: float) -> Hashes:
    """Return the logarithmic class of each length, 0 for lengths up to 1, shape (n_lines,).

    Parameters
    ----------
    lengths : ndarray of float64, shape (n_lines,)
    per_doubling : float
        The number of classes from a length to its double.
    """
    return np.floor(per_doubling * np.log2(np.maximum(lengths, 1))).astype(np.uint64)


def line_shapes(columns: Columns, classes: Hashes) -> Hashes:
    """Return a hash of each line's shape: its `SHAPE_FLAGS` and the class of its length, shape (n_lines,).

    Parameters
    ----------
    columns : dict of str to ndarray
        The features of stage 1.
    classes : ndarray of uint64, shape (n_lines,)
    """
    flags = np.zeros(len(classes), np.uint64)
    for name in SHAPE_FLAGS:
        flags <<= np.uint64(1)
        flags |= columns[name].astype(np.uint64)
    return mix((classes << np.uint64(len(SHAPE_FLAGS))) | flags)


def measure_blocks(log_odds: Values, mass: Values, offsets: Indices) -> Columns:
    """Measure the block of probable content that each line is in, by its expected number of content words.

    These are its share of the words of all blocks, its size relative to the largest one, the share of the words in
    the blocks before it, the number of lines between it and the block before, and its own words and lines. Lines
    between blocks have a block of their own without words.

    Parameters
    ----------
    log_odds : ndarray of float64, shape (n_lines,)
    mass : ndarray of float64, shape (n_lines,)
        The expected number of content words of each line.
    offsets : ndarray of int64, shape (n_parts + 1,)
        Where each part's lines begin.

    Examples
    --------
    >>> log_odds, mass = np.array([-3.0, 2.0, 2.0, -3.0, 1.0]), np.array([0, 8.0, 8.0, 0, 4.0])
    >>> measure_blocks(log_odds, mass, np.array([0, 5]))["block_share"].tolist()
    [0.0, 0.8, 0.8, 0.0, 0.2]
    """
    is_between = log_odds < _BETWEEN
    lines, blocks = find_blocks(is_between, offsets)
    n_lines = np.diff(lines)
    words = sum_rows(mass, lines) * ~is_between[lines[:-1]]
    total = np.maximum(repeat_rows(sum_rows(words, blocks), blocks), 1)
    largest = np.maximum(repeat_rows(max_rows(words, blocks), blocks), 1)
    gap = np.zeros(len(words), np.int64)
    gap[1:] = n_lines[:-1]
    gap[blocks[:-1][np.diff(blocks) > 0]] = 0
    of_block: Columns = {
        "block_share": words / total,
        "block_to_largest": words / largest,
        "share_before_block": sum_before(words, blocks) / total,
        "log_gap_before_block": log1p_counts(gap, rounded=True),
        "log_block_words": np.log1p(words),
        "log_block_lines": log1p_counts(n_lines, rounded=True),
    }
    return {name: repeat_rows(values, lines) for name, values in of_block.items()}


def find_blocks(key: Flags | Indices, offsets: Indices) -> tuple[Indices, Indices]:
    """Divide each part into blocks: maximal sequences of lines with equal keys.

    Parameters
    ----------
    key : ndarray of bool or integers, shape (n_lines,)
    offsets : ndarray of int64, shape (n_parts + 1,)

    Returns
    -------
    lines : ndarray of int64, shape (n_blocks + 1,)
        Where each block's lines begin.
    blocks : ndarray of int64, shape (n_parts + 1,)
        Where each part's blocks begin.

    Examples
    --------
    >>> lines, blocks = find_blocks(np.array([True, False, False, True]), np.array([0, 3, 4]))
    >>> lines.tolist(), blocks.tolist()
    ([0, 1, 3, 4], [0, 2, 3])
    """
    begins = np.ones(len(key), np.bool_)
    begins[1:] = key[1:] != key[:-1]
    begins[offsets[:-1][np.diff(offsets) > 0]] = True
    starts = np.flatnonzero(begins)
    return np.append(starts, len(key)), np.searchsorted(starts, offsets)


def _lists(log_odds: Values, columns: Columns, offsets: Indices) -> Columns:
    """Measure the sequence of like lines that each line is in, and the line before it, which may introduce it."""
    key = np.zeros(len(log_odds), np.int64)
    for name in _LIST_FLAGS:
        key <<= 1
        key |= columns[name]
    lines, _ = find_blocks(key, offsets)
    starts = lines[:-1]
    has_colon = columns["ends_with_colon"].astype(np.float32)
    of_list: Columns = {
        "log_list_lines": log1p_counts(np.diff(lines), rounded=True),
        "list_mean_log_odds": mean_rows(log_odds, lines),
        "list_largest_log_odds": np.maximum.reduceat(log_odds, starts) if len(starts) else log_odds,
        "log_odds_before_list": shift(log_odds, offsets, -1, _OUTSIDE)[starts],
        "colon_before_list": shift(has_colon, offsets, -1)[starts],
    }
    return {name: repeat_rows(values, lines) for name, values in of_list.items()}


def _records(keys: Hashes, is_short: Flags, log_odds: Values, batch: LineBatch) -> tuple[Values, Values, Values]:
    """Find lists of records by short lines with equal keys that come again at intervals.

    Everything from one such line to the next belongs to the list, and as much before the first and after the last.

    Returns
    -------
    n_lists, n_records, log_odds : ndarray of float64, shape (n_lines,)
        The logarithm of the number of lists that each line is in; the mean logarithm of their numbers of records;
        the mean log-odds of the lines that come again.
    """
    lines = np.flatnonzero(is_short)
    keys = join_hashes(batch.line_parts.astype(np.uint64), keys)[lines]
    order = np.argsort(keys, kind="stable")
    lines, keys = lines[order], keys[order]
    begins = np.ones(len(lines), np.bool_)
    begins[1:] = (keys[1:] != keys[:-1]) | (np.diff(lines) > _LONGEST)
    starts = np.flatnonzero(begins)
    counts = np.diff(np.append(starts, len(lines)))
    first, last = lines[starts], lines[starts + counts - 1]
    gaps = (last - first) / np.maximum(counts - 1, 1)
    is_list = (counts >= _FEWEST) & (gaps >= _SHORTEST)
    mean_odds = np.add.reduceat(log_odds[lines], starts) / counts if len(starts) else np.zeros(0)
    first, last, reach = first[is_list], last[is_list], np.rint(gaps[is_list]).astype(np.int64)
    parts = batch.line_parts[first]
    spans = (
        np.maximum(first - reach + 1, batch.part_lines[parts]),
        np.minimum(last + reach, batch.part_lines[parts + 1]),
    )
    ones = np.ones(len(first))
    n_lists, n_records, odds = (
        _cover(values, *spans, batch.n_lines) for values in (ones, np.log(counts[is_list]), mean_odds[is_list])
    )
    return np.log1p(n_lists), n_records / np.maximum(n_lists, 1), odds / np.maximum(n_lists, 1)


def _cover(values: Values, begins: Indices, ends: Indices, n_lines: int) -> Values:
    """Return for each line the sum of the values of the spans that it is in."""
    values = np.rint(values * _UNITS)  # sums of whole numbers are exact
    steps = np.bincount(begins, values, n_lines + 1) - np.bincount(ends, values, n_lines + 1)
    return np.asarray(np.cumsum(steps)[:-1] / _UNITS, np.float64)
