"""The compiled twins: each does in one pass what the function of its name does in numpy, where it is described.

Importing this module imports numba. What is compiled is kept on disk for the next process.
"""

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from dechaff.characters import CURRENCY, DIGIT, IDEOGRAPH, LINE_BREAK, SPACE, UPPER, WORD

Function = TypeVar("Function", bound=Callable[..., object])
Indices = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Values = NDArray[np.float64]

_BASE = np.uint64(6364136223846793005)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SINGLE = IDEOGRAPH | CURRENCY
_IN_WORD = WORD | _SINGLE
_BUCKET_BITS = 12
# So many lines' answers stay in the cache over all trees.
_AT_ONCE = 256


def _compiled(function: Function) -> Function:
    """Compile a function at its first call; keep the result on disk if there is a place to write."""
    try:
        compiled: Any = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither this folder nor the user's can be written to
        compiled = numba.njit(nogil=True)(function)
    return cast("Function", compiled)


@_compiled
def find_lines(codes: NDArray[np.uint32], classes: NDArray[np.uint8]) -> tuple[Indices, Indices, Indices]:
    n = len(codes)
    n_breaks = 0
    for i in range(n):
        n_breaks += classes[i] >> 7
    breaks, starts, ends = np.empty(n_breaks, np.int64), np.empty(n_breaks, np.int64), np.empty(n_breaks, np.int64)
    n_breaks = n_lines = 0
    start, end = -1, -1
    for i in range(n):
        if not classes[i] & SPACE:
            end = i + 1
            if start < 0:
                start = i
        elif classes[i] & LINE_BREAK and not (codes[i] == 0x0D and i + 1 < n and codes[i + 1] == 0x0A):
            breaks[n_breaks] = i
            n_breaks += 1
            if start >= 0:
                starts[n_lines], ends[n_lines] = start, end
                n_lines += 1
                start = -1
    return breaks[:n_breaks], starts[:n_lines], ends[:n_lines]


@_compiled
def hash_words(
    codes: NDArray[np.uint32],
    classes: NDArray[np.uint8],
    line_starts: Indices,
    line_ends: Indices,
    folded: NDArray[np.uint32],
) -> tuple[Indices, Indices, Hashes, Indices]:
    n_words = 0
    before = np.uint8(0)
    for i in range(len(classes)):
        n_words += classes[i] & _IN_WORD != 0 and (not before & _IN_WORD or (classes[i] | before) & _SINGLE != 0)
        before = classes[i]
    starts, ends, hashes = np.empty(n_words, np.int64), np.empty(n_words, np.int64), np.empty(n_words, np.uint64)
    offsets = np.zeros(len(line_starts) + 1, np.int64)
    word = 0
    for line in range(len(line_starts)):
        i = line_starts[line]
        while i < line_ends[line]:
            if not classes[i] & _IN_WORD:
                i += 1
                continue
            starts[word] = i
            value, power = np.uint64(0), np.uint64(1)
            single = classes[i] & _SINGLE
            while True:
                value += np.uint64(folded[codes[i]]) * power
                power *= _BASE
                i += 1
                if single or not classes[i] & _IN_WORD or classes[i] & _SINGLE:
                    break
            ends[word], hashes[word] = i, _mix(value)
            word += 1
        offsets[line + 1] = word
    return starts, ends, hashes, offsets


@_compiled
def _mix(value: np.uint64) -> np.uint64:
    value ^= value >> np.uint64(32)
    value *= _MIX
    return value ^ (value >> np.uint64(29))


@_compiled
def count_kinds(
    codes: NDArray[np.uint32], classes: NDArray[np.uint8], starts: Indices, ends: Indices, kinds: NDArray[np.uint8]
) -> Indices:
    counts = np.zeros((16, len(starts)), np.int64)
    own = np.empty(16, np.int64)
    for line in range(len(starts)):
        own[:] = 0
        for i in range(starts[line], ends[line]):
            own[kinds[codes[i]]] += 1
        for kind in range(1, 16):
            counts[kind, line] = own[kind]
    return counts


