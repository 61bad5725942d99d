"""Feature tables of articles, and the labels, kinds and weights of their lines."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from dechaff._typing import Matrix, Values
from dechaff.features import group_names, stack
from dechaff.features.context import LEARNT_KINDS
from dechaff.features.head import headline_candidates
from dechaff.features.stage3 import stage3_features
from dechaff.features.words import word_terms
from dechaff.kernels import for_batch
from dechaff.linear.forward import LineFeatures
from dechaff.linear.headline import headline_log_odds
from dechaff.linear.line_model import CLASSES, stage_names
from dechaff.linear.stage import Stage
from dechaff.text.batching import batches
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import Ragged, repeat_rows, shift
from dechaff.text.tokens import Keywords, Words
from dechaff_training.corpus.articles import MASKED

Labels = NDArray[np.int8]
Rows = NDArray[np.int64]


class LineTable:
    """The features of stages 1 and 2 of many articles.

    Parameters
    ----------
    texts : sequence of str
    n_bits : int
        The number of bits of the word hash: there are 2**n_bits buckets.
    keywords : tuple of (family, phrase)
        Additional phrases, as in `LineModel.keywords`.
    without : sequence of str
        Groups of features to set to zero: names from `FEATURE_GROUPS`, or "words" or "context". Features that other
        groups derive from these features stay.

    Attributes
    ----------
    dense : ndarray of float32, shape (n_lines, n_features)
        The features of stages 1 and 2, context last; the context is zero until `add_context`.
    words : sparse matrix of float32, shape (n_lines, 2**n_bits)
    counts : ndarray of int64, shape (n_articles,)
        The number of lines of each article.
    n_words : ndarray of int64, shape (n_lines,)

    Raises
    ------
    ValueError
        If a group in `without` does not exist.
    """

    def __init__(
        self, texts: Sequence[str], n_bits: int, keywords: Keywords = (), without: Sequence[str] = ()
    ) -> None:
        self.keywords = keywords
        self._blank = _group_columns(without)
        # Lines are counted first, so that features can be written in place and the table is in memory only once.
        n_lines = [(np.diff(batch.article_lines), np.diff(batch.part_lines)) for batch in batches(texts)]
        self.counts, parts = (np.concatenate(each) for each in zip(*n_lines, strict=True))
        self._parts = Ragged(np.concatenate(([0], np.cumsum(parts))))
        names1, names2 = stage_names()
        self._n_stage1 = len(names1)
        self.dense: Matrix = np.zeros((int(self.counts.sum()), len(names2)), np.float32)
        hashed, n_words = [], []
        with for_batch(len(texts)):
            for rows, lines in self._line_features(texts):
                self.dense[rows, : self._n_stage1] = stack(lines.columns).T
                hashed.append(word_matrix(lines.words, n_bits))
                n_words.append(lines.words.counts)
        self.n_words = np.concatenate(n_words)
        self.words = sparse.vstack(hashed, format="csr", dtype=np.float32)
        if "words" in without:
            self.words.data[:] = 0
        self.dense[:, self._blank] = 0

    def _line_features(self, texts: Sequence[str]) -> Iterator[tuple[slice, LineFeatures]]:
        """Yield the words and features of each batch, with its rows in the table.

        `add_context` computes them again: keeping those of all batches would take more memory than the table.
        """
        first = 0
        for batch in batches(texts):
            yield slice(first, first + batch.n_lines), LineFeatures.of(batch, self.keywords)
            first += batch.n_lines

    @property
    def stage1(self) -> Matrix:
        """Return the features of stage 1, shape (n_lines, n_features)."""
        return self.dense[:, : self._n_stage1]

    @cached_property
    def article(self) -> Rows:
        """Return the index of each line's article, shape (n_lines,)."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def add_context(self, texts: Sequence[str], log_odds: Values, kind_log_odds: Values) -> None:
        """Compute the context features from log-odds of stage 1 and of kinds.

        Parameters
        ----------
        texts : sequence of str
            The same texts as for the table.
        log_odds : ndarray of float64, shape (n_lines,)
        kind_log_odds : ndarray of float64, shape (n_kinds, n_lines)
        """
        with for_batch(len(texts)):
            for rows, lines in self._line_features(texts):
                self.dense[rows, self._n_stage1 :] = stack(lines.context(log_odds[rows], kind_log_odds[:, rows])).T
        self.dense[:, self._blank] = 0

    @cached_property
    def headline_candidates(self) -> Rows:
        """Return the lines that may be a headline, shape (n_candidates,); needs the context."""
        return headline_candidates(self._probability.astype(np.float64), self.n_words, self._parts)

    @property
    def _probability(self) -> Matrix:
        return self.dense[:, stage_names()[1].index("probability")]

    def stage3_matrix(self, log_odds: Values, headline: Stage | None) -> Matrix:
        """Compute the features of stage 3, shape (n_lines, n_features).

        Parameters
        ----------
        log_odds : ndarray of float64, shape (n_lines,)
            Of stage 2.
        headline : Stage or None
            The weights in the choice of the headline.
        """
        dense, parts = self.dense, self._parts
        chosen = headline_log_odds(headline, lambda rows: dense[rows].T, self._probability, self.n_words, parts)
        return stack(stage3_features(log_odds, chosen, self.n_words, self._parts)).T

    def line_weights(self, rows: Rows, length_power: float = 0.5, article_power: float = 1.0) -> Values:
        """Compute the weights of lines from the lengths of the lines and of their articles.

        Parameters
        ----------
        rows : ndarray of int64
            The labelled lines; only these count towards the sums of articles.
        length_power, article_power : float
            The exponents, as in `LineClassifier`.

        Returns
        -------
        ndarray of float64, shape (n_lines,)
        """
        weights = np.power(np.maximum(self.n_words, 1.0), length_power)
        totals = np.bincount(self.article[rows], weights[rows], len(self.counts))
        scaled: Values = weights / np.power(np.maximum(totals, 1.0), article_power)[self.article]
        return scaled

    def weigh_by_words(self, weights: Values, rows: Rows) -> Values:
        """Distribute each article's weight over its lines in `rows` in proportion to words, shape (n_rows,)."""
        article = self.article[rows]
        n_words = np.maximum(self.n_words[rows], 1)
        article_weights, article_words = (np.bincount(article, each) for each in (weights[rows], n_words))
        return np.asarray(n_words * (article_weights[article] / article_words[article]), np.float64)


