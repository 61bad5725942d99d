"""Features of stage 2 that depend on the log-odds of stage 1, for a line and for the lines around it.

These are nearby log-odds and window means as in stacked sequential learning (Cohen and Carvalho 2005), two-state
smoothing as in Web2Text, the best segment as in Pasternack and Roth (2009), and the words that a line has in common
with the probable body.

A comment or a teaser in full sentences looks like the article; names, dates and "Reply" around it do not. A
regression for each kind, on the features of stage 1, tells what these lines are, as in stacked sequential learning
with more than two labels.
"""

from itertools import chain
from typing import Final

import numpy as np

from dechaff._typing import Columns, Flags, Hashes, Indices, Values
from dechaff.features.blocks import BLOCK_NAMES, block_features, length_classes, line_shapes
from dechaff.features.head import HEAD_NAMES, head_features
from dechaff.features.smoothing import best_segment, smooth_log_odds
from dechaff.kernels import accelerated
from dechaff.text.batching import group_rows
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import (
    Ragged,
    max_rows,
    places_since,
    places_until,
    repeat_rows,
    shift,
    sum_before,
    sum_rows,
    sum_sides,
    sum_windows,
)
from dechaff.text.scaling import log1p_counts, round_columns
from dechaff.text.tokens import Words, bucket_words

_REACHES: Final = (2, 6, 16)
_FAR: Final = 30
_CLIP: Final = 8.0
# Added to the log-odds before the best segment is computed, so that the narrow one excludes doubtful lines.
_NARROW: Final = -1.5
# The shapes of lines are hashed to this number of bits.
_SHAPE_BITS: Final = 10
# Cohesion is measured in parts of about this number of words, so that they stay in the CPU cache.
_WORDS_AT_ONCE: Final = 1 << 14
#: The kinds of boilerplate of `dechaff.explain.kinds.KINDS` that a model has a regression for.
LEARNT_KINDS: Final = ("comment", "related", "credit", "date", "other")
#: The log-odds of each kind in a model that was fitted without kinds.
UNLIKELY: Final = -8.0

_KIND_REACHES: Final = (6, 25)
_UNITS: Final = 1 << 16
_OF_KIND: Final = (
    "log_odds_of_{}",
    *(f"share_{{}}_within_{reach}_{side}" for reach in _KIND_REACHES for side in ("before", "after")),
    "log_{}_lines",
)
KIND_NAMES: Final = tuple(name.format(kind) for name in _OF_KIND for kind in LEARNT_KINDS)
_WITHIN: Final = tuple(
    f"{name}_within_{reach}_lines" for reach in _REACHES for name in ("mean_probability", "share_content_chars")
)
_DISTANCES: Final = ("log_lines_since_content", "log_lines_since_sure_content", "log_lines_until_sure_content")
CONTEXT_NAMES: Final = (
    "log_odds",
    "probability",
    "log_odds_before",
    "log_odds_after",
    *_WITHIN,
    *_DISTANCES,
    "share_content_before",
    "share_content_after",
    "log_content_before",
    "log_content_after",
    "article_share_content",
    "article_mean_doubt",
    "article_largest_line_share",
    "is_in_narrow_segment",
    "smooth_log_odds",
    "smooth_log_odds_after",
    "is_in_best_segment",
    "log_lines_after_best_segment",
    "log_lines_before_best_segment",
    "log_lines_into_best_segment",
    "log_odds_of_like_lines",
    "cohesion",
    "share_words_in_content",
    "share_rare_words_in_content",
    "share_rare_words_in_prose",
    "n_rare_words_in_content",
    *HEAD_NAMES,
    *BLOCK_NAMES,
    *KIND_NAMES,
)


def context_features(
    batch: LineBatch, words: Words, columns: Columns, log_odds: Values, kind_log_odds: Values
) -> Columns:
    """Compute the features that depend on the log-odds of stage 1 and of kinds, each of shape (n_lines,).

    Parameters
    ----------
    batch : LineBatch
    words : Words
        The words of the batch.
    columns : dict of str to ndarray of floats or bool, shape (n_lines,)
        The result of `line_features`.
    log_odds : ndarray of float64, shape (n_lines,)
        The log-odds of stage 1.
    kind_log_odds : ndarray of float64, shape (n_kinds, n_lines)
        The log-odds of each of `LEARNT_KINDS`.
    """
    parts = batch.parts
    odds = log_odds.clip(-_CLIP, _CLIP)
    against = np.exp(-odds)
    probability = 1 / (1 + against)
    width = words.widths.astype(np.float64)
    cohesion = _cohesion(words, probability, columns["is_long"])
    n_found = cohesion["n_rare_words_in_content"]
    found = {
        **_nearby(odds, probability, width, parts),
        **_article_mass(probability, width, parts),
        **_segments(odds, against, width, parts),
        **_like_lines(odds, columns, batch),
        **cohesion,
        **head_features(odds, probability, words.counts, columns, n_found, parts),
        **block_features(words, columns, odds, probability),
        **kind_features(kind_log_odds, parts),
    }
    return {"log_odds": odds, "probability": probability, **round_columns(found)}


