"""Presets: thresholds chosen for precision or recall."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import ANY_TEXT, constant_model
from hypothesis import assume, given
from hypothesis import strategies as st

from dechaff import InputError, classify_lines, default_model, keep_content
from dechaff_training.evaluate.evaluation import decide_corpus
from dechaff_training.fit.thresholds import PRECISION_AIM, RECALL_AIM, choose_presets

LINES = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 1), st.floats(0.1, 9)), min_size=1, max_size=40)
NAMED = replace(
    constant_model(0.0),
    metadata={"presets": {"recall": {"threshold": 0.2}, "precision": {"threshold": 0.8, "precision": 0.97}}},
)


@given(LINES)
def test_presets_are_the_nearest_thresholds_that_reach_their_aims(lines: list[tuple[int, int, float]]) -> None:
    """No lower threshold reaches the precision aim, no higher one the recall aim; aims out of reach are no error."""
    hundredths, labels, weights = (np.array(column) for column in zip(*lines, strict=True))
    assume(labels.any())
    presets = choose_presets(hundredths / 100, labels.astype(np.int8), weights, 0.5)

    def figures(threshold: float) -> tuple[float, float]:
        kept = hundredths >= round(threshold * 100)
        hits = weights[kept & (labels == 1)].sum()
        return hits / max(weights[kept].sum(), 1e-12), hits / max(weights[labels == 1].sum(), 1e-12)

    for preset in presets.values():
        assert (preset["precision"], preset["recall"]) == pytest.approx(figures(preset["threshold"]), abs=6e-4)
    precise, complete = presets["precision"]["threshold"], presets["recall"]["threshold"]
    assert complete <= presets["balanced"]["threshold"] <= precise
    if figures(precise)[0] >= PRECISION_AIM:
        assert all(figures(k / 100)[0] < PRECISION_AIM for k in range(50, round(100 * precise)))
    if figures(complete)[1] >= RECALL_AIM:
        assert all(figures(k / 100)[1] < RECALL_AIM for k in range(round(100 * complete) + 1, 51))


@pytest.mark.parametrize(
    ("threshold", "number"),
    [(None, 0.5), (0, 0.0), (0.3, 0.3), (np.float32(0.25), 0.25), ("recall", 0.2), ("balanced", 0.5)],
)
def test_thresholds_are_numbers_or_names(threshold: float | str | None, number: float) -> None:
    """A threshold is a number, the name of a preset, or None for the model's own."""
    assert NAMED.resolve_threshold(threshold) == number


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        ("cautious", r"'cautious' is neither a number nor a preset of this model \(balanced, recall, precision\)"),
        (1.5, "1.5: use a number between 0"),
        (float("nan"), "nan: use a number"),
        ([0.5], r"\[0.5\]: use a number"),
        (True, "True: use a number"),
    ],
)
def test_wrong_thresholds(threshold: object, message: str) -> None:
    """Other values are refused with the valid ones."""
    for use in (keep_content, classify_lines):
        with pytest.raises(InputError, match=message):
            use("A line", NAMED, threshold)  # type: ignore[operator]


@pytest.mark.parametrize(
    "presets", [None, 3, ["recall"], {"recall": 0.2}, {"recall": {"threshold": "low"}}, {1: {"threshold": 0.5}}]
)
def test_presets_of_a_foreign_file(presets: object) -> None:
    """Malformed presets in a model file are an error, never another threshold."""
    model = replace(NAMED, metadata={"presets": presets})
    with pytest.raises(InputError, match="threshold"):
        model.resolve_threshold("recall")


@given(ANY_TEXT)
def test_presets_of_the_shipped_model(text: str) -> None:
    """The recall preset keeps all lines of the balanced one, and that all lines of the precision preset, fallback aside."""
    model = default_model()
    names = ("precision", "balanced", "recall")
    cuts = [model.resolve_threshold(name) for name in names]
    assert cuts == sorted(cuts, reverse=True)
    assert model.resolve_threshold("balanced") == model.threshold
    if (decide_corpus(model, [text]).probability >= cuts[0]).any():
        kept = [decide_corpus(model, [text], name).kept for name in names]
        assert (kept[0] <= kept[1]).all()
        assert (kept[1] <= kept[2]).all()
