"""Calibration and preset thresholds, from log-odds of held-out sites."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from dechaff._typing import Values
from dechaff.linear.stage import Stage

#: The target precision and recall of content of the presets, weighted by words.
PRECISION_AIM: Final = 0.96
RECALL_AIM: Final = 0.995
_STEPS: Final = 100
# A weak penalty, only to bound the slope if the lines are separable.
_C: Final = 1e3


def calibrate(stage: Stage, log_odds: Values, labels: NDArray[np.int8], weights: Values) -> Stage:
    """Scale and shift a stage's log-odds so that its probabilities match frequencies (Platt 1999).

    The regressions are overconfident: their lines are weighted by words and article, and some labels are silver
    (from a vote of extractors). The order of the lines does not change.

    Parameters
    ----------
    stage : Stage
        The stage to calibrate, without crosses.
    log_odds : ndarray of float64, shape (n_lines,)
        The log-odds of lines on sites that the model was not fitted on.
    labels : ndarray of int8, shape (n_lines,)
        The label of each line, 0 or 1.
    weights : ndarray of float64, shape (n_lines,)
        The weight of each line; 0 leaves out the line.

    Returns
    -------
    Stage
        The calibrated stage; unchanged if all lines are of one class, or if content is not more frequent at higher
        log-odds.

    Examples
    --------
    >>> stage = Stage(("x",), np.zeros(1, np.float32), np.ones(1, np.float32), np.ones(1, np.float32), 0.0)
    >>> odds, labels = np.repeat([-4.0, 4.0], 10), np.array([0] * 9 + [1] * 10 + [0], np.int8)
    >>> softer = calibrate(stage, odds, labels, np.ones(20))
    >>> bool(abs(4 * softer.coefficients[0] - np.log(9)) < 0.01)
    True
    """
    used = weights > 0
    if len(np.unique(labels[used])) < 2:
        return stage
    regression = LogisticRegression(C=_C)
    regression.fit(log_odds[used, None], labels[used], sample_weight=weights[used] / weights[used].mean())
    slope, intercept = float(regression.coef_[0, 0]), float(regression.intercept_[0])
    if slope <= 0:
        return stage
    coefficients = (slope * stage.coefficients).astype(np.float32)
    return replace(stage, coefficients=coefficients, intercept=slope * stage.intercept + intercept)


def choose_presets(
    probability: Values, labels: NDArray[np.int8], weights: Values, balanced: float
) -> dict[str, dict[str, float]]:
    """Choose thresholds for precision and for recall on lines of sites that the model was not fitted on.

    Parameters
    ----------
    probability : ndarray of float64, shape (n_lines,)
        The probability of content.
    labels : ndarray of int8, shape (n_lines,)
        The label of each line, 0 or 1; at least one is 1.
    weights : ndarray of float64, shape (n_lines,)
    balanced : float
        The model's own threshold.

    Returns
    -------
    dict of str to dict
        "precision": the lowest threshold from `balanced` up, in hundredths, that reaches `PRECISION_AIM`;
        "balanced": `balanced` itself; "recall": the highest threshold up to `balanced` that reaches `RECALL_AIM`.
        If no threshold reaches an aim, the one that comes closest. Each value has the keys "threshold",
        "precision" and "recall".

    Examples
    --------
    >>> presets = choose_presets(np.array([0.1, 0.3, 0.6, 0.9]), np.array([0, 1, 0, 1], np.int8), np.ones(4), 0.5)
    >>> presets["recall"]
    {'threshold': 0.3, 'precision': 0.667, 'recall': 1.0}
    """
    thresholds = np.arange(_STEPS + 1) / _STEPS
    figures = [_precision_recall(probability >= threshold, labels, weights) for threshold in thresholds]
    precision, recall = np.array(figures).T
    # A threshold that keeps no line has no precision.
    precise = np.flatnonzero((precision >= min(PRECISION_AIM, precision.max())) & (recall > 0))
    complete = np.flatnonzero(recall >= min(RECALL_AIM, recall.max()))
    # On easy data an aim may be reached on the other side of the model's own threshold: keep the presets in order.
    chosen = {
        "precision": max(thresholds[precise[0]], balanced),
        "balanced": balanced,
        "recall": min(thresholds[complete[-1]], balanced),
    }
    return {name: _describe(float(value), probability, labels, weights) for name, value in chosen.items()}


def _describe(threshold: float, probability: Values, labels: NDArray[np.int8], weights: Values) -> dict[str, float]:
    precision, recall = _precision_recall(probability >= threshold, labels, weights)
    return {"threshold": threshold, "precision": round(precision, 3), "recall": round(recall, 3)}


def _precision_recall(kept: NDArray[np.bool_], labels: NDArray[np.int8], weights: Values) -> tuple[float, float]:
    """Compute precision and recall of content; both are 0 if nothing is kept."""
    hits = float(weights @ (kept & (labels == 1)))
    return hits / max(float(weights @ kept), 1e-12), hits / max(float(weights @ (labels == 1)), 1e-12)
