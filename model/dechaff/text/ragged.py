"""Arithmetic over ragged rows: the words of a line, the lines of an article.

The values of all rows lie one after the other in one array; a `Ragged` knows where each row begins.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Flags, Indices, Values

Scalar = TypeVar("Scalar", bound=np.generic)
Float = TypeVar("Float", bound=np.floating[Any])


class Ragged:
    """Rows of different lengths; what follows from their offsets is computed once.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n_rows + 1,)
        Where each row begins among all values.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n_rows + 1,)
    counts : ndarray of int64, shape (n_rows,)
        The number of values of each row.
    """

    def __init__(self, offsets: Indices) -> None:
        self.offsets = offsets
        self.counts: Indices = offsets[1:] - offsets[:-1]
        self._edges: dict[int, Indices] = {}

    @classmethod
    def of_counts(cls, counts: NDArray[np.integer[Any]] | Flags) -> "Ragged":
        """Return rows with these numbers of values.

        Examples
        --------
        >>> Ragged.of_counts(np.array([2, 0, 1])).offsets.tolist()
        [0, 2, 2, 3]
        """
        offsets = np.zeros(len(counts) + 1, np.int64)
        counts.cumsum(out=offsets[1:])
        return cls(offsets)

    @classmethod
    def of_runs(cls, keys: NDArray[Any], also: Indices | None = None) -> "Ragged":
        """Return rows of consecutive equal keys.

        Parameters
        ----------
        keys : ndarray, shape (n_values,)
        also : ndarray of int64, optional
            Places where a row begins in any case.

        Examples
        --------
        >>> Ragged.of_runs(np.array([7, 7, 8]), also=np.array([1])).offsets.tolist()
        [0, 1, 2, 3]
        """
        begins = np.ones(len(keys) + 1, np.bool_)  # the end of the last row, too
        begins[1:-1] = keys[1:] != keys[:-1]
        if also is not None:
            begins[also] = True
        return cls(begins.nonzero()[0])

    @cached_property
    def filled(self) -> Indices:
        """Return the rows that are not empty, shape (n_filled,)."""
        return self.counts.nonzero()[0]

    @cached_property
    def firsts(self) -> Indices:
        """Return the first place of each row that is not empty, shape (n_filled,)."""
        return self.offsets[self.filled]

    @cached_property
    def lasts(self) -> Indices:
        """Return the last place of each row that is not empty, shape (n_filled,)."""
        return self.offsets[self.filled + 1] - 1

    @cached_property
    def places(self) -> Indices:
        """Return all places, shape (n_values,)."""
        return np.arange(self.offsets[-1])

    @cached_property
    def numbers(self) -> Indices:
        """Return the row of each place, shape (n_values,)."""
        return number_rows(self.offsets)

    @cached_property
    def begins(self) -> Indices:
        """Return where the row of each place begins, shape (n_values,)."""
        return self.offsets[:-1].repeat(self.counts)

    @cached_property
    def ends(self) -> Indices:
        """Return where the row of each place ends, shape (n_values,)."""
        return self.offsets[1:].repeat(self.counts)

    @cached_property
    def mirrored(self) -> "Ragged":
        """Return the rows of the values in reverse order."""
        return Ragged((self.offsets[-1] - self.offsets)[::-1])

    def edges(self, by: int) -> Indices:
        """Return the places from which the place `by` places further is beyond the end of the row.

        Parameters
        ----------
        by : int
            Negative to look back.

        Returns
        -------
        ndarray of int64, shape (abs(by), n_filled)
            In rows with fewer than `abs(by)` values, a place comes more than once.
        """
        if by not in self._edges:
            firsts, lasts, steps = self.firsts, self.lasts, np.arange(abs(by))[:, None]
            self._edges[by] = np.minimum(firsts + steps, lasts) if by < 0 else np.maximum(lasts - steps, firsts)
        return self._edges[by]


def number_rows(offsets: Indices) -> Indices:
    """Return the row of each place, shape (n_values,).

    Parameters
    ----------
    offsets : ndarray of int64, shape (n_rows + 1,)

    Examples
    --------
    >>> number_rows(np.array([0, 2, 2, 3])).tolist()
    [0, 0, 2]
    """
    return np.arange(len(offsets) - 1).repeat(offsets[1:] - offsets[:-1])


def sum_rows(values: NDArray[Scalar], rows: Ragged) -> NDArray[Scalar]:
    """Sum each row; an empty row sums to zero.

    Every row is summed by itself, so its sum does not depend on the other rows of the batch.

    Parameters
    ----------
    values : ndarray of numbers, shape (..., n_values)
        Not Booleans: their sum would be a Boolean.
    rows : Ragged

    Returns
    -------
    ndarray, shape (..., n_rows)
        The sums, in the type of `values`.

    Examples
    --------
    >>> sum_rows(np.array([1, 2, 3]), Ragged(np.array([0, 2, 2, 3]))).tolist()
    [3, 0, 3]
    """
    return _reduce_rows(np.add, values, rows)


def _reduce_rows(ufunc: np.ufunc, values: NDArray[Scalar], rows: Ragged) -> NDArray[Scalar]:
    found: NDArray[Scalar]
    if len(rows.filled) == len(rows.counts) > 0:
        found = ufunc.reduceat(values, rows.firsts, axis=-1, dtype=values.dtype)
        return found
    found = np.zeros((*values.shape[:-1], len(rows.counts)), values.dtype)
    if len(rows.filled):
        found[..., rows.filled] = ufunc.reduceat(values, rows.firsts, axis=-1)
    return found


def mean_rows(values: NDArray[Any], rows: Ragged) -> Values:
    """Average each row; an empty row has mean zero.

    Parameters
    ----------
    values : ndarray, shape (..., n_values)
    rows : Ragged
    """
    return np.asarray(sum_rows(values.astype(np.float64, copy=False), rows) / np.maximum(rows.counts, 1))


def max_rows(values: Values, rows: Ragged) -> Values:
    """Return the largest value of each row, 0 for an empty row.

    Parameters
    ----------
    values : ndarray of float64, shape (..., n_values)
    rows : Ragged
    """
    return _reduce_rows(np.maximum, values, rows)


def repeat_rows(values: NDArray[Scalar], rows: Ragged) -> NDArray[Scalar]:
    """Repeat one value per row for every member of the row.

    Parameters
    ----------
    values : ndarray, shape (..., n_rows)
    rows : Ragged

    Returns
    -------
    ndarray, shape (..., n_values)
    """
    return values.repeat(rows.counts, axis=-1)


def shift(values: NDArray[Float], rows: Ragged, by: int, fill: float = 0.0) -> NDArray[Float]:
    """Return for each place the value `by` places further in its row, and `fill` beyond the row's ends.

    Parameters
    ----------
    values : ndarray of floats, shape (..., n_values)
    rows : Ragged
    by : int
        Negative to look back.
    fill : float

    Examples
    --------
    >>> shift(np.array([1.0, 2.0, 3.0]), Ragged(np.array([0, 2, 3])), by=1).tolist()
    [2.0, 0.0, 0.0]
    """
    shifted = np.empty_like(values)
    if by > 0:
        shifted[..., :-by] = values[..., by:]
    else:
        shifted[..., -by:] = values[..., : by or None]
    shifted[..., rows.edges(by)] = fill  # values of other rows have moved there
    return shifted


def sum_before(values: NDArray[Scalar], rows: Ragged) -> NDArray[Scalar]:
    """Sum the values before each place in its row.

    Parameters
    ----------
    values : ndarray, shape (..., n_values)
    rows : Ragged

    Examples
    --------
    >>> sum_before(np.array([1.0, 2.0, 3.0, 4.0]), Ragged(np.array([0, 3, 4]))).tolist()
    [0.0, 1.0, 3.0, 0.0]
    """
    sums = _cumulate(values)
    at_start = sums.take(rows.offsets[:-1], axis=-1)
    return np.asarray(sums[..., :-1] - repeat_rows(at_start, rows))


def _cumulate(values: NDArray[Any]) -> NDArray[Any]:
    """Return the cumulative sums of all rows together, starting with 0, shape (..., n_values + 1)."""
    sums = np.zeros((*values.shape[:-1], values.shape[-1] + 1), values.dtype)
    values.cumsum(axis=-1, out=sums[..., 1:])
    return sums


def sum_windows(values: NDArray[Any], rows: Ragged, reaches: Sequence[int]) -> tuple[NDArray[Any], Indices]:
    """Sum the values at most `reach` places away in the row, with the place itself, and count them.

    Parameters
    ----------
    values : ndarray, shape (..., n_values)
    rows : Ragged
    reaches : sequence of int

    Returns
    -------
    sums : ndarray, shape (..., n_reaches, n_values)
    counts : ndarray of int64, shape (n_reaches, n_values)

    Examples
    --------
    >>> sums, counts = sum_windows(np.array([1.0, 2.0, 3.0]), Ragged(np.array([0, 2, 3])), [1])
    >>> sums.tolist(), counts.tolist()
    ([[3.0, 3.0, 3.0]], [[2, 2, 1]])
    """
    sums = _cumulate(values)
    first, last = _window_bounds(rows, reaches)
    return sums.take(last, axis=-1, mode="clip") - sums.take(first, axis=-1, mode="clip"), last - first


def sum_sides(values: NDArray[Any], rows: Ragged, reaches: Sequence[int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Sum the values of up to `reach` places before each place in its row, and of as many after it.

    Parameters
    ----------
    values : ndarray, shape (..., n_values)
    rows : Ragged
    reaches : sequence of int
        Numbers of places on each side; at the ends of a row there are fewer.

    Returns
    -------
    before, after : ndarray, shape (..., n_reaches, n_values)

    Examples
    --------
    >>> before, after = sum_sides(np.array([1.0, 2.0, 4.0]), Ragged(np.array([0, 2, 3])), [1])
    >>> before.tolist(), after.tolist()
    ([[0.0, 1.0, 0.0]], [[2.0, 0.0, 0.0]])
    """
    sums = _cumulate(values)
    first, last = _window_bounds(rows, reaches)
    before = sums[..., None, :-1] - sums.take(first, axis=-1, mode="clip")
    return before, sums.take(last, axis=-1, mode="clip") - sums[..., None, 1:]


