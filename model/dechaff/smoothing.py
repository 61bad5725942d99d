"""Decisions over a whole article: two-state smoothing and the best stretch of lines, without a loop over lines."""

import numpy as np
from numpy.typing import NDArray

from dechaff.runs import spread

Values = NDArray[np.float64]
Indices = NDArray[np.int64]


def smooth_log_odds(log_odds: Values, offsets: Indices, stay: float) -> Values:
    """Give the posterior log-odds of a two-state Markov chain over each article's lines.

    A line keeps the state of the line before it with probability `stay`. Forward and backward messages are
    products of 2 x 2 matrices, taken by doubling: a logarithmic number of steps over all lines at once.

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
    forward = _messages(log_odds, offsets, stay)
    mirrored = (offsets[-1] - offsets)[::-1]
    backward = _messages(log_odds[::-1], mirrored, stay)[::-1]
    return np.asarray(log_odds + forward + backward, np.float64)


def _messages(log_odds: Values, offsets: Indices, stay: float) -> Values:
    """Give the log-odds that the lines before each line lend it."""
    n = len(log_odds)
    if not n:
        return log_odds
    # Scaled by the larger of the two likelihoods, so that nothing overflows.
    content, boilerplate = np.exp(np.minimum(log_odds, 0.0)), np.exp(np.minimum(-log_odds, 0.0))
    a, b = stay * content, (1 - stay) * boilerplate  # rows: next state; columns: this line's state
    c, d = (1 - stay) * content, stay * boilerplate
    room = np.arange(n) - spread(offsets[:-1], offsets)  # how many lines stand before in the article
    reach = 1
    while reach <= room.max():
        late = np.flatnonzero(room >= reach)
        early = late - reach
        product = (
            a[late] * a[early] + b[late] * c[early],
            a[late] * b[early] + b[late] * d[early],
            c[late] * a[early] + d[late] * c[early],
            c[late] * b[early] + d[late] * d[early],
        )
        scale = product[0] + product[1] + product[2] + product[3]
        for matrix, entry in zip((a, b, c, d), product, strict=True):
            matrix[late] = entry / scale
        reach *= 2
    messages = np.zeros(n)
    following = np.flatnonzero(room > 0)
    before = following - 1
    messages[following] = np.log((a + b)[before]) - np.log((c + d)[before])
    return messages


def best_segment(scores: Values, offsets: Indices) -> tuple[NDArray[np.bool_], Indices, Indices]:
    """Find the stretch of lines with the largest sum of scores in each article.

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
