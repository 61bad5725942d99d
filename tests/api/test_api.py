"""The public functions: cleaning, labels, thresholds, the fallback, flags and wrong arguments."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from helpers import ANY_TEXT, ANY_TEXTS, constant_model, random_model
from hypothesis import given
from hypothesis import strategies as st

from dechaff import (
    InputError,
    LineModel,
    classify_lines,
    clean_array,
    clean_article,
    keep_content,
    split_lines,
)
from dechaff.decisions.decide import apply_threshold
from dechaff_training.corpus.corpus import Corpus

RANDOM = random_model()


@given(ANY_TEXT)
def test_kept_and_dropped_are_the_input(text: str) -> None:
    """The kept text and the dropped segments, in order, are the input to the last character."""
    article = clean_article(text, RANDOM)
    starts = [line.start for line in article.lines]
    bounds = [0, *starts[1:], len(text)] if starts else []
    segments = [text[a:b] for a, b in itertools.pairwise(bounds)]
    assert "".join(segments) == (text if starts else "")
    kept = [s for s, line in zip(segments, article.lines, strict=True) if line.label == "content"]
    assert article.text == ("".join(kept) if starts else text)
    assert [(line.start, line.end) for line in article.lines] == split_lines(text)
    assert all(line.text == text[line.start : line.end] for line in article.lines)


@given(ANY_TEXTS)
def test_one_by_one(texts: list[str]) -> None:
    """Many articles in one call give the same results as each article alone, in every public function."""
    cleaned = clean_array(texts, RANDOM)
    assert cleaned == [keep_content(text, RANDOM) for text in texts]
    assert cleaned == [clean_article(text, RANDOM).text for text in texts]


@given(ANY_TEXT)
def test_thresholds(text: str) -> None:
    """Threshold 0 keeps the text unchanged; a higher threshold never keeps a line that a lower one drops."""
    assert keep_content(text, RANDOM, threshold=0) == text
    probability = np.array([line.probability for line in classify_lines(text, RANDOM)])
    for threshold in (0.2, 0.5, 1.0):
        labels = [line.label == "content" for line in classify_lines(text, RANDOM, threshold)]
        if (probability >= threshold).any():
            assert labels == (probability >= threshold).tolist()


def test_real_articles(model: LineModel, corpus: Corpus) -> None:
    """On the project's own articles, many of them hard on purpose, at least 92 of 100 lines are labelled correctly."""
    right = total = 0
    for text, labels in zip(corpus.texts, corpus.labels, strict=True):
        found = np.array([line.label == "content" for line in classify_lines(text, model)])
        right += int((found == labels)[labels >= 0].sum())
        total += int((labels >= 0).sum())
    assert right / total > 0.92


def test_cleaning_line_endings() -> None:
    """Kept lines keep their line breaks and the blank lines after them; text before the first line is dropped with it."""
    text = "\r\n one\r\n\r\ntwo\u2028three"
    assert keep_content(text, constant_model(9)) == text
    assert keep_content(text, constant_model(-9)) == ""


@pytest.mark.parametrize("text", [":", "***\n---", "\x00", "\U0001f600", "…", "→\n\n|"])
def test_articles_without_words(text: str) -> None:
    """An article of marks and symbols alone is split into lines like any other."""
    assert keep_content(text, constant_model(9)) == text
    assert keep_content(text, constant_model(-9)) == ""


def test_kinds_of_arrays() -> None:
    """A list returns a list and an array of objects an array; None stays None and the empty text stays empty."""
    keep = constant_model(9)
    assert clean_array([None, "", "a"], keep) == [None, "", "a"]
    assert clean_array([], keep) == []
    assert clean_array([None], keep) == [None]
    array = clean_array(np.array(["a", None, ""], object), keep)
    assert isinstance(array, np.ndarray)
    assert (array.dtype, array.tolist()) == (object, ["a", None, ""])
    assert clean_array(np.array([], object), keep).shape == (0,)


@pytest.mark.parametrize(
    ("probability", "kept"),
    [
        ([0.9, 0.1, 0.5], [1, 0, 1]),
        ([0.4, 0.1, 0.3], [1, 0, 1]),
        ([0.4, 0.2, 0.19], [1, 1, 0]),
        ([0.25, 0.12], [1, 0]),
        ([0.24, 0.24], [0, 0]),
        ([0.0, 0.0], [0, 0]),
        ([], []),
    ],
)
def test_the_fallback(probability: list[float], kept: list[int]) -> None:
    """If no line reaches the threshold but the best reaches half of it, the best line and those at least half as probable are kept."""
    short = np.full(len(probability), 40)
    assert apply_threshold(np.array(probability), short, np.array([0, len(probability)]), 0.5).tolist() == list(
        map(bool, kept)
    )


