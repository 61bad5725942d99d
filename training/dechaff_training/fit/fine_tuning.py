"""A user's labels move a model, and the gain is measured on sites of theirs that it has not seen.

The old model is only read: whoever calls decides whether the new one takes its place.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from sklearn.model_selection import GroupKFold

from dechaff.linear.line_model import LineModel
from dechaff.linear.stage import Values
from dechaff_training.corpus import MASKED, Corpus
from dechaff_training.evaluate.benchmark import gold_text, text_columns
from dechaff_training.evaluate.evaluation import CorpusDecisions, Table, check_labels, decide_corpus
from dechaff_training.evaluate.metrics import Estimate, Resamples, f1_of_means, ratio
from dechaff_training.fit.fine_tuner import FineTuner
from dechaff_training.fit.line_table import Rows
from dechaff_training.fit.training import describe_origin, git_commit

#: With fewer sites nothing is measured: that all of five change for the better is chance once in 16 times, of six
#: once in 32.
SITES_TO_MEASURE: Final = 6
#: How much labels may count against the old weights; 0 is no change.
STRENGTHS: Final = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)
# For one site, where no other tells how much is good.
_CAUTIOUS: Final = 0.003
_N_FOLDS: Final = 5
#: The key of what a model was taught, among its metadata.
KEY: Final = "taught"
_WARNING: Final = (
    " The model to start from was taught before: if with these sites, 'before' is too good; start from the model "
    "that it was taught from."
)


@dataclass(frozen=True)
class Scores:
    """How good a model is on the user's own sites, or how much better than another.

    Attributes
    ----------
    text_f1 : Estimate
        Of four-token shingles, as everywhere; NaN if every article has a line without a label and no gold text.
    lines_right : Estimate
        The share of labelled lines that are kept or dropped rightly.
    """

    text_f1: Estimate
    lines_right: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Give the scores as JSON knows them."""
        return {"text_f1": self.text_f1.to_dict(), "lines_right": self.lines_right.to_dict()}


@dataclass(frozen=True)
class FineTuning:
    """A taught model, and what is known of it.

    Attributes
    ----------
    model : LineModel
        The old one itself where the labels give no reason to change it.
    before, after, difference : Scores or None
        On the user's sites, each judged by a model taught without it; None with too few sites.
    strength : float
        How much the labels count against the old weights, of `STRENGTHS`.
    n_sites : int
        With labels.
    sites_needed : int
        How many more sites a measurement needs; 0 where there is one.
    advice : str
        What to make of it, in a sentence or two.
    """

    model: LineModel
    before: Scores | None
    after: Scores | None
    difference: Scores | None
    strength: float
    n_sites: int
    sites_needed: int
    advice: str

    def to_dict(self) -> dict[str, Any]:
        """Give all but the model as JSON knows it."""
        scores = {
            name: (found := getattr(self, name)) and found.to_dict() for name in ("before", "after", "difference")
        }
        return {name: value for name, value in vars(self).items() if name != "model"} | scores


def fine_tuning_table(result: FineTuning) -> Table:
    """Show what a lesson's measurement gave; without one, the table has no rows."""
    parts = (result.before, result.after, result.difference)
    rows = [
        (title, *(str(getattr(scores, name)) for scores in parts if scores))
        for name, title in (("text_f1", "text F1"), ("lines_right", "lines right"))
    ]
    title = f"{result.n_sites} sites of yours, each judged by a model that has not seen it"
    return Table(title, ("figure", "before", "after", "difference"), rows if result.difference else [])


