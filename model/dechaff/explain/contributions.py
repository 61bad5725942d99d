"""Why a line got its probability: the exact share of every feature and word in its log-odds."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from dechaff.decisions.titles import NO_PAGE_INFO, REASONS, PageInfo, title_contributions
from dechaff.features import line_features, stack
from dechaff.features.context import context_features
from dechaff.features.stage3 import stage3_features
from dechaff.features.words import Terms, sum_term_types, word_terms
from dechaff.linear.line_model import LineModel
from dechaff.linear.stage import LINES_AT_ONCE, SPLITS_PER_TREE, Crosses, Matrix, Stage, Values
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import Words, find_words


class Reason(NamedTuple):
    """One feature's share in a line's log-odds of content.

    Attributes
    ----------
    feature : str
        A feature's name, or a kind of word and the word: `word 'subscribe'`.
    contribution : float
        In log-odds, below zero speaks for boilerplate: a feature's against the average line of the training data, a
        leaf's in full.
    """

    feature: str
    contribution: float


class WordShare(NamedTuple):
    """What one word adds to a line's log-odds, and as which of `KINDS` it counts."""

    kind: str
    text: str
    contribution: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """The shares of all features in the log-odds of one article's lines.

    Attributes
    ----------
    names : tuple of str
        The features of stage 2, then those of the decoder, then what a line can be to a title.
    contributions : ndarray of float64, shape (n_features, n_lines)
        What each feature adds to a line's log-odds, in any of the stages or after them.
    values : ndarray of float32, shape (n_features, n_lines)
        What each feature is; for a title, what it adds.
    base : float
        What every line has alike: the log-odds of the average line, leaves of trees aside.
    words : Words
        Of the article's lines.
    """

    names: tuple[str, ...]
    contributions: Values
    values: Matrix
    base: float
    words: Words
    _word_weights: Matrix
    _word_factor: float
    _terms: list[Terms]

    @property
    def log_odds(self) -> Values:
        """Sum all shares: the model's log-odds of each line, shape (n_lines,)."""
        return np.asarray(self.base + self.contributions.sum(axis=0) + self.word_contributions.sum(axis=0))

    @cached_property
    def word_contributions(self) -> Values:
        """Sum what the words of each kind add to each line's log-odds, in the order of `KINDS`."""
        return sum_term_types(self.words, self._word_weights) * self._word_factor

    def reasons(self, line: int, limit: int | None = 3) -> list[Reason]:
        """Give the strongest reasons for a line's label first; those against it have the other sign.

        Parameters
        ----------
        line : int
            Which non-blank line, from 0.
        limit : int, optional
            How many reasons; None for all of them.
        """
        strengths = np.abs(self.contributions[:, line])
        least = self._least(strengths, limit)
        shares = {self.names[i]: float(self.contributions[i, line]) for i in np.flatnonzero(strengths >= least)}
        for kind, word, share in self.word_shares(line, least):  # a word that stands twice is one reason
            feature = f"{kind} {word!r}"
            shares[feature] = shares.get(feature, 0.0) + share
        found = [Reason(name, share) for name, share in shares.items() if share]
        return sorted(found, key=lambda reason: -abs(reason.contribution))[:limit]

    @staticmethod
    def _least(strengths: Values, limit: int | None) -> float:
        """Say how strong a feature or word must be: as many features as there are to be reasons are so strong."""
        if limit is None or not 0 < limit <= len(strengths):
            return -1.0
        return float(np.partition(strengths, -limit)[-limit])

    def word_shares(self, line: int, least: float = -1.0) -> Iterator[WordShare]:
        """Give the share of every word that counts for a line, each time it stands there.

        Parameters
        ----------
        line : int
        least : float
            Words that all together are no stronger than this are left out.
        """
        parts = self.words.batch.line_parts
        for terms, (offsets, buckets, shares) in zip(self._terms, self._listed_shares, strict=True):
            source = line + terms.by
            if not 0 <= source < len(parts) or parts[source] != parts[line]:
                continue
            places = range(offsets[source], offsets[source + 1])
            sums: dict[int, float] = {}
            for place in places:
                sums[buckets[place]] = sums.get(buckets[place], 0.0) + shares[place]
            for place in places:
                if abs(sums[buckets[place]]) > least:
                    yield WordShare(terms.name, self._shown(terms, place), shares[place])

    @cached_property
    def _listed_shares(self) -> list[tuple[list[int], list[int], list[float]]]:
        """By kind of term: where each line's begin, their buckets, and what each adds to a line's log-odds."""
        found = []
        for terms in self._terms:
            scale = np.repeat(terms.scale * self._word_factor, terms.counts)
            shares = self._word_weights[terms.buckets] * scale
            found.append((terms.offsets.tolist(), terms.buckets.tolist(), shares.tolist()))
        return found

    def _shown(self, terms: Terms, place: int) -> str:
        batch = self.words.batch
        if terms.name == "whole line":
            line = self.words.lines[terms.words[place]]
            return batch.texts[0][batch.starts[line] : batch.ends[line]]
        word = int(terms.words[place])
        last = word + 1 if terms.name == "pair" else word
        return batch.texts[0][self.words.starts[word] : self.words.ends[last]].casefold()


