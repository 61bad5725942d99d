"""Arithmetic over runs: the words of a line, the lines of an article. Offsets mark where each run begins."""

from threading import local
from typing import Any, Final, TypeVar
from weakref import ref

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Indices = NDArray[np.int64]
Scalar = TypeVar("Scalar", bound=np.generic)

_WORTH_KEEPING: Final = 512


def sum_runs(values: NDArray[Scalar], offsets: Indices) -> NDArray[Scalar]:
    """Sum each run; an empty run sums to zero.

    Every run is summed by itself, so the result does not depend on what stands beside it in the batch.

    Parameters
    ----------
    values : ndarray, shape (n_members,)
    offsets : ndarray of int64, shape (n_runs + 1,)

    Examples
    --------
    >>> sum_runs(np.array([1, 2, 3]), np.array([0, 2, 2, 3])).tolist()
    [3, 0, 3]
    """
    filled, starts = _filled(offsets)
    if len(filled) == len(offsets) - 1 and len(filled):
        return np.asarray(np.add.reduceat(values[: offsets[-1]], starts))
    sums = np.zeros(len(offsets) - 1, values.dtype)
    if len(filled):
        sums[filled] = np.add.reduceat(values[: offsets[-1]], starts)
    return sums


# Dozens of columns are summed over the same runs: what was found for the last offsets is kept, for each thread.
_latest = local()


def _filled(offsets: Indices) -> tuple[Indices, Indices]:
    """Find the runs that are not empty, and where they start."""
    if len(offsets) < _WORTH_KEEPING:
        return _find_filled(offsets)
    known = getattr(_latest, "known", {})
    found = known.get(id(offsets))
    if found is None or found[0]() is not offsets:
        known = {key: value for key, value in known.items() if value[0]() is not None}
        found = known[id(offsets)] = (ref(offsets), *_find_filled(offsets))
        _latest.known = known
    return found[1], found[2]


def _find_filled(offsets: Indices) -> tuple[Indices, Indices]:
    filled = np.flatnonzero(offsets[1:] > offsets[:-1])
    return filled, offsets[filled]


def mean_runs(values: NDArray[Any], offsets: Indices) -> Values:
    """Average each run; an empty run has mean zero.

    Parameters
    ----------
    values : ndarray, shape (n_members,)
    offsets : ndarray of int64, shape (n_runs + 1,)
    """
    counts = np.maximum(np.diff(offsets), 1)
    return np.asarray(sum_runs(values, offsets) / counts, np.float64)


def spread(values: NDArray[Scalar], offsets: Indices) -> NDArray[Scalar]:
    """Give every member of a run its run's value.

    Parameters
    ----------
    values : ndarray, shape (n_runs,)
    offsets : ndarray of int64, shape (n_runs + 1,)
    """
    return np.repeat(values, np.diff(offsets))


def shift(values: Values, offsets: Indices, by: int, fill: float = 0.0) -> Values:
    """Give each member the value that stands `by` places further in its run, `fill` beyond the run's ends.

    Parameters
    ----------
    values : ndarray of float64, shape (..., n_members)
        Several rows are shifted at once.
    offsets : ndarray of int64, shape (n_runs + 1,)
    by : int
    fill : float

    Examples
    --------
    >>> shift(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 3]), by=1).tolist()
    [2.0, 0.0, 0.0]
    """
    shifted = np.roll(values, -by, axis=-1)
    # What came from another run stands at the near end of each run, at most |by| places deep.
    filled = np.flatnonzero(np.diff(offsets))
    starts, ends = offsets[filled], offsets[filled + 1]
    for step in range(abs(by)):
        at_edge = np.minimum(starts + step, ends - 1) if by < 0 else np.maximum(ends - 1 - step, starts)
        shifted[..., at_edge] = fill
    return shifted


def sum_before(values: Values, offsets: Indices) -> Values:
    """Sum what stands before each member in its run.

    Parameters
    ----------
    values : ndarray of float64, shape (..., n_members)
        Several rows are summed at once.
    offsets : ndarray of int64, shape (n_runs + 1,)

    Examples
    --------
    >>> sum_before(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 3, 4])).tolist()
    [0.0, 1.0, 3.0, 0.0]
    """
    before = np.zeros(values.shape)
    np.cumsum(values[..., :-1], axis=-1, out=before[..., 1:])
    return np.asarray(before - before.take(spread(offsets[:-1], offsets), axis=-1), np.float64)


def sum_window(values: Values, offsets: Indices, reach: int) -> Values:
    """Sum the members at most `reach` places away in the run, the member itself too.

    Parameters
    ----------
    values : ndarray of float64, shape (..., n_members)
        Several rows are summed at once.
    offsets : ndarray of int64, shape (n_runs + 1,)
    reach : int

    Examples
    --------
    >>> sum_window(np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]), np.array([0, 2, 3]), reach=1).tolist()
    [[3.0, 3.0, 3.0], [2.0, 2.0, 1.0]]
    """
    sums = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
    np.cumsum(values, axis=-1, out=sums[..., 1:])
    places = np.arange(values.shape[-1])
    first = np.maximum(places - reach, spread(offsets[:-1], offsets))
    last = np.minimum(places + reach + 1, spread(offsets[1:], offsets))
    return np.asarray(sums.take(last, axis=-1) - sums.take(first, axis=-1), np.float64)


def places_since(flags: NDArray[np.bool_], offsets: Indices, limit: int) -> Values:
    """Count the places back to the nearest flagged member before each one, at most `limit`.

    Parameters
    ----------
    flags : ndarray of bool, shape (..., n_members)
        Several rows are counted at once.
    offsets : ndarray of int64, shape (n_runs + 1,)
    limit : int

    Examples
    --------
    >>> places_since(np.array([True, False, False, False]), np.array([0, 3, 4]), limit=9).tolist()
    [9.0, 1.0, 2.0, 9.0]
    """
    places = np.arange(flags.shape[-1])
    latest = np.full(flags.shape, -1)
    np.maximum.accumulate(np.where(flags, places, -1)[..., :-1], axis=-1, out=latest[..., 1:])
    inside = latest >= spread(offsets[:-1], offsets)
    return np.minimum(np.where(inside, places - latest, limit), limit).astype(np.float64)


def places_until(flags: NDArray[np.bool_], offsets: Indices, limit: int) -> Values:
    """Count the places on to the nearest flagged member after each one, at most `limit`."""
    mirrored = (offsets[-1] - offsets)[::-1]
    return places_since(flags[..., ::-1], mirrored, limit)[..., ::-1]