def test_the_fallback_treats_articles_separately() -> None:
    """The fallback treats each article separately, and empty articles do not shift the others."""
    probability, offsets = np.array([0.9, 0.4, 0.4, 0.3, 0.1]), np.array([0, 0, 2, 2, 4, 5, 5])
    short = np.full(5, 40)
    assert apply_threshold(probability, short, offsets, 0.5).tolist() == [True, False, True, True, False]
    assert apply_threshold(probability, short, offsets, 0.0).all()
    assert apply_threshold(np.zeros(5), short, offsets, 0.0).all()


@given(
    st.lists(st.floats(0, 1), max_size=8), st.lists(st.integers(1, 2000), min_size=8, max_size=8), st.floats(0, 1)
)
def test_a_higher_threshold_never_keeps_more(probability: list[float], n_chars: list[int], own: float) -> None:
    """For any model threshold, a higher threshold with the fallback never keeps more lines."""
    values, offsets = np.array(probability), np.array([0, len(probability)])
    given_chars = np.array(n_chars[: len(probability)], np.int64)
    kept = [
        apply_threshold(values, given_chars, offsets, threshold, own)
        for threshold in (0.0, 0.2, 0.45, 0.8, 0.99, 1.0)
    ]
    assert kept[0].all()
    assert all((higher <= lower).all() for lower, higher in itertools.pairwise(kept))


def test_the_fallback_keeps_lines_as_long_as_an_article() -> None:
    """If nothing reaches the threshold, a line of 1,000 characters is kept; otherwise it is dropped."""
    probability, n_chars, offsets = (
        np.array([0.0, 0.01, 0.02, 0.9]),
        np.array([9, 1000, 1000, 9]),
        np.array([0, 2, 4]),
    )
    assert apply_threshold(probability, n_chars, offsets, 0.5).tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    ("log_odds", "threshold", "flags"),
    [
        (6.0, 0.5, ()),
        (-6.0, 0.5, ("nearly all dropped",)),
        (0.0, 0.5, ("unsure",)),
        (-0.5, 0.5, ("unsure", "kept by the guard")),
        (-1.05, 0.4, ("unsure", "kept by the guard")),
        (-1.2, 0.4, ("nearly all dropped",)),
        (-2.0, 0.1, ()),
        (0.5, 0.9, ("unsure", "kept by the guard")),
        (-6.0, 0.0, ()),
    ],
)
def test_flags(log_odds: float, threshold: float, flags: tuple[str, ...]) -> None:
    """An article is flagged if nearly everything is dropped, if it is unsure, or if the fallback kept it."""
    assert clean_article("One line\nand another", constant_model(log_odds), threshold).flags == flags


def test_an_empty_article_has_no_flags() -> None:
    """An empty article has no flags."""
    for text in ("", "\n\n", "\u200b"):
        article = clean_article(text, RANDOM)
        assert (article.text, article.lines, article.flags) == (text, [], ())


def test_the_models_own_threshold() -> None:
    """Without a threshold, the model's own threshold is used."""
    model = replace(constant_model(1.0), threshold=0.999)
    assert classify_lines("a\nb", model)[0].label == "content"  # the fallback: the best has half the threshold
    strict = replace(constant_model(-1.0), threshold=0.999)
    assert keep_content("a\nb", strict) == ""
    assert keep_content("a\nb", strict, threshold=0.1) == "a\nb"


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan"), float("inf")])
def test_wrong_thresholds(threshold: float) -> None:
    """A threshold outside 0 to 1 is refused, also for an empty list."""
    for texts in (["a"], []):
        with pytest.raises(InputError, match="use a number between 0"):
            clean_array(texts, RANDOM, threshold)


@pytest.mark.parametrize("wrong", [b"bytes", 5, 1.5, ["a"]])
def test_wrong_texts(wrong: object) -> None:
    """Every function refuses a value that is not a string and names its type."""
    for function in (keep_content, clean_article, classify_lines):
        with pytest.raises(InputError, match=f"{type(wrong).__name__}, not str"):
            function(wrong, RANDOM)  # type: ignore[operator]


def test_none_is_no_article() -> None:
    """None is allowed in a list but not as a single article."""
    for function in (keep_content, clean_article, classify_lines):
        with pytest.raises(InputError, match="NoneType, not str"):
            function(None, RANDOM)  # type: ignore[operator]


def test_the_place_of_a_wrong_text() -> None:
    """The error gives the index in the caller's list, whatever precedes it."""
    with pytest.raises(InputError, match="text 2 is bytes"):
        clean_array(["a", None, b"x"], RANDOM)  # type: ignore[list-item]
