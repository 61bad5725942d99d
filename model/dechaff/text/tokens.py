"""Lines to words: the words of a batch as spans and hashes, computed without a loop.

A word is a sequence of letters, combining marks and digits; each ideograph and each currency symbol is a separate
word. A word's hash is a polynomial over its folded code points (prefix sums modulo 2^64), so equal words have equal
hashes wherever they occur, in training and in inference.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from dechaff._typing import Classes, Codes, Hashes, Indices
from dechaff.kernels import accelerated
from dechaff.text.character_counts import CharacterCounts, count_characters
from dechaff.text.characters import CURRENCY, IDEOGRAPH, WORD, fold_table
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import Ragged, number_rows, sum_rows

# Knuth's and the golden-ratio multiplier: odd, so that they have inverses modulo 2^64.
_BASE = 6364136223846793005
_MIX = 0x9E3779B97F4A7C15
_SMALLEST_TABLE = 1 << 14
# Words are hashed in parts of this number, so that the sums stay in the CPU cache.
_WORDS_AT_ONCE = 8192
_BUCKET_BITS = 12
_IDEOGRAPH_WIDTH = 3
# Longer lines are treated as lines of this length.
_LONGEST = 65_535

#: The user's own phrases: pairs of a family (a named group of phrases in the lexicon) and a phrase.
Keywords = tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Words:
    """The words of a batch, in order.

    Attributes
    ----------
    starts, ends : ndarray of int64, shape (n_words,)
        The span of each word in the batch's code points.
    hashes : ndarray of uint64, shape (n_words,)
        The hash of each word; words that differ only in case, width or the values of digits have equal hashes.
    offsets : ndarray of int64, shape (n_lines + 1,)
        Where each line's words begin.
    batch : LineBatch
        The batch that contains the words.
    keywords : tuple of (family, phrase)
        The user's own phrases, which are searched for in addition to the phrases of the lexicon.
    """

    starts: Indices
    ends: Indices
    hashes: Hashes
    offsets: Indices
    batch: LineBatch
    keywords: Keywords = ()

    @cached_property
    def by_line(self) -> Ragged:
        """Return the words of each line as ragged rows."""
        return Ragged(self.offsets)

    @property
    def counts(self) -> Indices:
        """Return the number of words of each line, shape (n_lines,)."""
        return self.by_line.counts

    @cached_property
    def lengths(self) -> Indices:
        """Return the number of characters of each word, shape (n_words,)."""
        return self.ends - self.starts

    @cached_property
    def first_classes(self) -> Classes:
        """Return the class bits of each word's first character, shape (n_words,)."""
        return self.batch.classes.take(self.starts)

    @cached_property
    def characters(self) -> CharacterCounts:
        """Count the characters of each line by class."""
        return count_characters(self.batch, sum_rows(self.lengths, self.by_line))

    @cached_property
    def widths(self) -> Indices:
        """Return each line's length in characters, an ideograph as three: it says as much as three letters."""
        n_chars = np.minimum(self.batch.ends - self.batch.starts, _LONGEST)
        more = (_IDEOGRAPH_WIDTH - 1) * np.minimum(self.characters.ideographs, _LONGEST)
        return np.asarray(n_chars + more, np.int64)

    @property
    def lines(self) -> Indices:
        """Return the index of each word's line, shape (n_words,)."""
        return self.by_line.numbers

    @cached_property
    def part_words(self) -> Indices:
        """Return where each part's words begin, shape (n_parts + 1,)."""
        return self.offsets[self.batch.part_lines]

    @cached_property
    def copies(self) -> Indices:
        """Count how often each word, or another word of its bucket, occurs in its part; shape (n_words,)."""
        return count_copies(self.hashes, self.part_words)


def find_words(batch: LineBatch, keywords: Keywords = ()) -> Words:
    r"""Find and hash the words of every line.

    Parameters
    ----------
    batch : LineBatch
    keywords : tuple of (family, phrase)
        The user's own phrases, which are searched for in addition to the phrases of the lexicon.

    Examples
    --------
    >>> words = find_words(LineBatch.from_texts(["Only ₹900\nonly 世界"]))
    >>> words.counts.tolist(), bool(words.hashes[0] == words.hashes[3])
    ([3, 3], True)
    """
    starts, ends, hashes, offsets = hash_words(batch.codes, batch.classes, batch.starts, batch.ends, fold_table())
    return Words(starts, ends, hashes, offsets, batch, keywords)


