"""Features of the lexicon's families: how many phrases of each occur in a line, and their share of its words."""

from itertools import chain
from typing import Final

import numpy as np

from dechaff._typing import Codes, Columns, Flags, Floats, Indices
from dechaff.features.lexicon import FAMILIES, PhraseHits, find_phrases, phrase_table
from dechaff.kernels import accelerated
from dechaff.text.lines import LineBatch
from dechaff.text.scaling import log1p_counts
from dechaff.text.tokens import Words

# The families of boilerplate phrases.
BOILERPLATE_FAMILIES: Final = (
    "subscribe",
    "discount",
    "share",
    "related",
    "navigation",
    "credit",
    "byline",
    "date",
    "legal",
    "newsletter",
    "comment",
    "app",
    "login",
)
_BOILERPLATE_ROWS = [FAMILIES.index(family) for family in BOILERPLATE_FAMILIES]


KEYWORD_NAMES: Final = (
    *(f"{kind}_{name}_phrases" for name in FAMILIES for kind in ("n", "share")),
    "share_furniture_phrases",
    "begins_with_furniture",
)


def keyword_features(batch: LineBatch, words: Words, _: Columns) -> Columns:
    """Compute the number of each family's phrases in each line, and the share of words that these phrases cover."""
    hits = find_phrases(words, phrase_table(words.keywords))
    n_words = np.maximum(words.counts, 1)
    found = measure_families(words.lines[hits.words], hits.lengths, hits.families, n_words, len(FAMILIES))
    columns: Columns = dict(zip(KEYWORD_NAMES, chain.from_iterable(found), strict=False))
    columns["share_furniture_phrases"] = found[_BOILERPLATE_ROWS, 1].max(axis=0)
    columns["begins_with_furniture"] = _begins(hits, words, batch.n_lines)
    return columns


@accelerated
def measure_families(
    hit_lines: Indices, lengths: Indices, families: Codes, n_words: Indices, n_families: int
) -> Floats:
    """Compute log(1 + hits) of each family in each line, and the share of words that the hits cover.

    Parameters
    ----------
    hit_lines, lengths : ndarray of int64, shape (n_hits,)
    families : ndarray of uint32, shape (n_hits,)
        The bits of each phrase's families.
    n_words : ndarray of int64, shape (n_lines,)
        At least 1.
    n_families : int

    Returns
    -------
    ndarray of float32, shape (n_families, 2, n_lines)
    """
    n_lines = len(n_words)
    family, hit = (families & (np.uint32(1) << np.arange(n_families, dtype=np.uint32))[:, None]).nonzero()
    cells = family * n_lines + hit_lines[hit]
    counts = np.bincount(cells, minlength=n_families * n_lines)
    covered = np.bincount(cells, lengths[hit], n_families * n_lines)
    found = counts.nonzero()[0]  # few cells are not empty
    features = np.zeros((n_families, 2, n_lines), np.float32)
    rows, lines = found // n_lines, found % n_lines
    features[rows, 0, lines] = log1p_counts(counts[found])
    features[rows, 1, lines] = np.minimum(covered[found] / n_words[lines], 1.0)
    return features


def _begins(hits: PhraseHits, words: Words, n_lines: int) -> Flags:
    bits = np.uint32(sum(1 << row for row in _BOILERPLATE_ROWS))
    lines = words.lines[hits.words]
    at_start = (hits.words == words.offsets[:-1][lines]) & ((hits.families & bits) > 0)
    begins = np.zeros(n_lines, np.bool_)
    begins[lines[at_start]] = True
    return begins
