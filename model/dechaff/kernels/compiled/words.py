"""Numba kernels over the words of lines: phrases, copies, cohesion, hashed terms."""

import numpy as np

from dechaff._typing import Classes, Codes, Flags, Floats, Hashes, Indices, Values
from dechaff.kernels.compiled.jit import BASE, compiled, mix

# Copies of constants of `dechaff.text.tokens` and `dechaff.features.lexicon`, which kernels cannot import; a test
# compares them.
_BUCKET_BITS = 12
_FILTER_BITS = 20
_MAY_BE = 128
_INDEX_BITS = 13


@compiled
def match_phrases(
    word_hashes: Hashes, offsets: Indices, begins: Classes, phrases: Hashes, families: Codes, firsts: Indices
) -> tuple[Indices, Indices, Codes]:
    """Compute `dechaff.features.lexicon.match_phrases`."""
    # Few phrases have the same top bits: searching these in turn takes less time than bisecting.
    room = offsets[-1]  # for hits: rarely more than one in ten words
    places, lengths, found = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint32)
    n = 0
    for line in range(len(offsets) - 1):
        for place in range(offsets[line], offsets[line + 1]):
            value, length = word_hashes[place], 1
            while True:
                longest = begins[value >> np.uint64(64 - _FILTER_BITS)]
                if longest >= _MAY_BE:
                    row = firsts[value >> np.uint64(64 - _INDEX_BITS)]
                    while row < len(phrases) and phrases[row] < value:
                        row += 1
                    if row < len(phrases) and phrases[row] == value:
                        if n == len(places):
                            places = np.concatenate((places, np.empty_like(places)))
                            lengths = np.concatenate((lengths, np.empty_like(lengths)))
                            found = np.concatenate((found, np.empty_like(found)))
                        places[n], lengths[n], found[n] = place, length, families[row]
                        n += 1
                if longest % _MAY_BE <= length or place + length == offsets[line + 1]:
                    break
                value = mix(value * BASE + word_hashes[place + length])
                length += 1
    return places[:n], lengths[:n], found[:n]


@compiled
def measure_families(
    hit_lines: Indices, lengths: Indices, families: Codes, n_words: Indices, n_families: int
) -> Floats:
    """Compute `dechaff.features.keywords.measure_families`."""
    counts = np.zeros((n_families, len(n_words)), np.int32)
    covered = np.zeros_like(counts)
    features = np.zeros((n_families, 2, len(n_words)), np.float32)
    for hit in range(len(families)):
        line = hit_lines[hit]
        for family in range(n_families):
            if families[hit] >> np.uint32(family) & np.uint32(1):
                counts[family, line] += 1
                covered[family, line] += lengths[hit]
                features[family, 0, line] = np.log1p(counts[family, line])
                features[family, 1, line] = min(covered[family, line] / n_words[line], 1.0)
    return features


@compiled
def count_copies(hashes: Hashes, part_words: Indices) -> Indices:
    """Compute `dechaff.text.tokens.count_copies`."""
    copies = np.empty(len(hashes), np.int64)
    table = np.zeros(1 << _BUCKET_BITS, np.int64)
    shift = np.uint64(64 - _BUCKET_BITS)
    for part in range(len(part_words) - 1):
        first, last = part_words[part], part_words[part + 1]
        for word in range(first, last):
            table[hashes[word] >> shift] += 1
        for word in range(first, last):
            copies[word] = table[hashes[word] >> shift]
        for word in range(first, last):
            table[hashes[word] >> shift] = 0
    return copies


@compiled
def count_recurring(copies: Indices, offsets: Indices, part_lines: Indices) -> Indices:
    """Compute `dechaff.features.position.count_recurring`."""
    counts = np.zeros((2, len(offsets) - 1), np.int64)
    for part in range(len(part_lines) - 1):
        first, last = part_lines[part], part_lines[part + 1]
        n_words = offsets[last] - offsets[first]
        for line in range(first, last):
            n_common = n_single = 0
            for word in range(offsets[line], offsets[line + 1]):
                n_common += 100 * copies[word] > n_words
                n_single += copies[word] == 1
            counts[0, line], counts[1, line] = n_common, n_single
    return counts


