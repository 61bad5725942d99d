"""The exact contribution of every feature and word to a line's log-odds."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from dechaff._typing import Matrix, Values
from dechaff.decisions.site_evidence import REASON
from dechaff.decisions.titles import NO_PAGE_INFO, REASONS, PageInfo, title_contributions
from dechaff.features.words import Terms, sum_term_types, word_terms
from dechaff.linear.forward import Forward
from dechaff.linear.stage import LINES_AT_ONCE, SPLITS_PER_TREE, Crosses, Stage
from dechaff.text.ragged import repeat_rows
from dechaff.text.tokens import Words


class Reason(NamedTuple):
    """The contribution of one feature to a line's log-odds of content.

    Attributes
    ----------
    feature : str
        A feature's name, or a term with its type: `word 'subscribe'`.
    contribution : float
        The contribution in log-odds, below zero for boilerplate. It is relative to the average line of the training
        data, except for leaves of trees, which count in full.
    """

    feature: str
    contribution: float


class WordContribution(NamedTuple):
    """The contribution of one term to a line's log-odds; its type is one of `TERM_TYPES`."""

    type: str
    text: str
    contribution: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """The contributions of all features to the log-odds of one article's lines.

    Attributes
    ----------
    names : tuple of str
        The features of stage 2, those of stage 3 and of the markup, the roles of title lines, and the evidence of a
        site profile.
    contributions : ndarray of float64, shape (n_features, n_lines)
        The contributions to the log-odds of the last stage.
    values : ndarray of float32, shape (n_features, n_lines)
        The values of the features; for the roles of title lines and the evidence of a site, their log-odds.
    base : float
        The constant part of every line's log-odds: the log-odds of the average line without leaves of trees.
    words : Words
        The words of the article's lines.
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
        """Return the sum of the base and all contributions: the model's log-odds of each line, shape (n_lines,)."""
        return np.asarray(self.base + self.contributions.sum(axis=0) + self.word_contributions.sum(axis=0))

    @cached_property
    def word_contributions(self) -> Values:
        """Sum the contributions of each type of term, in the order of `TERM_TYPES`, shape (n_types, n_lines)."""
        return sum_term_types(self.words, self._word_weights) * self._word_factor

    def reasons(self, line: int, limit: int | None = 3) -> list[Reason]:
        """Return the largest contributions to a line's log-odds, of either sign, strongest first.

        Parameters
        ----------
        line : int
            The line's index among the non-blank lines.
        limit : int, optional
            The maximum number of reasons; None for all.
        """
        strengths = np.abs(self.contributions[:, line])
        least = self._least_strength(strengths, limit)
        found = {self.names[i]: float(self.contributions[i, line]) for i in np.flatnonzero(strengths >= least)}
        for type_, text, contribution in self.iter_words(line, least):  # a word that occurs twice is one reason
            feature = f"{type_} {text!r}"
            found[feature] = found.get(feature, 0.0) + contribution
        reasons = [Reason(name, contribution) for name, contribution in found.items() if contribution]
        return sorted(reasons, key=lambda reason: -abs(reason.contribution))[:limit]

    @staticmethod
    def _least_strength(strengths: Values, limit: int | None) -> float:
        """Return the `limit`-th largest absolute contribution, a lower bound for reasons; -1 if no bound exists."""
        if limit is None or not 0 < limit <= len(strengths):
            return -1.0
        return float(np.partition(strengths, -limit)[-limit])

    def iter_words(self, line: int, least: float = -1.0) -> Iterator[WordContribution]:
        """Yield the contribution of every term of a line, once for each occurrence.

        Parameters
        ----------
        line : int
            The line's index among the non-blank lines.
        least : float
            Terms are left out if the absolute value of their summed contributions is at most this.
        """
        parts = self.words.batch.line_parts
        for terms, (offsets, buckets, contributions) in zip(self._terms, self._word_lists, strict=True):
            source = line + terms.by
            if not 0 <= source < len(parts) or parts[source] != parts[line]:
                continue
            places = range(offsets[source], offsets[source + 1])
            sums: dict[int, float] = {}
            for place in places:
                sums[buckets[place]] = sums.get(buckets[place], 0.0) + contributions[place]
            for place in places:
                if abs(sums[buckets[place]]) > least:
                    yield WordContribution(terms.name, self._term_text(terms, place), contributions[place])

    @cached_property
    def _word_lists(self) -> list[tuple[list[int], list[int], list[float]]]:
        """Return the ragged rows of each term type: offsets of the lines, buckets and contributions."""
        found = []
        for terms in self._terms:
            scale = repeat_rows(terms.scale * self._word_factor, terms.rows)
            contributions = self._word_weights[terms.buckets] * scale
            found.append((terms.rows.offsets.tolist(), terms.buckets.tolist(), contributions.tolist()))
        return found

    def _term_text(self, terms: Terms, place: int) -> str:
        batch = self.words.batch
        if terms.name == "whole line":
            line = self.words.lines[terms.words[place]]
            return batch.texts[0][batch.starts[line] : batch.ends[line]]
        word = int(terms.words[place])
        last = word + 1 if terms.name == "pair" else word
        return batch.texts[0][self.words.starts[word] : self.words.ends[last]].casefold()


