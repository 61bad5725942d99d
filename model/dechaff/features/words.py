"""Hashed terms: a line's words, word pairs, first and last word and whole text, and the words of adjacent lines.

The hashing trick is used as in fastText and Vowpal Wabbit: a term's bucket is the top bits of its hash, so training
and inference need no vocabulary. Each of n terms of a line has the weight 1 / sqrt(n), so that long lines do not
dominate.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from dechaff._typing import Flags, Floats, Hashes, Indices, Values
from dechaff.kernels import accelerated
from dechaff.text.ragged import shift, sum_rows
from dechaff.text.tokens import Words, join_hashes, mix

_SALT: Final = 0x632BE59BD9B4E019
_WHOLE_LINE_LIMIT: Final = 12  # words; longer lines hardly ever occur twice


class Terms(NamedTuple):
    """The hashed terms of one type for every line of a batch.

    Attributes
    ----------
    name : str
        The name of the type: "word", "pair", ...
    buckets : ndarray of int64, shape (n_terms,)
        The index of each term's weight.
    offsets : ndarray of int64, shape (n_lines + 1,)
        Where each line's terms begin.
    words : ndarray of int64, shape (n_terms,)
        The index of each term's first word, for display.
    by : int
        The line that the terms are from, relative to the line they describe: 0 for the same line, -1 for the line
        before, 1 for the line after.
    """

    name: str
    buckets: Indices
    offsets: Indices
    words: Indices
    by: int

    @property
    def counts(self) -> Indices:
        """Return the number of terms of each line, shape (n_lines,)."""
        return np.diff(self.offsets)

    @property
    def scale(self) -> Values:
        """Return the factor of the weights of each line's terms, 1 / sqrt(number of terms), shape (n_lines,)."""
        return 1 / np.sqrt(np.maximum(self.counts, 1))


class _TermType(NamedTuple):
    name: str
    by: int = 0


# The position in this tuple salts the hash: add new types at the end.
TERM_TYPES: Final = (
    _TermType("word"),
    _TermType("pair"),
    _TermType("first word"),
    _TermType("last word"),
    _TermType("whole line"),
    _TermType("word before", -1),
    _TermType("word after", 1),
)
_SALTS: Final = np.array([number * _SALT % 2**64 for number in range(1, len(TERM_TYPES) + 1)], np.uint64)


def word_terms(words: Words, n_bits: int) -> Iterator[Terms]:
    """Yield the terms of every line, hashed into 2**n_bits buckets, one type after the other.

    Parameters
    ----------
    words : Words
    n_bits : int
        The binary logarithm of the number of buckets.

    Examples
    --------
    >>> from dechaff.text.lines import LineBatch
    >>> from dechaff.text.tokens import find_words
    >>> words = find_words(LineBatch.from_texts(["share this page"]))
    >>> {terms.name: len(terms.buckets) for terms in word_terms(words, n_bits=18)}  # doctest: +NORMALIZE_WHITESPACE
    {'word': 3, 'pair': 2, 'first word': 1, 'last word': 1, 'whole line': 1, 'word before': 3, 'word after': 3}
    """
    yield from _bucket_terms(words.hashes, words.offsets, n_bits)


def _bucket_terms(word_hashes: Hashes, word_offsets: Indices, n_bits: int) -> Iterator[Terms]:
    found = _term_hashes(word_hashes, word_offsets)
    for type_, salt, (hashes, offsets, first) in zip(TERM_TYPES, _SALTS, found, strict=True):
        salted = mix(hashes + salt)
        salted >>= np.uint64(64 - n_bits)
        yield Terms(type_.name, salted.view(np.int64), offsets, first, type_.by)


def sum_words(words: Words, weights: Floats) -> Values:
    """Sum the weights of every line's terms, shape (n_lines,).

    Parameters
    ----------
    words : Words
    weights : ndarray of float32, shape (2**n_bits,)
        The weight of each bucket.
    """
    total = np.zeros(len(words.counts))
    for row in sum_term_types(words, weights):
        total += row
    return total


def sum_term_types(words: Words, weights: Floats) -> Values:
    """Sum the weights of every line's terms by type, shape (n_types, n_lines), in the order of `TERM_TYPES`.

    Each sum is divided by the square root of the line's number of terms of the type.

    Parameters
    ----------
    words : Words
    weights : ndarray of float32, shape (2**n_bits,)
        The weight of each bucket.
    """
    sums = sum_terms(words.hashes, words.offsets, weights, _SALTS, len(weights).bit_length() - 1)
    for type_, row in zip(TERM_TYPES, sums, strict=True):
        if type_.by:
            row[:] = shift(row, words.batch.part_lines, type_.by)
    return sums


@accelerated
def sum_terms(
    hashes: Hashes,
    offsets: Indices,
    weights: Floats,
    _: Hashes,
    n_bits: int,
) -> Values:
    """Sum the scaled weights of each line's terms by type, shape (n_types, n_lines)."""
    types = _bucket_terms(hashes, offsets, n_bits)
    return np.array([sum_rows(weights.take(terms.buckets), terms.offsets) * terms.scale for terms in types])


def _term_hashes(hashes: Hashes, word_offsets: Indices) -> Iterator[tuple[Hashes, Indices, Indices]]:
    """Yield the hashes, the offsets by line and the first words of each type, in the order of `TERM_TYPES`."""
    every, counts = np.arange(len(hashes)), np.diff(word_offsets)
    own = (hashes, word_offsets, every)
    filled = counts > 0
    one_a_line = _offsets(filled)
    firsts, lasts = word_offsets[:-1][filled], word_offsets[1:][filled] - 1
    followed = np.ones(len(every), np.bool_)
    followed[lasts] = False
    pairs = np.flatnonzero(followed)
    yield own
    yield join_hashes(hashes[pairs], hashes[pairs + 1]), word_offsets - one_a_line, pairs
    yield hashes[firsts], one_a_line, firsts
    yield hashes[lasts], one_a_line, lasts
    short = filled & (counts <= _WHOLE_LINE_LIMIT)
    yield sum_rows(hashes, word_offsets)[short], _offsets(short), word_offsets[:-1][short]
    yield own
    yield own


def line_hashes(words: Words) -> Hashes:
    """Return a hash of each line that depends on its words but not on their order."""
    return np.asarray(sum_rows(words.hashes, words.offsets), np.uint64)


def first_words(words: Words) -> Hashes:
    """Return the hash of each line's first word, 0 for lines without words; shape (n_lines,)."""
    found = np.zeros(len(words.counts), np.uint64)
    filled = np.flatnonzero(words.counts)
    found[filled] = words.hashes[words.offsets[filled]]
    return found


def _offsets(flags: Flags) -> Indices:
    return np.concatenate(([0], np.cumsum(flags)))
