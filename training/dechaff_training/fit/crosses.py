"""Crosses: the leaves of shallow boosted trees as features (He et al. 2014); each combines several features."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier

from dechaff._typing import Matrix
from dechaff.linear.stage import SPLITS_PER_TREE, Crosses

N_LEAVES = SPLITS_PER_TREE + 1


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
