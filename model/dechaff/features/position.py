"""Features of a line's position in the article and relative to its prose, and of repeated lines and words."""

from typing import Final

import numpy as np

from dechaff._typing import Columns, Flags, Hashes, Indices
from dechaff.features.words import line_hashes
from dechaff.kernels import accelerated
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import (
    Ragged,
    mean_rows,
    number_rows,
    places_since,
    places_until,
    repeat_rows,
    sum_before,
    sum_rows,
    sum_windows,
)
from dechaff.text.scaling import log1p_counts, ratio
from dechaff.text.tokens import Words, join_hashes

_FAR: Final = 30
_REACHES: Final = (2, 5, 12)
_SHARES: Final = tuple(f"share_prose_within_{reach}_lines" for reach in _REACHES)
_LOG_PROSE: Final = ("log_prose_before", "log_prose_after", "log_lines_since_prose", "log_lines_until_prose")
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
    *_LOG_PROSE,
    "is_between_prose",
    "is_before_prose",
    "is_after_prose",
    "log_n_prose_chars",
    *_SHARES,
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
    parts = batch.parts
    index, from_end = parts.places - parts.begins, parts.ends - 1 - parts.places
    log_index, log_from_end, log_n_lines = log1p_counts(np.array((index, from_end, index + from_end + 1)))
    return {
        "log_index": log_index,
        "log_index_from_end": log_from_end,
        "relative_position": index / np.maximum(index + from_end, 1),
        "is_first": index == 0,
        "is_last": from_end == 0,
        "log_n_lines": log_n_lines,
        **_prose(columns["is_prose"], words.widths, parts),
        **_article(columns, parts),
        **_repeats(words, columns, batch.part_lines),
        **_recurring_words(batch, words),
    }


def _prose(flags: Flags, width: Indices, parts: Ragged) -> Columns:
    """Measure the prose around each line; prose lines are long lines that contain the end of a sentence."""
    prose = flags * width
    index = parts.places - parts.begins
    total, moment = repeat_rows(sum_rows(np.array((prose, prose * index)), parts), parts)
    before = sum_before(prose, parts)
    after = total - before - prose
    since, until = places_since(flags, parts, _FAR), places_until(flags, parts, _FAR)
    known = np.maximum(total, 1)
    logarithms = log1p_counts(np.array((before, after, since, until, total)))
    columns = {
        "share_prose_before": before / known,
        "share_prose_after": after / known,
        **dict(zip(_LOG_PROSE, logarithms, strict=False)),
        "is_between_prose": (since <= 3) & (until <= 3),
        "is_before_prose": before == 0,
        "is_after_prose": after == 0,
        "log_n_prose_chars": logarithms[-1],
    }
    n_prose, n_around = sum_windows(flags.astype(np.int64), parts, _REACHES)
    columns |= zip(_SHARES, n_prose / n_around, strict=True)
    distance = np.abs(index - moment / known) / (parts.ends - parts.begins)
    columns["distance_to_prose_centre"] = np.where(total > 0, distance, 1.0)
    return columns


def _article(columns: Columns, parts: Ragged) -> Columns:
    """Average features over the whole article, because texts differ by their extractor."""
    means = mean_rows(np.array([columns[name] for name in _OF_ARTICLE]), parts).astype(np.float32)
    return {f"article_{name}": row for name, row in zip(_OF_ARTICLE, repeat_rows(means, parts), strict=True)}


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
    keys = join_hashes(number_rows(offsets).view(np.uint64), hashes)
    order = keys.argsort(kind="stable")
    same = Ragged.of_runs(keys[order])
    n_copies, is_first = np.empty(len(keys), np.int64), np.zeros(len(keys), np.bool_)
    n_copies[order], is_first[order[same.firsts]] = repeat_rows(same.counts, same), True
    return n_copies, is_first


def _recurring_words(batch: LineBatch, words: Words) -> Columns:
    """Compute the shares of words that are frequent in their article, and of words that occur only once in it."""
    counts = count_recurring(words.copies, words.offsets, batch.part_lines)
    common, single = ratio(counts, np.maximum(words.counts, 1))
    return {"share_common_words": common, "share_single_words": single}


@accelerated
def count_recurring(copies: Indices, offsets: Indices, part_lines: Indices) -> Indices:
    """Count each line's words that make up over a hundredth of its part, and those that occur only once in it."""
    of_parts = Ragged(offsets[part_lines])
    flags = np.array((100 * copies > repeat_rows(of_parts.counts, of_parts), copies == 1), np.int64)
    return sum_rows(flags, Ragged(offsets))
