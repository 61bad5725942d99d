"""One logistic regression as arrays, applied with numpy alone.

A stage may hold *crosses*: leaves of shallow trees as one-hot features (He et al. 2014), which lets a linear model
see that a price is content in a review and an offer after it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff.kernels import accelerated

SPLITS_PER_TREE: Final = 8
# A longer article's lines go through the crosses in parts, which bounds the memory.
LINES_AT_ONCE: Final = 1 << 14

Matrix = NDArray[np.float32]
Values = NDArray[np.float64]
Indices = NDArray[np.int64]
# Features, where each one's questions begin, the questions' thresholds, and the question of each split.
Questions = tuple[Indices, Indices, NDArray[np.float32], Indices]


@dataclass(frozen=True, eq=False)
class Crosses:
    """Shallow trees whose leaves are one-hot features.

    A tree has at most eight splits; the outcomes of all eight make a byte, and the byte names the leaf.

    Attributes
    ----------
    features : ndarray of int32, shape (n_trees, 8)
        Which feature each split looks at.
    thresholds : ndarray of float32, shape (n_trees, 8)
        The split's bit is set where the feature is above this.
    leaves : ndarray of uint8, shape (n_trees, 256)
        The leaf of each pattern of bits.
    weights : ndarray of float32, shape (n_trees, 9)
        The regression's coefficient of each leaf.
    """

    features: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    leaves: NDArray[np.uint8]
    weights: NDArray[np.float32]

    @property
    def n_trees(self) -> int:
        """Count the trees."""
        return len(self.features)

    def leaf_indices(self, matrix: Matrix) -> NDArray[np.int64]:
        """Find the leaf of every line in every tree, shape (n_trees, n_lines), numbered over all trees.

        Parameters
        ----------
        matrix : ndarray of float32, shape (n_features, n_lines)
        """
        patterns = _pack_answers(matrix, self.questions)
        rows = np.arange(self.n_trees)[:, None]
        return np.asarray(self.leaves[rows, patterns] + self.weights.shape[1] * rows, np.int64)

    @cached_property
    def asked_splits(self) -> NDArray[np.bool_]:
        """Find which splits lead to each leaf: those whose change changes the leaf, shape (n_trees, 9, 8)."""
        asked = np.zeros((self.n_trees, self.weights.shape[1], SPLITS_PER_TREE), np.bool_)
        patterns, trees = np.arange(256), np.arange(self.n_trees)[:, None]
        for split in range(SPLITS_PER_TREE):
            flipped = self.leaves[:, patterns ^ (1 << split)]
            asked[trees, self.leaves, split] |= flipped != self.leaves
        return asked

    @cached_property
    def pattern_weights(self) -> Values:
        """Give the weight of each pattern of bits, shape (n_trees, 256)."""
        return np.take_along_axis(self.weights, self.leaves.astype(np.int64), axis=1).astype(np.float64)

    @cached_property
    def questions(self) -> Questions:
        """List what the splits ask, each thing once, by feature; and for every split its question.

        Returns
        -------
        features : ndarray of int64, shape (n_asked,)
        bounds : ndarray of int64, shape (n_asked + 1,)
            Where each feature's questions begin.
        thresholds : ndarray of float32, shape (n_questions,)
            The answer is whether the feature is above.
        rows : ndarray of int64, shape (8, n_trees)
            The question of each split.
        """
        used = np.where(np.isfinite(self.thresholds), self.thresholds, np.inf)  # nothing is above infinity
        asked = np.column_stack((self.features.ravel(), used.ravel())).astype(np.float64)
        unique, rows = np.unique(asked, axis=0, return_inverse=True)
        features, firsts = np.unique(unique[:, 0].astype(np.int64), return_index=True)
        bounds = np.append(firsts, len(unique))
        thresholds = unique[:, 1].astype(np.float32)
        return features, bounds, thresholds, np.ascontiguousarray(rows.reshape(self.features.shape).T)


_NO_QUESTIONS: Final[Questions] = (
    np.zeros(0, np.int64),
    np.zeros(1, np.int64),
    np.zeros(0, np.float32),
    np.zeros((SPLITS_PER_TREE, 0), np.int64),
)
_NO_LEAVES: Final = np.zeros((0, 256))


@accelerated
def sum_stage(
    matrix: Matrix, weights: NDArray[np.float32], constant: float, questions: Questions, pattern_weights: Values
) -> Values:
    """Sum a constant, the weighted features and the weights of the leaves of every line, shape (n_lines,).

    Parameters
    ----------
    matrix : ndarray of float32, shape (n_features, n_lines)
    weights : ndarray of float32, shape (n_features,)
    constant : float
    questions : tuple of ndarray
        As `Crosses.questions` has them.
    pattern_weights : ndarray of float64, shape (n_trees, 256)
        The weight of each pattern of answers.
    """
    n_lines = matrix.shape[1]
    # numpy sums a single column in another order than several: one line must be judged as in a batch.
    columns = matrix if n_lines != 1 else np.repeat(matrix, 2, axis=1)
    total: Values = np.einsum("i,ij->j", weights, columns)[:n_lines].astype(np.float64)
    total += constant
    if len(pattern_weights):
        for first in range(0, n_lines, LINES_AT_ONCE):
            part = slice(first, first + LINES_AT_ONCE)
            total[part] += _sum_leaves(matrix[:, part], questions, pattern_weights)
    return total


def _sum_leaves(matrix: Matrix, questions: Questions, pattern_weights: Values) -> Values:
    total = np.zeros(matrix.shape[1])
    for own, pattern in zip(pattern_weights, _pack_answers(matrix, questions), strict=True):
        total += own.take(pattern, mode="clip")  # a byte is never out of bounds: no need to look
    return total


def _pack_answers(matrix: Matrix, questions: Questions) -> NDArray[np.uint8]:
    """Pack the outcomes of every tree's splits into a byte, shape (n_trees, n_lines)."""
    features, bounds, thresholds, rows = questions
    answers = np.empty((len(thresholds), matrix.shape[1]), np.bool_)
    limits = bounds.tolist()
    for feature, first, last in zip(features.tolist(), limits, limits[1:], strict=False):
        np.greater(matrix[feature], thresholds[first:last, None], out=answers[first:last])
    bits = answers.view(np.uint8)
    patterns: NDArray[np.uint8] = bits[rows[-1]]
    for row in rows[-2::-1]:
        patterns += patterns  # makes room for the next bit, faster than a shift
        patterns |= bits[row]
    return patterns


