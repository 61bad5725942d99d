"""Ragged arrays: sums, shifts and distances within each row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dechaff.text.ragged import (
    Ragged,
    mean_rows,
    places_since,
    places_until,
    repeat_rows,
    shift,
    sum_before,
    sum_rows,
    sum_windows,
)
from dechaff.text.scaling import log1p_counts

NUMBERS = st.integers(-1000, 1000).map(float)
RUNS = st.lists(st.lists(NUMBERS, max_size=7), max_size=6)
FLAGS = st.lists(st.lists(st.booleans(), max_size=9), max_size=5)


def flat(runs: list[list[float]]) -> tuple[np.ndarray, Ragged]:
    offsets = np.concatenate(([0], np.cumsum([len(run) for run in runs]))).astype(np.int64)
    return np.array([value for run in runs for value in run], np.float64), Ragged(offsets)


@given(RUNS)
def test_sums_and_means(runs: list[list[float]]) -> None:
    """Each row is summed and averaged separately; an empty row gives zero."""
    values, rows = flat(runs)
    assert sum_rows(values, rows).tolist() == [sum(run) for run in runs]
    assert mean_rows(values, rows) == pytest.approx([sum(run) / max(len(run), 1) for run in runs])


@given(RUNS)
def test_spread(runs: list[list[float]]) -> None:
    """Every member of a run gets its run's value."""
    _, rows = flat(runs)
    assert repeat_rows(np.arange(len(runs)), rows).tolist() == [i for i, run in enumerate(runs) for _ in run]


@given(RUNS, st.integers(-3, 3))
def test_shift(runs: list[list[float]], by: int) -> None:
    """Each element gets the value some places further, and the fill value beyond the ends of its row."""
    values, rows = flat(runs)
    expected = [run[i + by] if 0 <= i + by < len(run) else -7.0 for run in runs for i in range(len(run))]
    assert shift(values, rows, by, fill=-7.0).tolist() == expected


@given(RUNS, st.integers(0, 4))
def test_sums_before_and_around(runs: list[list[float]], reach: int) -> None:
    """The sum before an element, and around it, stays within its row."""
    values, rows = flat(runs)
    assert sum_before(values, rows) == pytest.approx([sum(run[:i]) for run in runs for i in range(len(run))])
    around = [sum(run[max(i - reach, 0) : i + reach + 1]) for run in runs for i in range(len(run))]
    [sums], [counts] = sum_windows(values, rows, [reach])
    assert sums == pytest.approx(around)
    places = [(i, len(run) - 1 - i) for run in runs for i in range(len(run))]
    assert counts.tolist() == [min(before, reach) + min(after, reach) + 1 for before, after in places]


@given(FLAGS, st.integers(1, 6))
def test_places_since_and_until(runs: list[list[bool]], limit: int) -> None:
    """Distances are to the nearest flag strictly before or after within the row, or the limit if there is none."""
    _, rows = flat(runs)  # type: ignore[arg-type]
    flags = np.array([flag for run in runs for flag in run], np.bool_)

    def nearest(run: list[bool], i: int, step: int) -> float:
        places = [abs(j - i) for j in range(len(run)) if run[j] and (j - i) * step > 0]
        return float(min([limit, *places]))

    since = [nearest(run, i, -1) for run in runs for i in range(len(run))]
    until = [nearest(run, i, 1) for run in runs for i in range(len(run))]
    assert places_since(flags, rows, limit).tolist() == since
    assert places_until(flags, rows, limit).tolist() == until


def test_sums_keep_their_type() -> None:
    """Hashes are summed modulo 2^64 in their own type."""
    sums = sum_rows(np.array([2**64 - 1, 2], np.uint64), Ragged(np.array([0, 2])))
    assert (sums.dtype, sums.tolist()) == (np.uint64, [1])


@pytest.mark.parametrize("rounded", [False, True])
def test_logarithms_of_any_count(rounded: bool) -> None:
    """Counts below zero, within the table, at its end and beyond have the right logarithms."""
    counts = np.array([[-3, 0, 1, 7], [65_535, 65_536, 65_537, 10**9]])
    expected = np.log1p(np.maximum(counts, 0))
    found = log1p_counts(counts, rounded=rounded)
    assert found == pytest.approx(np.round(expected, 4) if rounded else expected, rel=1e-7)
