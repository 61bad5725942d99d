"""Correction of labels by golds, votes and marks: a model that sees the markup of the pages checks each line."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Values
from dechaff.linear.line_model import LineModel
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, MASKED, Article
from dechaff_training.corpus.gold_alignment import Labels
from dechaff_training.corpus.policy_labels import EXTRACTOR, relabel

# The model is sure of a line with at least this probability of its label.
_SURE: Final = 0.7


def correct_unread(articles: Sequence[Article], model: LineModel) -> list[Article]:
    """Correct the labels of pages that nobody has read, and carry them over to the texts of all extractors.

    Parameters
    ----------
    articles : sequence of Article
        Pages without the text of `EXTRACTOR`, without markup, or without any label because they do not match their
        gold are left as they are.
    model : LineModel
        A model with a regression on markup.

    Returns
    -------
    list of Article
        All articles; only those of pages that were read have markup.
    """
    unread = [each for each in articles if each.extractor == EXTRACTOR and each.roles is None]
    pages = [page for page in unread if page.markup is not None and (page.silver or (page.labels != MASKED).any())]
    content = model.predict_proba([page.marked_text for page in pages])[:, 1]
    ends = np.cumsum([len(page.labels) for page in pages], dtype=np.int64)
    parts = np.split(content, ends)[:-1]
    corrected = {
        page.id: replace(page, labels=correct(page.labels, part)) for page, part in zip(pages, parts, strict=True)
    }
    relabelled = relabel(articles, list(corrected.values()), add_missing=False)
    return [
        after
        if before.roles is not None
        else replace(after, markup=None, silver=before.silver, corrected=before.id in corrected)
        for before, after in zip(articles, relabelled, strict=True)
    ]


def correct(labels: Labels, probability: Values) -> NDArray[np.int8]:
    """Return labels without those that a model is sure are wrong, and with its own for lines that had none.

    Labels that clash are masked. How often corrected labels agree with a reader's is in docs/experiments.md.

    Parameters
    ----------
    labels : ndarray of int8, shape (n_lines,)
    probability : ndarray of float64, shape (n_lines,)
        The probability of content by the model.

    Examples
    --------
    >>> correct(np.array([1, 1, 0, -1, -1], np.int8), np.array([0.9, 0.1, 0.4, 0.8, 0.6])).tolist()
    [1, -1, 0, 1, -1]
    """
    sure = np.select([probability >= _SURE, probability <= 1 - _SURE], [CONTENT, BOILERPLATE], MASKED)
    clash = (sure != MASKED) & (labels != MASKED) & (sure != labels)
    return np.select([clash, labels == MASKED], [MASKED, sure], labels).astype(np.int8)