@accelerated
def count_copies(hashes: Hashes, part_words: Indices) -> Indices:
    """Count how often each word, or another word of its bucket, occurs in its part; shape (n_words,)."""
    buckets = bucket_words(hashes, part_words)
    return np.bincount(buckets).take(buckets)


def bucket_words(hashes: Hashes, part_words: Indices) -> Indices:
    """Return the bucket of each word by the top bits of its hash, 4,096 buckets for each part; shape (n_words,)."""
    parts = number_rows(part_words) << _BUCKET_BITS
    parts += (hashes >> np.uint64(64 - _BUCKET_BITS)).view(np.int64)
    return parts


@accelerated
def hash_words(
    codes: Codes,
    classes: Classes,
    line_starts: Indices,
    line_ends: Indices,  # noqa: ARG001 - the kernel loops over lines
    folded: Codes,
) -> tuple[Indices, Indices, Hashes, Indices]:
    """Find and hash words.

    Parameters
    ----------
    codes : ndarray of uint32, shape (n_codes,)
    classes : ndarray of uint8, shape (n_codes,)
    line_starts, line_ends : ndarray of int64, shape (n_lines,)
    folded : ndarray of uint32
        The folded form of each code point, by code point (from `fold_table`).

    Returns
    -------
    starts, ends : ndarray of int64, shape (n_words,)
    hashes : ndarray of uint64, shape (n_words,)
    offsets : ndarray of int64, shape (n_lines + 1,)
    """
    starts, ends = _word_spans(classes)
    # No code point is out of bounds, and "clip" skips the check.
    hashes = hash_spans(folded.take(codes, mode="clip"), starts, ends)
    return starts, ends, hashes, np.concatenate((starts.searchsorted(line_starts), [len(starts)]))


def hash_spans(folded: Codes, starts: Indices, ends: Indices) -> Hashes:
    """Hash spans of folded code points, in order, in the same way as `hash_words`; shape (n_spans,)."""
    hashes = np.empty(len(starts), np.uint64)
    for first in range(0, len(starts), _WORDS_AT_ONCE):
        own = slice(first, first + _WORDS_AT_ONCE)
        begins, stops = starts[own] - starts[first], ends[own] - starts[first]
        sums, inverse = _prefix_sums(folded[starts[first] : ends[own][-1]])
        hashes[own] = (sums.take(stops) - sums.take(begins)) * inverse.take(begins)
    return mix(hashes)


def mix(hashes: Hashes) -> Hashes:
    """Mix the bits of each hash over all 64 bits (a shortened finaliser of splitmix64)."""
    mixed: Hashes = hashes >> np.uint64(32)
    mixed ^= hashes
    mixed *= np.uint64(_MIX)
    mixed ^= mixed >> np.uint64(29)
    return mixed


def top_bits(hashes: Hashes, n_bits: int) -> Indices:
    """Return the top bits of `mix(hashes)` as numbers below 2**n_bits; `hashes` are overwritten.

    The last step of `mix` is left out: it does not change the top 29 bits.

    Parameters
    ----------
    hashes : ndarray of uint64
    n_bits : int
        At most 29.
    """
    hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(_MIX)
    hashes >>= np.uint64(64 - n_bits)
    return hashes.view(np.int64)


def join_hashes(first: Hashes, second: Hashes) -> Hashes:
    """Return the hashes of extended sequences: `first` holds hashes of sequences, `second` of their next words."""
    return mix(first * np.uint64(_BASE) + second)


def _word_spans(classes: Classes) -> tuple[Indices, Indices]:
    single = (classes & (IDEOGRAPH | CURRENCY)) > 0
    inside = ((classes & WORD) > 0) | single
    # A word begins at the first word character of a sequence, at a single-character word, or directly after one.
    begins = inside.copy()
    begins[1:] &= ~inside[:-1] | single[1:] | single[:-1]
    ends = inside.copy()
    ends[:-1] &= ~inside[1:] | single[:-1] | single[1:]
    return begins.nonzero()[0], ends.nonzero()[0] + 1


def _prefix_sums(codes: Codes) -> tuple[Hashes, Hashes]:
    powers, inverse = _powers(max(_SMALLEST_TABLE, 1 << len(codes).bit_length()))
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * powers[: len(codes)], out=sums[1:])
    return sums, inverse


@cache
def _powers(n: int) -> tuple[Hashes, Hashes]:
    def table(base: int) -> Hashes:
        """Return the powers of a base modulo 2^64, from the power 0."""
        factors = np.full(n, base, np.uint64)
        factors[0] = 1
        return np.cumprod(factors)

    return table(_BASE), table(pow(_BASE, -1, 2**64))
