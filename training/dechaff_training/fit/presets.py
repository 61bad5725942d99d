"""Thresholds with a name, and the precision and recall that they had with log-odds held out by site."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

#: What share of the kept words is to be content at least, and what share of the content is to be kept at least.
PRECISION_AIM: Final = 0.96
RECALL_AIM: Final = 0.995
_STEPS: Final = 100


def choose_presets(
    probability: Values, labels: NDArray[np.int8], weights: Values, balanced: float
) -> dict[str, dict[str, float]]:
    """Choose thresholds for precision and for recall from what a model says of lines that it did not learn from.

    Parameters
    ----------
    probability : ndarray of float64, shape (n_lines,)
        Of content.
    labels : ndarray of int8, shape (n_lines,)
        0 or 1, some of them 1.
    weights : ndarray of float64, shape (n_lines,)
    balanced : float
        The model's own threshold.

    Returns
    -------
    dict of str to dict
        "precision": the lowest threshold from `balanced` on, in hundredths, that reaches `PRECISION_AIM`;
        "balanced"; "recall": the highest up to `balanced` that reaches `RECALL_AIM`; each with its "threshold",
        "precision" and "recall". Where an aim is out of reach, what comes nearest to it.

    Examples
    --------
    >>> presets = choose_presets(np.array([0.1, 0.3, 0.6, 0.9]), np.array([0, 1, 0, 1], np.int8), np.ones(4), 0.5)
    >>> presets["recall"]
    {'threshold': 0.3, 'precision': 0.667, 'recall': 1.0}
    """
    thresholds = np.arange(_STEPS + 1) / _STEPS
    figures = [_figures(probability >= threshold, labels, weights) for threshold in thresholds]
    precision, recall = np.array(figures).T
    # What a threshold keeps nothing of is no precise threshold.
    precise = np.flatnonzero((precision >= min(PRECISION_AIM, precision.max())) & (recall > 0))
    complete = np.flatnonzero(recall >= min(RECALL_AIM, recall.max()))
    # On easy data an aim may be reached beyond the model's own threshold: names keep their order.
    chosen = {
        "precision": max(thresholds[precise[0]], balanced),
        "balanced": balanced,
        "recall": min(thresholds[complete[-1]], balanced),
    }
    return {name: _describe(float(cut), probability, labels, weights) for name, cut in chosen.items()}


def _describe(threshold: float, probability: Values, labels: NDArray[np.int8], weights: Values) -> dict[str, float]:
    precision, recall = _figures(probability >= threshold, labels, weights)
    return {"threshold": threshold, "precision": round(precision, 3), "recall": round(recall, 3)}


def _figures(kept: NDArray[np.bool_], labels: NDArray[np.int8], weights: Values) -> tuple[float, float]:
    """Give precision and recall of content; of nothing kept, both are 0."""
    hits = float(weights @ (kept & (labels == 1)))
    return hits / max(float(weights @ kept), 1e-12), hits / max(float(weights @ (labels == 1)), 1e-12)
