"""Splitting texts into lines."""

from itertools import pairwise

import numpy as np
import pytest
from helpers import ANY_TEXT, ANY_TEXTS, BREAKS, ZERO_WIDTH, naive_lines, strip
from hypothesis import given
from hypothesis import strategies as st

from dechaff import InputError, LineBatch, split_lines
from dechaff.text import lines
from dechaff.text.lines import MOST_LINES
from dechaff_training.corpus.corpus import Corpus


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        (" \t\n\u3000\n", []),
        ("one", ["one"]),
        ("one\ntwo", ["one", "two"]),
        ("one\r\ntwo\r\n", ["one", "two"]),
        ("one\rtwo", ["one", "two"]),
        ("one\n\rtwo", ["one", "two"]),
        ("one\u2028two\u2029three", ["one", "two", "three"]),
        ("one\ftwo\vthree\x85four", ["one", "two", "three", "four"]),
        ("one\x1ctwo\x1dthree\x1efour", ["one", "two", "three", "four"]),
        ("  one  two\t\n\n\n three ", ["one  two", "three"]),
        ("\ufeffone\u200b\n\u200b\n\u2060two", ["one", "two"]),
        ("a\u200bb", ["a\u200bb"]),
        ("\x00\n\ud800", ["\x00", "\ud800"]),
        ("\u0301\n\U0001f600", ["\u0301", "\U0001f600"]),
        ("\x1fone\x1f", ["one"]),
    ],
)
def test_cases(text: str, lines: list[str]) -> None:
    """Every line ending splits, white space and zero-width characters at the ends are stripped, and blank lines are skipped."""
    assert [text[start:end] for start, end in split_lines(text)] == lines


@given(ANY_TEXT)
def test_lines_are_those_of_splitlines(text: str) -> None:
    """The lines of any text are those of `str.splitlines`, stripped, without blank ones."""
    assert LineBatch.from_texts([text]).line_texts(0) == naive_lines(text)


@given(ANY_TEXT)
def test_spans_rebuild_the_text(text: str) -> None:
    """Spans are in order with only white space between them: no character is lost."""
    spans = split_lines(text)
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    assert all(start < end for start, end in spans)
    assert all(a <= b for a, b in zip(ends, starts, strict=True))
    gaps = [text[a:b] for a, b in zip(ends, starts, strict=True)]
    assert not any(map(strip, gaps))
    assert all(any(c in BREAKS for c in gap) for gap in gaps[1:-1])


@given(ANY_TEXTS)
def test_segments_are_the_articles(texts: list[str]) -> None:
    """The segments of an article, one a line, make up the article; without lines there are none."""
    batch = LineBatch.from_texts(texts)
    for number, text in enumerate(texts):
        segments = batch.segments(number)
        assert "".join(segments) == (text if naive_lines(text) else "")
        assert [strip(segment) for segment in segments] == [strip(s) for s in segments if strip(s)]
        assert len(segments) == len(batch.line_texts(number))


@given(ANY_TEXTS)
def test_a_batch_has_each_articles_own_lines(texts: list[str]) -> None:
    """Other articles in a batch do not change an article's lines, spans or breaks."""
    batch = LineBatch.from_texts(texts)
    assert batch.n_articles == len(texts)
    assert [batch.spans(i) for i in range(len(texts))] == [split_lines(text) for text in texts]
    assert batch.n_lines == sum(len(naive_lines(text)) for text in texts)
    assert len(batch.breaks) == sum(len((text + "\n").splitlines()) for text in texts)
    owners = [i for i, text in enumerate(texts) for _ in naive_lines(text)]
    assert batch.line_articles.tolist() == owners
    assert batch.article_lines.tolist() == [owners.index(i) if i in owners else sum(o < i for o in owners)
                                            for i in range(len(texts) + 1)]  # fmt: skip


def test_the_codes_are_the_texts() -> None:
    """The buffer holds the code points of every article, lone surrogates too, with a line feed after each."""
    texts = ["a\ud800", "", "\U0010ffff\x00"]
    batch = LineBatch.from_texts(texts)
    assert batch.codes.tolist() == [ord(c) for text in texts for c in text + "\n"]
    assert batch.article_codes.tolist() == [0, 3, 4, 7]


def test_a_batch_without_articles() -> None:
    """A batch without articles has no lines."""
    batch = LineBatch.from_texts([])
    assert (batch.n_articles, batch.n_lines, batch.line_articles.tolist()) == (0, 0, [])


@pytest.mark.parametrize("wrong", [b"bytes", None, 3, ["list"]])
def test_only_strings(wrong: object) -> None:
    """A value that is not a string is refused with its index, its type and a remedy."""
    with pytest.raises(InputError, match=f"text 1 is {type(wrong).__name__}, not str"):
        LineBatch.from_texts(["fine", wrong])  # type: ignore[list-item]


def test_real_articles(corpus: Corpus) -> None:
    """Every article of the project has one line for each label, and its segments make up the article."""
    batch = LineBatch.from_texts(corpus.texts)
    assert np.diff(batch.article_lines).tolist() == [len(labels) for labels in corpus.labels]
    assert ["".join(batch.segments(i)) for i in range(batch.n_articles)] == corpus.texts
    assert [batch.line_texts(i) for i in range(batch.n_articles)] == [naive_lines(t) for t in corpus.texts]


def test_a_long_line_and_many_short_ones() -> None:
    """A line of a million characters is one line, and a hundred thousand short lines are all found."""
    assert split_lines(" " + "ab " * 333_333) == [(1, 999_999)]
    spans = split_lines("x\n" * 100_000)
    assert len(spans) == 100_000
    assert all(b[0] - a[0] == 2 for a, b in pairwise(spans))


def test_zero_width_is_what_the_policy_says() -> None:
    """A line of zero-width characters alone is blank."""
    assert split_lines("\n".join(ZERO_WIDTH)) == []


@given(texts=ANY_TEXTS, most=st.integers(1, 4))
def test_sections_have_the_lines_of_the_batch(texts: list[str], most: int) -> None:
    """Articles split into parts and sections of a few lines keep all lines, in order, with their indentation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "MOST_LINES", most)
        batch = LineBatch.from_texts(texts)
        sections = list(batch.sections())
    assert all(0 < section.n_lines <= most or section.n_lines == batch.n_lines == 0 for section in sections)
    assert np.diff(batch.part_lines).max(initial=0) <= most
    assert set(batch.article_lines.tolist()) <= set(batch.part_lines.tolist())
    found = [line for section in sections for i in range(section.n_articles) for line in section.line_texts(i)]
    assert found == [line for i in range(batch.n_articles) for line in batch.line_texts(i)]
    indents = np.concatenate([_indents(batch), *map(_indents, sections)])
    assert (indents[: batch.n_lines] == indents[batch.n_lines :]).all()


def _indents(batch: LineBatch) -> np.ndarray:
    breaks = np.concatenate(([0], batch.breaks + 1))
    return batch.starts - breaks[np.searchsorted(breaks, batch.starts, side="right") - 1]


def test_parts_are_of_much_the_same_length() -> None:
    """An article with one line too many is split in the middle; one that just fits is one part."""
    texts = ["a\n" * MOST_LINES, "b", "c\n" * (MOST_LINES + 1)]
    assert np.diff(LineBatch.from_texts(texts).part_lines).tolist() == [
        MOST_LINES,
        1,
        MOST_LINES // 2,
        MOST_LINES // 2 + 1,
    ]