def headline_pairs(table: LineTable, headlines: Sequence[int | None], weights: Values) -> tuple[Rows, Rows, Values]:
    """Return pairs of a headline and another candidate of its article, with their weights.

    The weight of an article is that of its lines; it is divided by the root of the number of its pairs.

    Parameters
    ----------
    table : LineTable
    headlines : sequence of int or None
        The place of each article's headline among its lines, if it is known.
    weights : ndarray of float64, shape (n_lines,)

    Returns
    -------
    chosen, choices : ndarray of int64, shape (n_pairs,)
        The headline and the other line of each pair.
    pair_weights : ndarray of float64, shape (n_pairs,)
    """
    starts = np.cumsum(table.counts) - table.counts
    candidates = table.headline_candidates
    by_article = np.bincount(table.article, weights, len(table.counts))
    chosen, choices, pair_weights = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for headline, i in ((starts[i] + place, i) for i, place in enumerate(headlines) if place is not None):
        first, last = np.searchsorted(candidates, (starts[i], starts[i] + table.counts[i]))
        others = candidates[first:last]
        if headline in others and len(others) > 1 and by_article[i] > 0:
            others = others[others != headline]
            chosen.append(np.full(len(others), headline))
            choices.append(others)
            pair_weights.append(np.full(len(others), by_article[i] / np.sqrt(len(others))))
    return np.concatenate(chosen), np.concatenate(choices), np.concatenate(pair_weights)


def _group_columns(groups: Sequence[str]) -> list[int]:
    """Return the column indices of feature groups in the matrix of stage 2."""
    first_names, names = stage_names()
    columns = {**group_names(), "words": (), "context": names[len(first_names) :]}
    unknown = [group for group in groups if group not in columns]
    if unknown:
        raise ValueError(f"no group of features {unknown[0]!r}: use {', '.join(columns)}")
    return [names.index(name) for group in groups for name in columns[group]]


def word_matrix(words: Words, n_bits: int) -> sparse.csr_matrix:
    """Return the hashed words as a sparse matrix, shape (n_lines, 2**n_bits).

    `dechaff.features.words.sum_words` computes the product with the weights without building the matrix.

    Parameters
    ----------
    words : Words
    n_bits : int
    """
    batch = words.batch
    total = sparse.csr_matrix((batch.n_lines, 1 << n_bits), dtype=np.float32)
    for terms in word_terms(words, n_bits):
        values = repeat_rows(terms.scale, terms.rows).astype(np.float32)
        own = sparse.csr_matrix((values, terms.buckets.astype(np.int32), terms.rows.offsets), total.shape)
        total += _shift_rows(own, batch, terms.by) if terms.by else own
    return total


