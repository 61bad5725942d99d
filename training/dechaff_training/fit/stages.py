"""Fitting of stages: logistic regressions with crosses, out-of-fold log-odds, those of kinds and on markup.

Crosses are the leaves of shallow boosted trees as features (He et al. 2014); each combines several features.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from dechaff._typing import Flags, Matrix, Values
from dechaff.features import stack
from dechaff.features.context import LEARNT_KINDS, UNLIKELY
from dechaff.features.markup import MARKUP_NAMES, markup_features
from dechaff.linear.line_model import CLASSES, kind_log_odds, markup_names, stage_names
from dechaff.linear.stage import SPLITS_PER_TREE, Crosses, Stage
from dechaff.text.batching import batches
from dechaff.text.marked import MarkedText, as_markdown
from dechaff_training.corpus.articles import MASKED
from dechaff_training.fit.line_table import Labels, LineTable, Rows
from dechaff_training.fit.thresholds import calibrate

Folds = list[tuple[Rows, Rows]]
#: A function that computes the log-odds of lines.
Scorer = Callable[[Rows], Values]

N_LEAVES = SPLITS_PER_TREE + 1
_FIT_TOLERANCE = 1e-4
# Without this minimum, a feature that is rarely non-zero would be scaled up until a single line dominates.
_SMALLEST_SCALE = 0.1
# Each needs memory for its training lines.
_MOST_FOLDS_AT_ONCE: Final = 4


def grow_crosses(
    dense: Matrix,
    labels: NDArray[np.int8],
    weights: NDArray[np.float64],
    n_trees: int,
    learning_rate: float,
    random_state: int,
) -> Crosses:
    """Fit boosted shallow trees to dense features and return their splits.

    Parameters
    ----------
    dense : ndarray of float32, shape (n_lines, n_features)
    labels : ndarray of int8, shape (n_lines,)
    weights : ndarray of float64, shape (n_lines,)
    n_trees : int
    learning_rate : float
    random_state : int

    Returns
    -------
    Crosses
        The trees with leaf weights of zero, which the weights of the logistic regression replace later.
    """
    boosting = HistGradientBoostingClassifier(
        max_iter=n_trees,
        max_leaf_nodes=N_LEAVES,
        learning_rate=learning_rate,
        min_samples_leaf=200,
        l2_regularization=10.0,
        max_features=0.3,
        max_bins=127,
        early_stopping=False,
        random_state=random_state,
    )
    boosting.fit(dense, labels, sample_weight=weights)
    crosses = no_crosses(n_trees)
    # scikit-learn has no public API for the splits of a boosted tree.
    for row, (predictor,) in enumerate(boosting._predictors):
        _copy_tree(predictor.nodes, crosses, row)
    return crosses


def no_crosses(n_trees: int = 0) -> Crosses:
    """Return `n_trees` trees without splits."""
    return Crosses(
        features=np.zeros((n_trees, SPLITS_PER_TREE), np.int32),
        thresholds=np.full((n_trees, SPLITS_PER_TREE), np.inf, np.float32),
        leaves=np.zeros((n_trees, 256), np.uint8),
        weights=np.zeros((n_trees, N_LEAVES), np.float32),
    )


def leaf_matrix(crosses: Crosses, dense: Matrix) -> sparse.csr_matrix:
    """Return the leaves as a sparse one-hot matrix, shape (n_lines, n_trees * 9)."""
    chunk = 20_000
    columns = [
        crosses.leaf_indices(np.ascontiguousarray(dense[first : first + chunk].T)).T.astype(np.int32)
        for first in range(0, len(dense), chunk)
    ]
    indices = np.concatenate(columns).ravel()
    shape = (len(dense), crosses.weights.size)
    offsets = np.arange(len(dense) + 1, dtype=np.int64) * crosses.n_trees
    return sparse.csr_matrix((np.ones(len(indices), np.float32), indices, offsets), shape)


def _copy_tree(nodes: NDArray[np.void], crosses: Crosses, row: int) -> None:
    """Write the splits of one tree into a row of `crosses`, and the leaf for each combination of their outcomes."""
    splits = np.flatnonzero(nodes["is_leaf"] == 0)
    bit = {int(node): place for place, node in enumerate(splits)}
    crosses.features[row, : len(splits)] = nodes["feature_idx"][splits]
    # Values above the threshold go right. Rounded down to float32, it sends each value to the same side.
    thresholds = nodes["num_threshold"][splits].astype(np.float32)
    too_high = thresholds > nodes["num_threshold"][splits]
    thresholds[too_high] = np.nextafter(thresholds[too_high], np.float32(-np.inf))
    crosses.thresholds[row, : len(splits)] = thresholds
    leaf_number = {int(node): number for number, node in enumerate(np.flatnonzero(nodes["is_leaf"]))}
    for pattern in range(256):
        node = 0
        while node in bit:
            node = int(nodes["right" if pattern >> bit[node] & 1 else "left"][node])
        crosses.leaves[row, pattern] = leaf_number[node]


def fit_stage(
    names: tuple[str, ...],
    dense: Matrix,
    labels: Labels,
    weights: Values,
    *,
    C: float,
    max_iter: int,
    words: sparse.csr_matrix | None = None,
    crosses: Crosses | None = None,
) -> tuple[Stage, NDArray[np.float32]]:
    """Fit one logistic regression to standardised features, hashed words and crosses.

    Parameters
    ----------
    names : tuple of str
        The features of `dense`.
    dense : ndarray of float32, shape (n_lines, n_features)
    labels : ndarray of int8, shape (n_lines,)
        The label of each line, 0 or 1.
    weights : ndarray of float64, shape (n_lines,)
    C : float
        Inverse strength of the L2 penalty, with line weights scaled to a mean of 1.
    max_iter : int
    words : sparse matrix, shape (n_lines, n_buckets), optional
    crosses : Crosses, optional

    Returns
    -------
    stage : Stage
    word_weights : ndarray of float32, shape (n_buckets,)
        The weights of the hashed words; empty without `words`.
    """
    means = dense.mean(axis=0, dtype=np.float64).astype(np.float32)
    scales = np.maximum(dense.std(axis=0, dtype=np.float64), _SMALLEST_SCALE).astype(np.float32)
    stage = Stage(names, means, scales, np.zeros_like(means), 0.0)
    matrix = stage_matrix(replace(stage, crosses=crosses), dense, words)
    regression = LogisticRegression(C=C, max_iter=max_iter, tol=_FIT_TOLERANCE)
    regression.fit(matrix, labels, sample_weight=(weights / weights.mean()).astype(np.float32))
    coefficients = regression.coef_[0].astype(np.float32)
    n_dense, n_words = len(names), words.shape[1] if words is not None else 0
    if crosses is not None:
        leaf_weights = coefficients[n_dense + n_words :].reshape(crosses.weights.shape)
        crosses = Crosses(crosses.features, crosses.thresholds, crosses.leaves, leaf_weights)
    fitted = Stage(names, means, scales, coefficients[:n_dense], float(regression.intercept_[0]), crosses)
    return fitted, coefficients[n_dense : n_dense + n_words]


def mean_stage(stages: Sequence[Stage]) -> Stage:
    """Return one stage whose log-odds are the mean of those of several stages on the same features.

    Parameters
    ----------
    stages : sequence of Stage

    Examples
    --------
    >>> ones, zeros = np.ones(1, np.float32), np.zeros(1, np.float32)
    >>> stages = [Stage(("length",), zeros, ones, 2 * ones, 1.0), Stage(("length",), ones, 2 * ones, 8 * ones, 0.0)]
    >>> mean_stage(stages).log_odds(np.array([[0, 1, 2]], np.float32)).tolist()
    [-1.5, 1.5, 4.5]
    """
    weights, constants = zip(*(stage.raw_weights for stage in stages), strict=True)
    mean, crosses = np.mean(weights, axis=0, dtype=np.float64), [stage.crosses for stage in stages if stage.crosses]
    return replace(
        stages[0],
        coefficients=(mean * stages[0].scales).astype(np.float32),
        intercept=float(np.mean(constants) + mean @ stages[0].means),
        crosses=Crosses(
            np.concatenate([each.features for each in crosses]),
            np.concatenate([each.thresholds for each in crosses]),
            np.concatenate([each.leaves for each in crosses]),
            (np.concatenate([each.weights for each in crosses]) / len(stages)).astype(np.float32),
        )
        if crosses
        else None,
    )


def fit_choice(
    names: tuple[str, ...], dense: Matrix, chosen: Rows, choices: Rows, weights: Values, *, C: float, max_iter: int
) -> Stage:
    """Fit a conditional logit: one of several lines is chosen, by the differences between their features.

    Each pair of the chosen line and another one is an example of a logistic regression without an intercept.

    Parameters
    ----------
    names : tuple of str
        The features of `dense`.
    dense : ndarray of float32, shape (n_lines, n_features)
    chosen, choices : ndarray of int64, shape (n_pairs,)
        The lines of each pair: the chosen one, and another that was not chosen.
    weights : ndarray of float64, shape (n_pairs,)
    C : float
        Inverse strength of the L2 penalty, with weights scaled to a mean of 1.
    max_iter : int
    """
    seen = dense[np.union1d(chosen, choices)]
    means = seen.mean(axis=0, dtype=np.float64).astype(np.float32)
    scales = np.maximum(seen.std(axis=0, dtype=np.float64), _SMALLEST_SCALE).astype(np.float32)
    # Every second pair is turned round: a regression needs both classes.
    signs = np.where(np.arange(len(chosen)) % 2, 1, -1)
    differences = (dense[chosen] - dense[choices]) / scales * signs[:, None].astype(np.float32)
    regression = LogisticRegression(C=C, max_iter=max_iter, tol=_FIT_TOLERANCE, fit_intercept=False)
    regression.fit(differences, signs, sample_weight=(weights / weights.mean()).astype(np.float32))
    return Stage(names, means, scales, regression.coef_[0].astype(np.float32), 0.0)


def stage_matrix(stage: Stage, dense: Matrix, words: sparse.csr_matrix | None = None) -> sparse.csr_matrix:
    """Return the design matrix of a stage: standardised features, hashed words and leaves.

    Parameters
    ----------
    stage : Stage
    dense : ndarray of float32, shape (n_lines, n_features)
    words : sparse matrix, shape (n_lines, n_buckets), optional

    Returns
    -------
    sparse matrix of float32, shape (n_lines, n_weights)
    """
    parts = [sparse.csr_matrix(np.ascontiguousarray(stage.standardise(dense.T).T))]
    if words is not None:
        parts.append(words)
    if stage.crosses is not None:
        parts.append(leaf_matrix(stage.crosses, dense))
    return sparse.hstack(parts, format="csr", dtype=np.float32)


def out_of_fold(
    folds: Folds, labels: Labels, name: str, fit: Callable[[Rows], Scorer], report: Callable[[str], None]
) -> Values:
    """Compute out-of-fold log-odds: each line is scored by a model that was not fitted on its site.

    Parameters
    ----------
    folds : list of (train, held)
        For each fold, the lines to fit on and the lines to score.
    labels : ndarray of int8, shape (n_lines,)
    name : str
        The name of the stage, for `report`.
    fit : callable
        A function that fits on labelled lines and returns a scorer.
    report : callable
        A function that is called with the name of each step.
    """
    odds, lock = np.zeros(len(labels)), Lock()

    def run(number: int, train: Rows, held: Rows) -> None:
        """Score the lines of one fold."""
        with lock:
            report(f"{name}, fold {number} of {len(folds)}")
        odds[held] = fit(train[labels[train] != MASKED])(held)

    # In threads: sparse products, which take most of the time, release the lock of the interpreter.
    n_jobs = min(os.cpu_count() or 1, _MOST_FOLDS_AT_ONCE)
    Parallel(n_jobs, prefer="threads")(delayed(run)(n, *fold) for n, fold in enumerate(folds, 1))
    return odds


def fit_kinds(
    table: LineTable,
    kinds: Labels,
    draw: Callable[[Rows], tuple[Rows, Values]],
    folds: Folds,
    report: Callable[[str], None],
    *,
    C: float,
    max_iter: int,
) -> tuple[tuple[Stage, ...], Values]:
    """Fit a regression for each of `LEARNT_KINDS` to features of stage 1; without any known kind there are none.

    Parameters
    ----------
    table : LineTable
    kinds : ndarray of int8, shape (n_kinds, n_lines)
        The result of `encode_kinds`.
    draw : callable
        A function that samples lines, and returns them with their weights.
    folds, report
        As in `out_of_fold`.
    C : float
        Inverse strength of the L2 penalty, as in `fit_stage`.
    max_iter : int

    Returns
    -------
    stages : tuple of Stage
        The regressions, as in `LineModel.kinds`.
    log_odds : ndarray of float64, shape (n_kinds, n_lines)
        Out-of-fold log-odds.
    """
    if not (kinds == 1).any():
        return (), kind_log_odds((), table.stage1.T)
    stages, odds = [], []
    for name, labels in zip(LEARNT_KINDS, kinds, strict=True):
        report(f"kind {name}")
        fit = partial(_fit_kind, table, labels, draw, C=C, max_iter=max_iter)
        stages.append(fit(np.flatnonzero(labels != MASKED)))
        odds.append(out_of_fold(folds, labels, f"kind {name}", partial(_kind_scorer, table, fit), report))
    return tuple(stages), np.array(odds)


def _fit_kind(
    table: LineTable,
    labels: Labels,
    draw: Callable[[Rows], tuple[Rows, Values]],
    rows: Rows,
    *,
    C: float,
    max_iter: int,
) -> Stage:
    """Fit the regression of one kind, or return a constant for a kind that no line has."""
    names = stage_names()[0]
    if not labels[rows].any():
        zeros = np.zeros(len(names), np.float32)
        return Stage(names, zeros, np.ones_like(zeros), zeros, UNLIKELY)
    rows, weights = draw(rows)
    return fit_stage(names, table.stage1[rows], labels[rows], weights, C=C, max_iter=max_iter)[0]


def _kind_scorer(table: LineTable, fit: Callable[[Rows], Stage], rows: Rows) -> Scorer:
    """Fit the regression of a kind on some lines and return a scorer for others."""
    stage = fit(rows)
    return lambda held: stage.log_odds(table.stage1[held].T)


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


def pass_through_stage() -> Stage:
    """Return a stage 2 whose output is the log-odds of stage 1."""
    names = stage_names()[1]
    coefficients = np.zeros(len(names), np.float32)
    scales = np.ones_like(coefficients)
    place = names.index("log_odds")
    coefficients[place] = 1.0
    return Stage(names, np.zeros_like(coefficients), scales, coefficients, 0.0)
