"""`LineClassifier`: scikit-learn's conventions over articles; fitting gives a `LineModel`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GroupKFold
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from dechaff.features.lexicon import collect_keywords
from dechaff.features.stage3 import stage3_names
from dechaff.linear.line_model import CLASSES, LineModel, stage_names
from dechaff.linear.stage import LINES_AT_ONCE, Stage, Values, sigmoid
from dechaff_training.fit.calibration import calibrate
from dechaff_training.fit.crosses import grow_crosses
from dechaff_training.fit.line_table import Labels, LineTable, Rows, fit_stage
from dechaff_training.fit.presets import choose_presets

MASKED = -1
Folds = list[tuple[Rows, Rows]]
#: Gives the log-odds of the lines that it is asked for.
Judge = Callable[[Rows], Values]


class LineClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    r"""Logistic regressions, each of which knows what the one before it says of the lines around.

    A sample is an article (a string), its target an array with a label for each of its non-blank lines:
    "boilerplate" or "content", 0 or 1, and -1 where nothing is known. Predictions are for the lines of all
    articles, one after the other.

    Parameters
    ----------
    C : float
        Inverse strength of the L2 penalty in stage 1, on features and hashed words.
    C_context : float
        The same in stage 2, on features, context and crosses, and in the decoder.
    n_bits : int
        The hashed words have 2**n_bits buckets.
    n_trees : int
        How many shallow trees stage 2 takes its crosses from; 0 for none.
    learning_rate : float
        How much each of these trees corrects those before it.
    n_folds : int
        Folds, grouped by site, for the log-odds of a stage that the next one learns from.
    stages : {1, 2, 3}
        1 leaves the context out, 2 the decoder (for comparison).
    without : sequence of str
        Groups of features that no stage sees (for comparison): those of `dechaff.features.FEATURE_GROUPS`, "words",
        "context".
    length_power : float
        A line weighs its number of words to this power.
    article_power : float
        An article's lines are divided by their common weight to this power: with 0 a long article outweighs a
        short one, with 1 all articles weigh the same.
    max_lines : int
        Each regression learns from at most so many lines, drawn in proportion to their weights.
    threshold : float
        Lines with at least this probability of content are labelled content.
    max_iter : int
        At most so many iterations of lbfgs in each regression.
    random_state : int
    keywords : mapping of str to iterable of str, optional
        Phrases by family that count as those of the lexicon do; the model keeps them.

    Attributes
    ----------
    model_ : LineModel
    classes_ : ndarray of str

    Examples
    --------
    >>> texts = ["Shares fell on Monday as traders sold.\nShare\n₹900 per month"] * 9
    >>> labels = [["content", "boilerplate", "boilerplate"]] * 9
    >>> classifier = LineClassifier(n_trees=0, n_folds=2).fit(texts, labels)
    >>> classifier.predict(["Shares rose on Friday as traders bought.\n₹300 per month"]).tolist()
    ['content', 'boilerplate']
    """

    def __init__(
        self,
        *,
        C: float = 0.03,
        C_context: float = 0.03,
        n_bits: int = 18,
        n_trees: int = 120,
        learning_rate: float = 0.1,
        n_folds: int = 4,
        stages: int = 3,
        without: Sequence[str] = (),
        length_power: float = 0.5,
        article_power: float = 1.0,
        max_lines: int = 400_000,
        threshold: float = 0.5,
        max_iter: int = 300,
        random_state: int = 0,
        keywords: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.C = C
        self.C_context = C_context
        self.n_bits = n_bits
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.n_folds = n_folds
        self.stages = stages
        self.without = without
        self.length_power = length_power
        self.article_power = article_power
        self.max_lines = max_lines
        self.threshold = threshold
        self.max_iter = max_iter
        self.random_state = random_state
        self.keywords = keywords

    def fit(
        self,
        X: Sequence[str],
        y: Sequence[ArrayLike],
        groups: Sequence[object] | None = None,
        sample_weight: ArrayLike | None = None,
        calibration_weight: ArrayLike | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Self:
        """Learn from labelled articles.

        Parameters
        ----------
        X : sequence of str, length n_articles
        y : sequence of array-like, length n_articles
            One label a non-blank line.
        groups : sequence, length n_articles, optional
            The site of each article: the log-odds that the next stage learns from come from models that did not see
            it. Without it each article is a site of its own.
        sample_weight : array-like of float, shape (n_articles,), optional
        calibration_weight : array-like of float, shape (n_articles,), optional
            How much a line of each article counts where the decoder's probabilities are calibrated; 0 for articles
            whose labels are no judges of that. By default as `sample_weight`.
        progress : callable, optional
            Told what is done next, in words.

        Raises
        ------
        ValueError
            If labels do not fit the lines, one of the classes is missing, there are fewer sites than folds, or a
            group to be left out does not exist.
        """
        check_consistent_length(X, groups, sample_weight, calibration_weight)
        tell = progress or (lambda _: None)
        tell("features")
        table = LineTable(list(X), self.n_bits, collect_keywords(self.keywords or {}), self.without)
        labels = encode_labels(y, table.counts)
        missing = [name for code, name in enumerate(CLASSES) if code not in labels]
        if missing:
            raise ValueError(f"no line is labelled {missing[0]!r}: both classes are needed to learn")
        known = np.flatnonzero(labels != MASKED)
        weights = table.line_weights(known, self.length_power, self.article_power)
        of_article = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        weights *= of_article[table.article]
        self.classes_ = np.array(CLASSES)
        tell("stage 1")
        first, word_weights = self._fit_first(table, labels, weights, known)
        second, decoder = pass_through_stage(), None
        parameters = {name: value for name, value in self.get_params().items() if name != "keywords"}
        metadata: dict[str, Any] = {"classifier": parameters | {"without": list(self.without)}}
        if self.stages > 1:
            folds = self._folds(table.article, groups)
            odds = hold_out(folds, labels, "stage 1", partial(self._learn_first, table, labels, weights), tell)
            del table.words  # stage 2 has no use for them
            tell("context")
            table.add_context(list(X), odds)
            tell("stage 2")
            second = self._fit_second(table, labels, weights, known)
        if self.stages > 2:
            odds = hold_out(folds, labels, "stage 2", partial(self._learn_second, table, labels, weights), tell)
            tell("decoder")
            judging = of_article if calibration_weight is None else np.asarray(calibration_weight, np.float64)
            decoder, metadata["presets"] = self._fit_decoder(
                table, labels, weights, known, odds, judging[table.article[known]]
            )
        self.model_ = LineModel(first, second, word_weights, self.threshold, metadata, decoder, table.keywords)
        return self

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Give the probabilities of boilerplate and content for every line, shape (n_lines, 2)."""
        check_is_fitted(self)
        return self.model_.predict_proba(list(X))

    def predict(self, X: Sequence[str]) -> NDArray[np.str_]:
        """Label every line, shape (n_lines,)."""
        check_is_fitted(self)
        return self.model_.predict(list(X))

    def score(self, X: Sequence[str], y: Sequence[ArrayLike], sample_weight: ArrayLike | None = None) -> float:
        """Give the share of lines that are labelled right, masked ones aside."""
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

    def _draw(self, rows: Rows, weights: Values) -> tuple[Rows, Values]:
        """Draw lines in proportion to their weights, and give the drawn ones the weight that is left to them."""
        if len(rows) <= self.max_lines:
            return rows, weights[rows]
        chances = weights[rows] / weights[rows].sum() * self.max_lines
        drawn = np.random.default_rng(self.random_state).random(len(rows)) < chances
        return rows[drawn], np.maximum(chances[drawn], 1.0)

    def _fit_first(
        self, table: LineTable, labels: Labels, weights: Values, rows: Rows
    ) -> tuple[Stage, NDArray[np.float32]]:
        rows, weights = self._draw(rows, weights)
        return fit_stage(
            stage_names()[0],
            table.first[rows],
            labels[rows],
            weights,
            C=self.C,
            max_iter=self.max_iter,
            words=table.words[rows],
        )

    def _folds(self, article: Rows, groups: Sequence[object] | None) -> Folds:
        """Part the lines by site into those to learn from and those held out, once for each fold."""
        sites = article if groups is None else np.unique([str(g) for g in groups], return_inverse=True)[1][article]
        folds = GroupKFold(self.n_folds, shuffle=True, random_state=self.random_state)
        return list(folds.split(sites, groups=sites))

    def _learn_first(self, table: LineTable, labels: Labels, weights: Values, rows: Rows) -> Judge:
        """Learn stage 1 from some lines, to judge others."""
        stage, word_weights = self._fit_first(table, labels, weights, rows)
        return lambda held: stage.log_odds(table.first[held].T) + table.words[held] @ word_weights

    def _learn_second(self, table: LineTable, labels: Labels, weights: Values, rows: Rows) -> Judge:
        """Learn stage 2 from some lines, to judge others."""
        stage = self._fit_second(table, labels, weights, rows)

        def judge(held: Rows) -> Values:
            """Give log-odds, of so many lines at once as fit the memory."""
            starts = range(0, len(held), LINES_AT_ONCE)
            parts = (held[start : start + LINES_AT_ONCE] for start in starts)
            return np.concatenate([stage.log_odds(table.dense[part].T) for part in parts])

        return judge

    def _fit_second(self, table: LineTable, labels: Labels, weights: Values, rows: Rows) -> Stage:
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
            C=self.C_context,
            max_iter=self.max_iter,
            crosses=crosses,
        )
        return stage

    def _fit_decoder(
        self, table: LineTable, labels: Labels, weights: Values, rows: Rows, log_odds: Values, judging: Values
    ) -> tuple[Stage, dict[str, dict[str, float]]]:
        """Fit the decoder to held-out log-odds, calibrate it, and choose thresholds, all by the same lines.

        The log-odds are of models that had not seen the site; what is fitted to them has too few weights to learn
        these lines by heart.
        """
        dense = table.decoding(log_odds)
        drawn, drawn_weights = self._draw(rows, weights)
        stage, _ = fit_stage(
            stage3_names(), dense[drawn], labels[drawn], drawn_weights, C=self.C_context, max_iter=self.max_iter
        )
        dense, known = dense[rows].T, labels[rows]
        stage = calibrate(stage, stage.log_odds(dense), known, judging)
        by_words = table.weigh_by_words(weights, rows)
        return stage, choose_presets(sigmoid(stage.log_odds(dense)), known, by_words, self.threshold)