def _shift_rows(matrix: sparse.csr_matrix, batch: LineBatch, by: int) -> sparse.csr_matrix:
    """Return for each line the row of the line `by` places later in its part, or an empty row."""
    lines = np.arange(batch.n_lines)
    source = shift(lines.astype(np.float64), batch.parts, by, -1).astype(np.int64)
    found = np.flatnonzero(source >= 0)
    ones = np.ones(len(found), np.float32)
    return sparse.csr_matrix((ones, (found, source[found])), (len(lines), len(lines))) @ matrix


def labelled_rows(labels: Labels) -> Rows:
    """Return the indices of the lines with a label; raise ValueError if a class is missing."""
    missing = [name for code, name in enumerate(CLASSES) if code not in labels]
    if missing:
        raise ValueError(f"no line is labelled {missing[0]!r}: both classes are needed")
    return np.flatnonzero(labels != MASKED)


def encode_labels(y: Sequence[ArrayLike], counts: NDArray[np.int64]) -> Labels:
    """Return the labels of all articles in one array, encoded as 0, 1 and -1 (masked).

    Raises
    ------
    ValueError
        If the number of labels of an article differs from its number of lines, or a label is unknown.

    Examples
    --------
    >>> encode_labels([["content"], [0, -1]], np.array([1, 2])).tolist()
    [1, 0, -1]
    """
    if len(y) != len(counts):
        raise ValueError(f"{len(counts)} articles, but labels for {len(y)} articles")
    known: dict[object, int] = {name: code for code, name in enumerate(CLASSES)}
    # numpy would turn a mixed list of strings and numbers into strings.
    codes = known | {value: code for code in (0, 1, MASKED) for value in (code, str(code))}
    joined = []
    for place, (labels, count) in enumerate(zip(y, counts, strict=True)):
        values = np.asarray(labels).tolist()
        if len(values) != count:
            raise ValueError(f"article {place} has {count} non-blank lines, but {len(values)} labels")
        unknown = {value for value in values if value not in codes}
        if unknown:
            raise ValueError(f"article {place}: unknown label {unknown.pop()!r}; use 'content' or 'boilerplate'")
        joined.append(np.array([codes[value] for value in values], np.int8))
    return np.concatenate([np.zeros(0, np.int8), *joined])


def encode_kinds(kinds: Sequence[Sequence[str] | None] | None, labels: Labels, counts: Rows) -> Labels:
    """Return for each of `LEARNT_KINDS` whether each line is of it: 1, 0, or -1 if that is not known.

    Parameters
    ----------
    kinds : sequence of sequence of str, or None
        The kind of each line of an article, "" for content and for a line without a kind; None for articles whose
        kinds are not known.
    labels : ndarray of int8, shape (n_lines,)
    counts : ndarray of int64, shape (n_articles,)

    Returns
    -------
    ndarray of int8, shape (n_kinds, n_lines)

    Raises
    ------
    ValueError
        If the number of kinds of an article differs from its number of lines.

    Examples
    --------
    >>> labels = np.array([1, 0, 0, 1], np.int8)
    >>> encode_kinds([["", "comment", ""], None], labels, np.array([3, 1]))[LEARNT_KINDS.index("comment")].tolist()
    [0, 1, 0, -1]
    """
    found = np.full((len(LEARNT_KINDS), len(labels)), MASKED, np.int8)
    ends = np.cumsum(counts).tolist()
    for place, (own, n_lines, end) in enumerate(zip(kinds or [], counts.tolist(), ends, strict=bool(kinds))):
        if own is None:
            continue
        if len(own) != n_lines:
            raise ValueError(f"article {place} has {n_lines} non-blank lines, but {len(own)} kinds")
        found[:, end - n_lines : end] = np.array(LEARNT_KINDS)[:, None] == np.array(own)
    found[:, labels == MASKED] = MASKED
    return found


def join_line_weights(line_weight: Sequence[ArrayLike], counts: NDArray[np.int64]) -> Values:
    """Return the weights of the lines of all articles in one array.

    Raises
    ------
    ValueError
        If the number of weights of an article differs from its number of lines, or a weight is negative or not
        finite.

    Examples
    --------
    >>> join_line_weights([[3], [1, 0.5]], np.array([1, 2])).tolist()
    [3.0, 1.0, 0.5]
    """
    if len(line_weight) != len(counts):
        raise ValueError(f"{len(counts)} articles, but line weights for {len(line_weight)} articles")
    joined = [np.ravel(np.asarray(weights, np.float64)) for weights in line_weight]
    for place, (weights, count) in enumerate(zip(joined, counts, strict=True)):
        if len(weights) != count:
            raise ValueError(f"article {place} has {count} non-blank lines, but {len(weights)} weights")
        if not np.all(np.isfinite(weights) & (weights >= 0)):
            raise ValueError(f"article {place}: a line weight is negative or not finite")
    return np.concatenate([np.zeros(0), *joined])
