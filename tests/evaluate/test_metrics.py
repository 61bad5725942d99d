"""Tokens, shingles, estimates with intervals, and scores of lines."""

import time
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_fscore_support

from dechaff_training.corpus.tokens import shingles, tokenize
from dechaff_training.evaluate.metrics import (
    SCORES,
    Estimate,
    Resamples,
    drop_headline,
    f1_of_means,
    line_scores,
    mean_precision,
    mean_recall,
    page_columns,
    shingle_counts,
)

WORDS = st.lists(st.sampled_from(["a", "b", "c", "東", "京", "!", "\n"]), max_size=30).map(" ".join)


def bootstrap(
    sites: ArrayLike, columns: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], n: int = 1000
) -> Estimate:
    """Estimate a figure that is a function of sums of columns."""
    resamples = Resamples(sites, n)
    return resamples.estimate(statistic(resamples.sums(columns)))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("… — !", []),
        ("It's 5.30", ["It", "s", "5", "30"]),
        ("snake_case Ünïcode", ["snake_case", "Ünïcode"]),
        ("日本のGDPは3位・世界", ["日", "本", "の", "GDP", "は", "3", "位", "世", "界"]),
        ("한국어 뉴스", ["한국어", "뉴스"]),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    """Tokens are runs of letters and digits; Han and kana characters are single tokens, punctuation is none."""
    assert tokenize(text) == tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("one", {("one",): 1}),
        ("a b c", {("a", "b", "c"): 1}),
        ("a b c d", {("a", "b", "c", "d"): 1}),
        ("a a a a a", {("a", "a", "a", "a"): 2}),
    ],
)
def test_shingles(text: str, expected: dict[tuple[str, ...], int]) -> None:
    """A text of four tokens or more has a shingle for every four in a row; a shorter text is one shingle."""
    assert shingles(tokenize(text)) == Counter(expected)


@given(WORDS, WORDS)
def test_shingle_counts_are_those_of_multisets(predicted: str, gold: str) -> None:
    """Shared, extra and missing shingles are those of multiset intersection and difference."""
    p, g = shingles(tokenize(predicted)), shingles(tokenize(gold))
    assert shingle_counts(p, g) == ((p & g).total(), (p - g).total(), (g - p).total())


def test_pages_without_text_or_gold() -> None:
    """An empty prediction has no precision but recall 0, an empty gold no recall but precision 0."""
    sums = page_columns([(2, 2, 0), (0, 0, 4), (0, 4, 0), (0, 0, 0)]).sum(axis=0)
    assert mean_precision(sums) == pytest.approx((0.5 + 0) / 2)
    assert mean_recall(sums) == pytest.approx((1 + 0) / 2)


@pytest.mark.parametrize(
    ("counts", "f1"),
    [([(4, 0, 0)], 1.0), ([(0, 0, 4)], 0.0), ([(0, 4, 4)], 0.0), ([(1, 1, 0), (1, 0, 1)], 0.75)],
)
def test_f1_of_means(counts: list[tuple[int, int, int]], f1: float) -> None:
    """The F1 is computed from the two means over pages, and is 0 where nothing was found."""
    assert f1_of_means(page_columns(counts).sum(axis=0)) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("line", "title", "dropped"),
    [
        ("The mill shuts down", "The mill shuts down", True),
        ("  # THE MILL SHUTS DOWN!", "The mill shuts down", True),
        ("The mill shuts down | Valley Post", "The mill shuts down", True),
        ("The mill shuts down - Local - Valley Post", "The mill shuts down", True),
        ("Valley Post – The mill shuts down", "The mill shuts down", True),
        ("The mill shuts down", "The mill shuts down | Valley Post", True),
        ("The mill shuts down – Other Post", "The mill shuts down | Valley Post", True),
        ("磨坊关闭 | 河谷日报", "磨坊关闭", True),
        ("Valley Post", "The mill shuts down | Valley Post", False),
        ("Live", "Live | The mill shuts down today", False),
        ("The mill shuts down, its owner said.", "The mill shuts down", False),
        ("The mill-shuts down twice", "The mill", False),
        ("|", "|", False),
        ("A line", None, False),
    ],
)
def test_drop_headline(line: str, title: str | None, dropped: bool) -> None:
    """A line that is the headline is dropped, with or without the site's name; a longer line stays."""
    assert drop_headline(f"One.\n{line}\nTwo.", title) == ("One.\nTwo." if dropped else f"One.\n{line}\nTwo.")


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.5), ".500"),
        (Estimate(-0.0123, -0.02, 0.0), "-.012 [-.020, .000]"),
        (Estimate(1.0, 0.9996, 1.0), "1.000 [1.000, 1.000]"),
        (Estimate(np.nan), "–"),
    ],
)
def test_estimates_are_written_short(estimate: Estimate, text: str) -> None:
    """Figures have three digits and no leading zero; an undefined figure is a dash."""
    assert str(estimate) == text


def test_estimate_as_json_has_no_nan() -> None:
    """Undefined figures are null in JSON, which has no NaN."""
    assert Estimate(0.5).to_dict() == {"value": 0.5, "low": None, "high": None}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(0, 3))
