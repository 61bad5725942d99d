"""Model diff: the lines of a corpus that two models label differently."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from dechaff.explain.contributions import explain
from dechaff.explain.sentences import Sentences, Why
from dechaff.explain.themes import themes
from dechaff.linear.line_model import CLASSES, LineModel, Threshold
from dechaff.text.lines import LineBatch, split_lines
from dechaff_training.corpus import MASKED
from dechaff_training.corpus.articles import Article
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.evaluate.evaluation import CorpusDecisions, decide_corpus

#: The directions of a change from model A to model B.
DIRECTIONS: Final = ("dropped to kept", "kept to dropped")


@dataclass(frozen=True)
class Verdict:
    """The label of one model for a line.

    Attributes
    ----------
    label : str
    probability : float
        The probability of content.
    by_fallback : bool
        Whether the fallback kept the line, although its probability is below the threshold (shown as "kept by the
        guard"); see `dechaff.decisions.decide.apply_threshold`.
    """

    label: str
    probability: float
    by_fallback: bool

    def __str__(self) -> str:
        """Format the label and its probability.

        Examples
        --------
        >>> print(Verdict("content", 0.41, by_fallback=True))
        content 0.41 (kept by the guard)
        """
        return f"{self.label} {self.probability:.2f}{' (kept by the guard)' if self.by_fallback else ''}"


@dataclass(frozen=True)
class Change:
    """A line that two models label differently.

    Attributes
    ----------
    article : int
        The index of its article in the corpus.
    index : int
        Its index among the article's non-blank lines.
    number : int
        Its line number in the text, as in an editor.
    text : str
    n_words : int
    before, after : Verdict
        The labels by model A and by model B.
    is_right : bool, optional
        Whether model B agrees with the label in the corpus; None without a label.
    """

    article: int
    index: int
    number: int
    text: str
    n_words: int
    before: Verdict
    after: Verdict
    is_right: bool | None

    @property
    def direction(self) -> str:
        """Return the direction of the change, one of `DIRECTIONS`."""
        return DIRECTIONS[self.after.label == "boilerplate"]


@dataclass(frozen=True)
class Comparison:
    """The changes between two models on one corpus.

    Attributes
    ----------
    corpus : Corpus
    models : tuple of LineModel
        Models A and B.
    thresholds : tuple of float
    decisions : tuple of CorpusDecisions
    changes : list of Change
        The changes, sorted by the number of changed words of their article, descending, then by line.
    """

    corpus: Corpus
    models: tuple[LineModel, LineModel]
    thresholds: tuple[float, float]
    decisions: tuple[CorpusDecisions, CorpusDecisions]
    changes: list[Change]

    @cached_property
    def words_changed(self) -> Counter[int]:
        """Count the words of changed lines by article."""
        return _sum_words(self.changes)

    def totals(self) -> dict[str, Any]:
        """Count compared lines and words, and for each direction the right, wrong and unlabelled changes."""
        n_tokens = self.decisions[0].n_tokens
        totals: dict[str, Any] = {
            "articles": len(self.corpus),
            "articles_changed": len(self.words_changed),
            "lines": len(n_tokens),
            "words": int(n_tokens.sum()),
        }
        for direction in DIRECTIONS:
            own = [change for change in self.changes if change.direction == direction]
            totals[direction.replace(" ", "_")] = {
                "lines": len(own),
                "words": sum(change.n_words for change in own),
                "right": sum(change.is_right is True for change in own),
                "wrong": sum(change.is_right is False for change in own),
                "unlabelled": sum(change.is_right is None for change in own),
            }
        return totals


def compare_models(before: LineModel, after: LineModel, corpus: Corpus, threshold: Threshold = None) -> Comparison:
    """Find the lines that two models label differently.

    Silver labels, from a vote of extractors, are ignored: agreement with a vote is neither right nor wrong.

    Parameters
    ----------
    before, after : LineModel
        Models A and B.
    corpus : Corpus
        The articles, with or without labels.
    threshold : float or str, optional
        The threshold or preset for both models; by default each model's own threshold.

    Raises
    ------
    DechaffError
        If the threshold is neither within [0, 1] nor a preset of both models, or the corpus is empty.

    Examples
    --------
    >>> from dechaff import default_model
    >>> text = "The council voted on Tuesday to repair the old bridge."
    >>> corpus = Corpus([Article(text, np.array([1], np.int8), "bote", "bote/weir", "articles")])
    >>> compare_models(default_model(), default_model(), corpus).changes
    []
    """
    models = (before, after)
    thresholds = (before.resolve_threshold(threshold), after.resolve_threshold(threshold))
    decisions = (
        decide_corpus(before, corpus.texts, thresholds[0]),
        decide_corpus(after, corpus.texts, thresholds[1]),
    )
    changes = _find_changes(corpus, thresholds, decisions)
    n_words = _sum_words(changes)
    changes.sort(key=lambda change: (-n_words[change.article], change.article, change.index))
    return Comparison(corpus, models, thresholds, decisions, changes)


def _find_changes(
    corpus: Corpus, thresholds: tuple[float, float], decisions: tuple[CorpusDecisions, CorpusDecisions]
) -> list[Change]:
    a, b = decisions
    ends = np.cumsum(a.n_lines)
    changed = np.flatnonzero(a.kept != b.kept)
    articles = np.searchsorted(ends, changed, side="right").tolist()
    found = []
    spans: dict[int, list[tuple[int, int]]] = {}
    for line, place in zip(changed.tolist(), articles, strict=True):
        article = corpus.articles[place]
        if place not in spans:
            spans[place] = split_lines(article.text)
        index = line - int(ends[place] - a.n_lines[place])
        start, end = spans[place][index]
        found.append(
            Change(
                place,
                index,
                article.text.count("\n", 0, start) + 1,
                article.text[start:end],
                int(a.n_tokens[line]),
                _verdict(a, line, thresholds[0]),
                _verdict(b, line, thresholds[1]),
                _is_right(article, index, kept=bool(b.kept[line])),
            )
        )
    return found


def _verdict(decisions: CorpusDecisions, line: int, threshold: float) -> Verdict:
    kept, probability = bool(decisions.kept[line]), float(decisions.probability[line])
    return Verdict(CLASSES[kept], probability, kept and probability < threshold)


def _is_right(article: Article, index: int, *, kept: bool) -> bool | None:
    label = int(article.labels[index])
    return None if label == MASKED or article.silver else label == kept


def _sum_words(changes: Sequence[Change]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for change in changes:
        counts[change.article] += change.n_words
    return counts


class Explainer:
    """Compute the reasons for changes; the explanation of the latest article is cached.

    Parameters
    ----------
    comparison : Comparison
    """

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._bounds = np.cumsum(comparison.decisions[0].n_lines)
        self._article = -1

    def why(self, change: Change, limit: int | None = 2) -> list[Why]:
        """Return the themes whose contributions to the line's log-odds differ most between the models.

        Parameters
        ----------
        change : Change
        limit : int, optional
            The maximum number of reasons; None for all, which sum to the difference of the log-odds, B minus A.

        Returns
        -------
        list of Why
            Sorted by absolute difference (model B minus model A), largest first; positive if it favours content in
            B. The theme "base" is the models' base log-odds, the same for every line.
        """
        if change.article != self._article:
            self._explain(change.article)
        differences = self._differences[:, change.index]
        order = np.argsort(-np.abs(differences), kind="stable").tolist()
        strongest = [place for place in order if differences[place]][:limit]
        return [self._reason(change.index, place, float(differences[place])) for place in strongest]

    def _explain(self, article: int) -> None:
        comparison, end = self._comparison, self._bounds[article]
        text = comparison.corpus.articles[article].text
        kept = comparison.decisions[1].kept[end - comparison.decisions[1].n_lines[article] : end]
        batch = LineBatch.from_texts([text])
        before, after = (explain(model.forward(batch)) for model in comparison.models)
        self._sentences = Sentences(after, kept)
        themed = self._sentences.contributions - Sentences(before, kept).contributions
        base = np.full((1, themed.shape[1]), after.base - before.base)
        self._differences = np.concatenate((themed, base))
        self._article = article

    def _reason(self, line: int, place: int, difference: float) -> Why:
        if place == len(themes()):
            return Why("the constant of every line", difference, "base")
        text = self._sentences.sentences(line, 1 if difference > 0 else -1, [place])[0]
        return Why(text, difference, themes()[place].name)