@_compiled
def match_phrases(
    word_hashes: Hashes,
    offsets: Indices,
    begins: NDArray[np.uint8],
    may_be: NDArray[np.bool_],
    phrases: Hashes,
    families: NDArray[np.uint32],
) -> tuple[Indices, Indices, NDArray[np.uint32]]:
    shift = np.uint64(64 - 18)
    n_hits, room = 0, 1 << 12
    places, lengths, found = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint32)
    for line in range(len(offsets) - 1):
        for place in range(offsets[line], offsets[line + 1]):
            value = word_hashes[place]
            length = 1
            while True:
                key = value >> shift
                longest = begins[key]
                if longest == 0 and length == 1:
                    break
                if may_be[key]:
                    row = np.searchsorted(phrases, value)
                    if row < len(phrases) and phrases[row] == value:
                        if n_hits == room:
                            room *= 2
                            places = np.append(places, np.empty_like(places))
                            lengths = np.append(lengths, np.empty_like(lengths))
                            found = np.append(found, np.empty_like(found))
                        places[n_hits], lengths[n_hits], found[n_hits] = place, length, families[row]
                        n_hits += 1
                if longest <= length or place + length >= offsets[line + 1]:
                    break
                value = _mix(value * _BASE + word_hashes[place + length])
                length += 1
    return places[:n_hits], lengths[:n_hits], found[:n_hits]


@_compiled
def sum_leaves(
    matrix: NDArray[np.float32],
    features: Indices,
    bounds: Indices,
    thresholds: NDArray[np.float32],
    rows: Indices,
    table: Values,
) -> Values:
    n = matrix.shape[1]
    total = np.zeros(n)
    answers = np.zeros((len(thresholds), _AT_ONCE), np.uint8)
    patterns = np.empty(_AT_ONCE, np.uint8)
    for first in range(0, n, _AT_ONCE):
        width = min(_AT_ONCE, n - first)
        for asked in range(len(features)):
            values = matrix[features[asked], first : first + width]
            for question in range(bounds[asked], bounds[asked + 1]):
                threshold = thresholds[question]
                own = answers[question]
                for j in range(width):
                    own[j] = values[j] > threshold
        for tree in range(len(table)):
            patterns[:] = answers[rows[7, tree]]
            for split in range(6, -1, -1):
                own = answers[rows[split, tree]]
                for j in range(_AT_ONCE):
                    patterns[j] = patterns[j] << 1 | own[j]
            weights = table[tree]
            for j in range(width):
                total[first + j] += weights[patterns[j]]
    return total


@_compiled
def sum_runs(values: NDArray[Any], offsets: Indices) -> NDArray[Any]:
    sums = np.zeros(len(offsets) - 1, values.dtype)
    for run in range(len(sums)):
        for i in range(offsets[run], offsets[run + 1]):
            sums[run] += values[i]
    return sums


@_compiled
def round_column(column: Values) -> Values:
    rounded = np.empty(len(column))
    for i in range(len(column)):
        rounded[i] = np.rint(column[i] * 10_000.0) / 10_000.0
    return rounded


@_compiled
def find_copies(hashes: Hashes, offsets: Indices) -> tuple[Indices, NDArray[np.bool_]]:
    n_copies, is_first = np.empty(len(hashes), np.int64), np.empty(len(hashes), np.bool_)
    longest = 1
    for run in range(len(offsets) - 1):
        longest = max(longest, offsets[run + 1] - offsets[run])
    room = 2
    while room < 2 * longest:
        room *= 2
    lines, places = np.empty(room, np.int64), np.empty(longest, np.int64)
    for run in range(len(offsets) - 1):
        begin, end = offsets[run], offsets[run + 1]
        size = 2
        while size < 2 * (end - begin):
            size *= 2
        lines[:size] = -1
        for i in range(begin, end):
            place = np.int64(_mix(hashes[i]) & np.uint64(size - 1))
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


@_compiled
def weigh_families(
    hit_lines: Indices, lengths: Indices, families: NDArray[np.uint32], n_words: Indices, n_families: int
) -> Values:
    counts = np.zeros((n_families, len(n_words)), np.int32)
    covered = np.zeros_like(counts)
    for hit in range(len(families)):
        for family in range(n_families):
            if families[hit] >> np.uint32(family) & np.uint32(1):
                counts[family, hit_lines[hit]] += 1
                covered[family, hit_lines[hit]] += lengths[hit]
    weighed = np.zeros((2, n_families, len(n_words)))
    for family in range(n_families):
        for line in range(len(n_words)):
            if counts[family, line]:
                weighed[0, family, line] = np.log1p(counts[family, line])
                weighed[1, family, line] = min(covered[family, line] / n_words[line], 1.0)
    return weighed


