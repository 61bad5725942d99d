"""The head of an article: the lines before its body, of which one is the headline, so that they compete.

A headline resembles a menu item or a teaser; among the lines above the body it stands out by the words that it has
in common with the body, its length and its log-odds. Its lead over these lines therefore says more than its values.
A headline that is long and sure by itself counts as the first line of the body: it does not need the comparison.
"""

from typing import Final

import numpy as np

from dechaff._typing import Columns, Flags, Indices, Values
from dechaff.text.ragged import log1p_counts, max_rows, repeat_rows, sum_before, sum_rows

# The body begins with the first line that has this probability and as many words, unless more than this share of
# the probable words stands above it.
_SURE: Final = 0.7
_BODY_WORDS: Final = 8
_MOST_ABOVE: Final = 0.2
# At most this many lines above the body are its head.
_LONGEST: Final = 30
_UNITS: Final = 1 << 16
# Leads are clipped to this value; lines outside the head have its negative.
_CLIP: Final = 4.0
_DECIMALS: Final = 4
# The headline may be among the first lines of the body, too, at most at this distance from its first line.
_INTO_BODY: Final = 2
# Keeps the log-odds of a share between about -4 and 4.
_SHARE_MARGIN: Final = 0.02
# Twice as much as any two scores differ.
_STEP: Final = 64.0
_SCORES: Final = ("words", "length", "log_odds")

HEAD_NAMES: Final = (
    "is_in_head",
    "log_lines_to_body",
    *(f"{name}_lead_over_{others}" for name in _SCORES for others in ("head", "later_head")),
)


def head_features(
    log_odds: Values,
    probability: Values,
    n_words: Indices,
    columns: Columns,
    n_words_in_content: Values,
    offsets: Indices,
) -> Columns:
    """Compute whether a line is in the head of its article, and its leads over the other lines of the head.

    Parameters
    ----------
    log_odds, probability : ndarray of float64, shape (n_lines,)
        Of stage 1.
    n_words : ndarray of int64, shape (n_lines,)
    columns : dict of str to ndarray
        The features of stage 1.
    n_words_in_content : ndarray of float64, shape (n_lines,)
        The logarithm of the number of rarer words that occur in the other content, too.
    offsets : ndarray of int64, shape (n_parts + 1,)
    """
    in_head, distance = find_head(probability, n_words, offsets)
    length = columns["log_n_chars"] * ~columns["ends_with_sentence"].astype(bool)
    found: Columns = {"is_in_head": in_head, "log_lines_to_body": log1p_counts(distance, rounded=True)}
    for name, scores in zip(_SCORES, (n_words_in_content, length, log_odds), strict=True):
        over_head, over_later = leads(scores, in_head, offsets)
        found |= {f"{name}_lead_over_head": over_head, f"{name}_lead_over_later_head": over_later}
    return found


def find_head(probability: Values, n_words: Indices, offsets: Indices) -> tuple[Flags, Indices]:
    """Find the lines of each head, and each line's distance to the first line of the body.

    Parameters
    ----------
    probability : ndarray of float64, shape (n_lines,)
    n_words : ndarray of int64, shape (n_lines,)
    offsets : ndarray of int64, shape (n_parts + 1,)

    Returns
    -------
    in_head : ndarray of bool, shape (n_lines,)
        Without a body there is no head.
    distance : ndarray of int64, shape (n_lines,)
        0 in the body and behind it.

    Examples
    --------
    >>> in_head, distance = find_head(np.array([0.1, 0.4, 0.9, 0.2]), np.array([1, 5, 20, 9]), np.array([0, 4]))
    >>> in_head.tolist(), distance.tolist()
    ([True, True, False, False], [2, 1, 0, 0])
    """
    distance = np.maximum(_distance_to_body(probability, n_words, offsets), 0)
    return (distance > 0) & (distance <= _LONGEST) & (n_words > 0), distance


def _distance_to_body(probability: Values, n_words: Indices, offsets: Indices) -> Indices:
    """Return how far each line is above the first line of the body; without a body, the first line is far below."""
    # In whole units, so that sums do not depend on the other articles of the batch.
    mass = np.rint(_UNITS * probability * n_words).astype(np.int64)
    is_near_start = sum_before(mass, offsets) <= _MOST_ABOVE * repeat_rows(sum_rows(mass, offsets), offsets)
    body = np.flatnonzero((probability > _SURE) & (n_words >= _BODY_WORDS) & is_near_start)
    body = np.append(body, len(probability))
    first = body[np.searchsorted(body, offsets[:-1])]
    first = np.where(first < offsets[1:], first, offsets[:-1] - _INTO_BODY - 1)
    return np.asarray(repeat_rows(first, offsets) - np.arange(len(probability)))


