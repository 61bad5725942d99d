"""Fine-tune a model on a user's labels, and measure the gain on held-out sites of the user.

The start model is never changed; the caller decides whether the new model replaces it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from sklearn.model_selection import GroupKFold

from dechaff._typing import Values
from dechaff.linear.line_model import LineModel
from dechaff.wording import count
from dechaff_training.corpus import MASKED, Corpus
from dechaff_training.evaluate.benchmark import gold_text, text_columns
from dechaff_training.evaluate.evaluation import CorpusDecisions, check_labels, decide_corpus
from dechaff_training.evaluate.metrics import Estimate, Resamples, f1_of_means, ratio
from dechaff_training.evaluate.overlap import FINE_TUNINGS
from dechaff_training.evaluate.tables import Table
from dechaff_training.fit.fine_tuner import FineTuner
from dechaff_training.fit.line_table import Rows
from dechaff_training.fit.training import describe_origin, git_commit

#: The number of sites that a measurement needs: five of five sites change in the same direction by chance once in
#: 16 times, six of six once in 32. With fewer sites, new articles of known sites are measured if there are as many
#: articles.
SITES_TO_MEASURE: Final = 6
#: The candidates for the weight of the labels relative to the prior; 0 means no change.
STRENGTHS: Final = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)
# The strength for a single site, where cross-validation is impossible.
_CAUTIOUS: Final = 0.003
_N_FOLDS: Final = 5
_WARNING: Final = (
    " The start model was fine-tuned before: if on these sites, 'before' is too high; start from the model "
    "that it was fine-tuned from."
)


@dataclass(frozen=True)
class Scores:
    """The scores of a model on the user's sites, or the difference between two models.

    Attributes
    ----------
    text_f1 : Estimate
        F1 of four-token shingles; NaN if no article has a gold text (`gold_text`).
    lines_right : Estimate
        The share of labelled lines that are correctly kept or dropped.
    """

    text_f1: Estimate
    lines_right: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as JSON-ready values."""
        return {"text_f1": self.text_f1.to_dict(), "lines_right": self.lines_right.to_dict()}


@dataclass(frozen=True)
class FineTuning:
    """A fine-tuned model and its scores.

    Attributes
    ----------
    model : LineModel
        The start model itself if the labels give no reason to change it.
    before, after, difference : Scores or None
        Scores on the user's articles, each by a model fine-tuned without what was held out; None if there is too
        little to hold out.
    held_out : {"sites", "articles", None}
        Whether whole sites were held out, or, with too few sites, articles: then the scores are for new articles of
        known sites.
    strength : float
        The chosen weight of the labels, from `STRENGTHS`.
    n_articles, n_sites : int
        The numbers of articles and sites with labels.
    sites_needed : int
        The number of further sites that a measurement needs.
    advice : str
        Advice on which model to use, in a sentence or two.
    """

    model: LineModel
    before: Scores | None
    after: Scores | None
    difference: Scores | None
    held_out: Literal["sites", "articles"] | None
    strength: float
    n_articles: int
    n_sites: int
    sites_needed: int
    advice: str

    def to_dict(self) -> dict[str, Any]:
        """Return all but the model as JSON-ready values."""
        scores = {
            name: (found := getattr(self, name)) and found.to_dict() for name in ("before", "after", "difference")
        }
        return {name: value for name, value in vars(self).items() if name != "model"} | scores


def fine_tuning_table(result: FineTuning) -> Table:
    """Return a table of the scores, which has no rows if nothing was measured."""
    parts = (result.before, result.after, result.difference)
    rows = [
        (title, *(str(getattr(scores, name)) for scores in parts if scores))
        for name, title in (("text_f1", "text F1"), ("lines_right", "lines right"))
    ]
    sites = count(result.n_sites, "site")
    title = f"Your {sites}, each scored by a model that was not fine-tuned on that site"
    if result.held_out == "articles":
        articles = f"your {count(result.n_articles, 'article')} of {sites}"
        title = f"New articles of known sites: {articles}, each scored by a model that was not fine-tuned on it"
    legend = (f"In brackets: 95 % intervals over {result.held_out}.",)
    headers = ("figure", "before", "after", "difference")
    return Table(title, headers, rows, legend) if rows[0][1:] else Table(title, headers, [])


