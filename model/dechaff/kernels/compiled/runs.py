"""Arithmetic over runs, compiled."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Flags, Floats, Indices, Values
from dechaff.kernels.compiled.jit import compiled


@compiled
def sum_rows(values: NDArray[Any], offsets: Indices) -> NDArray[Any]:
    sums = np.zeros(len(offsets) - 1, values.dtype)
    for run in range(len(sums)):
        total = sums[run]
        for i in range(offsets[run], offsets[run + 1]):
            total += values[i]
        sums[run] = total
    return sums


@compiled
def _round(value: float) -> float:
    return float(np.rint(value * 10_000.0) / 10_000.0)


@compiled
def round_column(column: Values) -> Floats:
    rounded = np.empty(len(column), np.float32)
    for i in range(len(column)):
        rounded[i] = _round(column[i])
    return rounded


def take_logarithms(counts: NDArray[Any], table: Floats, rounded: bool) -> Floats:
    return _take_logarithms(np.ascontiguousarray(counts).ravel(), table, rounded).reshape(counts.shape)


@compiled
def _take_logarithms(counts: NDArray[Any], table: Floats, rounded: bool) -> Floats:
    found = np.empty(len(counts), np.float32)
    for i in range(len(counts)):
        if counts[i] < len(table):
            found[i] = table[max(counts[i], 0)]
        else:
            logarithm = np.log1p(counts[i])
            found[i] = _round(logarithm) if rounded else logarithm
    return found


def _as_rows(values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(prod(values.shape[:-1]), values.shape[-1])


def shift(values: NDArray[Any], offsets: Indices, by: int, fill: float = 0.0) -> NDArray[Any]:
    rows = _as_rows(values)
    return _shift_rows(rows, offsets, by, float(fill)).reshape(values.shape)


@compiled
def _shift_rows(rows: NDArray[Any], offsets: Indices, by: int, fill: float) -> NDArray[Any]:
    shifted = np.empty_like(rows)
    for row in range(len(rows)):
        source, target = rows[row], shifted[row]
        for run in range(len(offsets) - 1):
            begin, end = offsets[run], offsets[run + 1]
            first, last = max(begin, begin - by), min(end, end - by)
            if first >= last:
                target[begin:end] = fill
                continue
            target[begin:first] = fill
            target[first:last] = source[first + by : last + by]
            target[last:end] = fill
    return shifted


def places_since(flags: Flags, offsets: Indices, limit: int) -> Indices:
    return _count_places(_as_rows(flags), offsets, limit, False).reshape(flags.shape)


def places_until(flags: Flags, offsets: Indices, limit: int) -> Indices:
    return _count_places(_as_rows(flags), offsets, limit, True).reshape(flags.shape)


@compiled
def _count_places(rows: Flags, offsets: Indices, limit: int, backwards: bool) -> Indices:
    counts = np.empty(rows.shape, np.int64)
    for row in range(len(rows)):
        flags, own = rows[row], counts[row]
        for run in range(len(offsets) - 1):
            begin, end, place = offsets[run], offsets[run + 1], limit
            for step in range(end - begin):
                i = end - 1 - step if backwards else begin + step
                own[i] = place
                place = 1 if flags[i] else min(place + 1, limit)
    return counts


@compiled
def _cumulate(rows: NDArray[Any]) -> NDArray[Any]:
    """Sum each row up to each member, over the ends of runs, as numpy does: the last digits are the same."""
    sums = np.empty((len(rows), rows.shape[1] + 1), rows.dtype)
    for row in range(len(rows)):
        sums[row, 0] = 0
        for i in range(rows.shape[1]):
            sums[row, i + 1] = sums[row, i] + rows[row, i]
    return sums


def sum_before(values: NDArray[Any], offsets: Indices) -> NDArray[Any]:
    return _sum_rows_before(np.ascontiguousarray(_as_rows(values)), offsets).reshape(values.shape)


@compiled
def _sum_rows_before(rows: NDArray[Any], offsets: Indices) -> NDArray[Any]:
    sums, before = _cumulate(rows), np.empty_like(rows)
    for row in range(len(rows)):
        for run in range(len(offsets) - 1):
            begin = offsets[run]
            for i in range(begin, offsets[run + 1]):
                before[row, i] = sums[row, i] - sums[row, begin]
    return before


def sum_windows(
    values: NDArray[Any], offsets: Indices, reaches: Sequence[int]
) -> Iterator[tuple[NDArray[Any], Indices]]:
    sums, counts = _sum_row_windows(_as_rows(values), offsets, np.array(reaches))
    return zip(sums.reshape(len(reaches), *values.shape), counts, strict=True)


@compiled
def _sum_row_windows(rows: NDArray[Any], offsets: Indices, reaches: Indices) -> tuple[NDArray[Any], Indices]:
    sums = _cumulate(rows)
    found = np.empty((len(reaches), *rows.shape), rows.dtype)
    counts = np.empty((len(reaches), rows.shape[1]), np.int64)
    for k in range(len(reaches)):
        for run in range(len(offsets) - 1):
            begin, end = offsets[run], offsets[run + 1]
            for i in range(begin, end):
                first, last = max(i - reaches[k], begin), min(i + reaches[k] + 1, end)
                counts[k, i] = last - first
                for row in range(len(rows)):
                    found[k, row, i] = sums[row, last] - sums[row, first]
    return found, counts
