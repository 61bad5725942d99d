"""The lexicon's families: how often each occurs in a line and how much of the line it makes up."""

import numpy as np
from numpy.typing import NDArray

from dechaff.features.shape import Columns
from dechaff.lexicon import FAMILIES, PhraseHits, find_phrases, phrase_table
from dechaff.lines import LineBatch
from dechaff.tokens import Words

# Families that say what kind of furniture a line is.
_FURNITURE = ("subscribe", "discount", "share", "related", "navigation", "credit", "byline", "date", "legal",
              "newsletter", "comment", "app", "login")  # fmt: skip


def keyword_features(batch: LineBatch, words: Words, _: Columns) -> Columns:
    """Count each family's phrases in each line, and the share of the line's words that they cover."""
    hits = find_phrases(words, phrase_table())
    lines = words.lines[hits.words]
    n_words = np.maximum(words.counts, 1)
    columns: Columns = {}
    furniture = np.zeros(batch.n_lines)
    for number, family in enumerate(FAMILIES):
        chosen = np.flatnonzero(hits.families & np.uint32(1 << number))
        counts = np.bincount(lines[chosen], minlength=batch.n_lines)
        covered = np.bincount(lines[chosen], hits.lengths[chosen], batch.n_lines)
        coverage = np.minimum(covered / n_words, 1.0)
        columns[f"n_{family}_phrases"] = np.log1p(counts)
        columns[f"share_{family}_phrases"] = coverage
        if family in _FURNITURE:
            furniture = np.maximum(furniture, coverage)
    columns["share_furniture_phrases"] = furniture
    columns["begins_with_furniture"] = _begins(hits, words, batch.n_lines)
    return columns


def _begins(hits: PhraseHits, words: Words, n_lines: int) -> NDArray[np.float64]:
    bits = np.uint32(sum(1 << FAMILIES.index(family) for family in _FURNITURE))
    lines = words.lines[hits.words]
    at_start = (hits.words == words.offsets[:-1][lines]) & ((hits.families & bits) > 0)
    return np.asarray(np.bincount(lines[at_start], minlength=n_lines) > 0, np.float64)