def context_names() -> tuple[str, ...]:
    """Return the names of the features of `context_features`, in order."""
    return CONTEXT_NAMES


def _nearby(odds: Values, probability: Values, width: Values, parts: Ragged) -> Columns:
    columns = {
        "log_odds_before": shift(odds, parts, -1, -_CLIP / 2),
        "log_odds_after": shift(odds, parts, 1, -_CLIP / 2),
    }
    summed = np.array((probability, width, probability * width))
    (expected_lines, n_chars, expected_chars), n_lines = sum_windows(summed, parts, _REACHES)
    means, shares = expected_lines / n_lines, expected_chars / np.maximum(n_chars, 1)
    columns |= zip(_WITHIN, chain.from_iterable(zip(means, shares, strict=True)), strict=True)
    is_content = probability > 0.5
    flags = np.array((is_content, (probability > 0.9) & (width > 80)))
    distances = np.array((*places_since(flags, parts, _FAR), places_until(flags[1], parts, _FAR)))
    return columns | dict(zip(_DISTANCES, log1p_counts(distances, rounded=True), strict=True))


def _article_mass(probability: Values, width: Values, parts: Ragged) -> Columns:
    """Measure the probable content before and after each line, and in the whole article."""
    mass = probability * width
    sums = sum_rows(np.array((mass, width, probability * (1 - probability))), parts)
    total, n_chars, doubt, largest = repeat_rows(np.array((*sums, max_rows(mass, parts))), parts)
    known = np.maximum(total, 1)
    before = sum_before(mass, parts)
    after = np.maximum(total - before - mass, 0)
    log_before, log_after = np.log1p((before, after))
    return {
        "share_content_before": before / known,
        "share_content_after": after / known,
        "log_content_before": log_before,
        "log_content_after": log_after,
        "article_share_content": total / np.maximum(n_chars, 1),
        "article_mean_doubt": doubt / (parts.ends - parts.begins),
        "article_largest_line_share": largest / known,
    }


def _segments(odds: Values, against: Values, width: Values, parts: Ragged) -> Columns:
    """Smooth the log-odds, and find the segment of lines of each article that is most probably its content.

    `against` holds the odds of boilerplate.
    """
    smooth = smooth_log_odds(odds, parts, stay=0.7).clip(-2 * _CLIP, 2 * _CLIP)
    scores = (2 / (1 + against * np.exp((0.0, -_NARROW))[:, None]) - 1) * np.sqrt(width)
    # The wide and the narrow segments are found together: the articles come twice.
    n_lines, offsets = len(odds), parts.offsets
    both = best_segment(scores.ravel(), np.concatenate((offsets, offsets[1:] + n_lines)))
    inside, narrow = both[0][:n_lines], both[0][n_lines:]
    from_start, from_end = both[1][:n_lines], both[2][:n_lines]
    distances = np.array((-from_end, -from_start, np.where(inside, from_start, 0)))
    after, before, into = log1p_counts(distances, rounded=True)
    return {
        "is_in_narrow_segment": narrow,
        "smooth_log_odds": smooth,
        "smooth_log_odds_after": shift(smooth, parts, 1, -_CLIP / 2),
        "is_in_best_segment": inside,
        "log_lines_after_best_segment": after,
        "log_lines_before_best_segment": before,
        "log_lines_into_best_segment": into,
    }


def _like_lines(odds: Values, columns: Columns, batch: LineBatch) -> Columns:
    """Average the log-odds of other lines of the same shape, because items of one list usually share a label."""
    classes = length_classes(np.exp(columns["log_n_chars"]), 1.5)
    shapes = (line_shapes(columns, classes) >> np.uint64(64 - _SHAPE_BITS)).astype(np.int64)
    buckets = (batch.line_parts << _SHAPE_BITS) + shapes
    n_buckets = (len(batch.part_lines) - 1) << _SHAPE_BITS
    others = np.bincount(buckets, minlength=n_buckets)[buckets] - 1.0
    total = np.bincount(buckets, odds, n_buckets)[buckets] - odds
    return {"log_odds_of_like_lines": np.where(others > 0, total / np.maximum(others, 1), -_CLIP / 4)}


