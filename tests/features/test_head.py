"""The head of an article: which lines it has, and their leads over each other."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dechaff import LineBatch
from dechaff.features import line_features
from dechaff.features.context import context_features
from dechaff.features.head import NO_HEADLINE, choice_log_odds, find_head, headline_candidates, leads
from dechaff.linear.line_model import kind_log_odds
from dechaff.text.ragged import Ragged
from dechaff.text.tokens import find_words

ROWS = st.lists(st.lists(st.tuples(st.floats(-8, 8), st.booleans()), max_size=9), max_size=5)


def lead(score: float, others: Sequence[float]) -> float:
    return float(np.clip(score - max(others), -4, 4)) if others else 4.0


@given(ROWS)
def test_leads_are_those_of_the_definition(rows: list[list[tuple[float, bool]]]) -> None:
    """A candidate's leads are over the other candidates of its own row; a line that is none has the lowest lead."""
    offsets = np.cumsum([0, *map(len, rows)])
    scores = np.array([score for row in rows for score, _ in row], np.float64)
    candidates = np.array([candidate for row in rows for _, candidate in row], bool)
    expected = []
    for row in rows:
        for place, (score, candidate) in enumerate(row):
            later = [other for other, known in row[place + 1 :] if known]
            earlier = [other for other, known in row[:place] if known]
            expected.append((lead(score, earlier + later), lead(score, later)) if candidate else (-4.0, -4.0))
    found = np.column_stack(leads(scores, candidates, Ragged(offsets)))
    np.testing.assert_allclose(found, np.array(expected, np.float64).reshape(-1, 2), atol=2e-4)


@pytest.mark.parametrize("n_before", [0, 1, 7, 100, 1000])
def test_leads_do_not_depend_on_the_batch(n_before: int) -> None:
    """Lines with equal scores have no lead over each other, however many articles stand before theirs."""
    scores = np.append(np.linspace(-7, 7, n_before), [0.1, 1.234567, 1.234567])
    offsets = np.append(np.arange(n_before + 1), n_before + 3)
    over_all, _ = leads(scores, np.ones(len(scores), bool), Ragged(offsets))
    assert over_all[-3:].tolist() == [-1.1346, 0.0, 0.0]


@pytest.mark.parametrize(
    ("probability", "n_words", "rows", "in_head", "distance"),
    [
        ([0.2, 0.4, 0.9, 0.1, 0.9], [2, 5, 20, 9, 30], [0, 5], [1, 1, 0, 0, 0], [2, 1, 0, 0, 0]),
        ([0.9, 0.1], [9, 9], [0, 2], [0, 0], [0, 0]),
        # Too short or too unlikely for a body.
        ([0.2, 0.9, 0.6], [2, 5, 20], [0, 3], [0, 0, 0], [0, 0, 0]),
        # Most of the content stands above the only long line that is sure.
        ([0.6, 0.9], [90, 9], [0, 2], [0, 0], [0, 0]),
        ([0.2, 0.2, 0.2, 0.9], [5, 5, 5, 9], [0, 2, 4], [0, 0, 1, 0], [0, 0, 1, 0]),
        # A line without words is no candidate.
        ([0.2, 0.2, 0.9], [0, 2, 20], [0, 3], [0, 1, 0], [2, 1, 0]),
        ([], [], [0], [], []),
    ],
)
def test_the_head_ends_where_the_body_begins(
    probability: list[float], n_words: list[int], rows: list[int], in_head: list[int], distance: list[int]
) -> None:
    """The head has the lines before the first line of the body; an article without a body has no head."""
    found = find_head(np.array(probability, float), np.array(n_words, np.int64), Ragged(np.array(rows)))
    assert [found[0].tolist(), found[1].tolist()] == [list(map(bool, in_head)), distance]


def test_a_long_head_is_cut() -> None:
    """Lines more than 30 lines above the body are not in the head."""
    in_head, _ = find_head(np.where(np.arange(101) == 100, 0.9, 0.001), np.full(101, 9), Ragged(np.array([0, 101])))
    assert np.flatnonzero(in_head).tolist() == list(range(70, 100))


def test_a_headline_leads_by_the_words_of_the_body() -> None:
    """The line above the body whose words come again in it has the largest lead."""
    body = (
        "The old mill at the weir will close in March, the owner of the mill said on Tuesday after the weir broke."
    )
    batch = LineBatch.from_texts(["\n".join(["Home", "Old mill at the weir to close", "Sign in", body, body])])
    words = find_words(batch)
    odds = np.array([-3.0, 0.0, -3.0, 6.0, 6.0])
    columns = context_features(batch, words, line_features(batch, words), odds, kind_log_odds((), odds[None]))
    assert columns["is_in_head"].tolist() == [True, True, True, False, False]
    assert int(np.argmax(columns["words_lead_over_head"])) == 1
    assert int(np.argmax(columns["log_odds_lead_over_head"])) == 1


@given(ROWS)
def test_choices_are_shares_of_their_own_row(rows: list[list[tuple[float, bool]]]) -> None:
    """A candidate's probability is its share of the exponentials of its row; other lines have the lowest log-odds."""
    expected = []
    for row in rows:
        total = sum(np.exp(score) for score, candidate in row if candidate)
        expected += [np.exp(score) / total if candidate else 0.0 for score, candidate in row]
    scores = np.array([score for row in rows for score, candidate in row if candidate], np.float64)
    candidates = np.flatnonzero([candidate for row in rows for _, candidate in row])
    found = choice_log_odds(scores, candidates, Ragged(np.cumsum([0, *map(len, rows)])))
    share = np.array(expected, np.float64)
    np.testing.assert_allclose(found, np.log(share + 0.02) - np.log(1.02 - share), atol=2e-3)
    assert np.all(found[share == 0] == NO_HEADLINE)


@pytest.mark.parametrize(
    ("probability", "n_words", "expected"),
    [
        ([0.2, 0.4, 0.9, 0.1, 0.9, 0.9], [2, 5, 20, 9, 30, 30], [0, 1, 2, 3, 4]),
        ([0.2, 0.2, 0.9], [0, 2, 20], [1, 2]),
        # Without a body there is no headline.
        ([0.1, 0.1, 0.1, 0.1], [5, 5, 5, 5], []),
        ([*[0.0] * 40, 0.9], [5] * 40 + [20], [*range(10, 41)]),
        ([], [], []),
    ],
)
def test_candidates_for_the_headline(probability: list[float], n_words: list[int], expected: list[int]) -> None:
    """The headline is sought among 30 lines above the body and the first three lines of the body."""
    offsets = np.array([0, len(n_words)])
    found = headline_candidates(np.array(probability, float), np.array(n_words, np.int64), Ragged(offsets))
    assert found.tolist() == expected
