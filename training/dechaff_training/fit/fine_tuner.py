"""Fine-tuning of stage 2: a Gaussian prior centred on the old weights (Chelba and Acero 2004).

Stage 2 combines a line's own features with its context, which generalises to other sites even from few articles.
Word weights are not changed: fitted on few articles, they would pick up the topics.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from dechaff._typing import Values
from dechaff.errors import CorpusError
from dechaff.linear.line_model import LineModel, kind_log_odds
from dechaff.linear.stage import Stage
from dechaff_training.corpus import MASKED, Corpus
from dechaff_training.fit.line_table import Labels, LineTable, Rows, encode_labels
from dechaff_training.fit.stages import stage_matrix

_MAX_ITER: Final = 200
_TOLERANCE: Final = 1e-7  # relative tolerance of the loss


class FineTuner:
    """A model and labels to fine-tune it on; the features are computed once for all fits.

    Lines are weighted as by the defaults of `LineClassifier`: every article has the same total weight, divided
    among its labelled lines in proportion to the square root of their numbers of words.

    Parameters
    ----------
    start : LineModel
    corpus : Corpus
        Labelled articles of sites that `start` was not fitted on: on its own sites the model is overconfident.

    Raises
    ------
    CorpusError
        If no line has a label, or labels do not match the lines.
    """

    def __init__(self, start: LineModel, corpus: Corpus) -> None:
        if all((labels == MASKED).all() for labels in corpus.labels):
            raise CorpusError("no line has a label: label some lines first")
        self._start = start
        self._table = LineTable(corpus.texts, start.n_bits, start.keywords)
        try:
            self._labels = encode_labels(corpus.labels, self._table.counts)
        except ValueError as error:
            raise CorpusError(f"cannot train on this corpus: {error}") from error
        self._known = self._labels != MASKED
        self._weights = self._table.line_weights(np.flatnonzero(self._known))
        stage1_odds = start.stage1.log_odds(self._table.stage1.T) + self._table.words @ start.word_weights
        self._table.add_context(corpus.texts, stage1_odds, kind_log_odds(start.kinds, self._table.stage1.T))
        dense = self._table.dense
        self._odds = start.stage2.log_odds(dense.T)
        # The last column is the intercept, which is regularised like the other weights.
        parts = [stage_matrix(start.stage2, dense), sparse.csr_matrix(np.ones((len(dense), 1), np.float32))]
        # The solver computes in float64 and would otherwise convert the matrix in each step.
        self._matrix = sparse.hstack(parts, format="csr", dtype=np.float64)

    def change(self, strength: float, articles: Rows | None = None, guess: Values | None = None) -> Values:
        """Fit a change of the weights of stage 2 to the labels.

        Parameters
        ----------
        strength : float
            The weight of the labels relative to the prior; with 0 nothing changes.
        articles : ndarray of int64, optional
            The indices of the articles to fit on; by default all.
        guess : ndarray of float64, shape (n_weights,), optional
            The initial guess, such as the change for another strength.

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
        """Return the fine-tuned model, or the old model itself if nothing changes."""
        start = self._start
        return replace(start, stage2=_add_change(start.stage2, change)) if change.any() else start

    def loss(self, change: Values, articles: Rows) -> float:
        """Compute the log loss of the labelled lines of articles, each article with weight 1.

        Parameters
        ----------
        change : ndarray of float64, shape (n_weights,)
        articles : ndarray of int64
        """
        odds = self._odds + self._matrix @ change
        stage3 = self._start.stage3
        if stage3 is not None:
            odds = stage3.log_odds(self._table.stage3_matrix(odds, self._start.headline).T)
        rows = self._rows(articles)
        return float(self._weights[rows] @ np.logaddexp(0, -_signs(self._labels[rows]) * odds[rows]))

    def _rows(self, articles: Rows | None) -> Rows:
        chosen = self._known if articles is None else self._known & np.isin(self._table.article, articles)
        return np.flatnonzero(chosen)


def _signs(labels: Labels) -> Values:
    """Return +1 for content and -1 for boilerplate."""
    return 2 * labels.astype(np.float64) - 1


def fit_change(
    matrix: sparse.csr_matrix,
    log_odds: Values,
    labels: Labels,
    weights: Values,
    C: float,
    guess: Values | None = None,
) -> Values:
    """Fit a change of weights to labels, by logistic regression with the old log-odds as offset.

    It minimises ``C * sum(weights * log_loss) + sum(change ** 2) / 2``, where the weights have a mean of 1: with
    few labels the change stays near zero.

    Parameters
    ----------
    matrix : sparse matrix, shape (n_lines, n_weights)
    log_odds : ndarray of float64, shape (n_lines,)
        Log-odds of the lines before the change.
    labels : ndarray of int8, shape (n_lines,)
        The label of each line, 0 or 1.
    weights : ndarray of float64, shape (n_lines,)
    C : float
    guess : ndarray of float64, shape (n_weights,), optional
        The initial guess; by default zero.

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
        """Compute the objective and its gradient."""
        margins = signs * (log_odds + matrix @ change)
        loss = float(weights @ np.logaddexp(0, -margins) + change @ change / 2)
        return loss, change - matrix.T @ (weights * signs * expit(-margins))

    guess = np.zeros(matrix.shape[1]) if guess is None else guess
    options = {"maxiter": _MAX_ITER, "ftol": _TOLERANCE}
    found = minimize(objective, guess, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x, np.float64)


def _add_change(stage: Stage, change: Values) -> Stage:
    """Return a stage with a change added to its coefficients, leaf weights and intercept."""
    coefficients, leaves, intercept = np.split(change, (len(stage.names), len(change) - 1))
    crosses = stage.crosses
    if crosses is not None:
        leaf_weights = crosses.weights + leaves.reshape(crosses.weights.shape)
        crosses = replace(crosses, weights=leaf_weights.astype(np.float32))
    return replace(
        stage,
        coefficients=(stage.coefficients + coefficients).astype(np.float32),
        intercept=stage.intercept + float(intercept[0]),
        crosses=crosses,
    )