def _cohesion(words: Words, probability: Values, is_long: Flags) -> Columns:
    """Measure to what extent the words of each line also occur in the other probable content of the article."""
    # Words are weighted by their rarity within the article, because frequent words are less informative; the weight
    # of a word that occurs only once is zero.
    copies = np.arange(int(words.copies.max(initial=1)))
    rarities = 1 / np.log(2.0 + copies)
    rarities[0] = 0.0
    weight, cohesion, covered, n_rare, n_found, n_in_prose = measure_cohesion(
        words.hashes,
        words.lengths,
        words.copies,
        words.offsets,
        words.batch.part_lines,
        probability,
        is_long,
        rarities,
        rarities / np.maximum(copies, 1),
    )
    return {
        "cohesion": cohesion / np.maximum(weight, 1e-9),
        "share_words_in_content": covered / np.maximum(words.counts, 1),
        "share_rare_words_in_content": n_found / np.maximum(n_rare, 1),
        "share_rare_words_in_prose": n_in_prose / np.maximum(n_rare, 1),
        "n_rare_words_in_content": np.log1p(n_found),
    }


@accelerated
def measure_cohesion(
    hashes: Hashes,
    lengths: Indices,
    copies: Indices,
    offsets: Indices,
    part_lines: Indices,
    probability: Values,
    is_long: Flags,
    rarities: Values,
    rarities_shared: Values,
) -> Values:
    """Compute sums over the words of each line, from the probability of the other lines that contain the word.

    Words of the same bucket count as the same word.

    Parameters
    ----------
    hashes, lengths, copies, offsets, part_lines : ndarray
        The attributes of `Words` and of its batch.
    probability : ndarray of float64, shape (n_lines,)
    is_long : ndarray of bool, shape (n_lines,)
    rarities : ndarray of float64, shape (n,)
        The weight of a word by the number of its other occurrences in its part.
    rarities_shared : ndarray of float64, shape (n,)
        The same, divided by that number.

    Returns
    -------
    ndarray of float64, shape (6, n_lines)
        Sums over each line's words: rarities; rarities times the mean probability of the other occurrences; words
        found in other content; rare words; rare words found in other content; rare words found in other prose.
    """
    sums = np.zeros((6, len(probability)))
    part_words = offsets[part_lines]
    for own in group_rows(part_words, _WORDS_AT_ONCE):
        lines = slice(*part_lines[[own.start, own.stop]].tolist())
        of_words = slice(*part_words[[own.start, own.stop]].tolist())
        sums[:, lines] = _sum_cohesion(
            bucket_words(hashes[of_words], part_words[own.start : own.stop + 1] - of_words.start),
            lengths[of_words],
            copies[of_words] - 1,
            Ragged(offsets[lines.start : lines.stop + 1] - of_words.start),
            np.array((probability[lines], probability[lines] * is_long[lines])),
            rarities,
            rarities_shared,
        )
    return sums


def _sum_cohesion(
    buckets: Indices,
    lengths: Indices,
    others: Indices,
    by_line: Ragged,
    masses: Values,
    rarities: Values,
    rarities_shared: Values,
) -> Values:
    mass, long_mass = repeat_rows(masses, by_line)
    # Not in place: without any words, bincount returns integers.
    content, in_prose = (np.bincount(buckets, each).take(buckets) - each for each in (mass, long_mass))
    rarity = rarities.take(others)
    is_rare = (others < 12) & (lengths >= 3)
    covered = np.minimum(content, 1.0)
    cohesion = content * rarities_shared.take(others)
    parts = (rarity, cohesion, covered, is_rare * 1.0, covered * is_rare, np.minimum(in_prose, 1.0) * is_rare)
    return sum_rows(np.array(parts), by_line)


def kind_features(log_odds: Values, parts: Ragged) -> Columns:
    """Compute the features in `KIND_NAMES`, each of shape (n_lines,).

    For each kind these are the log-odds of the line; the expected number of lines of the kind among the 6 or 25
    lines before or after it, divided by 6 or 25 even where the part has fewer; and log(1 + the expected number of
    such lines in the part).

    Parameters
    ----------
    log_odds : ndarray of float64, shape (n_kinds, n_lines)
        The log-odds that a line is of each of `LEARNT_KINDS`.
    parts : Ragged
        The lines of each part.

    Examples
    --------
    >>> log_odds = np.full((len(LEARNT_KINDS), 4), -9.0)
    >>> log_odds[LEARNT_KINDS.index("comment"), 2:] = 9
    >>> found = kind_features(log_odds, Ragged(np.array([0, 4])))
    >>> (6 * found["share_comment_within_6_after"]).round(1).tolist()
    [2.0, 2.0, 1.0, 0.0]
    """
    odds = log_odds.clip(UNLIKELY, -UNLIKELY)
    likely = np.rint(_UNITS / (1 + np.exp(-odds)))  # sums of whole numbers are exact
    sides = np.array(sum_sides(likely, parts, _KIND_REACHES)) / (_UNITS * np.array(_KIND_REACHES)[:, None])
    n_lines = repeat_rows(np.log1p(sum_rows(likely, parts) / _UNITS), parts)
    # By reach, side and kind, as in the names.
    found = np.concatenate((odds, *chain.from_iterable(sides.transpose(2, 0, 1, 3)), n_lines))
    return dict(zip(KIND_NAMES, found, strict=True))