@dataclass(frozen=True, eq=False)
class Stage:
    """One logistic regression over named features and, if it has them, crosses.

    Attributes
    ----------
    names : tuple of str
        The features, in the order of the rows of the matrix.
    means, scales : ndarray of float32, shape (n_features,)
        What standardises each feature.
    coefficients : ndarray of float32, shape (n_features,)
        For the standardised features.
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
        """Bring every feature to mean zero and deviation one, shape (n_features, n_lines)."""
        scaled: Matrix = (matrix - self.means[:, None]) / self.scales[:, None]
        return scaled

    def log_odds(self, matrix: Matrix) -> Values:
        """Give the log-odds of content, words aside, shape (n_lines,)."""
        questions, pattern_weights = _NO_QUESTIONS, _NO_LEAVES
        if self.crosses is not None:
            questions, pattern_weights = self.crosses.questions, self.crosses.pattern_weights
        return sum_stage(matrix, *self._raw_weights, questions, pattern_weights)

    @cached_property
    def _raw_weights(self) -> tuple[NDArray[np.float32], float]:
        """Fold the standardisation into weights for the features as they are, and a constant."""
        weights = self.coefficients.astype(np.float64) / self.scales
        return weights.astype(np.float32), self.intercept - float(weights @ self.means)


def sigmoid(log_odds: Values) -> Values:
    """Turn log-odds into probabilities.

    Examples
    --------
    >>> sigmoid(np.array([0.0, -1000.0, 1000.0])).tolist()
    [0.5, 0.0, 1.0]
    """
    small = np.exp(-np.abs(log_odds))
    return np.asarray(np.where(log_odds >= 0, 1, small) / (1 + small), np.float64)
