"""The figures that training has for free: stages 1 and 2 score every line once without its site.

The choice of the headline, stage 3 and calibration, which have few weights, have seen all sites.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dechaff_training.corpus import MASKED, Corpus
from dechaff_training.evaluate.metrics import Estimate, Resamples, line_scores
from dechaff_training.evaluate.tables import Table
from dechaff_training.files.wording import count
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
        The numbers of lines with a label, and of their sites; silver labels are left out.
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
        None if all labels are silver.
    """
    corpus = fitted_articles(corpus)
    labels = np.concatenate(corpus.labels)
    known = labels != MASKED
    article = np.repeat(np.arange(len(corpus)), [len(each) for each in corpus.labels])
    # Variants of articles come after the articles themselves.
    probability = classifier.held_out_probability_[: known.sum()]
    gold = ~np.array([each.silver for each in corpus])[article[known]]
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
