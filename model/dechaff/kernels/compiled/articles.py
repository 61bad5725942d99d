"""Numba kernels over the lines of articles: stages, copies, smoothing, the best segment."""

import numpy as np

from dechaff._typing import Flags, Floats, Hashes, Indices, Values
from dechaff.kernels.compiled.jit import compiled, mix

# Lines are processed in blocks of this size, so that the outcomes of their splits stay in the CPU cache while all
# trees are evaluated.
_AT_ONCE = 256


@compiled
def sum_stage(
    matrix: Floats,
    weights: Floats,
    constant: float,
    conditions: tuple[Indices, Indices, Floats, Indices],
    pattern_weights: Values,
) -> Values:
    """Compute `dechaff.linear.stage.sum_stage`."""
    features, bounds, thresholds, rows = conditions
    n = matrix.shape[1]
    total = np.empty(n)
    linear, leaves = np.empty(_AT_ONCE, np.float32), np.empty(_AT_ONCE)
    outcomes = np.zeros((len(thresholds), _AT_ONCE), np.uint8)
    patterns = np.empty(_AT_ONCE, np.uint8)
    for first in range(0, n, _AT_ONCE):
        width = min(_AT_ONCE, n - first)
        linear[:] = 0
        leaves[:] = 0
        for feature in range(len(weights)):
            values, weight = matrix[feature, first : first + width], weights[feature]
            for j in range(width):
                linear[j] += weight * values[j]
        for k in range(len(features)):
            values = matrix[features[k], first : first + width]
            for condition in range(bounds[k], bounds[k + 1]):
                threshold, own = thresholds[condition], outcomes[condition]
                for j in range(width):
                    own[j] = values[j] > threshold
        for tree in range(len(pattern_weights)):
            patterns[:] = 0
            for split in range(len(rows) - 1, -1, -1):
                own = outcomes[rows[split, tree]]
                for j in range(_AT_ONCE):
                    patterns[j] += patterns[j] + own[j]
            own_weights = pattern_weights[tree]
            for j in range(width):
                leaves[j] += own_weights[patterns[j]]
        for j in range(width):
            total[first + j] = linear[j] + constant + leaves[j]
    return total


@compiled
def find_copies(hashes: Hashes, offsets: Indices) -> tuple[Indices, Flags]:
    """Compute `dechaff.features.position.find_copies`."""
    n_copies, is_first = np.empty(len(hashes), np.int64), np.empty(len(hashes), np.bool_)
    longest = 1
    for article in range(len(offsets) - 1):
        longest = max(longest, offsets[article + 1] - offsets[article])
    room = 2
    while room < 2 * longest:
        room *= 2
    lines, places = np.empty(room, np.int64), np.empty(longest, np.int64)
    for article in range(len(offsets) - 1):
        begin, end = offsets[article], offsets[article + 1]
        size = 2
        while size < 2 * (end - begin):
            size *= 2
        lines[:size] = -1
        for i in range(begin, end):
            place = np.int64(mix(hashes[i]) & np.uint64(size - 1))
            while lines[place] >= 0 and hashes[lines[place]] != hashes[i]:
                place = (place + 1) & (size - 1)
            is_first[i] = lines[place] < 0
            if is_first[i]:
                lines[place], n_copies[i] = i, 0
            places[i - begin] = lines[place]
            n_copies[lines[place]] += 1
        for i in range(begin, end):
            n_copies[i] = n_copies[places[i - begin]]
    return n_copies, is_first


@compiled
def forward_messages(ratios: Values, is_last: Flags, stay: float, longest: int) -> Values:
    """Compute `dechaff.features.smoothing.forward_messages`."""
    messages = np.empty(len(ratios))
    message = 1.0
    for i in range(len(ratios)):
        messages[i] = message
        known = ratios[i] * message
        message = 1.0 if is_last[i] else (stay * known + (1 - stay)) / ((1 - stay) * known + stay)
    return messages


@compiled
def best_segment(scores: Values, offsets: Indices) -> tuple[Flags, Indices, Indices]:
    """Compute `dechaff.features.smoothing.best_segment`."""
    n = len(scores)
    inside, from_start, from_end = np.empty(n, np.bool_), np.empty(n, np.int64), np.empty(n, np.int64)
    for article in range(len(offsets) - 1):
        begin, stop = offsets[article], offsets[article + 1]
        total, lowest, best = 0.0, np.inf, -np.inf
        first, start, end = begin, begin, begin
        for i in range(begin, stop):
            if total <= lowest:
                lowest, first = total, i
            total += np.rint(scores[i] * 65536)
            if total - lowest > best:
                best, start, end = total - lowest, first, i
        for i in range(begin, stop):
            inside[i] = start <= i <= end
            from_start[i], from_end[i] = i - start, end - i
    return inside, from_start, from_end
