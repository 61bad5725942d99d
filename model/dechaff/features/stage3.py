"""Features of stage 3: the stage-2 log-odds of a line, of the lines around it and of the whole text; the headline.

If stage 2 is unsure about a line, the share of content in its text is informative: a text that an extractor has
already cleaned has little boilerplate. An article has one headline: how much more a line looks like it than the
other lines there says more than its own log-odds. Two-state smoothing is used as in Web2Text.
"""

from typing import Final

import numpy as np

from dechaff._typing import Columns, Indices, Values
from dechaff.features.head import NO_HEADLINE, share_log_odds
from dechaff.features.smoothing import smooth_log_odds
from dechaff.text.ragged import Ragged, max_rows, repeat_rows, sum_rows
from dechaff.text.scaling import log1p_counts, round_columns

_CLIP: Final = 8.0
_STAY: Final = 0.9

STAGE3_NAMES: Final = (
    "decided_log_odds",
    "decided_smooth_log_odds",
    "decided_share_content",
    "decided_doubt",
    "decided_log_n_lines",
    "decided_log_n_words",
    "headline_log_odds",
    "is_best_headline",
    "decided_log_odds_of_headline",
)


def stage3_features(log_odds: Values, headline: Values, n_words: Indices, parts: Ragged) -> Columns:
    """Compute the features that depend on the log-odds of stage 2.

    Parameters
    ----------
    log_odds : ndarray of float64, shape (n_lines,)
        The log-odds of stage 2.
    headline : ndarray of float64, shape (n_lines,)
        The log-odds that a line is the headline, as from `dechaff.features.head.choice_log_odds`.
    n_words : ndarray of int64, shape (n_lines,)
        The number of words of each line.
    parts : Ragged
        The lines of each part.

    Returns
    -------
    dict of str to ndarray of float32, shape (n_lines,)
        The features by name.

    Examples
    --------
    >>> odds, headline = np.array([6.0, -0.5, 6.0]), np.array([2.0, -2.0, -4.0])
    >>> parts = Ragged(np.array([0, 3]))
    >>> stage3_features(odds, headline, np.array([9, 2, 9]), parts)["decided_smooth_log_odds"]
    array([7.2301, 3.8509, 7.2301], dtype=float32)
    """
    odds = log_odds.clip(-_CLIP, _CLIP)
    probability = 1 / (1 + np.exp(-odds))
    width = np.maximum(n_words, 1).astype(np.float64)
    mass = probability * width
    n_article_words, expected, doubtful = sum_rows(np.array((width, mass, (1 - probability) * mass)), parts)
    n_article_words = np.maximum(n_article_words, 1)
    of_article = (
        share_log_odds(expected / n_article_words),
        doubtful / n_article_words,
        np.log(np.maximum(parts.counts, 1)),
        max_rows(headline, parts),
    )
    share, doubt, log_n_lines, best = repeat_rows(np.array(of_article), parts)
    is_best = (headline == best) & (headline > NO_HEADLINE)
    columns = {
        "decided_log_odds": odds,
        "decided_smooth_log_odds": smooth_log_odds(odds, parts, _STAY),
        "decided_share_content": share,
        "decided_doubt": doubt,
        "decided_log_n_lines": log_n_lines,
        "decided_log_n_words": log1p_counts(n_words - 1, rounded=True),
        "headline_log_odds": headline,
        "is_best_headline": is_best,
        "decided_log_odds_of_headline": is_best * odds.clip(-4, 2),
    }
    return round_columns(columns)


def stage3_names() -> tuple[str, ...]:
    """Return the names of the features of `stage3_features`, in order."""
    return STAGE3_NAMES
