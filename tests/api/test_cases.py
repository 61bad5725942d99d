"""Small articles with one known difficulty each: inserts in the body, lists, code, dialogue, scripts without spaces."""

from pathlib import Path

import numpy as np
import pytest

from dechaff import LineModel
from dechaff.decisions.decide import decide
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, Article
from dechaff_training.corpus.corpus import Corpus

CASES = Corpus.read(Path(__file__).parents[1] / "cases").articles


def kept_lines(model: LineModel, article: Article) -> np.ndarray:
    return next(decide([article.text], model)).kept


def test_most_lines_of_all_cases_are_right(model: LineModel) -> None:
    """Nine tenths of the lines are labelled as the policy says, and more of the content is kept."""
    kept = np.concatenate([kept_lines(model, case) for case in CASES])
    labels = np.concatenate([case.labels for case in CASES])
    assert np.mean(kept[labels >= 0] == labels[labels >= 0]) >= 0.8
    assert np.mean(kept[labels == CONTENT]) >= 0.85
    assert np.mean(~kept[labels == BOILERPLATE]) >= 0.7


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id.partition("/")[2])
def test_no_case_loses_its_end(model: LineModel, case: Article) -> None:
    """Of the last three content lines of a case at least one is kept: inserts do not cut an article off."""
    last = np.flatnonzero(case.labels == CONTENT)[-3:]
    assert kept_lines(model, case)[last].any()
