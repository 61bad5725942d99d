"""Decisions over a whole article: two-state smoothing and the best stretch of lines, without a loop over lines."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff.runs import spread

Values = NDArray[np.float64]
Indices = NDArray[np.int64]

_INAUDIBLE: Final = 1e-12
_SCORE_STEPS: Final = 1 << 16


def smooth_log_odds(log_odds: Values, offsets: Indices, stay: float) -> Values:
    """Give the posterior log-odds of a two-state Markov chain over each article's lines.

    A line keeps the state of the line before it with probability `stay`. Forward and backward messages are
    products of 2 x 2 matrices, taken by doubling: a logarithmic number of steps over all lines at once. What one
    line says of another fades by `2 * stay - 1` from line to line; lines too far to be heard are not asked.

    Parameters
    ----------
    log_odds : ndarray of float64, shape (n_lines,)
        The evidence of each line by itself.
    offsets : ndarray of int64, shape (n_articles + 1,)
    stay : float
        Between 0.5 (lines are independent) and 1 (one state for all).

    Examples
    --------
    >>> odds = np.array([3.0, -0.5, 3.0, -3.0])
    >>> (smooth_log_odds(odds, np.array([0, 4]), stay=0.9) > 0).tolist()
    [True, True, True, False]
    """
    n = len(log_odds)
    if not n:
        return log_odds
    # How many lines stand before in the article, and after: backwards, articles are mirrored.
    before = np.arange(n) - spread(offsets[:-1], offsets)
    after = spread(offsets[1:], offsets) - 1 - np.arange(n)
    messages = _messages(np.append(log_odds, log_odds[::-1]), np.append(before, after[::-1]), stay)
    return np.asarray(log_odds + messages[:n] + messages[: n - 1 : -1], np.float64)


def _messages(log_odds: Values, room: Indices, stay: float) -> Values:
    """Give the log-odds that the lines before each line lend it, `room` of them."""
    # Scaled by the larger of the two likelihoods, so that nothing overflows.
    content, boilerplate = np.exp(np.minimum(log_odds, 0.0)), np.exp(np.minimum(-log_odds, 0.0))
    # rows: next state; columns: this line's state
    matrices = np.array(((stay * content, (1 - stay) * boilerplate), ((1 - stay) * content, stay * boilerplate)))
    # A first message is within log(stay / (1 - stay)) of any other, and each step shrinks that by 2 * stay - 1.
    hearing = 1 + np.log(_INAUDIBLE) / np.log(np.clip(2 * stay - 1, _INAUDIBLE, 1 - _INAUDIBLE))
    reach, longest = 1, min(room.max(), hearing)
    while reach <= longest:
        # All lines at once, and those without enough room keep what they have: faster than to choose the others.
        this, earlier = matrices[..., reach:], matrices[..., :-reach]
        product = this[:, :1] * earlier[0] + this[:, 1:] * earlier[1]
        product /= product.reshape(4, -1).sum(axis=0)
        np.copyto(this, product, where=room[reach:] >= reach)
        reach *= 2
    messages, following = np.zeros(len(room)), np.flatnonzero(room)
    to_content, to_boilerplate = matrices.sum(axis=1)[:, following - 1]
    messages[following] = np.log(to_content) - np.log(to_boilerplate)
    return messages


def best_segment(scores: Values, offsets: Indices) -> tuple[NDArray[np.bool_], Indices, Indices]:
    """Find the stretch of lines with the largest sum of scores in each article.

    Parameters
    ----------
    scores : ndarray of float64, shape (n_lines,)
        Above zero where a line speaks for the stretch; rounded to 1/65,536.
    offsets : ndarray of int64, shape (n_articles + 1,)

    Returns
    -------
    inside : ndarray of bool, shape (n_lines,)
    from_start, from_end : ndarray of int64, shape (n_lines,)
        Lines since the stretch's first line and until its last one; negative outside on that side.

    Examples
    --------
    >>> best_segment(np.array([-1.0, 2.0, -1.0, 3.0, -5.0]), np.array([0, 5]))[0].tolist()
    [False, True, True, True, False]
    """
    n = len(scores)
    if not n:
        return np.zeros(0, np.bool_), np.zeros(0, np.int64), np.zeros(0, np.int64)
    first_line = spread(offsets[:-1], offsets)
    scores = np.rint(scores * _SCORE_STEPS)  # whole numbers: their sums are exact, ties are ties in any batch
    # Each article's sums are lowered beyond the last one's, so that a running minimum starts anew with it.
    article = spread(np.arange(len(offsets) - 1), offsets)
    sums = np.cumsum(scores)
    before = sums - scores
    drop = (np.ptp(np.append(before, sums)) + 1.0) * article
    lowest = np.minimum.accumulate(before - drop)
    gains = (sums - drop) - lowest
    filled = np.flatnonzero(np.diff(offsets))
    starts = offsets[filled]
    best = np.repeat(np.maximum.reduceat(gains, starts), np.diff(offsets)[filled])
    places = np.arange(n)
    end = np.repeat(np.minimum.reduceat(np.where(gains >= best, places, n), starts), np.diff(offsets)[filled])
    # The stretch begins at the last place up to its end where the sum before it was lowest.
    is_lowest = (before - drop) <= lowest
    latest = np.maximum.accumulate(np.where(is_lowest, places, 0))
    start = np.maximum(latest[end], first_line)
    return (places >= start) & (places <= end), places - start, end - places
