"""Regressions of kinds of boilerplate: learnt from lines whose kind is known, and evidence for stage 2."""

from typing import Any

import numpy as np
import pytest

from dechaff import LineBatch, LineModel
from dechaff.features.context import LEARNT_KINDS, UNLIKELY
from dechaff.linear.line_model import kind_log_odds
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.line_table import encode_kinds

BODY = "The old {0} at the weir will close in March, the owner of the {0} said on Tuesday evening."
COMMENT = "{0} years ago"
SUBJECTS = ("mill", "ferry", "orchard", "quarry", "bakery", "lighthouse")
TEXTS = ["\n".join((BODY.format(each), "Share", COMMENT.format(n))) for n, each in enumerate(SUBJECTS, 2)]
KINDS = [["", "share", "comment"]] * len(TEXTS)
COMMENTS = LEARNT_KINDS.index("comment")


def fit(kinds: Any) -> LineModel:
    """Fit a small model to articles with a comment each."""
    classifier = LineClassifier(n_trees=0, n_folds=2, n_bits=10)
    return classifier.fit(TEXTS, [[1, 0, 0]] * len(TEXTS), kinds=kinds).model_


def test_known_kinds_are_learnt() -> None:
    """The comment of another article is recognised, also where some kinds are unknown; no line is of other kinds."""
    model = fit([*KINDS[:-1], None])
    batch = LineBatch.from_texts([f"{BODY.format('school')}\nShare\n{COMMENT.format(9)}"])
    matrix = model.forward(batch).matrix[: len(model.stage1.names)]
    odds = kind_log_odds(model.kinds, matrix)
    assert (odds[COMMENTS] > 0).tolist() == [False, False, True]
    assert np.delete(odds, COMMENTS, axis=0) == pytest.approx(UNLIKELY)


@pytest.mark.parametrize("kinds", [None, [None] * len(TEXTS), [["", "", ""]] * len(TEXTS)])
def test_without_known_kinds(kinds: Any) -> None:
    """A model that knows no kind has no regressions, and takes no line for one of a kind."""
    model = fit(kinds)
    forward = model.forward(LineBatch.from_texts(TEXTS[:1]))
    assert model.kinds == ()
    assert forward.matrix[model.stage2.names.index("log_odds_of_comment")] == pytest.approx(UNLIKELY)


def test_masked_lines_have_no_kind() -> None:
    """Whether a line without a label is of a kind is not known."""
    found = encode_kinds([["comment", "comment"]], np.array([0, -1], np.int8), np.array([2]))
    assert found[COMMENTS].tolist() == [1, -1]


def test_a_wrong_number_of_kinds() -> None:
    """Each line needs a kind, if those of its article are known."""
    with pytest.raises(ValueError, match="article 1 has 3 non-blank lines, but 2 kinds"):
        fit([KINDS[0], ["", "share"], *KINDS[2:]])
