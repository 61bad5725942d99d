"""The head of an article: the lines before its body, of which one is the headline, so that they compete.

A headline resembles a menu item or a teaser; among the lines above the body it stands out by the words that it has
in common with the body, its length and its log-odds. Its lead over these lines therefore says more than its values.
A headline that is long and sure by itself counts as the first line of the body: it does not need the comparison.
"""

from typing import Final

import numpy as np

from dechaff._typing import Columns, Flags, Indices, Values
from dechaff.text.ragged import Ragged, max_rows, repeat_rows, sum_before, sum_rows
from dechaff.text.scaling import log1p_counts

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
    parts: Ragged,
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
    parts : Ragged
    """
    in_head, distance = find_head(probability, n_words, parts)
    length = columns["log_n_chars"] * ~columns["ends_with_sentence"].astype(bool)
    found: Columns = {"is_in_head": in_head, "log_lines_to_body": log1p_counts(distance, rounded=True)}
    over_head, over_later = leads(np.array((n_words_in_content, length, log_odds)), in_head, parts)
    for row, name in enumerate(_SCORES):
        found |= {f"{name}_lead_over_head": over_head[row], f"{name}_lead_over_later_head": over_later[row]}
    return found


def find_head(probability: Values, n_words: Indices, parts: Ragged) -> tuple[Flags, Indices]:
    """Find the lines of each head, and each line's distance to the first line of the body.

    Parameters
    ----------
    probability : ndarray of float64, shape (n_lines,)
    n_words : ndarray of int64, shape (n_lines,)
    parts : Ragged

    Returns
    -------
    in_head : ndarray of bool, shape (n_lines,)
        Without a body there is no head.
    distance : ndarray of int64, shape (n_lines,)
        0 in the body and behind it.

    Examples
    --------
    >>> parts = Ragged(np.array([0, 4]))
    >>> in_head, distance = find_head(np.array([0.1, 0.4, 0.9, 0.2]), np.array([1, 5, 20, 9]), parts)
    >>> in_head.tolist(), distance.tolist()
    ([True, True, False, False], [2, 1, 0, 0])
    """
    distance = np.maximum(_distance_to_body(probability, n_words, parts), 0)
    return (distance > 0) & (distance <= _LONGEST) & (n_words > 0), distance


def _distance_to_body(probability: Values, n_words: Indices, parts: Ragged) -> Indices:
    """Return how far each line is above the first line of the body; without a body, the first line is far below."""
    # In whole units, so that sums do not depend on the other articles of the batch.
    mass = np.rint(_UNITS * probability * n_words).astype(np.int64)
    is_near_start = sum_before(mass, parts) <= _MOST_ABOVE * repeat_rows(sum_rows(mass, parts), parts)
    body = ((probability > _SURE) & (n_words >= _BODY_WORDS) & is_near_start).nonzero()[0]
    body = np.concatenate((body, [len(probability)]))
    begins, ends = parts.offsets[:-1], parts.offsets[1:]
    first = body[body.searchsorted(begins)]
    first = np.where(first < ends, first, begins - _INTO_BODY - 1)
    return np.asarray(repeat_rows(first, parts) - parts.places)


#: The log-odds that a line is the headline if it is no candidate.
NO_HEADLINE: Final = float(np.log(_SHARE_MARGIN) - np.log(1 + _SHARE_MARGIN))


def headline_candidates(probability: Values, n_words: Indices, parts: Ragged) -> Indices:
    """Return the indices of the lines that may be the headline: those of the head, and the first ones of the body.

    Without a body there are none.

    Parameters
    ----------
    probability : ndarray of float64, shape (n_lines,)
    n_words : ndarray of int64, shape (n_lines,)
    parts : Ragged

    Returns
    -------
    ndarray of int64, shape (n_candidates,)

    Examples
    --------
    >>> parts = Ragged(np.array([0, 4]))
    >>> headline_candidates(np.array([0.1, 0.4, 0.9, 0.9]), np.array([0, 5, 20, 30]), parts).tolist()
    [1, 2, 3]
    """
    distance = _distance_to_body(probability, n_words, parts)
    return np.asarray(((distance >= -_INTO_BODY) & (distance <= _LONGEST) & (n_words > 0)).nonzero()[0])


def choice_log_odds(scores: Values, candidates: Indices, parts: Ragged) -> Values:
    """Compute the log-odds that each line is the chosen one of its part's candidates, by a conditional logit.

    A candidate's probability is the exponential of its score as a share of the sum over all candidates (McFadden
    1974).

    Parameters
    ----------
    scores : ndarray of float64, shape (n_candidates,)
    candidates : ndarray of int64, shape (n_candidates,)
        The indices of lines, in order.
    parts : Ragged

    Returns
    -------
    ndarray of float64, shape (n_lines,)
        From about -4 to 4; `NO_HEADLINE` for other lines.

    Examples
    --------
    >>> choice_log_odds(np.array([0.0, 2.0]), np.array([1, 2]), Ragged(np.array([0, 4]))).round(1).tolist()
    [-3.9, -1.9, 1.9, -3.9]
    """
    rows = Ragged(candidates.searchsorted(parts.offsets))
    best = repeat_rows(max_rows(scores, rows), rows)
    # In whole units, so that sums do not depend on the other articles of the batch.
    weights = np.rint(_UNITS * np.exp(scores - best)).astype(np.int64)
    share = np.zeros(int(parts.offsets[-1]))
    share[candidates] = weights / repeat_rows(sum_rows(weights, rows), rows)
    return share_log_odds(share)


def share_log_odds(share: Values) -> Values:
    """Return the log-odds of shares, kept between about -4 and 4.

    Parameters
    ----------
    share : ndarray of float64
        From 0 to 1.
    """
    return np.asarray(np.log(share + _SHARE_MARGIN) - np.log(1 - share + _SHARE_MARGIN))


def leads(scores: Values, candidates: Flags, parts: Ragged) -> tuple[Values, Values]:
    """Compute by how much each candidate's score exceeds the best of the others, and the best of the later ones.

    Parameters
    ----------
    scores : ndarray of float64, shape (..., n_lines)
    candidates : ndarray of bool, shape (n_lines,)
    parts : Ragged

    Returns
    -------
    over_all, over_later : ndarray of float64, shape (..., n_lines)
        From -4 to 4: 4 without others, -4 for lines that are no candidates.

    Examples
    --------
    >>> parts = Ragged(np.array([0, 3]))
    >>> over_all, over_later = leads(np.array([1.0, 3.0, 2.0]), np.array([True, True, True]), parts)
    >>> over_all.tolist(), over_later.tolist()
    ([-2.0, 1.0, -1.0], [-2.0, 1.0, 4.0])
    """
    scores = scores.round(_DECIMALS)
    known = np.where(candidates, scores, -np.inf)
    before = _best_before(known, parts)
    after = _best_before(known[..., ::-1], parts.mirrored)[..., ::-1]
    rivals = np.array((np.maximum(before, after), after))
    # Rounded again: a running maximum over all rows has other last digits than one of a row alone.
    over_all, over_later = np.where(candidates, (scores - rivals).clip(-_CLIP, _CLIP).round(_DECIMALS), -_CLIP)
    return over_all, over_later


def _best_before(scores: Values, parts: Ragged) -> Values:
    """Return the largest score before each place in its row; minus infinity if there is none."""
    best = np.full(scores.shape, -np.inf)
    # Each row is lifted above all earlier ones, so that one running maximum serves all rows.
    floor = _STEP * parts.numbers
    running = np.maximum.accumulate(scores + floor, axis=-1)[..., :-1]
    best[..., 1:] = np.where(running > floor[1:] - _STEP / 2, running - floor[1:], -np.inf)
    return best
