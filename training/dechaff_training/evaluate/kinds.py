"""Evaluate the kinds of boilerplate lines on labelled articles."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff.explain.kinds import KINDS, KindWeights, line_kinds
from dechaff.kernels import for_batch
from dechaff.text.batching import batches
from dechaff.text.tokens import Keywords
from dechaff_training.corpus import BOILERPLATE
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.evaluate.metrics import N_RESAMPLES, Estimate, Resamples, ratio

Names = NDArray[np.str_]

#: The column headers of `KindRow.cells`.
KIND_HEADERS: Final = ("kind", "lines", "given", "precision", "recall")


@dataclass(frozen=True)
class KindRow:
    """The figures of one kind against all other kinds.

    Attributes
    ----------
    kind : str
    n_lines : int
        Number of lines labelled with this kind.
    n_predicted : int
        Number of lines predicted to have this kind.
    precision, recall : Estimate
        Precision and recall of the kind, with intervals over sites.
    """

    kind: str
    n_lines: int
    n_predicted: int
    precision: Estimate
    recall: Estimate

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the cells of the row in a table."""
        return self.kind, f"{self.n_lines:,}", f"{self.n_predicted:,}", str(self.precision), str(self.recall)

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        return {**vars(self), "precision": self.precision.to_dict(), "recall": self.recall.to_dict()}


def gold_kinds(corpus: Corpus) -> Names:
    """Return the labelled kind of every line, "" for content and unknown kinds, shape (n_lines,)."""
    kinds = [kind for article in corpus for kind in article.kinds or [""] * len(article.labels)]
    return np.where(find_boilerplate(corpus), np.array(kinds, np.str_), "")


def predict_kinds(corpus: Corpus, weights: KindWeights | None = None, keywords: Keywords = ()) -> Names:
    """Predict the kind of every line whose label is boilerplate; "" for other lines, shape (n_lines,).

    Parameters
    ----------
    corpus : Corpus
    weights : KindWeights, optional
        The weights of kinds; by default `dechaff.explain.kinds.kind_weights()`.
    keywords : tuple of (family, phrase)
        The user's own phrases, as in `LineModel.keywords`.
    """
    is_boilerplate = find_boilerplate(corpus)
    found: list[str] = []
    with for_batch(len(corpus)):
        for batch in batches(corpus.texts):
            own = is_boilerplate[len(found) : len(found) + batch.n_lines]
            found += [kind or "" for kind in line_kinds(batch, own, weights, keywords)]
    return np.array(found, np.str_)


def measure_kinds(
    gold: Names, predicted: Names, sites: Sequence[str] | Names, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> list[KindRow]:
    """Compute precision and recall of each kind, over the lines that are labelled with a kind.

    Parameters
    ----------
    gold, predicted : ndarray of str, shape (n_lines,)
        The results of `gold_kinds` and `predict_kinds`.
    sites : sequence of str, shape (n_lines,)
    n_resamples, seed : int
        The number of resamples of sites for the intervals, and their seed.

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
        is_gold, is_predicted = gold == kind, predicted == kind
        hits, n_gold, n_predicted = resamples.sums(
            np.column_stack((is_gold & is_predicted, is_gold, is_predicted)) * 1.0
        ).T
        precision, recall = (resamples.estimate(ratio(hits, total)) for total in (n_predicted, n_gold))
        rows.append(KindRow(kind, int(is_gold.sum()), int(is_predicted.sum()), precision, recall))
    return rows


def count_confusions(gold: Names, predicted: Names) -> list[tuple[str, ...]]:
    """Return a row for each labelled kind: its name, and how many of its lines are predicted to have each kind.

    Parameters
    ----------
    gold, predicted : ndarray of str, shape (n_lines,)

    Examples
    --------
    >>> count_confusions(np.array(["share", "share", ""]), np.array(["offer", "share", "share"]))
    [('share', '1', '1', '', '', '', '', '', '')]
    """
    counts = Counter(zip(gold.tolist(), predicted.tolist(), strict=True))
    rows = (kind for kind in KINDS if kind in gold)
    return [
        (kind, *(f"{counts[kind, other]:,}" if counts[kind, other] else "" for other in KINDS)) for kind in rows
    ]


def find_boilerplate(corpus: Corpus) -> NDArray[np.bool_]:
    """Return which lines are labelled as boilerplate, shape (n_lines,)."""
    return np.asarray(np.concatenate([np.zeros(0, np.int8), *corpus.labels]) == BOILERPLATE, np.bool_)


def line_sites(corpus: Corpus) -> Names:
    """Return the site of every line, shape (n_lines,)."""
    return np.repeat(np.array(corpus.groups, np.str_), [len(labels) for labels in corpus.labels])
