"""Lines scored by models that were not fitted on their site, and the figures that training has for free.

In training, stages 1 and 2 score every line once without its site.

The choice of the headline, stage 3 and calibration, which have few weights, have seen all sites.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from dechaff._typing import Values
from dechaff.kernels import for_batch
from dechaff.text.batching import batches
from dechaff.wording import count
from dechaff_training.corpus import MASKED, Article, Corpus
from dechaff_training.evaluate.metrics import Estimate, Resamples, line_scores
from dechaff_training.evaluate.tables import Table
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.training import fitted_articles

_COLUMNS = {
    "precision": "content_precision",
    "recall": "content_recall",
    "F1": "content_f1",
    "dropped": "boilerplate_recall",
}
_LEGEND = (
    "precision: share of the kept lines that are content; recall: share of the content lines that are kept",
    "dropped: share of the boilerplate lines that are dropped; in brackets: 95 % intervals over sites",
    "The model itself, fitted on all sites, is usually a little better on new ones.",
)


@dataclass(frozen=True)
class HeldOut:
    """The scores of a training on sites held out.

    Attributes
    ----------
    n_lines, n_sites : int
        The numbers of lines with a label, and of their sites; labels that are silver or corrected are left out.
    lines : dict of str to Estimate
        The results of `line_scores`.
    """

    n_lines: int
    n_sites: int
    lines: dict[str, Estimate]

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as JSON-ready values."""
        return vars(self) | {"lines": {name: estimate.to_dict() for name, estimate in self.lines.items()}}

    def table(self) -> Table:
        """Return the main scores as a table to print."""
        cells = tuple(str(self.lines[name]) for name in _COLUMNS.values())
        title = f"{count(self.n_lines, 'line')} of {count(self.n_sites, 'site')}, each site held out once"
        return Table(title, tuple(_COLUMNS), [cells], _LEGEND)


def held_out_scores(classifier: LineClassifier, corpus: Corpus) -> HeldOut | None:
    """Score a fitted classifier on its own folds, by its threshold and without the fallback.

    Parameters
    ----------
    classifier : LineClassifier
        A classifier that `train_model` has fitted to the corpus, with three stages.
    corpus : Corpus

    Returns
    -------
    HeldOut or None
        None if all labels are silver or corrected.
    """
    corpus = fitted_articles(corpus)
    labels = np.concatenate(corpus.labels)
    known = labels != MASKED
    article = np.repeat(np.arange(len(corpus)), [len(each) for each in corpus.labels])
    # Variants of articles come after the articles themselves.
    probability = classifier.held_out_probability_[: known.sum()]
    gold = ~np.array([each.silver or each.corrected for each in corpus])[article[known]]
    if not gold.any():
        return None
    probability, labels, sites = (
        probability[gold],
        labels[known][gold],
        np.array(corpus.groups)[article[known][gold]],
    )
    resamples = Resamples(sites)
    scores = line_scores(labels, probability, probability >= classifier.threshold, np.ones(len(labels)), resamples)
    return HeldOut(len(labels), resamples.n_sites, scores)


def held_out_log_odds(
    classifier: LineClassifier, articles: Sequence[Article], folds: Iterable[tuple[Sequence[int], Sequence[int]]]
) -> list[Values]:
    """Compute the log-odds of each article's lines by a model that was fitted to other articles.

    Parameters
    ----------
    classifier : LineClassifier
        The settings of the models; it is not fitted itself.
    articles : sequence of Article
    folds : iterable of (train, held)
        For each fold, the places of the articles to fit to and of those to score.

    Returns
    -------
    list of ndarray of float64, shape (n_lines,), length n_articles

    Raises
    ------
    ValueError
        If a label is missing in the articles of a fold.
    """
    found: list[Values] = [np.zeros(0)] * len(articles)
    for train, held in folds:
        own, texts = [articles[place] for place in train], [articles[place].text for place in held]
        fitted = clone(classifier).fit([a.text for a in own], [a.labels for a in own], [a.site for a in own])
        with for_batch(len(texts)):
            odds = np.concatenate([np.zeros(0), *map(fitted.model_.log_odds, batches(texts))])
        ends = np.cumsum([len(articles[place].labels) for place in held])
        for place, values in zip(held, np.split(odds, ends[:-1]), strict=True):
            found[place] = values
    return found
