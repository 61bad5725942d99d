"""`LineClassifier`: a scikit-learn estimator over articles, which fits a `LineModel`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GroupKFold
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from dechaff._typing import Flags, Matrix, Values
from dechaff.features.lexicon import collect_keywords
from dechaff.features.stage3 import stage3_names
from dechaff.linear.line_model import CLASSES, LineModel, stage_names
from dechaff.linear.stage import LINES_AT_ONCE, Stage, sigmoid
from dechaff_training.corpus.articles import MASKED
from dechaff_training.fit.line_table import (
    Labels,
    LineTable,
    Rows,
    encode_kinds,
    encode_labels,
    headline_pairs,
    join_line_weights,
    labelled_rows,
)
from dechaff_training.fit.stages import (
    Folds,
    Scorer,
    fit_choice,
    fit_kinds,
    fit_markup,
    fit_stage,
    grow_crosses,
    mean_stage,
    out_of_fold,
    pass_through_stage,
)
from dechaff_training.fit.thresholds import calibrate, choose_presets

# How much more lines whose labels are reliable enough for calibration weigh in each fit of stage 2; in stage 3, the
# last of these. The mean of the fits is better than any of them, because their errors differ.
_RELIABLE_WEIGHTS: Final = (1.0, 3.0)
# The headline is chosen only if as many pairs of a headline and another line are known: a regression needs two.
_FEWEST_PAIRS: Final = 2
# The maximum number of lines for the regression of a kind, which has no words.
_KIND_LINES: Final = 150_000


@dataclass(kw_only=True, repr=False, eq=False)  # repr and equality are those of scikit-learn
class LineClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    r"""Three logistic regressions, each with features from the log-odds of the previous one.

    A sample is an article (a string), its target an array with a label for each non-blank line: "boilerplate" or
    "content", 0 or 1, or -1 if it is unknown. Predictions are for the lines of all articles, in order.

    Parameters
    ----------
    C : float
        Inverse strength of the L2 penalty in stage 1, on features and hashed words.
    C_context : float
        Inverse strength of the L2 penalty in stage 2 (on features, context, and crosses: the leaves of shallow
        trees as one-hot features) and in stage 3.
    C_headline : float
        Inverse strength of the L2 penalty in the choice of the headline.
    n_bits : int
        The number of bits of the word hash: there are 2**n_bits buckets.
    n_trees : int
        The number of shallow trees for the crosses of each fit of stage 2; 0 for none.
    learning_rate : float
        The learning rate of the boosting that grows the trees.
    n_folds : int
        The number of folds, grouped by site, for the out-of-fold log-odds that the next stage is fitted on; at most
        the number of sites. With few folds these log-odds come from models that were fitted on much less than all
        articles; they are less sure than those of the final model, and stage 3 learns to trust them too little.
    stages : {1, 2, 3}
        The number of stages; fewer than 3 for ablations.
    without : sequence of str
        Groups of features to leave out, for ablations: those of `dechaff.features.FEATURE_GROUPS`, "words",
        "context".
    length_power : float
        The exponent of the number of words in the weight of a line.
    article_power : float
        Before `line_weight`, each line's weight is divided by the sum of its article's line weights to this power:
        with 0 long articles outweigh short ones, with 1 all articles have the same weight.
    max_lines : int
        The maximum number of lines for each regression, drawn in proportion to their weights.
    threshold : float
        The minimum probability of content for a line to be labelled content. Below a half, because a lost line is
        worse than a boilerplate line that stays: on held-out pages, .45 keeps 1.6 points more of the short lines
        than .5, for .1 points of F1.
    max_iter : int
        The maximum number of iterations of lbfgs in each regression.
    random_state : int
    keywords : mapping of str to iterable of str, optional
        Additional phrases by family of the lexicon; they become part of the model.

    Attributes
    ----------
    model_ : LineModel
    classes_ : ndarray of str
    held_out_probability_ : ndarray of float64, shape (n_labelled_lines,)
        The probability of content of each line with a label, by stages 1 and 2 fitted without its site; only with
        three stages. The choice of the headline, stage 3 and calibration have few weights and have seen all sites.

    Examples
    --------
    >>> texts = ["Shares fell on Monday as traders sold.\nShare\n₹900 per month"] * 9
    >>> labels = [["content", "boilerplate", "boilerplate"]] * 9
    >>> classifier = LineClassifier(n_trees=0, n_folds=2).fit(texts, labels)
    >>> classifier.predict(["Shares rose on Friday as traders bought.\n₹300 per month"]).tolist()
    ['content', 'boilerplate']
    """

    C: float = 0.03
    C_context: float = 0.03
    C_headline: float = 0.01
    n_bits: int = 18
    n_trees: int = 120
    learning_rate: float = 0.1
    n_folds: int = 5
    stages: int = 3
    without: Sequence[str] = ()
    length_power: float = 0.5
    article_power: float = 1.0
    max_lines: int = 600_000
    threshold: float = 0.45
    max_iter: int = 300
    random_state: int = 0
    keywords: Mapping[str, Iterable[str]] | None = None

    def fit(
        self,
        X: Sequence[str],
        y: Sequence[ArrayLike],
        groups: Sequence[object] | None = None,
        sample_weight: ArrayLike | None = None,
        calibration_weight: ArrayLike | None = None,
        progress: Callable[[str], None] | None = None,
        line_weight: Sequence[ArrayLike] | None = None,
        headlines: Sequence[int | None] | None = None,
        kinds: Sequence[Sequence[str] | None] | None = None,
    ) -> Self:
        """Fit the model to labelled articles.

        Parameters
        ----------
        X : sequence of str, length n_articles
        y : sequence of array-like, length n_articles
            One label for each non-blank line.
        groups : sequence, length n_articles, optional
            The site of each article; folds are grouped by site. By default each article is a site of its own.
        sample_weight : array-like of float, shape (n_articles,), optional
        calibration_weight : array-like of float, shape (n_articles,), optional
            The weight of each article's lines in calibration; 0 for labels that are unfit for it, and for choosing
            presets. By default `sample_weight`.
        progress : callable, optional
            Called with the name of each step.
        line_weight : sequence of array-like, length n_articles, optional
            Factors for the weight of each non-blank line in the regressions, such as a higher one for headlines;
            calibration and presets do not use them.
        headlines : sequence of int or None, length n_articles, optional
            The place of each article's headline among its non-blank lines, if it is known. From these the model
            learns to choose the headline among the lines above the body.
        kinds : sequence of (sequence of str, or None), length n_articles, optional
            The kind of each non-blank line, "" for content and for lines without a kind; None for articles whose
            kinds are not known. From these the model learns what comments or teasers look like, as in
            `dechaff.features.context`.

        Raises
        ------
        ValueError
            If labels, kinds or line weights do not match the lines, a line weight is negative or not finite, a
            class is missing, there is only one site, or a group in `without` does not exist.
        """
        check_consistent_length(X, groups, sample_weight, calibration_weight, headlines, kinds)
        report = progress or (lambda _: None)
        report("features")
        table = LineTable(list(X), self.n_bits, collect_keywords(self.keywords or {}), self.without)
        labels = encode_labels(y, table.counts)
        known = labelled_rows(labels)
        plain, weights, calibration = self._weigh(table, known, sample_weight, calibration_weight, line_weight)
        lines = table, labels, weights
        self.classes_ = np.array(CLASSES)
        report("stage 1")
        stage1, words = self._fit_stage1(*lines, known)
        stage2, metadata = pass_through_stage(), self._metadata()
        kind_stages: tuple[Stage, ...] = ()
        last: dict[str, Any] = {}
        if self.stages > 1:
            folds = self._folds(table.article, groups)
            kind_stages = self._add_context(list(X), *lines, kinds, plain, folds, report)
            report("stage 2")
            emphases = _emphasise(weights, calibration > 0)
            stage2 = self._fit_stage2(table, labels, emphases, known)
        if self.stages > 2:
            scorer = partial(self._stage2_scorer, table, labels, emphases)
            odds = out_of_fold(folds, labels, "stage 2", scorer, report)
            last, metadata["presets"] = self._fit_last(
                X, table, labels, emphases[-1], odds, headlines or (), plain, calibration, report
            )
        fitted = LineModel(
            stage1, stage2, words, self.threshold, metadata, keywords=table.keywords, kinds=kind_stages
        )
        self.model_ = replace(fitted, **last)
        return self

    @property
    def _regression(self) -> dict[str, Any]:
        """Return the arguments of `fit_stage` for regressions on context."""
        return {"C": self.C_context, "max_iter": self.max_iter}

    def _weigh(
        self,
        table: LineTable,
        rows: Rows,
        sample_weight: ArrayLike | None,
        calibration_weight: ArrayLike | None,
        line_weight: Sequence[ArrayLike] | None,
    ) -> tuple[Values, Values, Values]:
        """Return the weight of each line without and with `line_weight`, and its weight in calibration."""
        by_article = np.ones(len(table.counts)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        calibration = by_article if calibration_weight is None else np.asarray(calibration_weight, np.float64)
        plain = table.line_weights(rows, self.length_power, self.article_power) * by_article[table.article]
        weights = plain if line_weight is None else plain * join_line_weights(line_weight, table.counts)
        return plain, weights, calibration[table.article]

    def _metadata(self) -> dict[str, Any]:
        parameters = {name: value for name, value in self.get_params().items() if name != "keywords"}
        return {"classifier": parameters | {"without": list(self.without)}}

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Return the probabilities of boilerplate and content of every line, shape (n_lines, 2)."""
        check_is_fitted(self)
        return self.model_.predict_proba(list(X))

    def predict(self, X: Sequence[str]) -> NDArray[np.str_]:
        """Return the label of every line, shape (n_lines,)."""
        check_is_fitted(self)
        return self.model_.predict(list(X))

    def score(self, X: Sequence[str], y: Sequence[ArrayLike], sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy over all lines with a label."""
        predicted = (self.predict(X) == CLASSES[1]).astype(np.int8)
        counts = np.array([len(np.asarray(labels)) for labels in y])
        labels = encode_labels(y, counts)
        weights = None if sample_weight is None else np.repeat(np.asarray(sample_weight), counts)
        known = labels != MASKED
        return float(
            accuracy_score(
                labels[known], predicted[known], sample_weight=None if weights is None else weights[known]
            )
        )

    def _draw(self, rows: Rows, weights: Values, max_lines: int | None = None) -> tuple[Rows, Values]:
        """Sample lines in proportion to their weights; return them with their remaining weights."""
        most = self.max_lines if max_lines is None else min(self.max_lines, max_lines)
        if len(rows) <= most:
            return rows, weights[rows]
        chances = weights[rows] / weights[rows].sum() * most
        drawn = np.random.default_rng(self.random_state).random(len(rows)) < chances
        return rows[drawn], np.maximum(chances[drawn], 1.0)

    def _fit_stage1(
        self, table: LineTable, labels: Labels, weights: Values, rows: Rows
    ) -> tuple[Stage, NDArray[np.float32]]:
        rows, weights = self._draw(rows, weights)
        return fit_stage(
            stage_names()[0],
            table.stage1[rows],
            labels[rows],
            weights,
            C=self.C,
            max_iter=self.max_iter,
            words=table.words[rows],
        )

    def _add_context(
        self,
        texts: Sequence[str],
        table: LineTable,
        labels: Labels,
        weights: Values,
        kinds: Sequence[Sequence[str] | None] | None,
        plain: Values,
        folds: Folds,
        report: Callable[[str], None],
    ) -> tuple[Stage, ...]:
        """Add the context by out-of-fold log-odds of stage 1 and of kinds; return the regressions of kinds."""
        scorer = partial(self._stage1_scorer, table, labels, weights)
        odds = out_of_fold(folds, labels, "stage 1", scorer, report)
        del table.words  # only stage 1 uses them
        known = encode_kinds(kinds, labels, table.counts)
        draw = partial(self._draw, weights=plain, max_lines=_KIND_LINES)
        stages, kind_odds = fit_kinds(table, known, draw, folds, report, C=self.C, max_iter=self.max_iter)
        report("context")
        table.add_context(texts, odds, kind_odds)
        return stages

    def _folds(self, article: Rows, groups: Sequence[object] | None) -> Folds:
        """Return the training lines and the held-out lines of each fold, split by site."""
        sites = article if groups is None else np.unique([str(g) for g in groups], return_inverse=True)[1][article]
        n_folds = min(self.n_folds, len(np.unique(sites)))
        folds = GroupKFold(n_folds, shuffle=True, random_state=self.random_state)
        return list(folds.split(sites, groups=sites))

    def _stage1_scorer(self, table: LineTable, labels: Labels, weights: Values, rows: Rows) -> Scorer:
        """Fit stage 1 on some lines and return a scorer for others."""
        stage, word_weights = self._fit_stage1(table, labels, weights, rows)
        return lambda held: stage.log_odds(table.stage1[held].T) + table.words[held] @ word_weights

    def _stage2_scorer(self, table: LineTable, labels: Labels, emphases: Sequence[Values], rows: Rows) -> Scorer:
        """Fit stage 2 on some lines and return a scorer for others."""
        stage = self._fit_stage2(table, labels, emphases, rows)

        def score(held: Rows) -> Values:
            """Compute log-odds, in parts to bound the memory."""
            starts = range(0, len(held), LINES_AT_ONCE)
            parts = (held[start : start + LINES_AT_ONCE] for start in starts)
            return np.concatenate([stage.log_odds(table.dense[part].T) for part in parts])

        return score

    def _fit_stage2(self, table: LineTable, labels: Labels, emphases: Sequence[Values], rows: Rows) -> Stage:
        """Fit stage 2 once for each of several weights of the lines, and return the mean."""
        stages = [self._fit_crossed(table, labels, weights, rows) for weights in emphases]
        return stages[0] if len(stages) == 1 else mean_stage(stages)

    def _fit_crossed(self, table: LineTable, labels: Labels, weights: Values, rows: Rows) -> Stage:
        """Fit a regression with crosses to the features of stage 2."""
        rows, weights = self._draw(rows, weights)
        dense, labels = table.dense[rows], labels[rows]
        crosses = None
        if self.n_trees:
            crosses = grow_crosses(dense, labels, weights, self.n_trees, self.learning_rate, self.random_state)
        stage, _ = fit_stage(
            stage_names()[1],
            dense,
            labels,
            weights,
            crosses=crosses,
            **self._regression,
        )
        return stage

    def _fit_headline(self, table: LineTable, headlines: Sequence[int | None], weights: Values) -> Stage | None:
        """Fit the choice of the headline on the articles whose headline is known and one of several candidates."""
        chosen, choices, pair_weights = headline_pairs(table, headlines, weights)
        if len(chosen) < _FEWEST_PAIRS:
            return None
        how: Any = {"C": self.C_headline, "max_iter": self.max_iter}
        return fit_choice(stage_names()[1], table.dense, chosen, choices, pair_weights, **how)

    def _fit_last(
        self,
        texts: Sequence[str],
        table: LineTable,
        labels: Labels,
        weights: Values,
        odds: Values,
        headlines: Sequence[int | None],
        plain: Values,
        calibration: Values,
        report: Callable[[str], None],
    ) -> tuple[dict[str, Stage | None], dict[str, dict[str, float]]]:
        """Fit what depends on out-of-fold log-odds of stage 2; return attributes of `LineModel`, and presets."""
        report("stage 3")
        headline = self._fit_headline(table, headlines, plain)
        dense = table.stage3_matrix(odds, headline)
        stage3, presets = self._fit_stage3(table, labels, weights, dense, plain, labelled_rows(labels), calibration)
        report("markup")
        markup = fit_markup(texts, dense, labels, weights, calibration, self._draw, **self._regression)
        return {"headline": headline, "stage3": stage3, "markup": markup}, presets

    def _fit_stage3(
        self,
        table: LineTable,
        labels: Labels,
        weights: Values,
        dense: Matrix,
        plain: Values,
        rows: Rows,
        calibration: Values,
    ) -> tuple[Stage, dict[str, dict[str, float]]]:
        """Fit stage 3 to out-of-fold log-odds, calibrate it and choose thresholds.

        All three use the same lines, because they have too few parameters to overfit; calibration and thresholds
        do without `line_weight`, as in `plain`, and without lines whose weight in calibration is 0.
        """
        drawn, drawn_weights = self._draw(rows, weights)
        stage, _ = fit_stage(stage3_names(), dense[drawn], labels[drawn], drawn_weights, **self._regression)
        dense, known, calibration = dense[rows].T, labels[rows], calibration[rows]
        stage = calibrate(stage, stage.log_odds(dense), known, calibration)
        used = calibration > 0
        if not known[used].any():  # thresholds need content
            used = np.ones_like(used)
        by_words = table.weigh_by_words(plain, rows[used])
        self.held_out_probability_ = sigmoid(stage.log_odds(dense))
        return stage, choose_presets(self.held_out_probability_[used], known[used], by_words, self.threshold)


def _emphasise(weights: Values, is_reliable: Flags) -> list[Values]:
    """Return the weights of the lines for each fit of stage 2; one fit is enough if all labels are alike."""
    if is_reliable.all() or not is_reliable.any():
        return [weights]
    return [weights * np.where(is_reliable, factor, 1.0) for factor in _RELIABLE_WEIGHTS]