def fine_tune(
    start: LineModel,
    corpus: Corpus,
    *,
    seed: int = 0,
    strengths: Sequence[float] = STRENGTHS,
    start_digest: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> FineTuning:
    r"""Move a model towards labels as far as that serves sites it has not seen, and measure by how much.

    Parameters
    ----------
    start : LineModel
        One that has not learnt from these sites; begin with the same one when there are more labels.
    corpus : Corpus
        Silver labels are left out.
    seed : int
        Of the folds and of the resamples behind the intervals.
    strengths : sequence of float
        What to choose from, by cross-validation over sites.
    start_digest : str, optional
        The old model's, to be written down in the new one.
    progress : callable, optional
        Told what is done next, in words.

    Raises
    ------
    CorpusError
        If no line has a label, or an article has more or fewer labels than lines.

    Examples
    --------
    >>> from dechaff import default_model
    >>> from dechaff_training.corpus import Article
    >>> article = Article("The mill shuts.\nShare", np.array([1, 0], np.int8), "bote", "bote/mill", "articles")
    >>> fine_tune(default_model(), Corpus([article])).sites_needed
    5
    """
    tell = progress or (lambda _: None)
    corpus = corpus.select(lambda article: not article.silver and bool((article.labels != MASKED).any()))
    decisions = decide_corpus(start, corpus.texts)
    check_labels(corpus, decisions)
    tell("choosing how much the labels count")
    tuner = FineTuner(start, corpus)
    strength = choose_strength(tuner, corpus.groups, strengths, seed)
    model = tuner.model(tuner.change(strength))
    if strength:
        taught = {"start_digest": start_digest, "strength": strength, **describe_origin(corpus, seed, git_commit())}
        model = replace(model, metadata={**start.metadata, KEY: [*_history(start), taught]})
    n_sites = len(set(corpus.groups))
    needed = max(SITES_TO_MEASURE - n_sites, 0)
    before = after = difference = None
    if not needed:
        before, after, difference = _measure(corpus, decisions, tuner, strengths if strength else (), seed, tell)
    advice = _advise(difference, strength, needed) + _WARNING * bool(_history(start))
    return FineTuning(model, before, after, difference, strength, n_sites, needed, advice)


def choose_strength(
    tuner: FineTuner,
    sites: Sequence[str],
    strengths: Sequence[float],
    seed: int,
    articles: Rows | None = None,
) -> float:
    """Find how much labels should count: what serves sites held out best, by the log loss of their lines.

    Parameters
    ----------
    tuner : FineTuner
    sites : sequence of str, length n_articles
    strengths : sequence of float
        What to choose from.
    seed : int
        Of the folds.
    articles : ndarray of int64, optional
        The places of those to learn from; by default all.

    Returns
    -------
    float
        Of a single site a cautious one, for there is none to hold out.
    """
    if len(strengths) == 1:
        return strengths[0]
    losses = []
    for learnt, held in _folds(sites, seed, articles):
        change = None
        for strength in strengths:
            change = tuner.change(strength, learnt, change)
            losses.append(tuner.loss(change, held))
    if not losses:
        return _CAUTIOUS
    return strengths[int(np.reshape(losses, (-1, len(strengths))).sum(axis=0).argmin())]


def _history(model: LineModel) -> list[Any]:
    """List what a model was taught before, as far as its metadata are sound."""
    taught = model.metadata.get(KEY)
    return taught if isinstance(taught, list) else []


def _folds(sites: Sequence[str], seed: int, articles: Rows | None = None) -> Iterator[tuple[Rows, Rows]]:
    """Give the places of what to learn from and, of other sites, of what to judge; nothing for a single site."""
    places = np.arange(len(sites)) if articles is None else articles
    groups = np.unique(np.asarray(sites)[places], return_inverse=True)[1]
    n_folds = min(_N_FOLDS, len(set(groups.tolist())))
    if n_folds > 1:
        for learnt, held in GroupKFold(n_folds, shuffle=True, random_state=seed).split(groups, groups=groups):
            yield places[learnt], places[held]


def _measure(
    corpus: Corpus,
    decisions: CorpusDecisions,
    tuner: FineTuner,
    strengths: Sequence[float],
    seed: int,
    tell: Callable[[str], None],
) -> tuple[Scores, Scores, Scores]:
    """Measure before, after and the difference, each site by a model taught without it; or by none at all."""
    before = _judge(decisions, corpus)
    after = before
    if strengths:
        texts, n_right = list(before[0]), before[1].copy()
        for number, (learnt, held) in enumerate(_folds(corpus.groups, seed), 1):
            tell(f"measuring on sites held out, part {number}")
            strength = choose_strength(tuner, corpus.groups, strengths, seed, learnt)
            model = tuner.model(tuner.change(strength, learnt))
            others = Corpus([corpus.articles[place] for place in held.tolist()])
            judged = _judge(decide_corpus(model, others.texts), others)
            n_right[held] = judged[1]
            for place, text in zip(held.tolist(), judged[0], strict=True):
                texts[place] = text
        after = texts, n_right
    return _score(corpus, before, after, seed)


def _judge(decisions: CorpusDecisions, corpus: Corpus) -> tuple[list[str], Values]:
    """Give the cleaned articles, and count the lines of each that are kept or dropped rightly."""
    article = np.repeat(np.arange(len(corpus)), decisions.n_lines)
    right = decisions.kept == np.concatenate(corpus.labels)
    return decisions.texts, np.bincount(article, right, len(corpus)).astype(np.float64)


def _score(
    corpus: Corpus, before: tuple[list[str], Values], after: tuple[list[str], Values], seed: int
) -> tuple[Scores, Scores, Scores]:
    resamples = Resamples(corpus.groups, seed=seed)
    texts = text_columns(corpus.articles, {"before": before[0], "after": after[0]})
    has_gold = np.array([gold_text(article) is not None for article in corpus])[:, None]
    n_known = [int((labels != MASKED).sum()) for labels in corpus.labels]
    figures = []
    for name, (_, n_right) in (("before", before), ("after", after)):
        f1 = f1_of_means(resamples.sums(texts[name] * has_gold))
        figures.append((f1, ratio(*resamples.sums(np.column_stack((n_right, n_known))).T)))
    figures.append((figures[1][0] - figures[0][0], figures[1][1] - figures[0][1]))
    first, second, difference = (Scores(*map(resamples.estimate, pair)) for pair in figures)
    return first, second, difference


def _advise(difference: Scores | None, strength: float, needed: int) -> str:
    """Say what the figures mean for who has to choose between the models."""
    if not strength:
        return "The labels give no reason to change the model: on sites held out it does best as it is."
    if difference is None:
        sites = "1 more site" if needed == 1 else f"{needed} more sites"
        return f"Taught, but nothing is promised: label articles of {sites} for a measurement."
    figure = difference.lines_right if np.isnan(difference.text_f1.value) else difference.text_f1
    if figure.high < 0:
        return "Worse on your own sites: keep the old model, and look for wrong labels with 'dechaff check'."
    if figure.low > 0:
        return "Better on sites of yours that it has not seen: take the new model."
    return "No clear difference on sites of yours that it has not seen: keep the old model, or label more sites."
