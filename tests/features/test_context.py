"""Context features: the stage 1 log-odds of the lines around."""

import numpy as np
import pytest

from dechaff import LineBatch
from dechaff.features import context, line_features
from dechaff.features.context import context_features
from dechaff.linear.line_model import kind_log_odds
from dechaff.text.tokens import find_words

CONTEXT_ODDS = np.array([-3.0, 2.0, 3.0, -1.0, 4.0, -4.0, 5.0])


def context_of(odds: np.ndarray, *articles: str) -> dict[str, np.ndarray]:
    batch = LineBatch.from_texts(articles)
    words = find_words(batch)
    kinds = kind_log_odds((), odds[None])
    return context_features(batch, words, line_features(batch, words), odds, kinds)


def test_context() -> None:
    """Neighbouring log-odds, window means, the mass around and the best segment are computed within each article."""
    found = context_of(CONTEXT_ODDS, "aa\nbb\ncc\ndd\nee\nff", "gg")
    probability = 1 / (1 + np.exp(-CONTEXT_ODDS))
    own = probability[:6]
    expected = {
        "log_odds": CONTEXT_ODDS,
        "probability": probability,
        "log_odds_before": [-4, -3, 2, 3, -1, 4, -4],
        "log_odds_after": [2, 3, -1, 4, -4, -4, -4],
        "mean_probability_within_2_lines": [
            *(own[max(i - 2, 0) : i + 3].mean() for i in range(6)),
            probability[6],
        ],
        "share_content_before": [*(own[:i].sum() / own.sum() / 1 for i in range(6)), 0],
        "article_largest_line_share": [own[4] / own.sum()] * 6 + [1],
        "log_lines_since_content": np.log1p([30, 30, 1, 1, 2, 1, 30]),
        "is_in_best_segment": [0, 1, 1, 1, 1, 0, 1],
        "log_lines_after_best_segment": np.log1p([0, 0, 0, 0, 0, 1, 0]),
        "log_lines_before_best_segment": np.log1p([1, 0, 0, 0, 0, 0, 0]),
    }
    for name, values in expected.items():
        assert found[name] == pytest.approx(np.array(values, float), abs=6e-5), name  # rounded to 4 decimals


def test_segments_and_like_lines() -> None:
    """A strict best segment holds confident lines alone; lines of one shape share a mean."""
    odds = np.array([-4.0, 0.8, 5.0, 0.8, -4.0])
    found = context_of(odds, "• aaaa\nBbbb bbbb.\nThe cccc.\nBbbb bbbb.\n• aaaa")
    assert found["is_in_narrow_segment"].tolist() == [0, 0, 1, 0, 0]
    assert found["is_in_best_segment"].tolist() == [0, 1, 1, 1, 0]
    assert found["log_odds_of_like_lines"] == pytest.approx([-4, 0.8, -2, 0.8, -4])


def test_log_odds_are_clipped() -> None:
    """The stage 1 log-odds are clipped to 8."""
    assert context_of(np.array([-99.0, 99.0]), "a\nb")["log_odds"].tolist() == [-8, 8]


def test_cohesion_is_the_same_in_parts_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cohesion does not depend on how many articles are measured at once."""
    articles = ["The old mill shuts\nThe mill was old", "", "Rain on the river\nRiver\nIt rained", "River"]
    odds = np.array([2.0, 3.0, -1.0, 2.0, 4.0, 5.0])
    whole = context_of(odds, *articles)
    for n_words in (1, 9):
        monkeypatch.setattr(context, "_WORDS_AT_ONCE", n_words)
        found = context_of(odds, *articles)
        assert all(found[name].tolist() == whole[name].tolist() for name in whole)


def test_cohesion() -> None:
    """A line whose rarer words occur in the probable content has high cohesion; a line of other words has none."""
    body = "The harbour ferry Meridian sank near Valdorra on Friday."
    found = context_of(
        np.array([6.0, 0.0, 0.0, -6.0]), f"{body}\nFerry Meridian at Valdorra\nCheap kettles tested\nShop"
    )
    assert found["cohesion"][1] > found["cohesion"][2]
    assert found["share_rare_words_in_content"][1] > 0.5 > found["share_rare_words_in_content"][2]
