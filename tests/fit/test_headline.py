"""The choice of the headline: learned from articles whose headline is known, and used by stage 3."""

import numpy as np
import pytest

from dechaff import LineBatch, LineModel
from dechaff.features.head import NO_HEADLINE
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.stages import fit_choice

SUBJECTS = ("mill", "ferry", "orchard", "quarry", "bakery", "lighthouse", "theatre", "market", "harbour", "school")
MENU = ["Home", "Weather and traffic", "Sign in or register"]


def make_text(subject: str, headline: int) -> str:
    """Return an article whose headline stands at a place among three lines of the menu."""
    lines = [*MENU]
    lines.insert(headline, f"Old {subject} at the weir to close")
    body = f"The old {subject} at the weir will close in March, the owner of the {subject} said on Tuesday evening."
    return "\n".join([*lines, body, body.replace("will close", "is going to be closed"), "Share"])


def fit(headlines: bool) -> LineModel:
    """Fit a small model, with or without known headlines."""
    places = [number % 3 + 1 for number in range(len(SUBJECTS))]
    texts = [make_text(subject, place) for subject, place in zip(SUBJECTS, places, strict=True)]
    labels = [[int(line not in (*MENU, "Share")) for line in text.split("\n")] for text in texts]
    classifier = LineClassifier(n_trees=0, n_folds=2, n_bits=10)
    return classifier.fit(texts, labels, headlines=places if headlines else None).model_


@pytest.mark.parametrize("place", [1, 2, 3])
def test_the_headline_is_chosen(place: int) -> None:
    """A model that knows headlines finds that of an article with other words, wherever it stands among the menu."""
    batch = LineBatch.from_texts([make_text("library", place)])
    forward = fit(headlines=True).forward(batch)
    assert forward.model.stage3 is not None
    assert forward.stage3_matrix is not None
    found = forward.stage3_matrix[forward.model.stage3.names.index("is_best_headline")]
    assert np.flatnonzero(found).tolist() == [place]


def test_without_known_headlines() -> None:
    """A model that knows no headline chooses none."""
    forward = fit(headlines=False).forward(LineBatch.from_texts([make_text("library", 1)]))
    assert forward.model.headline is None
    assert forward.model.stage3 is not None
    assert forward.stage3_matrix is not None
    names = forward.model.stage3.names
    np.testing.assert_allclose(forward.stage3_matrix[names.index("headline_log_odds")], NO_HEADLINE, rtol=1e-4)
    assert not forward.stage3_matrix[names.index("is_best_headline")].any()


def test_a_choice_has_the_largest_score() -> None:
    """The feature in which chosen lines differ from the others gets the weight; a feature they share gets none."""
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(200, 3)).astype(np.float32)
    dense[::2, 1] += 3
    chosen, others = np.arange(0, 200, 2), np.arange(1, 200, 2)
    stage = fit_choice(("a", "b", "c"), dense, chosen, others, np.ones(100), C=1.0, max_iter=200)
    weights = np.abs(stage.coefficients)
    assert np.argmax(weights) == 1
    assert weights[1] > 5 * max(weights[0], weights[2])
    assert stage.coefficients[1] > 0
