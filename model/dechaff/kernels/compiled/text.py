"""Numba kernels over code points: lines, words, counts of characters."""

import numpy as np

from dechaff._typing import Classes, Codes, Hashes, Indices
from dechaff.kernels.compiled.jit import BASE, compiled, mix
from dechaff.text.characters import CURRENCY, IDEOGRAPH, LINE_BREAK, SPACE, WORD

_SINGLE = IDEOGRAPH | CURRENCY
_IN_WORD = WORD | _SINGLE


@compiled
def find_lines(codes: Codes, table: Classes) -> tuple[Classes, Indices, Indices, Indices]:
    """Compute `dechaff.text.lines.find_lines`."""
    n = len(codes)
    classes = np.empty(n, np.uint8)
    n_breaks = 0
    for i in range(n):
        classes[i] = table[codes[i]]
        n_breaks += classes[i] >> 7
    breaks, starts, ends = np.empty(n_breaks, np.int64), np.empty(n_breaks, np.int64), np.empty(n_breaks, np.int64)
    n_breaks = n_lines = start = 0
    for i in range(n):
        if not classes[i] & LINE_BREAK or (codes[i] == 0x0D and i + 1 < n and codes[i + 1] == 0x0A):
            continue
        breaks[n_breaks] = end = i
        n_breaks += 1
        while start < end and classes[start] & SPACE:
            start += 1
        while start < end and classes[end - 1] & SPACE:
            end -= 1
        if start < end:
            starts[n_lines], ends[n_lines] = start, end
            n_lines += 1
        start = i + 1
    return classes, breaks[:n_breaks], starts[:n_lines], ends[:n_lines]


@compiled
def hash_words(
    codes: Codes,
    classes: Classes,
    line_starts: Indices,
    line_ends: Indices,
    folded: Codes,
) -> tuple[Indices, Indices, Hashes, Indices]:
    """Compute `dechaff.text.tokens.hash_words`."""
    n_words = 1  # an upper bound: the first code point may begin a word
    for i in range(1, len(classes)):
        begins = (classes[i] & _IN_WORD != 0) & (
            (classes[i - 1] & _IN_WORD == 0) | ((classes[i] | classes[i - 1]) & _SINGLE != 0)
        )
        n_words += begins
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
                power *= BASE
                i += 1
                if single or not classes[i] & _IN_WORD or classes[i] & _SINGLE:
                    break
            ends[word], hashes[word] = i, mix(value)
            word += 1
        offsets[line + 1] = word
    return starts[:word], ends[:word], hashes[:word], offsets


@compiled
def count_classes(codes: Codes, classes: Classes, starts: Indices, ends: Indices, table: Classes) -> Indices:
    """Compute `dechaff.text.character_counts.count_classes`."""
    counts = np.zeros((16, len(starts)), np.int64)
    # Two tables in turn: an increment need not wait for the one before it to be stored.
    even, odd = np.empty(16, np.int64), np.empty(16, np.int64)
    for line in range(len(starts)):
        even[:] = 0
        odd[:] = 0
        start, end = starts[line], ends[line]
        for i in range(start, end - 1, 2):
            even[table[codes[i]]] += 1
            odd[table[codes[i + 1]]] += 1
        if (end - start) & 1:
            even[table[codes[end - 1]]] += 1
        for k in range(1, 16):
            counts[k, line] = even[k] + odd[k]
    return counts