def explain(forward: Forward, page_info: PageInfo = NO_PAGE_INFO, site_shift: Values | None = None) -> Explanation:
    r"""Decompose the log-odds of every line of one article into contributions.

    The log-odds of stage 1 are a feature of stage 2, and those of stage 2 a feature of stage 3: the contribution of
    such a feature is passed back to the features and words behind those log-odds. The weight of a leaf is split
    equally among the splits on its path.

    Parameters
    ----------
    forward : Forward
        The forward pass of a single article.
    page_info : PageInfo, optional
        The article's title and URL.
    site_shift : ndarray of float64, shape (n_lines,), optional
        What a site profile added to the log-odds of each line.

    Examples
    --------
    >>> from dechaff import LineBatch, default_model
    >>> text = "The vote was held on Tuesday.\nSubscribe now for ₹900 per month"
    >>> forward = default_model().forward(LineBatch.from_texts([text]))
    >>> bool(explain(forward).log_odds[1] < 0)
    True
    """
    model, values = forward.model, forward.matrix
    names, n_first = model.stage2.names, len(model.stage1.names)
    contributions = _stage_contributions(model.stage2, values)
    factor, base = _pass_back(
        model.stage2, contributions, "log_odds", forward.stage1_log_odds, _constant(model.stage1)
    )
    contributions[:n_first] += factor * _stage_contributions(model.stage1, values[:n_first])
    stage3, stage3_values = model.stage3, forward.stage3_matrix
    if forward.markup_matrix is not None:
        stage3, stage3_values = model.markup, forward.markup_matrix
    if stage3 is not None and stage3_values is not None:
        last = _stage_contributions(stage3, stage3_values)
        slope, base = _pass_back(stage3, last, "decided_log_odds", forward.stage2_log_odds, base)
        names, contributions = names + stage3.names, np.concatenate((slope * contributions, last))
        values = np.concatenate((values, stage3_values))
        factor *= slope
    if page_info != NO_PAGE_INFO:
        added = title_contributions(forward.batch, forward.log_odds, page_info, forward.words)
        names, contributions = names + REASONS, np.concatenate((contributions, added))
        values = np.concatenate((values, added.astype(np.float32)))
    if site_shift is not None:
        names, contributions = (*names, REASON), np.concatenate((contributions, site_shift[None]))
        values = np.concatenate((values, site_shift[None].astype(np.float32)))
    terms = list(word_terms(forward.words, model.n_bits))
    return Explanation(names, contributions, values, base, forward.words, model.word_weights, factor, terms)


def _pass_back(
    stage: Stage, contributions: Values, name: str, log_odds: Values, base: float
) -> tuple[float, float]:
    """Subtract from a stage's contributions the part that belongs to the features of the previous stage.

    The difference that clipping makes to the log-odds stays with the feature `name`.

    Returns
    -------
    factor : float
        The factor for contributions of the previous stage.
    base : float
        The constant after this stage; the argument `base` is the constant before this stage.
    """
    place = stage.names.index(name)
    factor = float(stage.coefficients[place] / stage.scales[place])
    mean = float(stage.means[place])
    contributions[place] -= factor * (log_odds - mean)
    return factor, _constant(stage) + factor * (base - mean)


def _stage_contributions(stage: Stage, matrix: Matrix) -> Values:
    """Return each feature's contribution to a stage's log-odds, shape (n_features, n_lines)."""
    contributions = (stage.standardise(matrix) * stage.coefficients[:, None]).astype(np.float64)
    if stage.crosses is None or not stage.crosses.n_trees:
        return contributions
    for first in range(0, matrix.shape[1], LINES_AT_ONCE):
        part = slice(first, first + LINES_AT_ONCE)
        _add_cross_contributions(stage.crosses, matrix[:, part], contributions[:, part])
    return contributions


def _add_cross_contributions(crosses: Crosses, matrix: Matrix, contributions: Values) -> None:
    leaves = crosses.leaf_indices(matrix)
    weights = crosses.weights.ravel()[leaves]
    on_path = crosses.path_splits[np.arange(crosses.n_trees)[:, None], leaves % (SPLITS_PER_TREE + 1)]
    share = weights / np.maximum(on_path.sum(axis=2), 1)  # trees without splits are part of `_constant`
    for split in range(SPLITS_PER_TREE):
        order = np.argsort(crosses.features[:, split], kind="stable")
        features, firsts = np.unique(crosses.features[order, split], return_index=True)
        contributions[features] += np.add.reduceat((share * on_path[:, :, split])[order], firsts, axis=0)


def _constant(stage: Stage) -> float:
    """Return the part of a stage's log-odds that all lines share: the intercept and the trees without splits."""
    if stage.crosses is None:
        return stage.intercept
    unsplit = ~np.isfinite(stage.crosses.thresholds).any(axis=1)
    return stage.intercept + float(stage.crosses.weights[unsplit, stage.crosses.leaves[unsplit, 0]].sum())
