"""Smoothing of the lines' log-odds, and the best segment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dechaff.features.smoothing import best_segment, smooth_log_odds
from dechaff.text.ragged import Ragged

ODDS = st.lists(st.lists(st.floats(-20, 20), max_size=9), max_size=4)
SCORES = st.lists(st.lists(st.integers(-9, 9).map(float), max_size=8), max_size=4)


def flat(runs: list[list[float]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.concatenate(([0], np.cumsum([len(run) for run in runs]))).astype(np.int64)
    return np.array([value for run in runs for value in run], np.float64), offsets


def forward_backward(odds: list[float], stay: float) -> list[float]:
    """Run the two-state chain line by line."""
    step = np.array([[stay, 1 - stay], [1 - stay, stay]])
    evidence = [np.array([1.0, np.exp(-odd)]) if odd > 0 else np.array([np.exp(odd), 1.0]) for odd in odds]
    forward, message = [], np.array([0.5, 0.5])
    for likelihood in evidence:
        forward.append(message)
        message = step @ (message * likelihood)
        message = message / message.sum()
    result, message = [], np.array([0.5, 0.5])
    for likelihood, ahead in zip(reversed(evidence), reversed(forward), strict=True):
        state = ahead * likelihood * message
        result.append(float(np.log(state[0]) - np.log(state[1])))
        message = step @ (message * likelihood)
        message = message / message.sum()
    return result[::-1]


@given(ODDS, st.sampled_from([0.5, 0.6, 0.85, 0.97, 0.999]))
def test_smoothing_is_forward_backward(runs: list[list[float]], stay: float) -> None:
    """The vectorised recursion equals the forward-backward recursion, article by article."""
    odds, offsets = flat(runs)
    expected = [value for run in runs for value in forward_backward(run, stay)]
    assert smooth_log_odds(odds, Ragged(offsets), stay) == pytest.approx(expected, abs=1e-8)


def test_smoothing_a_long_article() -> None:
    """Ten thousand lines neither overflow nor underflow."""
    odds = np.random.default_rng(0).normal(scale=5, size=10_001)
    smooth = smooth_log_odds(odds, Ragged(np.array([0, 10_001])), 0.9)
    assert smooth == pytest.approx(forward_backward(odds.tolist(), 0.9), abs=1e-8)


def test_independent_lines_stay_as_they_are() -> None:
    """With independent lines, smoothing changes nothing."""
    odds = np.array([3.0, -2.0, 0.0, 700.0, -700.0])
    assert smooth_log_odds(odds, Ragged(np.array([0, 5])), 0.5) == pytest.approx(odds)


def test_nothing_to_smooth() -> None:
    """A batch without lines or articles is no error."""
    for offsets in (np.array([0]), np.array([0, 0, 0])):
        assert smooth_log_odds(np.zeros(0), Ragged(offsets), 0.9).tolist() == []
        assert [part.tolist() for part in best_segment(np.zeros(0), offsets)] == [[], [], []]


@given(SCORES)
def test_the_best_segment_by_brute_force(runs: list[list[float]]) -> None:
    """Each article's marked lines are one segment with the largest sum."""
    scores, offsets = flat(runs)
    inside, from_start, from_end = best_segment(scores, offsets)
    for first, last in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        if first == last:
            continue
        places = np.flatnonzero(inside[first:last]) + first
        start, end = int(places[0]), int(places[-1])
        assert len(places) == end - start + 1
        sums = [scores[a : b + 1].sum() for a in range(first, last) for b in range(a, last)]
        assert scores[start : end + 1].sum() == pytest.approx(max(sums))
        assert from_start[first:last].tolist() == [place - start for place in range(first, last)]
        assert from_end[first:last].tolist() == [end - place for place in range(first, last)]


def test_the_best_segment_does_not_depend_on_its_company() -> None:
    """An article's best segment is the same alone and in a batch of a hundred others."""
    rng = np.random.default_rng(1)
    runs = [rng.normal(size=rng.integers(1, 60)).tolist() for _ in range(100)]
    scores, offsets = flat(runs)
    together = best_segment(scores, offsets)[0]
    alone = [best_segment(np.array(run), np.array([0, len(run)]))[0] for run in runs]
    assert together.tolist() == np.concatenate(alone).tolist()
