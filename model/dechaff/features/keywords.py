"""The lexicon's families: how often each occurs in a line and how much of the line it makes up."""

import numpy as np
from numpy.typing import NDArray

from dechaff.features.shape import Columns
from dechaff.lexicon import FAMILIES, PhraseHits, find_phrases, phrase_table
from dechaff.lines import LineBatch
from dechaff.runs import log1p_counts
from dechaff.tokens import Words

# Families that say what kind of furniture a line is.
_FURNITURE = ("subscribe", "discount", "share", "related", "navigation", "credit", "byline", "date", "legal",
              "newsletter", "comment", "app", "login")  # fmt: skip
_FURNITURE_ROWS = [FAMILIES.index(family) for family in _FURNITURE]
_BITS = np.uint32(1) << np.arange(len(FAMILIES), dtype=np.uint32)


def keyword_features(batch: LineBatch, words: Words, _: Columns) -> Columns:
    """Count each family's phrases in each line, and the share of the line's words that they cover."""
    hits = find_phrases(words, phrase_table(words.keywords))
    lines = words.lines[hits.words]
    n_words = np.maximum(words.counts, 1)
    # A phrase may be of several families: one row a family, one column a line.
    family, hit = np.nonzero(hits.families & _BITS[:, None])
    cells, shape = family * batch.n_lines + lines[hit], (len(FAMILIES), batch.n_lines)
    counts = np.bincount(cells, minlength=shape[0] * shape[1])
    covered = np.bincount(cells, hits.lengths[hit], shape[0] * shape[1])
    found = np.flatnonzero(counts)  # few cells are not empty
    numbers, shares = np.zeros(shape), np.zeros(shape)
    numbers.flat[found] = log1p_counts(counts[found])
    shares.flat[found] = np.minimum(covered[found] / n_words[found % batch.n_lines], 1.0)
    columns: Columns = {}
    for row, name in enumerate(FAMILIES):
        columns |= {f"n_{name}_phrases": numbers[row], f"share_{name}_phrases": shares[row]}
    columns["share_furniture_phrases"] = shares[_FURNITURE_ROWS].max(axis=0)
    columns["begins_with_furniture"] = _begins(hits, words, batch.n_lines)
    return columns


def _begins(hits: PhraseHits, words: Words, n_lines: int) -> NDArray[np.float64]:
    bits = np.uint32(sum(1 << FAMILIES.index(family) for family in _FURNITURE))
    lines = words.lines[hits.words]
    at_start = (hits.words == words.offsets[:-1][lines]) & ((hits.families & bits) > 0)
    begins = np.zeros(n_lines)
    begins[lines[at_start]] = 1.0
    return begins
