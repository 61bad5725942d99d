"""Arithmetic over ragged rows: the words of a line, the lines of an article.

The values of all rows lie one after the other in one array; `offsets`, of shape (n_rows + 1,), mark where each row
begins.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Flags, Floats, Indices, Values

Scalar = TypeVar("Scalar", bound=np.generic)
Float = TypeVar("Float", bound=np.floating[Any])

_LOGARITHMS: Final = 1 << 16
_DECIMALS: Final = 4


def sum_rows(values: NDArray[Scalar], offsets: Indices) -> NDArray[Scalar]:
    """Sum each row; an empty row sums to zero.

    Every row is summed by itself, so its sum does not depend on the other rows of the batch.

    Parameters
    ----------
    values : ndarray of numbers, shape (n_values,)
        Not Booleans: their sum would be a Boolean.
    offsets : ndarray of int64, shape (n_rows + 1,)

    Returns
    -------
    ndarray, shape (n_rows,)
        The sums, in the type of `values`.

    Examples
    --------
    >>> sum_rows(np.array([1, 2, 3]), np.array([0, 2, 2, 3])).tolist()
    [3, 0, 3]
    """
    filled, starts = _filled(offsets)
    sums = np.zeros(len(offsets) - 1, values.dtype)
    if len(filled):
        sums[filled] = np.add.reduceat(values[: offsets[-1]], starts)
    return sums


def _filled(offsets: Indices) -> tuple[Indices, Indices]:
    """Find the rows that are not empty, and where they begin."""
    filled = np.flatnonzero(offsets[1:] > offsets[:-1])
    return filled, offsets[filled]


def mean_rows(values: NDArray[Any], offsets: Indices) -> Values:
    """Average each row; an empty row has mean zero.

    Parameters
    ----------
    values : ndarray, shape (n_values,)
    offsets : ndarray of int64, shape (n_rows + 1,)
    """
    counts = np.maximum(offsets[1:] - offsets[:-1], 1)
    return np.asarray(sum_rows(np.asarray(values, np.float64), offsets) / counts, np.float64)


def max_rows(values: Values, offsets: Indices) -> Values:
    """Return the largest value of each row, 0 for an empty row.

    Parameters
    ----------
    values : ndarray of float64, shape (n_values,)
    offsets : ndarray of int64, shape (n_rows + 1,)
    """
    filled, starts = _filled(offsets)
    found = np.zeros(len(offsets) - 1)
    if len(filled):
        found[filled] = np.maximum.reduceat(values, starts)
    return found


def repeat_rows(values: NDArray[Scalar], offsets: Indices) -> NDArray[Scalar]:
    """Repeat one value per row for every member of the row.

    Parameters
    ----------
    values : ndarray, shape (n_rows,)
    offsets : ndarray of int64, shape (n_rows + 1,)

    Returns
    -------
    ndarray, shape (n_values,)
    """
    return values.repeat(offsets[1:] - offsets[:-1])  # np.diff would take longer than the rest


def shift(values: NDArray[Float], offsets: Indices, by: int, fill: float = 0.0) -> NDArray[Float]:
    """Return for each place the value `by` places further in its row, and `fill` beyond the row's ends.

    Parameters
    ----------
    values : ndarray of floats, shape (..., n_values)
    offsets : ndarray of int64, shape (n_rows + 1,)
    by : int
        Negative to look back.
    fill : float

    Examples
    --------
    >>> shift(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 3]), by=1).tolist()
    [2.0, 0.0, 0.0]
    """
    shifted = np.empty_like(values)
    if by > 0:
        shifted[..., :-by] = values[..., by:]
    else:
        shifted[..., -by:] = values[..., : by or None]
    # Values of later rows have moved into the last `by` places of each row; if `by` is negative, values of earlier
    # rows into the first `-by`.
    filled, starts = _filled(offsets)
    ends, steps = offsets[filled + 1], np.arange(abs(by))[:, None]
    at_edge = np.minimum(starts + steps, ends - 1) if by < 0 else np.maximum(ends - 1 - steps, starts)
    shifted[..., at_edge] = fill
    return shifted


def sum_before(values: NDArray[Scalar], offsets: Indices) -> NDArray[Scalar]:
    """Sum the values before each place in its row.

    Parameters
    ----------
    values : ndarray, shape (..., n_values)
    offsets : ndarray of int64, shape (n_rows + 1,)

    Examples
    --------
    >>> sum_before(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 3, 4])).tolist()
    [0.0, 1.0, 3.0, 0.0]
    """
    sums = _cumulate(values)
    at_start = sums.take(offsets[:-1], axis=-1)
    return np.asarray(sums[..., :-1] - at_start.repeat(offsets[1:] - offsets[:-1], axis=-1))


def _cumulate(values: NDArray[Any]) -> NDArray[Any]:
    """Return the cumulative sums of all rows together, starting with 0, shape (..., n_values + 1)."""
    sums = np.zeros((*values.shape[:-1], values.shape[-1] + 1), values.dtype)
    np.cumsum(values, axis=-1, out=sums[..., 1:])
    return sums


def sum_windows(
    values: NDArray[Any], offsets: Indices, reaches: Sequence[int]
) -> Iterator[tuple[NDArray[Any], Indices]]:
    """Sum the values at most `reach` places away in the row, with the place itself, and count them.

    Parameters
    ----------
    values : ndarray, shape (..., n_values)
    offsets : ndarray of int64, shape (n_rows + 1,)
    reaches : sequence of int

    Yields
    ------
    sums : ndarray, shape (..., n_values)
    counts : ndarray of int64, shape (n_values,)
        One pair of arrays for each reach.

    Examples
    --------
    >>> [(sums, counts)] = sum_windows(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 3]), [1])
    >>> sums.tolist(), counts.tolist()
    ([3.0, 3.0, 3.0], [2, 2, 1])
    """
    sums = _cumulate(values)
    places = np.arange(values.shape[-1])
    begin, end = repeat_rows(offsets[:-1], offsets), repeat_rows(offsets[1:], offsets)
    for reach in reaches:
        first, last = np.maximum(places - reach, begin), np.minimum(places + reach + 1, end)
        # No place is out of bounds: without a check it takes less time.
        yield sums.take(last, axis=-1, mode="clip") - sums.take(first, axis=-1, mode="clip"), last - first


def places_since(flags: Flags, offsets: Indices, limit: int) -> Indices:
    """Count the places from the nearest flag before each place in its row, at most `limit`.

    Parameters
    ----------
    flags : ndarray of bool, shape (..., n_values)
    offsets : ndarray of int64, shape (n_rows + 1,)
    limit : int
        The highest count, also returned where there is no flag.

    Examples
    --------
    >>> places_since(np.array([True, False, False, False]), np.array([0, 3, 4]), limit=9).tolist()
    [9, 1, 2, 9]
    """
    places = np.arange(flags.shape[-1])
    latest = np.full(flags.shape, -1)
    np.maximum.accumulate(np.where(flags, places, -1)[..., :-1], axis=-1, out=latest[..., 1:])
    inside = latest >= repeat_rows(offsets[:-1], offsets)
    return np.minimum(np.where(inside, places - latest, limit), limit)


def places_until(flags: Flags, offsets: Indices, limit: int) -> Indices:
    """Count the places to the nearest flag after each place in its row, at most `limit`."""
    mirrored = (offsets[-1] - offsets)[::-1]
    return places_since(flags[..., ::-1], mirrored, limit)[..., ::-1]


def round_column(column: Values) -> Floats:
    """Round to four decimals.

    The last digits of running sums depend on the rest of the batch; rounded they do not change a decision.

    Parameters
    ----------
    column : ndarray of float64, shape (n_values,)
    """
    return np.round(column, _DECIMALS).astype(np.float32)


def ratio(counts: NDArray[np.integer[Any]], others: NDArray[np.integer[Any]]) -> Floats:
    """Divide counts by `others` in float32, at half the memory of float64.

    For counts below 2**24 the result equals the rounded result in float64.

    Parameters
    ----------
    counts, others : ndarray of integers, shape (..., n_values)
        Numerators and denominators; `others` must not contain zeros.

    Examples
    --------
    >>> ratio(np.array([1, 3]), np.array([2, 4])).tolist()
    [0.5, 0.75]
    """
    return np.divide(counts.astype(np.float32), others.astype(np.float32))


def round_columns(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Round columns of float64 to four decimals; columns of other types stay unchanged.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (n_values,)
    """
    return {
        name: round_column(column) if column.dtype == np.float64 else column for name, column in columns.items()
    }


def log1p_counts(counts: NDArray[np.integer[Any]], *, rounded: bool = False) -> Floats:
    """Compute log(1 + count) for each count; small counts are looked up in a table, which is much faster.

    Parameters
    ----------
    counts : ndarray of integers
        Negative ones are treated as zero.
    rounded : bool
        Whether to round to four decimals, as `round_column` does.

    Examples
    --------
    >>> log1p_counts(np.array([0, 1, 1_000_000])).round(3).tolist()
    [0.0, 0.6930000185966492, 13.815999984741211]
    """
    table = _log1p_table(rounded)
    logarithms: Floats = table.take(counts, mode="clip")
    if counts.size and counts.max() >= len(table):
        large = np.nonzero(counts >= len(table))
        logarithms[large] = _log1p(counts[large], rounded)
    return logarithms


@cache
def _log1p_table(rounded: bool) -> Floats:
    return _log1p(np.arange(_LOGARITHMS), rounded)


def _log1p(counts: NDArray[np.integer[Any]], rounded: bool) -> Floats:
    logarithms = np.log1p(counts)
    return np.asarray(np.round(logarithms, _DECIMALS) if rounded else logarithms, np.float32)