#: The log-odds that a line is the headline if it is no candidate.
NO_HEADLINE: Final = float(np.log(_SHARE_MARGIN) - np.log(1 + _SHARE_MARGIN))


def headline_candidates(probability: Values, n_words: Indices, offsets: Indices) -> Indices:
    """Return the indices of the lines that may be the headline: those of the head, and the first ones of the body.

    Without a body there are none.

    Parameters
    ----------
    probability : ndarray of float64, shape (n_lines,)
    n_words : ndarray of int64, shape (n_lines,)
    offsets : ndarray of int64, shape (n_parts + 1,)

    Returns
    -------
    ndarray of int64, shape (n_candidates,)

    Examples
    --------
    >>> headline_candidates(np.array([0.1, 0.4, 0.9, 0.9]), np.array([0, 5, 20, 30]), np.array([0, 4])).tolist()
    [1, 2, 3]
    """
    distance = _distance_to_body(probability, n_words, offsets)
    return np.flatnonzero((distance >= -_INTO_BODY) & (distance <= _LONGEST) & (n_words > 0))


def choice_log_odds(scores: Values, candidates: Indices, offsets: Indices) -> Values:
    """Compute the log-odds that each line is the chosen one of its part's candidates, by a conditional logit.

    A candidate's probability is the exponential of its score as a share of the sum over all candidates (McFadden
    1974).

    Parameters
    ----------
    scores : ndarray of float64, shape (n_candidates,)
    candidates : ndarray of int64, shape (n_candidates,)
        The indices of lines, in order.
    offsets : ndarray of int64, shape (n_parts + 1,)

    Returns
    -------
    ndarray of float64, shape (n_lines,)
        From about -4 to 4; `NO_HEADLINE` for other lines.

    Examples
    --------
    >>> choice_log_odds(np.array([0.0, 2.0]), np.array([1, 2]), np.array([0, 4])).round(1).tolist()
    [-3.9, -1.9, 1.9, -3.9]
    """
    bounds = np.searchsorted(candidates, offsets)
    best = repeat_rows(max_rows(scores, bounds), bounds)
    # In whole units, so that sums do not depend on the other articles of the batch.
    weights = np.rint(_UNITS * np.exp(scores - best)).astype(np.int64)
    share = np.zeros(int(offsets[-1]))
    share[candidates] = weights / repeat_rows(sum_rows(weights, bounds), bounds)
    return share_log_odds(share)


def share_log_odds(share: Values) -> Values:
    """Return the log-odds of shares, kept between about -4 and 4.

    Parameters
    ----------
    share : ndarray of float64
        From 0 to 1.
    """
    return np.asarray(np.log(share + _SHARE_MARGIN) - np.log(1 - share + _SHARE_MARGIN))


def leads(scores: Values, candidates: Flags, offsets: Indices) -> tuple[Values, Values]:
    """Compute by how much each candidate's score exceeds the best of the others, and the best of the later ones.

    Parameters
    ----------
    scores : ndarray of float64, shape (n_lines,)
    candidates : ndarray of bool, shape (n_lines,)
    offsets : ndarray of int64, shape (n_parts + 1,)

    Returns
    -------
    over_all, over_later : ndarray of float64, shape (n_lines,)
        From -4 to 4: 4 without others, -4 for lines that are no candidates.

    Examples
    --------
    >>> over_all, over_later = leads(np.array([1.0, 3.0, 2.0]), np.array([True, True, True]), np.array([0, 3]))
    >>> over_all.tolist(), over_later.tolist()
    ([-2.0, 1.0, -1.0], [-2.0, 1.0, 4.0])
    """
    scores = np.round(scores, _DECIMALS)
    known = np.where(candidates, scores, -np.inf)
    before = _best_before(known, offsets)
    after = _best_before(known[::-1], (offsets[-1] - offsets)[::-1])[::-1]
    rivals = (np.maximum(before, after), after)
    # Rounded again: a running maximum over all rows has other last digits than one of a row alone.
    over_all, over_later = (np.round(np.clip(scores - rival, -_CLIP, _CLIP), _DECIMALS) for rival in rivals)
    return np.where(candidates, over_all, -_CLIP), np.where(candidates, over_later, -_CLIP)


def _best_before(scores: Values, offsets: Indices) -> Values:
    """Return the largest score before each place in its row; minus infinity if there is none."""
    best = np.full(len(scores), -np.inf)
    if len(scores):
        # Each row is lifted above all earlier ones, so that one running maximum serves all rows.
        floor = repeat_rows(_STEP * np.arange(len(offsets) - 1), offsets)
        running = np.maximum.accumulate(scores + floor)[:-1]
        best[1:] = np.where(running > floor[1:] - _STEP / 2, running - floor[1:], -np.inf)
    return best
