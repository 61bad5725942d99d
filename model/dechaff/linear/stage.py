"""One logistic regression as arrays, applied with numpy alone.

A stage may have *crosses*: the leaves of shallow trees as one-hot features (He et al. 2014). With them, a linear
model can treat a price inside a review as content and one after it as an offer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Indices, Matrix, Values
from dechaff.kernels import accelerated

SPLITS_PER_TREE: Final = 8
# Leaves are summed in parts of this many lines, to bound the memory.
LINES_AT_ONCE: Final = 1 << 14
# For up to this many lines, one wide array takes less time than a call for each feature and each tree.
_FEW_LINES: Final = 512

# The result of `Crosses.conditions`.
Conditions = tuple[Indices, Indices, NDArray[np.float32], Indices]


@dataclass(frozen=True, eq=False)
class Crosses:
    """Shallow trees whose leaves are one-hot features.

    A tree has at most eight splits; their outcomes are the bits of a byte, the pattern, which determines the leaf.

    Attributes
    ----------
    features : ndarray of int32, shape (n_trees, 8)
        The index of the feature that each split tests.
    thresholds : ndarray of float32, shape (n_trees, 8)
        A split's bit is set where its feature is above the threshold; infinite for splits that a tree does not use.
    leaves : ndarray of uint8, shape (n_trees, 256)
        The leaf of each pattern.
    weights : ndarray of float32, shape (n_trees, 9)
        The regression's coefficient of each leaf.
    """

    features: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    leaves: NDArray[np.uint8]
    weights: NDArray[np.float32]

    @property
    def n_trees(self) -> int:
        """Return the number of trees."""
        return len(self.features)

    def leaf_indices(self, matrix: Matrix) -> NDArray[np.int64]:
        """Compute the leaf of every line in every tree, shape (n_trees, n_lines), numbered over all trees.

        Parameters
        ----------
        matrix : ndarray of float32, shape (n_features, n_lines)
        """
        patterns = _pack_outcomes(matrix, self.conditions)
        rows = np.arange(self.n_trees)[:, None]
        return np.asarray(self.leaves[rows, patterns] + self.weights.shape[1] * rows, np.int64)

    @cached_property
    def path_splits(self) -> NDArray[np.bool_]:
        """Flag the splits on the path to each leaf, shape (n_trees, 9, 8): if one flips, the leaf changes."""
        on_path = np.zeros((self.n_trees, self.weights.shape[1], SPLITS_PER_TREE), np.bool_)
        patterns, trees = np.arange(256), np.arange(self.n_trees)[:, None]
        for split in range(SPLITS_PER_TREE):
            flipped = self.leaves[:, patterns ^ (1 << split)]
            on_path[trees, self.leaves, split] |= flipped != self.leaves
        return on_path

    @cached_property
    def pattern_weights(self) -> Values:
        """Return the weight of each pattern's leaf, shape (n_trees, 256)."""
        return np.take_along_axis(self.weights, self.leaves.astype(np.int64), axis=1).astype(np.float64)

    @cached_property
    def conditions(self) -> Conditions:
        """Return the distinct conditions (feature > threshold) of all splits, sorted by feature.

        Returns
        -------
        features : ndarray of int64, shape (n_tested,)
            The indices of the features that splits test.
        bounds : ndarray of int64, shape (n_tested + 1,)
            Where the conditions of each feature begin.
        thresholds : ndarray of float32, shape (n_conditions,)
        rows : ndarray of int64, shape (8, n_trees)
            The index of each split's condition.
        """
        finite = np.where(np.isfinite(self.thresholds), self.thresholds, np.inf)  # no feature is above infinity
        pairs = np.column_stack((self.features.ravel(), finite.ravel())).astype(np.float64)
        unique, rows = np.unique(pairs, axis=0, return_inverse=True)
        features, firsts = np.unique(unique[:, 0].astype(np.int64), return_index=True)
        bounds = np.append(firsts, len(unique))
        thresholds = unique[:, 1].astype(np.float32)
        return features, bounds, thresholds, np.ascontiguousarray(rows.reshape(self.features.shape).T)


_NO_CONDITIONS: Final[Conditions] = (
    np.zeros(0, np.int64),
    np.zeros(1, np.int64),
    np.zeros(0, np.float32),
    np.zeros((SPLITS_PER_TREE, 0), np.int64),
)
_NO_LEAVES: Final = np.zeros((0, 256))


@accelerated
def sum_stage(
    matrix: Matrix, weights: NDArray[np.float32], constant: float, conditions: Conditions, pattern_weights: Values
) -> Values:
    """Sum a constant, the weighted features and the leaf weights of each line, shape (n_lines,).

    Parameters
    ----------
    matrix : ndarray of float32, shape (n_features, n_lines)
    weights : ndarray of float32, shape (n_features,)
    constant : float
    conditions : tuple of ndarray
        The result of `Crosses.conditions`.
    pattern_weights : ndarray of float64, shape (n_trees, 256)
    """
    n_lines, columns = matrix.shape[1], _at_least_two(matrix)
    total: Values = np.einsum("i,ij->j", weights, columns).astype(np.float64)
    total += constant
    if len(pattern_weights):
        for first in range(0, n_lines, LINES_AT_ONCE):
            part = slice(first, first + LINES_AT_ONCE)
            total[part] += _sum_leaves(columns[:, part], conditions, pattern_weights)
    return total[:n_lines]


