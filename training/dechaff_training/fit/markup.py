"""Fitting of the regression for lines whose markup is known."""

from collections.abc import Callable, Sequence

import numpy as np

from dechaff._typing import Flags, Matrix, Values
from dechaff.features import stack
from dechaff.features.markup import MARKUP_NAMES, markup_features
from dechaff.linear.line_model import CLASSES, markup_names
from dechaff.linear.stage import Stage
from dechaff.text.batching import batches
from dechaff.text.marked import MarkedText, as_markdown
from dechaff_training.corpus.articles import MASKED
from dechaff_training.fit.line_table import Labels, Rows
from dechaff_training.fit.stages import fit_stage
from dechaff_training.fit.thresholds import calibrate


def fit_markup(
    texts: Sequence[str],
    stage3_matrix: Matrix,
    labels: Labels,
    weights: Values,
    calibration: Values,
    draw: Callable[[Rows, Values], tuple[Rows, Values]],
    *,
    C: float,
    max_iter: int,
) -> Stage | None:
    """Fit `LineModel.markup` to the lines of marked texts, with the markup of HTML and with that of Markdown.

    Parameters
    ----------
    texts : sequence of str
        Those of them that are `MarkedText` are used.
    stage3_matrix : ndarray of float32, shape (n_lines, n_features)
        The features of stage 3, from out-of-fold log-odds.
    labels : ndarray of int8, shape (n_lines,)
    weights, calibration : ndarray of float64, shape (n_lines,)
        The weight of each line in the regression, and in its calibration; lines without the latter are left out,
        because golds disagree with the policy on what markup shows.
    draw : callable
        Samples lines, and returns them with their weights.
    C : float
        Inverse strength of the L2 penalty, as in `fit_stage`.
    max_iter : int

    Returns
    -------
    Stage or None
        None if no lines of both labels have markup.
    """
    in_markdown = [as_markdown(text) if isinstance(text, MarkedText) else text for text in texts]
    wanted = (labels != MASKED) & (calibration > 0)
    (rows, matrix), (again, other) = (_marked_lines(form, wanted) for form in (texts, in_markdown))
    lines = np.concatenate((rows, again))
    if len(np.unique(labels[lines])) < len(CLASSES):
        return None
    drawn, drawn_weights = draw(np.arange(len(lines)), weights[lines])
    matrix = np.concatenate((stage3_matrix[lines], np.concatenate((matrix, other))), axis=1)
    stage, _ = fit_stage(markup_names(), matrix[drawn], labels[lines[drawn]], drawn_weights, C=C, max_iter=max_iter)
    return calibrate(stage, stage.log_odds(matrix.T), labels[lines], calibration[lines])


def _marked_lines(texts: Sequence[str], wanted: Flags) -> tuple[Rows, Matrix]:
    """Return the lines that have markup and are wanted, and the features of their markup."""
    rows: list[Rows] = [np.zeros(0, np.int64)]
    matrices: list[Matrix] = [np.zeros((0, len(MARKUP_NAMES)), np.float32)]
    first = 0
    for batch in batches(texts):
        is_marked, columns = markup_features(batch)
        own = np.flatnonzero(is_marked & wanted[first : first + batch.n_lines])
        if len(own):
            rows.append(own + first)
            matrices.append(stack(columns).T[own])
        first += batch.n_lines
    return np.concatenate(rows), np.concatenate(matrices)
