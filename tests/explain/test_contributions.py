"""Contributions of features and words to a line's log-odds."""

import numpy as np
import pytest
from helpers import ANY_TEXT, constant_model, forward, plain_stage, random_model
from hypothesis import assume, given
from hypothesis import strategies as st

from dechaff import LineBatch, LineModel, classify_lines
from dechaff.explain.contributions import explain
from dechaff.features.stage3 import stage3_names
from dechaff.linear.stage import Stage
from dechaff_training.corpus.corpus import Corpus

RANDOM = random_model()


def log_odds(model: LineModel, text: str) -> np.ndarray:
    return model.log_odds(LineBatch.from_texts([text]))


@given(ANY_TEXT)
def test_contributions_sum_to_the_log_odds(text: str) -> None:
    """For any text, the base and the contributions of features and words sum to the model's log-odds."""
    assume(LineBatch.from_texts([text]).n_lines)
    explanation = explain(forward(RANDOM, text))
    assert explanation.log_odds == pytest.approx(log_odds(RANDOM, text), abs=1e-4)


def test_real_articles(model: LineModel, corpus: Corpus) -> None:
    """On real articles the contributions sum to the log-odds, and the reasons without a limit are all of them."""
    for text in corpus.texts[::9]:
        explanation = explain(forward(model, text))
        expected = log_odds(model, text)
        assert explanation.log_odds == pytest.approx(expected, abs=1e-4)
        for line in (0, len(expected) - 1):
            reasons = explanation.reasons(line, limit=None)
            total = explanation.base + sum(reason.contribution for reason in reasons)
            assert total == pytest.approx(expected[line], abs=1e-4)


def test_an_article_without_lines() -> None:
    """An article without lines has no explanation and raises no error."""
    assert explain(forward(RANDOM, "")).log_odds.tolist() == []


def test_reasons_are_sorted(model: LineModel) -> None:
    """The strongest reason is first, a limit cuts the list, and no named feature has a contribution of zero."""
    lines = classify_lines("Subscribe now for ₹900 per month\nThe bridge will close, the council said.", model)
    everything = lines[0].reasons(limit=None)
    strengths = [abs(reason.contribution) for reason in everything]
    assert strengths == sorted(strengths, reverse=True)
    assert lines[0].reasons() == everything[:3]
    assert lines[0].reasons(limit=1) == everything[:1]


def test_words_are_shown_as_they_stand() -> None:
    """Reasons of words, pairs, whole lines and neighbouring words show the words themselves."""
    base = random_model(n_trees=0)
    second = plain_stage(base.stage2.names, 0.0, log_odds=1.0)
    model = LineModel(constant_model(0.0).stage1, second, base.word_weights)
    names = {reason.feature for reason in explain(forward(model, "Share it\nSaid Zoë")).reasons(0, limit=None)}
    assert {"word 'share'", "word 'it'", "pair 'share it'", "first word 'share'", "last word 'it'",
            "whole line 'Share it'", "word after 'said'", "word after 'zoë'"} <= names  # fmt: skip
    assert not any(name.startswith("word before") for name in names)


def test_a_feature_by_hand() -> None:
    """A stage 1 feature contributes its weight times its standardised value, scaled by stage 2's weight of stage 1."""
    base = constant_model(0.25)
    first = plain_stage(base.stage1.names, 0.5, has_digit=2.0)
    scales = np.where(np.array(base.stage1.names) == "has_digit", 0.5, 1).astype(np.float32)
    first = Stage(first.names, first.means, scales, first.coefficients, 0.5)
    model = LineModel(first, plain_stage(base.stage2.names, 0.25, log_odds=0.5), base.word_weights)
    explanation = explain(forward(model, "7 oaks"))
    assert explanation.base == pytest.approx(0.25 + 0.5 * 0.5)
    assert explanation.reasons(0, limit=1)[0] == ("has_digit", pytest.approx(0.5 * 2.0 * 1 / 0.5))


def test_stage_3_by_hand() -> None:
    """Stage 3 scales the contributions of stage 2 and adds those of its own features."""
    base = constant_model(0.0)
    second = plain_stage(base.stage2.names, 0.25, has_digit=2.0)
    third = plain_stage(stage3_names(), -1.0, decided_log_odds=0.5, decided_log_n_words=3.0)
    model = LineModel(base.stage1, second, base.word_weights, stage3=third)
    explanation = explain(forward(model, "7 oaks\nan ash"))
    assert explanation.base == pytest.approx(-1.0 + 0.5 * 0.25)
    assert explanation.reasons(0, limit=None) == [
        ("decided_log_n_words", pytest.approx(3.0 * np.log(2), abs=1e-3)),
        ("has_digit", pytest.approx(0.5 * 2.0)),
    ]
    assert explanation.log_odds == pytest.approx(log_odds(model, "7 oaks\nan ash"), abs=1e-6)


@given(ANY_TEXT, st.integers(0, 400))
def test_a_limit_cuts_the_list_and_changes_nothing(text: str, limit: int) -> None:
    """For any text, the reasons with a limit are the first ones of the reasons without, repeated words included."""
    explanation = explain(forward(RANDOM, text))
    for line in range(min(LineBatch.from_texts([text]).n_lines, 3)):
        assert explanation.reasons(line, limit) == explanation.reasons(line, limit=None)[:limit]
