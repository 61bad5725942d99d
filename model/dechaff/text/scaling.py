"""Numbers that become features: shares, logarithms of counts, and rounding."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Floats, Values

_LOGARITHMS: Final = 1 << 16
_DECIMALS: Final = 4
_FEW: Final = 1 << 15


def round_column(column: Values) -> Floats:
    """Round to four decimals.

    The last digits of running sums depend on the rest of the batch; rounded they do not change a decision.

    Parameters
    ----------
    column : ndarray of float64, shape (..., n_values)
    """
    return column.round(_DECIMALS).astype(np.float32)


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
    """Round columns of float64 to four decimals; flags, and columns that are already rounded, keep their values.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (n_values,)
    """
    found = list(columns.values())
    if sum(map(len, found)) <= _FEW:
        return dict(zip(columns, round_column(np.array(found, np.float64)), strict=True))
    # Of many values, one column at a time stays in the cache.
    rounded = (round_column(column) if column.dtype == np.float64 else column for column in found)
    return dict(zip(columns, rounded, strict=True))


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
    if counts.max(initial=0) >= len(table):
        large = np.nonzero(counts >= len(table))
        logarithms[large] = _log1p(counts[large], rounded)
    return logarithms


@cache
def _log1p_table(rounded: bool) -> Floats:
    return _log1p(np.arange(_LOGARITHMS), rounded)


def _log1p(counts: NDArray[np.integer[Any]], rounded: bool) -> Floats:
    logarithms = np.log1p(counts)
    return np.asarray(np.round(logarithms, _DECIMALS) if rounded else logarithms, np.float32)
