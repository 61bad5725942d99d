"""Fitting of the regression for lines whose markup is known."""

import numpy as np

from dechaff import LineBatch
from dechaff.text.marked import MarkedText, as_markdown, markup_bits
from dechaff_training.fit.estimator import LineClassifier

CLASSIFIER = LineClassifier(n_trees=0, n_folds=3, n_bits=8)
TEXT = "The mill shuts\nRain fell on the weir\nThe old mill\nRain fell on the town"


def page(number: int) -> tuple[MarkedText, list[int]]:
    """Return a page whose links are boilerplate, although their words say nothing, and its labels."""
    linked = [(number >> line) % 2 for line in range(4)]
    begins = np.array([0, 15, 38, 51])
    return MarkedText.of(TEXT, begins, np.where(linked, markup_bits(["link"]), 0)), [1 - each for each in linked]


def test_links_are_learnt() -> None:
    """Where only links tell content from boilerplate, the model labels marked texts, of HTML and Markdown, by them."""
    pages = [page(number) for number in range(1, 15)] * 3
    texts, labels = zip(*pages, strict=True)
    model = CLASSIFIER.fit(texts, labels, [f"site {place}" for place in range(len(pages))]).model_
    assert model.markup is not None
    text, expected = page(5)
    for each in (text, as_markdown(text)):
        assert (model.log_odds(LineBatch.from_texts([each])) > 0).astype(int).tolist() == expected


def test_texts_without_markup_have_no_such_regression() -> None:
    """A model that is fitted to plain texts has none."""
    pages = [page(number) for number in range(1, 15)]
    texts, labels = [str(text) for text, _ in pages], [labels for _, labels in pages]
    assert CLASSIFIER.fit(texts, labels, list(range(len(pages)))).model_.markup is None