@_compiled
def lend_ratios(ratios: Values, is_last: NDArray[np.bool_], stay: float, longest: int) -> Values:
    messages = np.empty(len(ratios))
    lent = 1.0
    for i in range(len(ratios)):
        messages[i] = lent
        known = ratios[i] * lent
        lent = 1.0 if is_last[i] else (stay * known + (1 - stay)) / ((1 - stay) * known + stay)
    return messages


@_compiled
def best_segment(scores: Values, offsets: Indices) -> tuple[NDArray[np.bool_], Indices, Indices]:
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


def _as_rows(values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(prod(values.shape[:-1]), values.shape[-1])


def shift(values: Values, offsets: Indices, by: int, fill: float = 0.0) -> Values:
    rows = _as_rows(values)
    return _shift_rows(rows, offsets, by, float(fill)).reshape(values.shape)


@_compiled
def _shift_rows(rows: Values, offsets: Indices, by: int, fill: float) -> Values:
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


def places_since(flags: NDArray[np.bool_], offsets: Indices, limit: int) -> Indices:
    return _count_places(_as_rows(flags), offsets, limit, False).reshape(flags.shape)


def places_until(flags: NDArray[np.bool_], offsets: Indices, limit: int) -> Indices:
    return _count_places(_as_rows(flags), offsets, limit, True).reshape(flags.shape)


@_compiled
def _count_places(rows: NDArray[np.bool_], offsets: Indices, limit: int, backwards: bool) -> Indices:
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


def sum_windows(
    values: NDArray[Any], offsets: Indices, reaches: Sequence[int]
) -> Iterator[tuple[NDArray[Any], Indices]]:
    sums = np.zeros((*values.shape[:-1], values.shape[-1] + 1), values.dtype)
    np.cumsum(values, axis=-1, out=sums[..., 1:])
    rows = _as_rows(sums)
    for reach in reaches:
        found, counts = _subtract_windows(rows, offsets, reach)
        yield found.reshape(values.shape), counts


@_compiled
def _subtract_windows(sums: NDArray[Any], offsets: Indices, reach: int) -> tuple[NDArray[Any], Indices]:
    n = sums.shape[1] - 1
    found, counts = np.empty((len(sums), n), sums.dtype), np.empty(n, np.int64)
    for run in range(len(offsets) - 1):
        begin, end = offsets[run], offsets[run + 1]
        for i in range(begin, end):
            first, last = max(i - reach, begin), min(i + reach + 1, end)
            counts[i] = last - first
            for row in range(len(sums)):
                found[row, i] = sums[row, last] - sums[row, first]
    return found, counts


@_compiled
def count_copies(hashes: Hashes, article_words: Indices) -> Indices:
    copies = np.empty(len(hashes), np.int64)
    table = np.zeros(1 << _BUCKET_BITS, np.int64)
    shift = np.uint64(64 - _BUCKET_BITS)
    for article in range(len(article_words) - 1):
        first, last = article_words[article], article_words[article + 1]
        for word in range(first, last):
            table[hashes[word] >> shift] += 1
        for word in range(first, last):
            copies[word] = table[hashes[word] >> shift]
        for word in range(first, last):
            table[hashes[word] >> shift] = 0
    return copies


@_compiled
def count_recurring(copies: Indices, offsets: Indices, article_lines: Indices) -> Indices:
    counts = np.zeros((2, len(offsets) - 1), np.int64)
    for article in range(len(article_lines) - 1):
        first, last = article_lines[article], article_lines[article + 1]
        n_words = offsets[last] - offsets[first]
        for line in range(first, last):
            for word in range(offsets[line], offsets[line + 1]):
                counts[0, line] += copies[word] / n_words > 0.01
                counts[1, line] += copies[word] == 1
    return counts


@_compiled
def count_word_shapes(first_classes: NDArray[np.uint8], lengths: Indices, offsets: Indices) -> Indices:
    counts = np.zeros((3, 3, len(offsets) - 1), np.int64)
    for line in range(len(offsets) - 1):
        for word in range(offsets[line], offsets[line + 1]):
            classes, length = first_classes[word], lengths[word]
            kind = 1 if classes & UPPER else 2 if classes & DIGIT else 0
            counts[kind, (length > 3) + (length >= 9), line] += 1
    return counts


@_compiled
def measure_cohesion(
    hashes: Hashes,
    lengths: Indices,
    copies: Indices,
    offsets: Indices,
    article_lines: Indices,
    probability: Values,
    is_long: Values,
    rarities: Values,
) -> Values:
    sums = np.zeros((6, len(offsets) - 1))
    masses = np.zeros((1 << _BUCKET_BITS, 2))
    shift = np.uint64(64 - _BUCKET_BITS)
    for article in range(len(article_lines) - 1):
        masses[:] = 0.0
        for line in range(article_lines[article], article_lines[article + 1]):
            mass, long_mass = probability[line], probability[line] * is_long[line]
            for word in range(offsets[line], offsets[line + 1]):
                both = masses[hashes[word] >> shift]
                both[0] += mass
                both[1] += long_mass
        for line in range(article_lines[article], article_lines[article + 1]):
            mass, long_mass = probability[line], probability[line] * is_long[line]
            weight = cohesion = covered = n_rare = n_found = n_in_prose = 0.0
            for word in range(offsets[line], offsets[line + 1]):
                both = masses[hashes[word] >> shift]
                content, others = both[0] - mass, copies[word] - 1
                weight += rarities[others]
                cohesion += content / max(others, 1) * rarities[others]
                covered += min(content, 1.0)
                if others < 12 and lengths[word] >= 3:
                    n_rare += 1
                    n_found += min(content, 1.0)
                    n_in_prose += min(both[1] - long_mass, 1.0)
            sums[:, line] = weight, cohesion, covered, n_rare, n_found, n_in_prose
    return sums


@_compiled
def _sum_pairwise(values: NDArray[np.float32]) -> np.float32:
    """Sum in the order that numpy sums in, so that the last digit is the same."""
    n = len(values)
    total = np.float32(0)
    if n > 128:
        half = n // 2 - n // 2 % 8
        return _sum_pairwise(values[:half]) + _sum_pairwise(values[half:])
    done = 0
    if n >= 8:
        done = n - n % 8
        r = values[:8].copy()
        for first in range(8, done, 8):
            for k in range(8):
                r[k] += values[first + k]
        total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
    for k in range(done, n):
        total += values[k]
    return total


@_compiled
def _sum_as_numpy(values: NDArray[np.float32]) -> np.float32:
    return np.float32(values[0] + _sum_pairwise(values[1:]))


@_compiled
def sum_terms(hashes: Hashes, offsets: Indices, weights: NDArray[np.float32], salts: Hashes, n_bits: int) -> Values:
    n_lines = len(offsets) - 1
    sums = np.zeros((len(salts), n_lines))
    shift = np.uint64(64 - n_bits)
    longest = 1
    for line in range(n_lines):
        longest = max(longest, offsets[line + 1] - offsets[line])
    found = np.empty(longest, np.float32)
    for line in range(n_lines):
        first, last = offsets[line], offsets[line + 1]
        n = last - first
        if n == 0:
            continue
        for kind in (0, 5, 6):
            for k in range(n):
                found[k] = weights[_mix(hashes[first + k] + salts[kind]) >> shift]
            sums[kind, line] = _sum_as_numpy(found[:n])
        for k in range(n - 1):
            pair = _mix(hashes[first + k] * _BASE + hashes[first + k + 1])
            found[k] = weights[_mix(pair + salts[1]) >> shift]
        if n > 1:
            sums[1, line] = _sum_as_numpy(found[: n - 1])
        sums[2, line] = weights[_mix(hashes[first] + salts[2]) >> shift]
        sums[3, line] = weights[_mix(hashes[last - 1] + salts[3]) >> shift]
        if n <= 12:
            whole = np.uint64(0)
            for k in range(first, last):
                whole += hashes[k]
            sums[4, line] = weights[_mix(whole + salts[4]) >> shift]
        for kind in (0, 5, 6):
            sums[kind, line] *= 1 / np.sqrt(n)
        sums[1, line] *= 1 / np.sqrt(max(n - 1, 1))
    return sums
