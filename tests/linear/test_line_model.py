"""The model of lines: its stages by hand, and batches."""

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers import (
    ANY_TEXT,
    ANY_TEXTS,
    constant_model,
    forward,
    plain_stage,
    random_crosses,
    random_model,
    sum_leaves,
)
from hypothesis import given

from dechaff import InputError, LineBatch, LineModel
from dechaff.explain.contributions import explain
from dechaff.features.stage3 import stage3_names
from dechaff.features.words import word_terms
from dechaff.linear.line_model import CLASSES, stage_names
from dechaff.linear.stage import Stage, sigmoid
from dechaff.text.batching import batches
from dechaff.text.tokens import find_words
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.fit.stages import pass_through_stage

RANDOM = random_model()


@pytest.mark.parametrize(
    ("log_odds", "probability"),
    [(0, 0.5), (1, 0.7310585786300049), (-1, 0.2689414213699951), (math.log(3), 0.75), (-math.log(9), 0.1),
     (50, 1.0), (-50, 1.9287498479639178e-22), (-745, 5e-324), (1e6, 1.0), (-1e6, 0.0), (math.inf, 1.0), (-math.inf, 0.0)],
)  # fmt: skip
def test_the_sigmoid_by_hand(log_odds: float, probability: float) -> None:
    """The probability is 1 / (1 + exp(-x)), without overflow at either end."""
    assert sigmoid(np.array([log_odds]))[0] == pytest.approx(probability, rel=1e-12)


def test_a_stage_by_hand() -> None:
    """Features are standardised, weighed, and added to the intercept and the leaves."""
    stage = Stage(
        ("a", "b"),
        means=np.array([1, 10], np.float32),
        scales=np.array([2, 0.5], np.float32),
        coefficients=np.array([3, -1], np.float32),
        intercept=0.25,
    )
    matrix = np.array([[1, 3, 101, -99], [10, 11, 10, 9.5]], np.float32)
    by_hand = [0.25, 0.25 + 3 * 1 - 2, 0.25 + 3 * 50, 0.25 - 3 * 50 + 1]
    assert stage.log_odds(matrix) == pytest.approx(by_hand)
    crosses = random_crosses(np.random.default_rng(0), 4, 2)
    both = replace(stage, crosses=crosses)
    assert both.log_odds(matrix) == pytest.approx(by_hand + sum_leaves(crosses, matrix))


def test_two_stages_by_hand() -> None:
    """The probability is computed by hand: stage 1 sums features and words, stage 2 has its log-odds as a feature."""
    first_names, second_names = stage_names()
    weights = np.zeros(1 << 8, np.float32)
    terms = {t.name: t for t in word_terms(find_words(LineBatch.from_texts(["Buy now"])), 8)}
    weights[terms["word"].buckets[0]] = 2.0
    model = LineModel(
        plain_stage(first_names, 0.5, has_digit=1.5, is_first=-0.25),
        plain_stage(second_names, -1.0, log_odds=0.5, is_last=4.0),
        weights,
    )
    text = "Buy now\n7 oak trees fell"
    first = [0.5 - 0.25 + 2.0 / math.sqrt(2), 0.5 + 1.5]
    other = {t.name: t for t in word_terms(find_words(LineBatch.from_texts(["7 oak trees fell"])), 8)}
    bucket = terms["word"].buckets[0]
    assert not any(bucket in t.buckets for t in other.values())
    assert not any(bucket in t.buckets for name, t in terms.items() if name != "word")
    second = [-1.0 + 0.5 * first[0], -1.0 + 0.5 * first[1] + 4.0]
    expected = [1 / (1 + math.exp(-odds)) for odds in second]
    assert model.predict_proba([text])[:, 1] == pytest.approx(expected, abs=1e-6)


def test_stage_3_by_hand() -> None:
    """Stage 3 is computed by hand from the stage 2 log-odds of the line and from its number of words."""
    names = stage3_names()
    base = replace(constant_model(0.0), stage2=plain_stage(stage_names()[1], 0.0, has_digit=2.0))
    model = replace(base, stage3=plain_stage(names, 0.5, decided_log_odds=1.5, decided_log_n_words=0.25))
    batch = LineBatch.from_texts(["7 oak trees\nfell"])
    assert model.log_odds(batch) == pytest.approx([0.5 + 1.5 * 2.0 + 0.25 * np.log(3), 0.5], abs=1e-3)
    assert base.log_odds(batch) == pytest.approx([2.0, 0.0])


def test_the_pass_through_stage() -> None:
    """Without a second stage the probabilities are those of stage 1, with log-odds clipped at eight."""
    first_names, _ = stage_names()
    for odds, shown in ((0.75, 0.75), (-7.5, -7.5), (30.0, 8.0)):
        model = LineModel(plain_stage(first_names, odds), pass_through_stage(), np.zeros(2, np.float32))
        assert model.predict_proba(["a\nb"])[:, 1] == pytest.approx(1 / (1 + math.exp(-shown)), abs=1e-6)


def test_labels_and_threshold() -> None:
    """A line with exactly the threshold's probability is content; the columns are those of `classes_`."""
    model = constant_model(0.0, threshold=0.5)
    assert model.classes_ == CLASSES == ("boilerplate", "content")
    assert model.predict(["a\nb"]).tolist() == ["content", "content"]
    assert replace(model, threshold=0.51).predict(["a"]).tolist() == ["boilerplate"]
    assert model.predict_proba(["a"]).tolist() == [[0.5, 0.5]]