def fine_tune(
    start: LineModel,
    corpus: Corpus,
    *,
    seed: int = 0,
    strengths: Sequence[float] = STRENGTHS,
    start_digest: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> FineTuning:
    r"""Fine-tune a model on labels, with a strength chosen by cross-validation, and measure the gain.

    Parameters
    ----------
    start : LineModel
        A model that was not fitted on these sites; with more labels later, start from this model again.
    corpus : Corpus
        The labelled articles; those with silver labels, from a vote of extractors, are left out.
    seed : int
        The seed of the folds, and of the resamples for the intervals.
    strengths : sequence of float
        The candidate strengths; cross-validation over sites chooses the best one.
    start_digest : str, optional
        The digest of the start model, for the metadata of the new one.
    progress : callable, optional
        Called with the name of each step.

    Raises
    ------
    CorpusError
        If no line has a label, or the numbers of labels and lines of an article differ.

    Examples
    --------
    >>> from dechaff import default_model
    >>> from dechaff_training.corpus import Article
    >>> article = Article("The mill shuts.\nShare", np.array([1, 0], np.int8), "bote", "bote/mill", "articles")
    >>> fine_tune(default_model(), Corpus([article])).sites_needed
    5
    """
    report = progress or (lambda _: None)
    corpus = corpus.select(lambda article: not article.silver and bool((article.labels != MASKED).any()))
    decisions = decide_corpus(start, corpus.texts)
    check_labels(corpus, decisions)
    report("choosing the strength")
    tuner = FineTuner(start, corpus)
    strength = choose_strength(tuner, corpus.groups, strengths, seed)
    model = tuner.model(tuner.change(strength))
    if strength:
        entry = {"start_digest": start_digest, "strength": strength, **describe_origin(corpus, seed, git_commit())}
        model = replace(model, metadata={**start.metadata, FINE_TUNINGS: [*_history(start), entry]})
    held_out, groups = _held_out(corpus)
    scores: tuple[Scores | None, Scores | None, Scores | None] = (None, None, None)
    if held_out:
        scores = _measure(corpus, groups, decisions, tuner, strengths if strength else (), seed, report)
    n_articles, n_sites = (len(set(names)) for names in (_names(corpus), corpus.groups))
    needed = max(SITES_TO_MEASURE - n_sites, 0)
    advice = _advise(scores[2], strength, needed) + _WARNING * bool(_history(start))
    return FineTuning(model, *scores, held_out, strength, n_articles, n_sites, needed, advice)


def _names(corpus: Corpus) -> list[str]:
    """Return the name of each article; texts of one page by several extractors have the same."""
    return [article.id for article in corpus]


def _held_out(corpus: Corpus) -> tuple[Literal["sites", "articles"] | None, list[str]]:
    """Return what can be held out, and each article's group: its site, or itself if sites are too few."""
    if len(set(corpus.groups)) >= SITES_TO_MEASURE:
        return "sites", list(corpus.groups)
    names = _names(corpus)
    return ("articles" if len(set(names)) >= SITES_TO_MEASURE else None), names


def choose_strength(
    tuner: FineTuner,
    sites: Sequence[str],
    strengths: Sequence[float],
    seed: int,
    articles: Rows | None = None,
) -> float:
    """Choose the strength with the lowest log loss on held-out sites.

    Parameters
    ----------
    tuner : FineTuner
    sites : sequence of str, length n_articles
    strengths : sequence of float
        The candidate strengths.
    seed : int
        The seed of the folds.
    articles : ndarray of int64, optional
        The indices of the articles to use; by default all.

    Returns
    -------
    float
        The best candidate; for a single site, which leaves none to hold out, a cautious default.
    """
    if len(strengths) == 1:
        return strengths[0]
    losses = []
    for train, held in _folds(sites, seed, articles):
        change = None
        for strength in strengths:
            change = tuner.change(strength, train, change)
            losses.append(tuner.loss(change, held))
    if not losses:
        return _CAUTIOUS
    return strengths[int(np.reshape(losses, (-1, len(strengths))).sum(axis=0).argmin())]


def _history(model: LineModel) -> list[Any]:
    """Return the records of earlier fine-tunings; malformed metadata give an empty list."""
    entries = model.metadata.get(FINE_TUNINGS)
    return entries if isinstance(entries, list) else []


def _folds(sites: Sequence[str], seed: int, articles: Rows | None = None) -> Iterator[tuple[Rows, Rows]]:
    """Yield for each fold the indices of training articles and of held-out articles; nothing for a single site."""
    places = np.arange(len(sites)) if articles is None else articles
    groups = np.unique(np.asarray(sites)[places], return_inverse=True)[1]
    n_folds = min(_N_FOLDS, len(set(groups.tolist())))
    if n_folds > 1:
        for train, held in GroupKFold(n_folds, shuffle=True, random_state=seed).split(groups, groups=groups):
            yield places[train], places[held]


def _measure(
    corpus: Corpus,
    groups: Sequence[str],
    decisions: CorpusDecisions,
    tuner: FineTuner,
    strengths: Sequence[float],
    seed: int,
    report: Callable[[str], None],
) -> tuple[Scores, Scores, Scores]:
    """Return scores before, after, and their difference; each group is scored by a model fine-tuned without it.

    Without `strengths`, the start model itself is scored as the model after fine-tuning.
    """
    before = _texts_and_hits(decisions, corpus)
    after = before
    if strengths:
        texts, n_right = list(before[0]), before[1].copy()
        for number, (train, held) in enumerate(_folds(groups, seed), 1):
            report(f"measuring what is held out, fold {number}")
            strength = choose_strength(tuner, corpus.groups, strengths, seed, train)
            model = tuner.model(tuner.change(strength, train))
            held_corpus = Corpus([corpus.articles[place] for place in held.tolist()])
            held_texts, n_right[held] = _texts_and_hits(decide_corpus(model, held_corpus.texts), held_corpus)
            for place, text in zip(held.tolist(), held_texts, strict=True):
                texts[place] = text
        after = texts, n_right
    return _score(corpus, groups, before, after, seed)


def _texts_and_hits(decisions: CorpusDecisions, corpus: Corpus) -> tuple[list[str], Values]:
    """Return the cleaned articles, and the number of lines of each article that are correctly kept or dropped."""
    article = np.repeat(np.arange(len(corpus)), decisions.n_lines)
    right = decisions.kept == np.concatenate(corpus.labels)
    return decisions.texts, np.bincount(article, right, len(corpus)).astype(np.float64)


def _score(
    corpus: Corpus,
    groups: Sequence[str],
    before: tuple[list[str], Values],
    after: tuple[list[str], Values],
    seed: int,
) -> tuple[Scores, Scores, Scores]:
    resamples = Resamples(groups, seed=seed)
    texts = text_columns(corpus.articles, {"before": before[0], "after": after[0]})
    has_gold = np.array([gold_text(article) is not None for article in corpus])[:, None]
    n_known = [int((labels != MASKED).sum()) for labels in corpus.labels]
    figures: list[tuple[Values, Values]] = []
    for name, (_, n_right) in (("before", before), ("after", after)):
        f1 = f1_of_means(resamples.sums(texts[name] * has_gold))
        figures.append((f1, ratio(*resamples.sums(np.column_stack((n_right, n_known))).T)))
    figures.append((figures[1][0] - figures[0][0], figures[1][1] - figures[0][1]))
    first, second, difference = (Scores(*map(resamples.estimate, pair)) for pair in figures)
    return first, second, difference


def _advise(difference: Scores | None, strength: float, needed: int) -> str:
    """Return advice on which model to use, with the reason."""
    if not strength:
        return "The labels give no reason to change the model: the unchanged model is best on held-out sites."
    if difference is None:
        sites = "1 more site" if needed == 1 else f"{needed} more sites"
        return f"The model is fine-tuned, but the gain is unknown: label articles of {sites} to measure it."
    figure = difference.lines_right if np.isnan(difference.text_f1.value) else difference.text_f1
    where, what = ("new articles of known sites", "articles") if needed else ("your held-out sites", "sites")
    if figure.high < 0:
        return f"Worse on {where}: keep the old model, and check the labels with 'dechaff check'."
    if figure.low > 0:
        limit = " for these sites; other sites are not measured" if needed else ""
        return f"The new model is better on {where}: take the new model{limit}."
    return f"No clear difference on {where}: keep the old model, or label more {what}."
