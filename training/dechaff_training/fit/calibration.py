"""Probabilities that mean what they say: logistic calibration on lines of held-out sites (Platt 1999)."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from dechaff.linear.stage import Stage, Values

# So weak a penalty that it only keeps separable lines from an endless slope.
_C = 1e3


def calibrate(stage: Stage, log_odds: Values, labels: NDArray[np.int8], weights: Values) -> Stage:
    """Stretch and move a stage's log-odds so that its probabilities are shares of content.

    The regressions learn from lines weighed by words and article, and from votes as well as golds: what they say is
    ordered right but too sure. The order of lines stays.

    Parameters
    ----------
    stage : Stage
        Without crosses.
    log_odds : ndarray of float64, shape (n_lines,)
        What it says of lines of sites that the model behind it did not learn from.
    labels : ndarray of int8, shape (n_lines,)
        0 or 1.
    weights : ndarray of float64, shape (n_lines,)
        How much each line counts; 0 leaves it out.

    Returns
    -------
    Stage
        The same one where the lines do not tell: all of one class, or no more content at higher log-odds.

    Examples
    --------
    >>> stage = Stage(("x",), np.zeros(1, np.float32), np.ones(1, np.float32), np.ones(1, np.float32), 0.0)
    >>> odds, labels = np.repeat([-4.0, 4.0], 10), np.array([0] * 9 + [1] * 10 + [0], np.int8)
    >>> softer = calibrate(stage, odds, labels, np.ones(20))
    >>> bool(abs(4 * softer.coefficients[0] - np.log(9)) < 0.01)
    True
    """
    told = weights > 0
    if len(np.unique(labels[told])) < 2:
        return stage
    regression = LogisticRegression(C=_C)
    regression.fit(log_odds[told, None], labels[told], sample_weight=weights[told] / weights[told].mean())
    slope, intercept = float(regression.coef_[0, 0]), float(regression.intercept_[0])
    if slope <= 0:
        return stage
    coefficients = (slope * stage.coefficients).astype(np.float32)
    return replace(stage, coefficients=coefficients, intercept=slope * stage.intercept + intercept)