def explain(model: LineModel, text: str, page_info: PageInfo = NO_PAGE_INFO) -> Explanation:
    """Take apart the log-odds of every line of one article.

    A stage sees what the one before it said of the line itself as a feature: its share is handed on to the features
    and words that the log-odds came from. A cross's weight is shared equally by the features that its leaf
    asks for.

    Parameters
    ----------
    model : LineModel
    text : str
    page_info : PageInfo, optional
        The article's title and address.

    Examples
    --------
    >>> from dechaff.linear.artifact import default_model
    >>> explanation = explain(default_model(), "Subscribe now for ₹900 per month")
    >>> bool(explanation.log_odds[0] < 0)
    True
    """
    batch = LineBatch.from_texts([text])
    words = find_words(batch, model.keywords)
    columns = line_features(batch, words)
    terms = list(word_terms(words, model.n_bits))
    own = stack(columns)
    first_odds = model.first.log_odds(own) + model.word_log_odds(words)
    matrix = np.concatenate((own, stack(context_features(batch, words, columns, first_odds))))
    names, shares, values = model.second.names, _stage_shares(model.second, matrix), matrix
    factor, base = _hand_on(model.second, shares, "log_odds", first_odds, _constant(model.first))
    shares[: len(own)] += factor * _stage_shares(model.first, own)
    odds = model.second.log_odds(matrix)
    if model.decoder is not None:
        seen = stack(stage3_features(odds, words.counts, batch.part_lines))
        decided = _stage_shares(model.decoder, seen)
        slope, base = _hand_on(model.decoder, decided, "decided_log_odds", odds, base)
        names, shares = names + model.decoder.names, np.concatenate((slope * shares, decided))
        values = np.concatenate((values, seen))
        factor *= slope
        odds = model.decoder.log_odds(seen)
    if page_info != NO_PAGE_INFO:
        added = title_contributions(batch, odds, page_info)
        names, shares = names + REASONS, np.concatenate((shares, added))
        values = np.concatenate((values, added.astype(np.float32)))
    return Explanation(names, shares, values, base, words, model.word_weights, factor, terms)


def _hand_on(stage: Stage, shares: Values, name: str, log_odds: Values, base: float) -> tuple[float, float]:
    """Take out of a stage's shares what it has from the log-odds of the stage before it.

    What the cut at the limits takes stays with the feature.

    Returns
    -------
    factor : float
        What the shares of the stage before count here.
    base : float
        What every line has alike, after this stage; `base` is that of the stage before.
    """
    place = stage.names.index(name)
    factor = float(stage.coefficients[place] / stage.scales[place])
    mean = float(stage.means[place])
    shares[place] -= factor * (log_odds - mean)
    return factor, _constant(stage) + factor * (base - mean)


def _stage_shares(stage: Stage, matrix: Matrix) -> Values:
    """Split one stage's log-odds, its intercept and words aside, by feature, shape (n_features, n_lines)."""
    shares = (stage.standardise(matrix) * stage.coefficients[:, None]).astype(np.float64)
    if stage.crosses is None or not stage.crosses.n_trees:
        return shares
    for first in range(0, matrix.shape[1], LINES_AT_ONCE):
        part = slice(first, first + LINES_AT_ONCE)
        _add_cross_shares(stage.crosses, matrix[:, part], shares[:, part])
    return shares


def _add_cross_shares(crosses: Crosses, matrix: Matrix, shares: Values) -> None:
    leaves = crosses.leaf_indices(matrix)
    weights = crosses.weights.ravel()[leaves]
    asked = crosses.asked_splits[np.arange(crosses.n_trees)[:, None], leaves % (SPLITS_PER_TREE + 1)]
    share = weights / np.maximum(asked.sum(axis=2), 1)  # a tree without splits asks nothing: see `_constant`
    for split in range(SPLITS_PER_TREE):
        order = np.argsort(crosses.features[:, split], kind="stable")
        features, firsts = np.unique(crosses.features[order, split], return_index=True)
        shares[features] += np.add.reduceat((share * asked[:, :, split])[order], firsts, axis=0)


def _constant(stage: Stage) -> float:
    """Sum what a stage adds to every line alike: its intercept, and the weights of trees without splits."""
    if stage.crosses is None:
        return stage.intercept
    idle = ~np.isfinite(stage.crosses.thresholds).any(axis=1)
    return stage.intercept + float(stage.crosses.weights[idle, stage.crosses.leaves[idle, 0]].sum())
