"""Features of a line's position in the article and relative to its prose, and of repeated lines and words."""

from typing import Final

import numpy as np

from dechaff._typing import Columns, Flags, Hashes, Indices
from dechaff.features.words import line_hashes
from dechaff.kernels import accelerated
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import (
    log1p_counts,
    mean_rows,
    places_since,
    places_until,
    ratio,
    repeat_rows,
    sum_before,
    sum_rows,
    sum_windows,
)
from dechaff.text.tokens import Words, join_hashes

_FAR: Final = 30
_REACHES: Final = (2, 5, 12)
_OF_ARTICLE: Final = ("log_n_chars", "is_prose", "is_short", "blank_lines_before", "share_furniture_phrases")

POSITION_NAMES: Final = (
    "log_index",
    "log_index_from_end",
    "relative_position",
    "is_first",
    "is_last",
    "log_n_lines",
    "share_prose_before",
    "share_prose_after",
    "log_prose_before",
    "log_prose_after",
    "log_lines_since_prose",
    "log_lines_until_prose",
    "is_between_prose",
    "is_before_prose",
    "is_after_prose",
    "log_n_prose_chars",
    *(f"share_prose_within_{reach}_lines" for reach in _REACHES),
    "distance_to_prose_centre",
    *(f"article_{name}" for name in _OF_ARTICLE),
    "log_n_copies",
    "is_repeat",
    "repeats_prose",
    "share_common_words",
    "share_single_words",
)


def position_features(batch: LineBatch, words: Words, columns: Columns) -> Columns:
    """Compute each line's position from both ends, the prose around it, and repeated lines and words."""
    offsets = batch.part_lines
    n_lines = repeat_rows(np.diff(offsets), offsets)
    index = np.arange(batch.n_lines) - repeat_rows(offsets[:-1], offsets)
    return {
        "log_index": log1p_counts(index),
        "log_index_from_end": log1p_counts(n_lines - 1 - index),
        "relative_position": index / np.maximum(n_lines - 1, 1),
        "is_first": index == 0,
        "is_last": index == n_lines - 1,
        "log_n_lines": log1p_counts(n_lines),
        **_prose(columns["is_prose"], words.widths, offsets),
        **_article(columns, offsets),
        **_repeats(words, columns, offsets),
        **_recurring_words(batch, words),
    }


def _prose(flags: Flags, width: Indices, offsets: Indices) -> Columns:
    """Measure the prose around each line; prose lines are long lines that contain the end of a sentence."""
    prose = flags * width
    total = repeat_rows(sum_rows(prose, offsets), offsets)
    before = sum_before(prose, offsets)
    after = total - before - prose
    since, until = places_since(flags, offsets, _FAR), places_until(flags, offsets, _FAR)
    known = np.maximum(total, 1)
    columns = {
        "share_prose_before": before / known,
        "share_prose_after": after / known,
        "log_prose_before": log1p_counts(before),
        "log_prose_after": log1p_counts(after),
        "log_lines_since_prose": log1p_counts(since),
        "log_lines_until_prose": log1p_counts(until),
        "is_between_prose": (since <= 3) & (until <= 3),
        "is_before_prose": before == 0,
        "is_after_prose": after == 0,
        "log_n_prose_chars": log1p_counts(total),
    }
    windows = sum_windows(flags.astype(np.int64), offsets, _REACHES)
    for reach, (n_prose, n_around) in zip(_REACHES, windows, strict=True):
        columns[f"share_prose_within_{reach}_lines"] = n_prose / n_around
    index = np.arange(len(prose)) - repeat_rows(offsets[:-1], offsets)
    centre = repeat_rows(sum_rows(prose * index, offsets), offsets) / known
    n_lines = repeat_rows(np.diff(offsets), offsets)
    columns["distance_to_prose_centre"] = np.where(total > 0, np.abs(index - centre) / n_lines, 1.0)
    return columns


def _article(columns: Columns, offsets: Indices) -> Columns:
    """Average features over the whole article, because texts differ by their extractor."""
    return {
        f"article_{name}": repeat_rows(mean_rows(columns[name], offsets).astype(np.float32), offsets)
        for name in _OF_ARTICLE
    }


def _repeats(words: Words, columns: Columns, offsets: Indices) -> Columns:
    """Compute how often each line occurs in its article, and whether it has occurred before."""
    n_copies, is_first = find_copies(line_hashes(words), offsets)
    known = words.counts > 0
    is_duplicate = ~is_first & known
    return {
        "log_n_copies": log1p_counts(np.where(known, np.minimum(n_copies, 10), 1) - 1),
        "is_repeat": is_duplicate,
        "repeats_prose": is_duplicate & columns["is_long"],
    }


@accelerated
def find_copies(hashes: Hashes, offsets: Indices) -> tuple[Indices, Flags]:
    """Count how often each line's hash occurs in its part, and flag first occurrences.

    Parameters
    ----------
    hashes : ndarray of uint64, shape (n_lines,)
    offsets : ndarray of int64, shape (n_parts + 1,)

    Returns
    -------
    n_copies : ndarray of int64, shape (n_lines,)
    is_first : ndarray of bool, shape (n_lines,)

    Examples
    --------
    >>> n_copies, is_first = find_copies(np.array([7, 5, 7, 7], np.uint64), np.array([0, 3, 4]))
    >>> n_copies.tolist(), is_first.tolist()
    ([2, 1, 2, 1], [True, True, False, True])
    """
    article = repeat_rows(np.arange(len(offsets) - 1), offsets).astype(np.uint64)
    keys = join_hashes(article, hashes)
    _, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return counts[inverse], first[inverse] == np.arange(len(keys))


def _recurring_words(batch: LineBatch, words: Words) -> Columns:
    """Compute the shares of words that are frequent in their article, and of words that occur only once in it."""
    common, single = count_recurring(words.copies, words.offsets, batch.part_lines)
    n_words = np.maximum(words.counts, 1)
    return {"share_common_words": ratio(common, n_words), "share_single_words": ratio(single, n_words)}


@accelerated
def count_recurring(copies: Indices, offsets: Indices, part_lines: Indices) -> Indices:
    """Count each line's words that make up over a hundredth of its part, and those that occur only once in it."""
    n_words = np.diff(offsets[part_lines])
    flags = np.array((100 * copies > np.repeat(n_words, n_words), copies == 1), np.int64)
    return np.array([sum_rows(row, offsets) for row in flags])