@given(ANY_TEXT)
def test_probabilities_of_any_text(text: str) -> None:
    """For any text, each line has two finite probabilities that sum to one."""
    probabilities = RANDOM.predict_proba([text])
    assert probabilities.shape == (LineBatch.from_texts([text]).n_lines, 2)
    assert np.isfinite(probabilities).all()
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(probabilities)))


def one_by_one(model: LineModel, texts: list[str]) -> np.ndarray:
    return np.concatenate([np.zeros((0, 2)), *(model.predict_proba([text]) for text in texts)])


@given(ANY_TEXTS)
def test_a_batch_is_its_articles_one_by_one(texts: list[str]) -> None:
    """For any texts, other articles in the batch do not change a line's probability."""
    together = RANDOM.predict_proba(texts)
    assert together == pytest.approx(one_by_one(RANDOM, texts), abs=1e-9)


def test_real_articles_one_by_one(model: LineModel, corpus: Corpus) -> None:
    """Real articles have the probabilities and labels of each article alone."""
    together, alone = model.predict_proba(corpus.texts), one_by_one(model, corpus.texts)
    assert together == pytest.approx(alone, abs=1e-9)
    assert model.predict(corpus.texts).tolist() == [label for t in corpus.texts for label in model.predict([t])]


def test_the_order_of_articles_does_not_matter(model: LineModel, corpus: Corpus) -> None:
    """Real articles in another order have the same probabilities."""
    order = np.random.default_rng(0).permutation(len(corpus.texts))
    bounds = np.cumsum([0, *(len(labels) for labels in corpus.labels)])
    straight = model.predict_proba(corpus.texts)
    expected = np.concatenate([straight[bounds[i] : bounds[i + 1]] for i in order])
    assert model.predict_proba([corpus.texts[i] for i in order]) == pytest.approx(expected, abs=1e-9)


def test_single_lines_one_by_one(model: LineModel, corpus: Corpus) -> None:
    """Articles of one line have the same probability alone as in a batch."""
    lines = LineBatch.from_texts(corpus.texts[:1]).line_texts(0)
    assert model.predict_proba(lines) == pytest.approx(one_by_one(model, lines), abs=1e-9)


def test_batches_are_the_articles(corpus: Corpus) -> None:
    """Batches of about a million code points hold every article once, in order, also around a very long one."""
    texts = ["short", "x" * 1_200_000, "", *corpus.texts, "y\n" * 600_000, "last"]
    cut = list(batches(texts))
    assert len(cut) > 2
    assert [text for batch in cut for text in batch.texts] == texts
    assert list(batches([])) == []


def test_a_huge_article_is_judged_in_parts(model: LineModel) -> None:
    """An article with too many lines is labelled and explained in parts, each as an article."""
    paragraphs = [
        f"  The mill took {n} tons of rye in the year {n}, the council said.\n\nShare {n}\n" for n in range(20_000)
    ]
    batch = LineBatch.from_texts(["".join(paragraphs), "The vote was held on Tuesday."])
    assert np.diff(batch.part_lines).tolist() == [20_000, 20_000, 1]
    parts = ["".join(paragraphs[:10_000]), "".join(paragraphs[10_000:]), batch.texts[1]]
    judged = [model.log_odds(LineBatch.from_texts([part])) for part in parts]
    assert (model.log_odds(batch) == np.concatenate(judged)).all()
    assert model.features(batch).shape == (len(model.stage2.names), 40_001)
    explained = explain(forward(model, batch.texts[0]))
    assert explained.log_odds == pytest.approx(np.concatenate(judged[:2]), abs=1e-3)
    for line in (19_999, 20_000):  # on both sides of the cut
        shares = [share.contribution for share in explained.iter_words(line)]
        assert sum(shares) == pytest.approx(explained.word_contributions[:, line].sum(), abs=1e-6)


def test_empty_articles() -> None:
    """A batch without articles or lines has no rows."""
    for texts in ([], [""], ["", "\n \n"]):
        assert RANDOM.predict_proba(texts).shape == (0, 2)
        assert RANDOM.predict(texts).shape == (0,)


def test_features_without_lines() -> None:
    """A batch without lines has a matrix without columns."""
    assert RANDOM.features(LineBatch.from_texts([""])).shape == (len(stage_names()[1]), 0)


def test_the_matrix_has_the_names_of_the_stage(model: LineModel) -> None:
    """The matrix has a row for each of the model's names, which are this version's."""
    assert (model.stage1.names, model.stage2.names) == stage_names()
    assert model.features(LineBatch.from_texts(["a\nb"])).shape == (len(model.stage2.names), 2)


def test_batches_of_short_articles() -> None:
    """Many short articles are split into batches of about a thousand, because tables have rows for each article."""
    cut = list(batches(["Hi"] * 3000 + [""] * 3000))
    assert max(batch.n_articles for batch in cut) <= 1024
    assert sum(batch.n_articles for batch in cut) == 6000


def test_models_can_be_compared_and_kept_in_sets() -> None:
    """Models are compared by identity and can be dictionary keys."""
    other = random_model()
    assert len({RANDOM, other, RANDOM}) == 2
    assert other not in [RANDOM]


def test_one_text_is_no_list() -> None:
    """A string in place of a list is refused, rather than read as a list of characters."""
    with pytest.raises(InputError, match="give a list"):
        list(batches("abc"))
