"""How well the kinds of boilerplate lines are told, on labelled articles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff.explain.kinds import KINDS, KindWeights, line_kinds
from dechaff.text.batching import batches
from dechaff.text.tokens import Keywords
from dechaff_training.corpus import BOILERPLATE
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.evaluate.metrics import N_RESAMPLES, Estimate, Resamples, ratio

Names = NDArray[np.str_]

#: The heads of `KindRow.cells`.
KIND_HEADS: Final = ("kind", "lines", "given", "precision", "recall")


@dataclass(frozen=True)
class KindRow:
    """How well the lines of one kind are told from those of other kinds.

    Attributes
    ----------
    kind : str
    n_lines : int
        That have the kind by their label.
    n_predicted : int
        That are given it.
    precision, recall : Estimate
        With intervals over sites.
    """

    kind: str
    n_lines: int
    n_predicted: int
    precision: Estimate
    recall: Estimate

    @property
    def cells(self) -> tuple[str, ...]:
        """Give the row as tables show it."""
        return self.kind, f"{self.n_lines:,}", f"{self.n_predicted:,}", str(self.precision), str(self.recall)

    def to_dict(self) -> dict[str, Any]:
        """Give the row as JSON knows it."""
        return {**vars(self), "precision": self.precision.to_dict(), "recall": self.recall.to_dict()}


def gold_kinds(corpus: Corpus) -> Names:
    """Give the kind of every line by its label, "" for content and where no kind is known, shape (n_lines,)."""
    kinds = [kind for article in corpus for kind in article.kinds or [""] * len(article.labels)]
    return np.where(_is_boilerplate(corpus), np.array(kinds, np.str_), "")


def predict_kinds(corpus: Corpus, weights: KindWeights | None = None, keywords: Keywords = ()) -> Names:
    """Name the kind of every line whose label is boilerplate, "" for the others, shape (n_lines,).

    Parameters
    ----------
    corpus : Corpus
    weights : KindWeights, optional
        By default those that ship.
    keywords : tuple of (family, phrase)
        Phrases of the user's own, as a model has them.
    """
    is_boilerplate = _is_boilerplate(corpus)
    found: list[str] = []
    for batch in batches(corpus.texts):
        own = is_boilerplate[len(found) : len(found) + batch.n_lines]
        found += [kind or "" for kind in line_kinds(batch, own, weights, keywords)]
    return np.array(found, np.str_)


def measure_kinds(
    gold: Names, predicted: Names, sites: Sequence[str] | Names, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> list[KindRow]:
    """Measure precision and recall of each kind, over the lines that have one.

    Parameters
    ----------
    gold, predicted : ndarray of str, shape (n_lines,)
        As `gold_kinds` and `predict_kinds` give them.
    sites : sequence of str, shape (n_lines,)
    n_resamples, seed : int
        Draws of sites behind each interval.

    Examples
    --------
    >>> gold, predicted = np.array(["share", "offer", "offer", ""]), np.array(["share", "offer", "share", "date"])
    >>> for row in measure_kinds(gold, predicted, ["a"] * 4):
    ...     print(row.kind, row.n_lines, row.precision, row.recall)
    offer 2 1.000 .500
    share 1 .500 1.000
    """
    known = gold != ""
    gold, predicted = gold[known], predicted[known]
    resamples = Resamples(np.asarray(sites)[known], n_resamples, seed)
    rows = []
    for kind in (kind for kind in KINDS if kind in gold):
        has, given = gold == kind, predicted == kind
        right, of_kind, named = resamples.sums(np.column_stack((has & given, has, given)) * 1.0).T
        precision, recall = (resamples.estimate(ratio(right, total)) for total in (named, of_kind))
        rows.append(KindRow(kind, int(has.sum()), int(given.sum()), precision, recall))
    return rows


def _is_boilerplate(corpus: Corpus) -> NDArray[np.bool_]:
    return np.asarray(np.concatenate([np.zeros(0, np.int8), *corpus.labels]) == BOILERPLATE, np.bool_)


def line_sites(corpus: Corpus) -> Names:
    """Give the site of every line, shape (n_lines,)."""
    return np.repeat(np.array(corpus.groups, np.str_), [len(labels) for labels in corpus.labels])
