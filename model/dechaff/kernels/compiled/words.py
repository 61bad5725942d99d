"""What the words of a line say: phrases, copies, cohesion, hashed terms, compiled."""

import numpy as np
from numpy.typing import NDArray

from dechaff.characters import DIGIT, UPPER
from dechaff.kernels.compiled.jit import BASE, Hashes, Indices, Values, compiled, mix

_BUCKET_BITS = 12


@compiled
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
                value = mix(value * BASE + word_hashes[place + length])
                length += 1
    return places[:n_hits], lengths[:n_hits], found[:n_hits]


@compiled
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


@compiled
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


@compiled
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


@compiled
def count_word_shapes(first_classes: NDArray[np.uint8], lengths: Indices, offsets: Indices) -> Indices:
    counts = np.zeros((3, 3, len(offsets) - 1), np.int64)
    for line in range(len(offsets) - 1):
        for word in range(offsets[line], offsets[line + 1]):
            classes, length = first_classes[word], lengths[word]
            kind = 1 if classes & UPPER else 2 if classes & DIGIT else 0
            counts[kind, (length > 3) + (length >= 9), line] += 1
    return counts


@compiled
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


@compiled
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


@compiled
def _sum_as_numpy(values: NDArray[np.float32]) -> np.float32:
    return np.float32(values[0] + _sum_pairwise(values[1:]))


@compiled
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
                found[k] = weights[mix(hashes[first + k] + salts[kind]) >> shift]
            sums[kind, line] = _sum_as_numpy(found[:n])
        for k in range(n - 1):
            pair = mix(hashes[first + k] * BASE + hashes[first + k + 1])
            found[k] = weights[mix(pair + salts[1]) >> shift]
        if n > 1:
            sums[1, line] = _sum_as_numpy(found[: n - 1])
        sums[2, line] = weights[mix(hashes[first] + salts[2]) >> shift]
        sums[3, line] = weights[mix(hashes[last - 1] + salts[3]) >> shift]
        if n <= 12:
            whole = np.uint64(0)
            for k in range(first, last):
                whole += hashes[k]
            sums[4, line] = weights[mix(whole + salts[4]) >> shift]
        for kind in (0, 5, 6):
            sums[kind, line] *= 1 / np.sqrt(n)
        sums[1, line] *= 1 / np.sqrt(max(n - 1, 1))
    return sums
