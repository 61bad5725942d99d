"""A model moved towards new labels: a Gaussian prior centred on its weights (Chelba and Acero 2004).

Only stage 2 moves. It sees what a line is, what stage 1 says of the lines around, and, by the crosses, both at
once; of a few articles that is what carries over to other sites. Words learnt from so few are their subjects'.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from dechaff.errors import CorpusError
from dechaff.linear.line_model import LineModel
from dechaff.linear.stage import Stage, Values
from dechaff_training.corpus import MASKED, Corpus
from dechaff_training.fit.estimator import encode_labels
from dechaff_training.fit.line_table import Labels, LineTable, Rows, stage_matrix

_MAX_ITER: Final = 200
_TOLERANCE: Final = 1e-7  # of the loss, relative


class Adapter:
    """A model and the labels that it is to move towards: features are computed once, however often it moves.

    Articles weigh the same, lines of one by the root of their words, as where `LineClassifier` learns.

    Parameters
    ----------
    start : LineModel
    corpus : Corpus
        Of sites that `start` did not learn from, else it has no doubts there to learn from.

    Raises
    ------
    CorpusError
        If no line has a label, or labels do not fit the lines.
    """

    def __init__(self, start: LineModel, corpus: Corpus) -> None:
        if all((labels == MASKED).all() for labels in corpus.labels):
            raise CorpusError("no line has a label: there is nothing to learn")
        self._start = start
        self._table = LineTable(corpus.texts, start.n_bits, start.keywords)
        try:
            self._labels = encode_labels(corpus.labels, self._table.counts)
        except ValueError as error:
            raise CorpusError(f"cannot learn from this corpus: {error}") from error
        self._known = self._labels != MASKED
        self._weights = self._table.line_weights(np.flatnonzero(self._known))
        first_odds = start.first.log_odds(self._table.first.T) + self._table.words @ start.word_weights
        self._table.add_context(corpus.texts, first_odds)
        dense = self._table.dense
        self._odds = start.second.log_odds(dense.T)
        # The last column is the intercept's, which moves as other weights do.
        parts = [stage_matrix(start.second, dense), sparse.csr_matrix(np.ones((len(dense), 1), np.float32))]
        # In the solver's own precision: no copy for each of its steps.
        self._matrix = sparse.hstack(parts, format="csr", dtype=np.float64)

    def change(self, strength: float, articles: Rows | None = None, guess: Values | None = None) -> Values:
        """Find the change of stage 2's weights that fits the labels.

        Parameters
        ----------
        strength : float
            How much the labels count against the old weights; with 0 nothing changes.
        articles : ndarray of int64, optional
            The places of those to learn from; by default all.
        guess : ndarray of float64, shape (n_weights,), optional
            Where to begin: the change for another strength is not far.

        Returns
        -------
        ndarray of float64, shape (n_weights,)
        """
        rows = self._rows(articles)
        if not strength or not len(rows):
            return np.zeros(self._matrix.shape[1])
        return fit_change(
            self._matrix[rows], self._odds[rows], self._labels[rows], self._weights[rows], strength, guess
        )

    def model(self, change: Values) -> LineModel:
        """Give the moved model; the very same where nothing changes."""
        start = self._start
        return replace(start, second=_move(start.second, change)) if change.any() else start

    def loss(self, change: Values, articles: Rows) -> float:
        """Sum the log losses of articles' labelled lines, each article weighing one.

        Parameters
        ----------
        change : ndarray of float64, shape (n_weights,)
        articles : ndarray of int64
        """
        odds = self._odds + self._matrix @ change
        decoder = self._start.decoder
        if decoder is not None:
            odds = decoder.log_odds(self._table.decoding(odds).T)
        rows = self._rows(articles)
        return float(self._weights[rows] @ np.logaddexp(0, -_signs(self._labels[rows]) * odds[rows]))

    def _rows(self, articles: Rows | None) -> Rows:
        chosen = self._known if articles is None else self._known & np.isin(self._table.article, articles)
        return np.flatnonzero(chosen)


def _signs(labels: Labels) -> Values:
    """Make +1 of content and -1 of boilerplate."""
    return 2 * labels.astype(np.float64) - 1


def fit_change(
    matrix: sparse.csr_matrix,
    log_odds: Values,
    labels: Labels,
    weights: Values,
    C: float,
    guess: Values | None = None,
) -> Values:
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
    guess : ndarray of float64, shape (n_weights,), optional
        Where to begin; by default at no change.

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
    signs = _signs(labels)

    def objective(change: Values) -> tuple[float, Values]:
        """Give the log loss with half the squared change, and its gradient."""
        margins = signs * (log_odds + matrix @ change)
        loss = float(weights @ np.logaddexp(0, -margins) + change @ change / 2)
        return loss, change - matrix.T @ (weights * signs * expit(-margins))

    guess = np.zeros(matrix.shape[1]) if guess is None else guess
    options = {"maxiter": _MAX_ITER, "ftol": _TOLERANCE}
    found = minimize(objective, guess, jac=True, method="L-BFGS-B", options=options)
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