def _at_least_two(matrix: Matrix) -> Matrix:
    """Return the features of a single line twice.

    numpy sums a single column in another order than several; a line alone must get the same bits as in a batch.
    """
    return matrix if matrix.shape[1] != 1 else np.repeat(matrix, 2, axis=1)


def _sum_leaves(matrix: Matrix, conditions: Conditions, pattern_weights: Values) -> Values:
    patterns, n_lines = _pack_outcomes(matrix, conditions), matrix.shape[1]
    if n_lines <= _FEW_LINES:
        n_trees, n_patterns = pattern_weights.shape
        rows = np.arange(0, n_trees * n_patterns, n_patterns)[:, None]
        return np.asarray(pattern_weights.take(rows + patterns, mode="clip").sum(axis=0), np.float64)
    total = np.zeros(n_lines)
    for own, pattern in zip(pattern_weights, patterns, strict=True):
        total += own.take(pattern, mode="clip")  # a byte is never out of bounds, and "clip" skips the check
    return total


def _pack_outcomes(matrix: Matrix, conditions: Conditions) -> NDArray[np.uint8]:
    """Pack the outcomes of each tree's splits into a byte, shape (n_trees, n_lines)."""
    features, bounds, thresholds, rows = conditions
    is_few = matrix.shape[1] <= _FEW_LINES
    if is_few:
        outcomes = matrix.take(features.repeat(bounds[1:] - bounds[:-1]), axis=0) > thresholds[:, None]
    else:
        outcomes = np.empty((len(thresholds), matrix.shape[1]), np.bool_)
        limits = bounds.tolist()
        for feature, first, last in zip(features.tolist(), limits, limits[1:], strict=False):
            np.greater(matrix[feature], thresholds[first:last, None], out=outcomes[first:last])
    bits, rows = outcomes.view(np.uint8), rows[::-1]
    splits = iter(bits.take(rows, axis=0)) if is_few else (bits.take(row, axis=0) for row in rows)
    patterns: NDArray[np.uint8] = next(splits)
    for split in splits:
        patterns += patterns  # shifts by one bit, faster than <<
        patterns |= split
    return patterns


@dataclass(frozen=True, eq=False)
class Stage:
    """One logistic regression over named features, and optionally crosses.

    Attributes
    ----------
    names : tuple of str
        The names of the features, in the order of the matrix's rows.
    means, scales : ndarray of float32, shape (n_features,)
        The mean and the standard deviation of each feature.
    coefficients : ndarray of float32, shape (n_features,)
        The coefficients of the standardised features.
    intercept : float
    crosses : Crosses or None
    """

    names: tuple[str, ...]
    means: NDArray[np.float32]
    scales: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    intercept: float
    crosses: Crosses | None = None

    def standardise(self, matrix: Matrix) -> Matrix:
        """Standardise every feature to mean 0 and standard deviation 1, shape (n_features, n_lines)."""
        scaled: Matrix = (matrix - self.means[:, None]) / self.scales[:, None]
        return scaled

    def log_odds(self, matrix: Matrix) -> Values:
        """Return the log-odds of content without hashed words, shape (n_lines,)."""
        conditions, pattern_weights = _NO_CONDITIONS, _NO_LEAVES
        if self.crosses is not None:
            conditions, pattern_weights = self.crosses.conditions, self.crosses.pattern_weights
        return sum_stage(matrix, *self.raw_weights, conditions, pattern_weights)

    @cached_property
    def raw_weights(self) -> tuple[NDArray[np.float32], float]:
        """Return weights for the unscaled features and a constant, which include the standardisation."""
        weights = self.coefficients.astype(np.float64) / self.scales
        return weights.astype(np.float32), self.intercept - float(weights @ self.means)


def joint_log_odds(stages: Sequence[Stage], matrix: Matrix) -> Values:
    """Return the log-odds of several stages on the same features, shape (n_stages, n_lines).

    Parameters
    ----------
    stages : sequence of Stage
    matrix : ndarray of float32, shape (n_features, n_lines)
    """
    if any(stage.crosses is not None for stage in stages):
        return np.array([stage.log_odds(matrix) for stage in stages])
    # One sum for all stages reads the matrix once.
    weights, constants = zip(*(stage.raw_weights for stage in stages), strict=True)
    sums: Matrix = np.einsum("ki,ij->kj", np.array(weights), _at_least_two(matrix))
    return np.asarray(sums[:, : matrix.shape[1]] + np.array(constants)[:, None], np.float64)


def sigmoid(log_odds: Values) -> Values:
    """Convert log-odds to probabilities.

    Examples
    --------
    >>> sigmoid(np.array([0.0, -1000.0, 1000.0])).tolist()
    [0.5, 0.0, 1.0]
    """
    small = np.exp(-np.abs(log_odds))
    return np.asarray(np.where(log_odds >= 0, 1, small) / (1 + small), np.float64)
