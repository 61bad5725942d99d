"""A model moved towards new labels: a Gaussian prior centred on its weights (Chelba and Acero 2004).

Only stage 2 moves. It sees what a line is, what stage 1 says of the lines around, and, by the crosses, both at
once; of a few articles that is what carries over to other sites. Words learnt from so few are their subjects'.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from dechaff.errors import CorpusError
from dechaff.model import LineModel
from dechaff.stages import Stage, Values
from dechaff_training.corpus import MASKED, Corpus
from dechaff_training.estimator import encode_labels
from dechaff_training.fitting import Labels, LineTable, stage_matrix

_MAX_ITER: Final = 200


def adapt(start: LineModel, corpus: Corpus, strengths: Sequence[float]) -> list[LineModel]:
    """Move a model towards the labels of a corpus, once for each strength.

    Articles weigh the same, lines of one by the root of their words, as where `LineClassifier` learns.

    Parameters
    ----------
    start : LineModel
    corpus : Corpus
        Of sites that `start` did not learn from, else it has no doubts there to learn from.
    strengths : sequence of float
        How much the labels count against the old weights; with 0 the model stays as it is.

    Raises
    ------
    CorpusError
        If no line has a label, or labels do not fit the lines.
    """
    if all((labels == MASKED).all() for labels in corpus.labels):
        raise CorpusError("no line has a label: there is nothing to learn")
    table = LineTable(corpus.texts, start.n_bits, start.keywords)
    try:
        labels = encode_labels(corpus.labels, table.counts)
    except ValueError as error:
        raise CorpusError(f"cannot learn from this corpus: {error}") from error
    known = np.flatnonzero(labels != MASKED)
    first_odds = start.first.log_odds(table.first.T) + table.words @ start.word_weights
    table.add_context(corpus.texts, first_odds)
    dense, weights = table.dense[known], table.line_weights(known)[known]
    odds = start.second.log_odds(dense.T)
    ones = sparse.csr_matrix(np.ones((len(known), 1), np.float32))  # the intercept's; it moves like other weights
    matrix = sparse.hstack([stage_matrix(start.second, dense), ones], format="csr")
    changes = [fit_change(matrix, odds, labels[known], weights, C) if C else None for C in strengths]
    return [start if c is None else replace(start, second=_move(start.second, c)) for c in changes]


def fit_change(matrix: sparse.csr_matrix, log_odds: Values, labels: Labels, weights: Values, C: float) -> Values:
    """Find the change of weights that makes log-odds fit labels: logistic regression with an offset.

    It minimises ``C * sum(weights * log_loss) + sum(change ** 2) / 2``, weights of mean 1: with few labels the
    change stays near zero.

    Parameters
    ----------
    matrix : sparse matrix, shape (n_lines, n_weights)
    log_odds : ndarray of float64, shape (n_lines,)
        What is said of the lines before the change.
    labels : ndarray of int8, shape (n_lines,)
        0 or 1.
    weights : ndarray of float64, shape (n_lines,)
    C : float

    Returns
    -------
    ndarray of float64, shape (n_weights,)

    Examples
    --------
    >>> one = sparse.csr_matrix(np.ones((4, 1)))
    >>> labels = np.array([1, 1, 1, 0], np.int8)
    >>> weak, strong = (fit_change(one, np.zeros(4), labels, np.ones(4), C)[0] for C in (0.01, 100))
    >>> bool(0 < weak < 0.02), round(float(np.exp(strong)), 1)
    (True, 3.0)
    """
    weights = C * weights / weights.mean()
    signs = 2.0 * labels - 1

    def objective(change: Values) -> tuple[float, Values]:
        margins = signs * (log_odds + matrix @ change)
        loss = float(weights @ np.logaddexp(0, -margins) + change @ change / 2)
        return loss, change - matrix.T @ (weights * signs * expit(-margins))

    found = minimize(
        objective, np.zeros(matrix.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": _MAX_ITER}
    )
    return np.asarray(found.x, np.float64)


def _move(stage: Stage, change: Values) -> Stage:
    """Add a change to a stage's weights: coefficients, leaves, intercept."""
    coefficients, leaves, intercept = np.split(change, (len(stage.names), len(change) - 1))
    crosses = stage.crosses
    if crosses is not None:
        moved = crosses.weights + leaves.reshape(crosses.weights.shape)
        crosses = replace(crosses, weights=moved.astype(np.float32))
    return replace(
        stage,
        coefficients=(stage.coefficients + coefficients).astype(np.float32),
        intercept=stage.intercept + float(intercept[0]),
        crosses=crosses,
    )