def test_draws_keep_the_number_of_sites(sites: list[int], seed: int) -> None:
    """The first draw is the sample, the others have the same number of sites, and equal seeds give equal draws."""
    columns = np.ones((len(sites), 1))
    resamples = Resamples(sites, n=20, seed=seed)
    sums = resamples.sums(columns)
    assert sums[0] == len(sites)
    assert (Resamples(sites, n=20, seed=seed).sums(columns) == sums).all()
    once = Resamples(sorted(set(sites)), n=20, seed=seed)
    assert (once.sums(np.ones((once.n_sites, 1))) == once.n_sites).all()


def test_interval_covers_the_mean() -> None:
    """About nineteen of twenty 95 % intervals contain the true mean."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        values = np.repeat(rng.normal(0.5, 0.1, 40), 3)
        columns = np.column_stack((values, np.ones(120)))
        estimate = bootstrap(np.repeat(np.arange(40), 3), columns, lambda s: s[..., 0] / s[..., 1], n=300)
        held += estimate.low <= 0.5 <= estimate.high
    assert 180 <= held <= 198


def test_pages_of_one_site_move_together() -> None:
    """Sites are drawn, not pages: ten copies of each page leave the interval unchanged."""
    pages = page_columns(np.random.default_rng(0).integers(1, 9, (30, 3)))
    one = bootstrap(np.arange(30), pages, f1_of_means)
    ten = bootstrap(np.tile(np.arange(30), 10), np.tile(pages, (10, 1)), f1_of_means)
    assert (ten.low, ten.high) == pytest.approx((one.low, one.high))


def test_paired_difference_is_narrower() -> None:
    """On common resamples the difference of two similar systems has a narrower interval than either."""
    counts = np.random.default_rng(0).integers(1, 50, (60, 3))
    first, second = page_columns(counts), page_columns(counts + np.array([1, 0, 0]))
    both = np.hstack((first, second))
    single = bootstrap(np.arange(60), first, f1_of_means)
    paired = bootstrap(np.arange(60), both, lambda s: f1_of_means(s[..., 4:]) - f1_of_means(s[..., :4]))
    assert 0 < paired.low < paired.value < paired.high
    assert paired.high - paired.low < (single.high - single.low) / 4


def test_one_site_has_no_interval() -> None:
    """A single site gives no interval."""
    assert str(bootstrap(["a", "a"], page_columns([(1, 1, 1), (1, 0, 0)]), f1_of_means)) == ".750"


def test_resampling_is_fast() -> None:
    """A thousand resamples of 700 pages take less than a second of processor time."""
    start = time.process_time()
    bootstrap(np.arange(700) % 500, page_columns(np.ones((700, 3))), f1_of_means)
    assert time.process_time() - start < 1


@pytest.fixture
def lines() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 3000).astype(np.int8)
    probability = np.clip(rng.normal(0.3 + 0.4 * labels, 0.25), 0, 1).round(2)
    return labels, probability, rng.integers(1, 40, 3000).astype(float), rng.integers(0, 30, 3000)


def test_line_scores_are_those_of_scikit_learn(lines: tuple[np.ndarray, ...]) -> None:
    """Precision, recall, F1, average precision and Brier score equal scikit-learn's, with weights and ties."""
    labels, probability, weights, sites = lines
    kept = probability >= 0.5
    scores = line_scores(labels, probability, kept, weights, Resamples(sites))
    assert tuple(scores) == SCORES
    for code, name in enumerate(("boilerplate", "content")):
        precision, recall, f1, _ = precision_recall_fscore_support(
            labels, kept, sample_weight=weights, pos_label=code, average="binary"
        )
        score = probability if code else 1 - probability
        expected = {
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "average_precision": average_precision_score(labels == code, score, sample_weight=weights),
        }
        for figure, value in expected.items():
            assert scores[f"{name}_{figure}"].value == pytest.approx(value)
    assert scores["brier"].value == pytest.approx(brier_score_loss(labels, probability, sample_weight=weights))


def test_intervals_hold_their_values(lines: tuple[np.ndarray, ...]) -> None:
    """Each figure lies within its interval, which is narrow with many sites."""
    labels, probability, weights, sites = lines
    scores = line_scores(labels, probability, probability >= 0.5, weights, Resamples(sites))
    for estimate in scores.values():
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.high - estimate.low < 0.1


@pytest.mark.parametrize(
    ("labels", "probability", "error"),
    [
        ([1, 0], [1.0, 0.0], 0.0),
        ([1, 0], [0.0, 1.0], 1.0),
        ([1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25], 0.0),
        ([1, 1, 1, 1], [0.9, 0.9, 0.9, 0.5], 0.2),
    ],
)
def test_calibration_error(labels: list[int], probability: list[float], error: float) -> None:
    """The error is the mean distance over the bins between predicted and observed shares."""
    y, p = np.array(labels, np.int8), np.array(probability)
    scores = line_scores(y, p, p >= 0.5, np.ones(len(y)), Resamples(np.arange(len(y))))
    assert scores["calibration_error"].value == pytest.approx(error)


def test_one_class_alone_gives_no_figures_for_the_other() -> None:
    """Without content lines, recall and average precision of content are undefined, without an error."""
    labels, probability = np.zeros(4, np.int8), np.array([0.1, 0.2, 0.3, 0.4])
    scores = line_scores(labels, probability, probability >= 0.5, np.ones(4), Resamples([0, 0, 1, 1]))
    assert np.isnan(scores["content_average_precision"].value)
    assert scores["boilerplate_recall"].value == 1