def _window_bounds(rows: Ragged, reaches: Sequence[int]) -> tuple[Indices, Indices]:
    """Return where the window around each place begins and ends in its row, shape (n_reaches, n_values) each.

    No place is out of bounds: taken with "clip", which skips the check, values take less time.
    """
    before = np.array(reaches)[:, None]
    return np.maximum(rows.places - before, rows.begins), np.minimum(rows.places + (before + 1), rows.ends)


def places_since(flags: Flags, rows: Ragged, limit: int) -> Indices:
    """Count the places from the nearest flag before each place in its row, at most `limit`.

    Parameters
    ----------
    flags : ndarray of bool, shape (..., n_values)
    rows : Ragged
    limit : int
        The highest count, also returned where there is no flag.

    Examples
    --------
    >>> places_since(np.array([True, False, False, False]), Ragged(np.array([0, 3, 4])), limit=9).tolist()
    [9, 1, 2, 9]
    """
    latest = np.empty(flags.shape, np.int64)
    latest[..., :1] = -1
    np.maximum.accumulate(np.where(flags, rows.places, -1)[..., :-1], axis=-1, out=latest[..., 1:])
    return np.where(latest >= rows.begins, np.minimum(rows.places - latest, limit), limit)


def places_until(flags: Flags, rows: Ragged, limit: int) -> Indices:
    """Count the places to the nearest flag after each place in its row, at most `limit`."""
    return places_since(flags[..., ::-1], rows.mirrored, limit)[..., ::-1]