@compiled
def measure_cohesion(
    hashes: Hashes,
    lengths: Indices,
    copies: Indices,
    offsets: Indices,
    part_lines: Indices,
    probability: Values,
    is_long: Flags,
    rarities: Values,
    rarities_shared: Values,
) -> Values:
    """Compute `dechaff.features.context.measure_cohesion`."""
    # First the mass of each bucket over the part, then for each word the mass of its bucket in other lines.
    sums = np.zeros((6, len(offsets) - 1))
    masses = np.zeros((1 << _BUCKET_BITS, 2))
    shift = np.uint64(64 - _BUCKET_BITS)
    for part in range(len(part_lines) - 1):
        masses[:] = 0.0
        for line in range(part_lines[part], part_lines[part + 1]):
            mass, long_mass = probability[line], probability[line] * is_long[line]
            for word in range(offsets[line], offsets[line + 1]):
                both = masses[hashes[word] >> shift]
                both[0] += mass
                both[1] += long_mass
        for line in range(part_lines[part], part_lines[part + 1]):
            mass, long_mass = probability[line], probability[line] * is_long[line]
            weight = cohesion = covered = n_rare = n_found = n_in_prose = 0.0
            for word in range(offsets[line], offsets[line + 1]):
                both = masses[hashes[word] >> shift]
                content, others = both[0] - mass, copies[word] - 1
                weight += rarities[others]
                cohesion += content * rarities_shared[others]
                is_rare, found = (others < 12) & (lengths[word] >= 3), min(content, 1.0)
                covered += found
                n_rare += is_rare
                n_found += is_rare * found
                n_in_prose += is_rare * min(both[1] - long_mass, 1.0)
            sums[:, line] = weight, cohesion, covered, n_rare, n_found, n_in_prose
    return sums


@compiled
def _sum_pairwise(values: Floats) -> np.float32:
    # In numpy's order, so that the last digit is the same.
    n = len(values)
    if n > 128:
        half = n // 2 - n // 2 % 8
        return _sum_pairwise(values[:half]) + _sum_pairwise(values[half:])
    total, done = np.float32(0), 0
    if n >= 8:
        done = n - n % 8
        a, b, c, d = values[0], values[1], values[2], values[3]
        e, f, g, h = values[4], values[5], values[6], values[7]
        for k in range(8, done, 8):
            a, b, c, d = a + values[k], b + values[k + 1], c + values[k + 2], d + values[k + 3]
            e, f, g, h = e + values[k + 4], f + values[k + 5], g + values[k + 6], h + values[k + 7]
        total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for k in range(done, n):
        total += values[k]
    return total


@compiled
def _sum_as_numpy(values: Floats) -> np.float32:
    return np.float32(values[0] + _sum_pairwise(values[1:]))


@compiled
def sum_terms(hashes: Hashes, offsets: Indices, weights: Floats, salts: Hashes, n_bits: int) -> Values:
    """Compute `dechaff.features.words.sum_terms`."""
    n_lines = len(offsets) - 1
    sums = np.zeros((len(salts), n_lines))
    shift = np.uint64(64 - n_bits)
    longest = 1
    for line in range(n_lines):
        longest = max(longest, offsets[line + 1] - offsets[line])
    room = np.empty((4, longest), np.float32)
    own, before, after, pairs = room[0], room[1], room[2], room[3]
    for line in range(n_lines):
        first, last = offsets[line], offsets[line + 1]
        n = last - first
        if n == 0:
            continue
        whole = previous = np.uint64(0)
        for k in range(n):
            word = hashes[first + k]
            own[k] = weights[mix(word + salts[0]) >> shift]
            before[k] = weights[mix(word + salts[5]) >> shift]
            after[k] = weights[mix(word + salts[6]) >> shift]
            pairs[k] = weights[mix(mix(previous * BASE + word) + salts[1]) >> shift]
            whole += word
            previous = word
        scale = 1 / np.sqrt(n)
        sums[0, line] = _sum_as_numpy(own[:n]) * scale
        sums[5, line] = _sum_as_numpy(before[:n]) * scale
        sums[6, line] = _sum_as_numpy(after[:n]) * scale
        if n > 1:
            sums[1, line] = _sum_as_numpy(pairs[1:n]) * (1 / np.sqrt(n - 1))
        sums[2, line] = weights[mix(hashes[first] + salts[2]) >> shift]
        sums[3, line] = weights[mix(previous + salts[3]) >> shift]
        if n <= 12:
            sums[4, line] = weights[mix(whole + salts[4]) >> shift]
    return sums
