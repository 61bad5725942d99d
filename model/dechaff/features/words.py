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
from dechaff.text.ragged import Ragged, shift, sum_rows
from dechaff.text.tokens import Words, join_hashes, top_bits

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
    rows : Ragged
        The terms of each line.
    words : ndarray of int64, shape (n_terms,)
        The index of each term's first word, for display.
    by : int
        The line that the terms are from, relative to the line they describe: 0 for the same line, -1 for the line
        before, 1 for the line after.
    """

    name: str
    buckets: Indices
    rows: Ragged
    words: Indices
    by: int

    @property
    def scale(self) -> Values:
        """Return the factor of the weights of each line's terms, 1 / sqrt(number of terms), shape (n_lines,)."""
        return _scale(self.rows.counts)


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
# The hashes, the rows by line and the first words of the terms of one type.
_HashedTerms = tuple[Hashes, Ragged, Indices]
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
    buckets, types = _bucket_terms(words.hashes, words.by_line, n_bits)
    first = 0
    for type_, (hashes, rows, places) in zip(TERM_TYPES, types, strict=True):
        yield Terms(type_.name, buckets[first : first + len(hashes)], rows, places, type_.by)
        first += len(hashes)


def _bucket_terms(word_hashes: Hashes, by_line: Ragged, n_bits: int) -> tuple[Indices, list[_HashedTerms]]:
    """Return the buckets of the terms of all types, one type after the other, and what they are computed from."""
    types = list(_term_hashes(word_hashes, by_line))
    salted = np.concatenate([found + salt for (found, *_), salt in zip(types, _SALTS, strict=True)])
    return top_bits(salted, n_bits), types


def sum_words(words: Words, weights: Floats) -> Values:
    """Sum the weights of every line's terms, shape (n_lines,).

    Parameters
    ----------
    words : Words
    weights : ndarray of float32, shape (2**n_bits,)
        The weight of each bucket.
    """
    return np.asarray(sum_term_types(words, weights).sum(axis=0), np.float64)


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
            row[:] = shift(row, words.batch.parts, type_.by)
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
    buckets, types = _bucket_terms(hashes, Ragged(offsets), n_bits)
    left = weights.take(buckets, mode="clip")  # no bucket is out of bounds, and "clip" skips the check
    sums = np.zeros((len(types), len(offsets) - 1))
    for row, type_ in zip(sums, types, strict=True):
        terms, rows = type_[:2]
        found, left = left[: len(terms)], left[len(terms) :]
        if len(found) == len(rows.filled):  # at most one term a line
            row[rows.filled] = found
        else:
            np.multiply(sum_rows(found, rows), _scale(rows.counts), out=row)
    return sums


def _scale(counts: Indices) -> Values:
    return np.asarray(1 / np.sqrt(np.maximum(counts, 1)))


def _term_hashes(hashes: Hashes, by_line: Ragged) -> Iterator[_HashedTerms]:
    """Yield the hashes, the rows by line and the first words of each type, in the order of `TERM_TYPES`."""
    own = (hashes, by_line, by_line.places)
    firsts, lasts = by_line.firsts, by_line.lasts
    one_a_line = _one_in_each(by_line.counts > 0)
    followed = np.ones(len(hashes), np.bool_)
    followed[lasts] = False
    pairs = followed.nonzero()[0]
    yield own
    # Hashes of all pairs, of which those across lines are dropped, take less time than gathering the words of each.
    joined = join_hashes(hashes[:-1], hashes[1:])[followed[:-1]]
    yield joined, Ragged(by_line.offsets - one_a_line.offsets), pairs
    yield hashes[firsts], one_a_line, firsts
    yield hashes[lasts], one_a_line, lasts
    is_short = (by_line.counts > 0) & (by_line.counts <= _WHOLE_LINE_LIMIT)
    yield sum_rows(hashes, by_line)[is_short], _one_in_each(is_short), by_line.offsets[:-1][is_short]
    yield own
    yield own


def line_hashes(words: Words) -> Hashes:
    """Return a hash of each line that depends on its words but not on their order."""
    return np.asarray(sum_rows(words.hashes, words.by_line), np.uint64)


def first_words(words: Words) -> Hashes:
    """Return the hash of each line's first word, 0 for lines without words; shape (n_lines,)."""
    found = np.zeros(len(words.counts), np.uint64)
    found[words.by_line.filled] = words.hashes[words.by_line.firsts]
    return found


def _one_in_each(flags: Flags) -> Ragged:
    """Return rows of one value where a flag is set, and empty rows elsewhere."""
    return Ragged.of_counts(flags)
