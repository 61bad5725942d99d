"""The choice of the headline among the lines above the body, by the weights that a model has for it."""

from collections.abc import Callable

import numpy as np

from dechaff._typing import Floats, Indices, Matrix, Values
from dechaff.features.head import NO_HEADLINE, choice_log_odds, headline_candidates
from dechaff.kernels import use_numba
from dechaff.linear.stage import Stage
from dechaff.text.ragged import Ragged


def headline_log_odds(
    headline: Stage | None,
    features: Callable[[Indices], Matrix],
    probability: Floats,
    n_words: Indices,
    parts: Ragged,
) -> Values:
    """Compute the log-odds that each line is the headline, for stage 3, in inference and in training.

    Parameters
    ----------
    headline : Stage or None
        The weights of the features of stage 2 in the choice; without them no line is the headline.
    features : callable
        Returns the features of stage 2 of some lines, shape (n_features, n_chosen_lines).
    probability : ndarray of floats, shape (n_lines,)
        Of stage 1, as in the features of stage 2.
    n_words : ndarray of int64, shape (n_lines,)
    parts : Ragged

    Returns
    -------
    ndarray of float64, shape (n_lines,)
    """
    if headline is None:
        return np.full(len(n_words), NO_HEADLINE)
    candidates = headline_candidates(probability.astype(np.float64), n_words, parts)
    with use_numba(False):  # the choice magnifies differences in the last digits of sums
        scores = headline.log_odds(features(candidates))
    return choice_log_odds(scores, candidates, parts)
