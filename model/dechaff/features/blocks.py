"""Features of blocks of lines: stretches of probable content, lists of like lines, and records.

A teaser or a comment in full sentences looks like the article, line by line. As blocks they differ: the article is
one large block, teasers are small ones with sure boilerplate between them, and comments or teasers are records: a
line of the same kind, such as "0 hours ago" or "Reply", comes again at intervals. A list shares one label.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from dechaff._typing import Columns, Flags, Hashes, Indices, Values
from dechaff.features.words import first_words
from dechaff.text.ragged import Ragged, max_rows, mean_rows, repeat_rows, sum_before, sum_rows
from dechaff.text.scaling import log1p_counts
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

_RECORD_KEYS: Final = ("shape", "first_word")
_OF_RECORDS: Final = ("log_lists_of_records_by_{}", "log_n_records_by_{}", "log_odds_of_records_by_{}")
_OF_BLOCK: Final = (
    "block_share",
    "block_to_largest",
    "share_before_block",
    "log_gap_before_block",
    "log_block_words",
    "log_block_lines",
)
_OF_LIST: Final = (
    "log_list_lines",
    "list_mean_log_odds",
    "list_largest_log_odds",
    "log_odds_before_list",
    "colon_before_list",
)
BLOCK_NAMES: Final = (
    *_OF_BLOCK,
    *_OF_LIST,
    *(name.format(key) for key in _RECORD_KEYS for name in _OF_RECORDS),
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
    parts = words.batch.parts
    found = measure_blocks(log_odds, probability * np.maximum(words.counts, 1), parts)
    found |= _lists(log_odds, columns, parts)
    classes = length_classes(words.widths / _WORD_WIDTH, 1)
    begins = join_hashes(first_words(words), classes * np.uint64(2) + columns["has_digit"])
    is_short = (words.counts > 0) & (words.widths <= _LARGEST_WIDTH)
    records = _records(np.array((line_shapes(columns, classes), begins)), is_short, log_odds, parts)
    for name, values in zip(_RECORD_KEYS, records, strict=True):
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
    return mix((classes << np.uint64(len(SHAPE_FLAGS))) | _pack_flags(columns, SHAPE_FLAGS).view(np.uint64))


def _pack_flags(columns: Columns, names: Sequence[str]) -> Indices:
    """Return the flags of each line as the bits of a number, shape (n_lines,)."""
    # Sums of few powers of two are exact in floating point, and faster than matrix products of integers.
    bits = 2.0 ** np.arange(len(names))[::-1]
    return np.asarray(bits @ np.array([columns[name] for name in names], np.float64), np.int64)


def measure_blocks(log_odds: Values, mass: Values, parts: Ragged) -> Columns:
    """Measure the block of probable content that each line is in, by its expected number of content words.

    These are its share of the words of all blocks, its size relative to the largest one, the share of the words in
    the blocks before it, the number of lines between it and the block before, and its own words and lines. Lines
    between blocks have a block of their own without words.

    Parameters
    ----------
    log_odds : ndarray of float64, shape (n_lines,)
    mass : ndarray of float64, shape (n_lines,)
        The expected number of content words of each line.
    parts : Ragged
        The lines of each part.

    Examples
    --------
    >>> log_odds, mass = np.array([-3.0, 2.0, 2.0, -3.0, 1.0]), np.array([0, 8.0, 8.0, 0, 4.0])
    >>> measure_blocks(log_odds, mass, Ragged(np.array([0, 5])))["block_share"].tolist()
    [0.0, 0.8, 0.8, 0.0, 0.2]
    """
    is_between = log_odds < _BETWEEN
    lines, blocks = find_blocks(is_between, parts)
    words = sum_rows(mass, lines) * ~is_between[lines.firsts]
    total = np.maximum(repeat_rows(sum_rows(words, blocks), blocks), 1)
    largest = np.maximum(repeat_rows(max_rows(words, blocks), blocks), 1)
    gap = np.zeros(len(words), np.int64)
    gap[1:] = lines.counts[:-1]
    gap[blocks.firsts] = 0
    log_gap, log_n_lines = log1p_counts(np.array((gap, lines.counts)), rounded=True)
    of_block = (
        words / total,
        words / largest,
        sum_before(words, blocks) / total,
        log_gap,
        np.log1p(words),
        log_n_lines,
    )
    return dict(zip(_OF_BLOCK, repeat_rows(np.array(of_block), lines), strict=True))


def find_blocks(key: Flags | Indices, parts: Ragged) -> tuple[Ragged, Ragged]:
    """Divide each part into blocks: maximal sequences of lines with equal keys.

    Parameters
    ----------
    key : ndarray of bool or integers, shape (n_lines,)
    parts : Ragged

    Returns
    -------
    lines : Ragged
        The lines of each block.
    blocks : Ragged
        The blocks of each part.

    Examples
    --------
    >>> lines, blocks = find_blocks(np.array([True, False, False, True]), Ragged(np.array([0, 3, 4])))
    >>> lines.offsets.tolist(), blocks.offsets.tolist()
    ([0, 1, 3, 4], [0, 2, 3])
    """
    lines = Ragged.of_runs(key, parts.firsts)
    return lines, Ragged(lines.offsets.searchsorted(parts.offsets))


def _lists(log_odds: Values, columns: Columns, parts: Ragged) -> Columns:
    """Measure the sequence of like lines that each line is in, and the line before it, which may introduce it."""
    lines, _ = find_blocks(_pack_flags(columns, _LIST_FLAGS), parts)
    before, is_inside = lines.firsts - 1, lines.firsts > parts.begins[lines.firsts]
    of_list = (
        log1p_counts(lines.counts, rounded=True),
        mean_rows(log_odds, lines),
        max_rows(log_odds, lines),
        np.where(is_inside, log_odds[before], _OUTSIDE),
        columns["ends_with_colon"][before] & is_inside,
    )
    return dict(zip(_OF_LIST, repeat_rows(np.array(of_list), lines), strict=True))


def _records(keys: Hashes, is_short: Flags, log_odds: Values, parts: Ragged) -> Values:
    """Find lists of records by short lines with equal keys that come again at intervals.

    Everything from one such line to the next belongs to the list, and as much before the first and after the last.

    Parameters
    ----------
    keys : ndarray of uint64, shape (n_keys, n_lines)
        Each line's keys of several kinds, which are compared among themselves.
    is_short : ndarray of bool, shape (n_lines,)
    log_odds : ndarray of float64, shape (n_lines,)
    parts : Ragged

    Returns
    -------
    ndarray of float64, shape (n_keys, 3, n_lines)
        The logarithm of the number of lists that each line is in; the mean logarithm of their numbers of records;
        the mean log-odds of the lines that come again.
    """
    lines = is_short.nonzero()[0]
    keys = join_hashes(parts.numbers.view(np.uint64), keys)[:, lines]
    order = keys.argsort(axis=1, kind="stable")
    lines, keys = lines[order], np.array([own[places] for own, places in zip(keys, order, strict=True)])
    begins = np.ones(lines.shape, np.bool_)
    begins[:, 1:] = (keys[:, 1:] != keys[:, :-1]) | (lines[:, 1:] - lines[:, :-1] > _LONGEST)
    same, lines = Ragged(np.concatenate((begins.ravel().nonzero()[0], [lines.size]))), lines.ravel()
    first, last = lines[same.firsts], lines[same.lasts]
    gaps = (last - first) / np.maximum(same.counts - 1, 1)
    is_list = (same.counts >= _FEWEST) & (gaps >= _SHORTEST)
    first, last, reach = first[is_list], last[is_list], np.rint(gaps[is_list]).astype(np.int64)
    key, n_lines = same.firsts[is_list] // order.shape[1], len(is_short)
    spans = np.maximum(first - reach + 1, parts.begins[first]), np.minimum(last + reach, parts.ends[first])
    begin_cells, end_cells = np.array(spans) + (n_lines + 1) * key
    mean_odds = mean_rows(log_odds[lines], same)[is_list]
    n_lists, n_records, odds = (
        _cover(values, begin_cells, end_cells, keys.shape[0] * (n_lines + 1)).reshape(-1, n_lines + 1)[:, :-1]
        for values in (np.ones(len(first)), np.log(same.counts[is_list]), mean_odds)
    )
    known = np.maximum(n_lists, 1)
    return np.stack((np.log1p(n_lists), n_records / known, odds / known), axis=1)


def _cover(values: Values, begins: Indices, ends: Indices, n_places: int) -> Values:
    """Return for each place the sum of the values of the spans that it is in."""
    values = np.rint(values * _UNITS)  # sums of whole numbers are exact
    steps = np.bincount(begins, values, n_places) - np.bincount(ends, values, n_places)
    return np.asarray(steps.cumsum() / _UNITS, np.float64)
