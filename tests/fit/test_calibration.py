"""Calibration of the stage 3 probabilities."""

import numpy as np
import pytest
from helpers import plain_stage
from numpy.typing import NDArray

from dechaff.linear.stage import sigmoid
from dechaff_training.fit.thresholds import calibrate

RNG = np.random.default_rng(3)
ODDS = RNG.normal(0, 3, 20_000)
STAGE = plain_stage(("x",), x=1.0)


def draw(log_odds: NDArray[np.float64]) -> NDArray[np.int8]:
    """Draw labels with the probabilities of the log-odds."""
    return (RNG.random(len(log_odds)) < sigmoid(log_odds)).astype(np.int8)


@pytest.mark.parametrize(("slope", "intercept"), [(0.5, 0.0), (1.0, 1.0), (1.6, -0.7)])
def test_finds_the_truth(slope: float, intercept: float) -> None:
    """A known scale and shift of the log-odds is corrected."""
    calibrated = calibrate(STAGE, ODDS, draw(slope * ODDS + intercept), np.ones(len(ODDS)))
    assert calibrated.coefficients[0] == pytest.approx(slope, abs=0.06)
    assert calibrated.intercept == pytest.approx(intercept, abs=0.1)


def test_lines_without_weight() -> None:
    """Lines without weight have no influence, whatever their number."""
    labels = draw(ODDS)
    labels[:15_000] = 1
    weights = np.repeat([0.0, 2.0], [15_000, 5_000])
    assert calibrate(STAGE, ODDS, labels, weights).intercept == pytest.approx(0, abs=0.15)


@pytest.mark.parametrize(
    ("labels", "weights"),
    [
        (np.ones(4, np.int8), np.ones(4)),
        (np.array([1, 1, 0, 0], np.int8), np.ones(4)),
        (np.array([0, 0, 1, 1], np.int8), np.zeros(4)),
    ],
    ids=["one class", "the wrong way round", "no weights"],
)
def test_lines_without_information(labels: NDArray[np.int8], weights: NDArray[np.float64]) -> None:
    """If nothing can be fitted the stage is unchanged, and the order of lines is never reversed."""
    assert calibrate(STAGE, np.array([-2.0, -1.0, 1.0, 2.0]), labels, weights) is STAGE
