"""Shared test data: strategies for texts of every kind, and models made by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from dechaff import LineBatch, LineModel
from dechaff.features.context import LEARNT_KINDS
from dechaff.features.stage3 import stage3_names
from dechaff.linear.forward import Forward
from dechaff.linear.line_model import markup_names, stage_names
from dechaff.linear.stage import SPLITS_PER_TREE, Crosses, Stage

#: Zero-width characters, which `LineBatch` strips like white space.
ZERO_WIDTH = "\u200b\u200e\u200f\u2060\ufeff"
BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
#: Difficult code points: lone surrogates, NUL, breaks, marks, digits, currency symbols, ideographs.
TROUBLE = (
    BREAKS + ZERO_WIDTH + "\ud800\udfff\x00\x1f\u0301İıßς٣९９₹€$世한กー’'-%٪ .,!\t\U0001f600\U000e0101\U0010ffff"
)
PIECES = st.sampled_from(
    [*TROUBLE, "\r\n", "Subscribe now", "₹900 per month", "The vote was held.", "Share", "a", "B1"]
)
ANY_TEXT = st.one_of(st.text(st.characters(), max_size=60), st.lists(PIECES, max_size=25).map("".join))
ANY_TEXTS = st.lists(ANY_TEXT, max_size=5)


#: The paragraphs of an article.
BODY = [
    "The mill at the weir will close in the spring, its owner said on Monday, after ninety years of work.",
    "She had hoped to sell it to the town, but the council, which met in the afternoon, had no money for it.",
    "The meadows above the weir would be dry for most of the summer without it, and so it is to stay.",
]


def write_pages(path: Path, *rows: dict[str, Any]) -> Path:
    """Write pages as Parquet."""
    pa = pytest.importorskip("pyarrow", reason="needs the bulk extra: pip install 'dechaff[bulk]'")
    parquet = pytest.importorskip("pyarrow.parquet")
    texts = pa.list_(pa.string())
    schema = pa.schema([(key, texts if key in {"body", "present", "absent"} else pa.string()) for key in rows[0]])
    parquet.write_table(pa.Table.from_pylist(list(rows), schema), path)
    return path


def strip(line: str) -> str:
    """Strip white space and zero-width characters from both ends, as `LineBatch` does."""
    while line and (line[0].isspace() or line[0] in ZERO_WIDTH):
        line = line[1:]
    while line and (line[-1].isspace() or line[-1] in ZERO_WIDTH):
        line = line[:-1]
    return line


def naive_lines(text: str) -> list[str]:
    """Split into lines with Python's string methods, as `LineBatch` does."""
    return [line for line in map(strip, text.splitlines()) if line]


def plain_stage(names: tuple[str, ...], intercept: float = 0.0, **coefficients: float) -> Stage:
    """Make a stage with mean 0 and scale 1 that weighs the named features only."""
    weights = np.array([coefficients.get(name, 0.0) for name in names], np.float32)
    return Stage(names, np.zeros_like(weights), np.ones_like(weights), weights, intercept)


def sum_leaves(crosses: Crosses, matrix: np.ndarray) -> np.ndarray:
    """Sum the weights of each line's leaves, as a stage without other features does."""
    stage = plain_stage(tuple(f"feature {row}" for row in range(len(matrix))))
    return replace(stage, crosses=crosses).log_odds(matrix)


def constant_model(log_odds: float, threshold: float = 0.5) -> LineModel:
    """Make a model with the same log-odds for every line."""
    first, second = stage_names()
    return LineModel(plain_stage(first), plain_stage(second, log_odds), np.zeros(2, np.float32), threshold)


def forward(model: LineModel, text: str) -> Forward:
    """Compute the forward pass of a model over one text."""
    return model.forward(LineBatch.from_texts([text]))


def random_crosses(rng: np.random.Generator, n_trees: int, n_features: int) -> Crosses:
    """Make valid trees of up to eight splits, with leaves numbered as in `grow_crosses`."""
    features = np.zeros((n_trees, SPLITS_PER_TREE), np.int32)
    thresholds = np.full((n_trees, SPLITS_PER_TREE), np.inf, np.float32)
    leaves = np.zeros((n_trees, 256), np.uint8)
    weights = rng.normal(size=(n_trees, SPLITS_PER_TREE + 1)).astype(np.float32)
    for tree in range(n_trees):
        n_splits = int(rng.integers(0, SPLITS_PER_TREE + 1))
        features[tree, :n_splits] = rng.integers(0, n_features, n_splits)
        thresholds[tree, :n_splits] = rng.normal(size=n_splits)
        # A chain: split k leads to leaf k if true, else to split k + 1.
        for pattern in range(256):
            leaves[tree, pattern] = next((k for k in range(n_splits) if pattern >> k & 1), n_splits)
    return Crosses(features, thresholds, leaves, weights)


def random_model(seed: int = 0, n_bits: int = 10, n_trees: int = 6) -> LineModel:
    """Make a model of random nonzero weights, so that every feature changes the result."""
    rng = np.random.default_rng(seed)
    stages = []
    for names in (*stage_names(), stage3_names()):
        n = len(names)
        means, scales, coefficients = rng.normal(size=n), rng.uniform(0.5, 2, n), rng.normal(size=n) / 8
        arrays = [values.astype(np.float32) for values in (means, scales, coefficients)]
        stages.append(Stage(names, *arrays, float(rng.normal()), random_crosses(rng, n_trees, n)))
    words = rng.normal(size=1 << n_bits).astype(np.float16).astype(np.float32)
    first, second, third = stages
    kinds = []
    for _ in LEARNT_KINDS:
        coefficients = rng.normal(size=len(first.names)).astype(np.float32) / 8
        kinds.append(replace(first, coefficients=coefficients, intercept=float(rng.normal()), crosses=None))
    n = len(markup_names())
    arrays = [
        values.astype(np.float32) for values in (rng.normal(size=n), rng.uniform(0.5, 2, n), rng.normal(size=n) / 8)
    ]
    markup = Stage(markup_names(), *arrays, float(rng.normal()), random_crosses(rng, n_trees, n))
    return LineModel(first, second, words, 0.5, {"made": "by hand"}, third, kinds=tuple(kinds), markup=markup)


#: For tests of files: a model whose file is small.
SMALL_MODEL = random_model(seed=4, n_bits=6, n_trees=2)
