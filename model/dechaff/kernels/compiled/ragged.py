"""Numba kernels of `dechaff.text.ragged`."""

from math import prod

import numpy as np

from dechaff._typing import Flags, Floats, Indices, Values
from dechaff.kernels.compiled.jit import compiled


@compiled
def round_column(column: Values) -> Floats:
    """Compute `dechaff.text.ragged.round_column`."""
    rounded = np.empty(len(column), np.float32)
    for i in range(len(column)):
        rounded[i] = np.rint(column[i] * 10_000.0) / 10_000.0
    return rounded


def places_since(flags: Flags, offsets: Indices, limit: int) -> Indices:
    """Compute `dechaff.text.ragged.places_since`."""
    return _count_places(_as_matrix(flags), offsets, limit, False).reshape(flags.shape)


def places_until(flags: Flags, offsets: Indices, limit: int) -> Indices:
    """Compute `dechaff.text.ragged.places_until`."""
    return _count_places(_as_matrix(flags), offsets, limit, True).reshape(flags.shape)


def _as_matrix(flags: Flags) -> Flags:
    return flags.reshape(prod(flags.shape[:-1]), flags.shape[-1])


@compiled
def _count_places(matrix: Flags, offsets: Indices, limit: int, backwards: bool) -> Indices:
    counts = np.empty(matrix.shape, np.int64)
    for k in range(len(matrix)):
        flags, own = matrix[k], counts[k]
        for row in range(len(offsets) - 1):
            begin, end, place = offsets[row], offsets[row + 1], limit
            for step in range(end - begin):
                i = end - 1 - step if backwards else begin + step
                own[i] = place
                place = 1 if flags[i] else min(place + 1, limit)
    return counts