def hold_out(
    folds: Folds, labels: Labels, name: str, learn: Callable[[Rows], Judge], tell: Callable[[str], None]
) -> Values:
    """Give every line the log-odds of a model that did not see its site.

    Parameters
    ----------
    folds : list of (train, held)
        Lines to learn from, and lines to judge.
    labels : ndarray of int8, shape (n_lines,)
    name : str
        What is learnt, for `tell`.
    learn : callable
        From the lines to learn from, those with a label, to what gives log-odds of lines.
    tell : callable
    """
    odds = np.zeros(len(labels))
    for number, (train, held) in enumerate(folds, 1):
        tell(f"{name}, fold {number} of {len(folds)}")
        odds[held] = learn(train[labels[train] != MASKED])(held)
    return odds


def encode_labels(y: Sequence[ArrayLike], counts: NDArray[np.int64]) -> Labels:
    """Join the labels of all articles as 0, 1 and -1 (masked).

    Raises
    ------
    ValueError
        If an article has more or fewer labels than lines, or a label is unknown.

    Examples
    --------
    >>> encode_labels([["content"], [0, -1]], np.array([1, 2])).tolist()
    [1, 0, -1]
    """
    if len(y) != len(counts):
        raise ValueError(f"{len(counts)} articles, but labels for {len(y)}")
    known: dict[object, int] = {name: code for code, name in enumerate(CLASSES)}
    # numpy makes strings of a list of strings and numbers
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


def pass_through_stage() -> Stage:
    """Make a stage 2 that duplicates what stage 1 says."""
    names = stage_names()[1]
    coefficients = np.zeros(len(names), np.float32)
    scales = np.ones_like(coefficients)
    place = names.index("log_odds")
    coefficients[place] = 1.0
    return Stage(names, np.zeros_like(coefficients), scales, coefficients, 0.0)
