"""Crosses of features: trees grown by scikit-learn, evaluated without it."""

import numpy as np
import pytest
from helpers import random_crosses, sum_leaves
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from dechaff import LineBatch
from dechaff.features import line_features, stack
from dechaff.linear.stage import SPLITS_PER_TREE, Crosses, Stage
from dechaff.text.tokens import find_words
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.fit.stages import N_LEAVES, _copy_tree, grow_crosses, leaf_matrix, mean_stage, no_crosses

Table = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def table(corpus: Corpus) -> Table:
    """Return the stage 1 features of real lines, shape (n_lines, n_features), and their labels."""
    batch = LineBatch.from_texts(corpus.texts[:40])
    dense = np.ascontiguousarray(stack(line_features(batch, find_words(batch))).T)
    labels = np.concatenate(corpus.labels[:40])
    return dense[labels >= 0], labels[labels >= 0]


def naive_leaf(crosses: Crosses, tree: int, values: np.ndarray) -> int:
    pattern = 0
    for split in range(SPLITS_PER_TREE):
        if values[crosses.features[tree, split]] > crosses.thresholds[tree, split]:
            pattern |= 1 << split
    return int(crosses.leaves[tree, pattern])


@given(st.integers(0, 10_000), st.integers(0, 7), st.integers(1, 6))
def test_log_odds_against_a_walk(seed: int, n_trees: int, n_features: int) -> None:
    """A line's log-odds are the weights of the leaves reached by walking each tree."""
    rng = np.random.default_rng(seed)
    crosses = random_crosses(rng, n_trees, n_features)
    matrix = rng.normal(size=(n_features, 11)).astype(np.float32)
    # Exactly at a threshold is not above it.
    matrix[crosses.features[:1, 0], :1] = np.minimum(crosses.thresholds[:1, 0], 9)[:, None]
    leaves = [[naive_leaf(crosses, tree, matrix[:, line]) for line in range(11)] for tree in range(n_trees)]
    expected = [sum(crosses.weights[tree, leaves[tree][line]] for tree in range(n_trees)) for line in range(11)]
    assert sum_leaves(crosses, matrix) == pytest.approx(np.array(expected, float), abs=1e-5)
    numbered = np.array(leaves, int).reshape(n_trees, 11) + N_LEAVES * np.arange(n_trees)[:, None]
    assert np.array_equal(crosses.leaf_indices(matrix), numbered)


def test_leaves_are_those_of_scikit_learn(table: Table) -> None:
    """On real lines the leaves and their sums are scikit-learn's."""
    dense, labels = table
    boosting = HistGradientBoostingClassifier(max_iter=12, max_leaf_nodes=N_LEAVES, max_bins=127, random_state=0)
    boosting.fit(dense, labels)
    crosses, leaves = no_crosses(12), []
    for row, (predictor,) in enumerate(boosting._predictors):
        nodes = predictor.nodes
        _copy_tree(nodes, crosses, row)
        values = nodes["value"][nodes["is_leaf"] == 1]
        crosses.weights[row, : len(values)] = values
        places = np.zeros(len(dense), int)
        for _ in range(N_LEAVES):
            split = nodes[places]
            right = dense[np.arange(len(dense)), split["feature_idx"]].astype(np.float64) > split["num_threshold"]
            further = np.where(right, split["right"], split["left"]).astype(int)
            places = np.where(split["is_leaf"] == 1, places, further)
        leaves.append((np.cumsum(nodes["is_leaf"], dtype=int) - 1)[places] + N_LEAVES * row)
    assert np.array_equal(crosses.leaf_indices(np.ascontiguousarray(dense.T)), np.array(leaves))
    expected = boosting.decision_function(dense) - boosting._baseline_prediction.item()
    assert sum_leaves(crosses, np.ascontiguousarray(dense.T)) == pytest.approx(expected, abs=1e-5)


def test_growing(table: Table) -> None:
    """Grown trees have splits and zero weights, and the same seed grows the same trees."""
    dense, labels = table[0][:, ::5], table[1]
    weights = np.ones(len(labels))
    one, same, other = (grow_crosses(dense, labels, weights, 2, 0.2, seed) for seed in (5, 5, 6))
    assert one.n_trees == 2
    assert np.isfinite(one.thresholds).any()
    assert not one.weights.any()
    assert one.features.tobytes() + one.thresholds.tobytes() == same.features.tobytes() + same.thresholds.tobytes()
    assert one.thresholds.tobytes() != other.thresholds.tobytes()


def test_the_leaf_matrix_is_one_hot(table: Table) -> None:
    """Each line has a one for its leaf of each tree, and the matrix times the weights is the log-odds."""
    dense = table[0][:500]
    crosses = random_crosses(np.random.default_rng(3), 5, dense.shape[1])
    matrix = leaf_matrix(crosses, dense)
    assert (matrix.sum(axis=1) == 5).all()
    product = matrix @ crosses.weights.ravel()
    assert sum_leaves(crosses, np.ascontiguousarray(dense.T)) == pytest.approx(product, abs=1e-5)


def test_no_trees() -> None:
    """Without trees the log-odds are zero."""
    assert sum_leaves(no_crosses(), np.zeros((3, 4), np.float32)).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("n_stages", [1, 2, 5])
def test_the_mean_of_stages_has_the_mean_log_odds(n_stages: int) -> None:
    """The log-odds of the mean of stages with different scales and crosses, also without any, are the mean of theirs."""
    rng = np.random.default_rng(n_stages)
    means, coefficients = rng.normal(size=(2, n_stages, 4)).astype(np.float32)
    stages = [
        Stage(
            ("a", "b", "c", "d"),
            means[place],
            rng.uniform(0.1, 3, 4).astype(np.float32),
            coefficients[place],
            float(place),
            random_crosses(rng, 3, 4) if place % 3 == 0 else None,
        )
        for place in range(n_stages)
    ]
    matrix = rng.normal(size=(4, 50)).astype(np.float32)
    expected = np.mean([stage.log_odds(matrix) for stage in stages], axis=0)
    assert mean_stage(stages).log_odds(matrix) == pytest.approx(expected, abs=1e-3)
