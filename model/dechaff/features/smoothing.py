"""Two-state smoothing and the best segment of lines of each article, both without a loop over lines."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dechaff._typing import Flags, Indices, Values
from dechaff.kernels import accelerated
from dechaff.text.ragged import Ragged, max_rows, repeat_rows

# Messages are ignored beyond the distance at which they change a posterior by less than this share.
_NEGLIGIBLE: Final = 1e-12
_LARGEST: Final = 300.0
# The minimum number of lines of the stretches that `forward_messages` computes in parallel.
_SHORTEST: Final = 64
# Up to this number of messages, a loop over plain numbers takes less time than numpy's calls.
_FEW: Final = 2048
_SCORE_STEPS: Final = 1 << 16


def smooth_log_odds(log_odds: Values, rows: Ragged, stay: float) -> Values:
    """Return the posterior log-odds of a two-state Markov chain over each article's lines.

    A line has the state of the line before it with probability `stay`. The influence of a line decreases by the
    factor `2 * stay - 1` from line to line and is negligible beyond some distance. Each of the two passes, forward
    and backward, is therefore split into stretches that are computed in parallel, after a run-up of that distance.

    Parameters
    ----------
    log_odds : ndarray of float64, shape (n_lines,)
        The log-odds of each line by itself.
    rows : Ragged
        The lines of each article.
    stay : float
        From 0.5 (lines are independent) to less than 1 (one state for all).

    Examples
    --------
    >>> odds = np.array([3.0, -0.5, 3.0, -3.0])
    >>> (smooth_log_odds(odds, Ragged(np.array([0, 4])), stay=0.9) > 0).tolist()
    [True, True, True, False]
    """
    n = len(log_odds)
    if not n:
        return log_odds
    # Forward and backward messages are computed together; for the backward ones, the articles are mirrored.
    ratios = np.exp(log_odds.clip(-_LARGEST, _LARGEST))
    is_last = np.zeros(2 * n, np.bool_)
    is_last[rows.lasts] = True
    is_last[2 * n - 1 - rows.firsts] = True
    messages = forward_messages(np.concatenate((ratios, ratios[::-1])), is_last, stay, int(rows.counts.max()))
    return np.asarray(log_odds + np.log(messages[:n] * messages[: n - 1 : -1]), np.float64)


@accelerated
def forward_messages(ratios: Values, is_last: Flags, stay: float, longest: int) -> Values:
    """Return the forward message into each line: the likelihood ratio contributed by its article's earlier lines.

    The message into the first line of an article is 1. A line with its own ratio q and the incoming message r sends
    (stay * q * r + 1 - stay) / ((1 - stay) * q * r + stay) to the next line. This equals a - b / (q * r + a); for
    the last line of an article, q and b are replaced so that the message is 1.
    """
    a, b = stay / (1 - stay), (2 * stay - 1) / (1 - stay) ** 2
    if len(ratios) <= _FEW:
        return _messages_one_by_one(ratios, is_last, a, b)
    ratios = np.where(is_last, 0.0, ratios)
    products = np.where(is_last, (a - 1) * a, b)
    # The logarithms of two messages differ by a bounded amount, which each step reduces by the factor 2 * stay - 1.
    reach = 1 + np.log(_NEGLIGIBLE) / np.log(np.clip(2 * stay - 1, _NEGLIGIBLE, 1 - _NEGLIGIBLE))
    lead = int(min(longest, reach))
    length = min(max(lead, _SHORTEST), len(ratios))
    rows, factors = _stretches(ratios, lead, length, 0.0), _stretches(products, lead, length, (a - 1) * a)
    messages = np.ones((len(rows) + 1, rows.shape[1]))
    for step, (row, factor) in enumerate(zip(rows, factors, strict=True)):
        following = np.multiply(row, messages[step], out=messages[step + 1])
        following += a
        np.divide(factor, following, out=following)
        np.subtract(a, following, out=following)
    return messages[lead:-1].T.ravel()[: len(ratios)]


def _messages_one_by_one(ratios: Values, is_last: Flags, a: float, b: float) -> Values:
    message, lines = 1.0, zip(ratios.tolist(), is_last.tolist(), strict=True)
    sent = [message := 1.0 if ends else a - b / (ratio * message + a) for ratio, ends in lines]
    return np.array([1.0, *sent[:-1]])


def _stretches(values: Values, lead: int, length: int, fill: float) -> Values:
    """Divide values into columns of `length` values, each preceded by the `lead` values before them."""
    padded = np.pad(values, (lead, -len(values) % length), constant_values=fill)
    return np.ascontiguousarray(sliding_window_view(padded, lead + length)[::length].T)


@accelerated
def best_segment(scores: Values, offsets: Indices) -> tuple[Flags, Indices, Indices]:
    """Find the segment of consecutive lines with the largest sum of scores in each article.

    Parameters
    ----------
    scores : ndarray of float64, shape (n_lines,)
        Positive for lines that should be inside; rounded to 1/65,536.
    offsets : ndarray of int64, shape (n_parts + 1,)

    Returns
    -------
    inside : ndarray of bool, shape (n_lines,)
    from_start, from_end : ndarray of int64, shape (n_lines,)
        Lines since the segment's first line and until its last one; negative outside on that side.

    Examples
    --------
    >>> best_segment(np.array([-1.0, 2.0, -1.0, 3.0, -5.0]), np.array([0, 5]))[0].tolist()
    [False, True, True, True, False]
    """
    n = len(scores)
    if not n:
        return np.zeros(0, np.bool_), np.zeros(0, np.int64), np.zeros(0, np.int64)
    rows = Ragged(offsets)
    scores = np.rint(scores * _SCORE_STEPS)  # sums of whole numbers are exact, so ties do not depend on the batch
    # Each article's sums are lowered below those of the article before, so that the running minimum starts anew.
    sums = scores.cumsum()
    before = sums - scores
    drop = (max(before.max(), sums.max()) - min(before.min(), sums.min()) + 1.0) * rows.numbers
    before -= drop
    lowest = np.minimum.accumulate(before)
    gains = (sums - drop) - lowest
    places, best = rows.places, repeat_rows(max_rows(gains, rows), rows)
    end = np.minimum.reduceat(np.where(gains >= best, places, n), rows.firsts).repeat(rows.counts[rows.filled])
    # The segment begins at the last place, up to its end, where the sum before it was lowest.
    latest = np.maximum.accumulate(np.where(before <= lowest, places, 0))
    start = np.maximum(latest[end], rows.begins)
    return (places >= start) & (places <= end), places - start, end - places
