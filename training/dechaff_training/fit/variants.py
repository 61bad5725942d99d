"""Variants of labelled articles for training, so that no layout is taken for granted.

A real page interrupts its article for a share bar, a newsletter form or a box of related links, and extractors cut
off what stands before or behind it. A variant is an article with such inserts in its body, with its beginning or
end cut off, or with other blank lines; the labels follow the lines.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np

from dechaff.features.lexicon import read_entries
from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, Article

# Families whose phrases stand in the middle of articles, and the largest number of phrases in an insert.
_FAMILIES: Final = {
    "share": 6,
    "newsletter": 3,
    "subscribe": 3,
    "legal": 3,
    "related": 2,
    "comment": 2,
    "app": 2,
    "login": 2,
    "credit": 1,
}
_MOST_OWN_LINES: Final = 8
_BODY_CHARS: Final = 60
_FEWEST_BODY_LINES: Final = 4
#: A labelled line and the line breaks behind it.
Line = tuple[str, int, str]


def make_variant(article: Article, rng: np.random.Generator) -> Article | None:
    """Return a variant of an article; None if its body is too short for one.

    Parameters
    ----------
    article : Article
    rng : numpy.random.Generator
    """
    lines = list(_split(article))
    body = [i for i, (text, label, _) in enumerate(lines) if label == CONTENT and len(text) >= _BODY_CHARS]
    if len(body) < _FEWEST_BODY_LINES:
        return None
    inserts = {int(place): _make_insert(article, lines, rng) for place in rng.choice(body[1:], rng.integers(1, 4))}
    varied = [line for i, line in enumerate(lines) for line in (*inserts.get(i, ()), line)]
    return _join(article, _change_breaks(_cut(varied, rng), rng))


def _split(article: Article) -> Iterator[Line]:
    text, spans = article.text + "\n", split_lines(article.text)
    ends = [*(start for start, _ in spans[1:]), len(text)]
    for (start, end), following, label in zip(spans, ends, article.labels.tolist(), strict=True):
        yield text[start:end], label, text[end:following]


def _make_insert(article: Article, lines: Sequence[Line], rng: np.random.Generator) -> list[Line]:
    """Return boilerplate lines of the article's own page, or phrases of the lexicon in its language."""
    runs = list(_boilerplate_runs(lines))
    gap = lines[0][2]
    if runs and rng.random() < 0.6:
        run = runs[rng.integers(len(runs))]
        start, n_lines = rng.integers(len(run)), rng.integers(1, _MOST_OWN_LINES + 1)
        return [lines[i] for i in run[start : start + n_lines]]
    family = list(_FAMILIES)[rng.integers(len(_FAMILIES))]
    phrases = _phrases(family, article.language or "en")
    n = min(int(rng.integers(1, _FAMILIES[family] + 1)), len(phrases))
    chosen = rng.choice(len(phrases), n, replace=False)
    written = [phrases[i][:1].upper() + phrases[i][1:] for i in chosen]
    if rng.random() < 0.3:
        written = [" ".join(written)]
    return [(text, BOILERPLATE, gap) for text in written]


def _boilerplate_runs(lines: Sequence[Line]) -> Iterator[list[int]]:
    """Yield the indices of each run of boilerplate lines."""
    run: list[int] = []
    for i, (_, label, _) in enumerate(lines):
        if label == BOILERPLATE:
            run.append(i)
        elif run:
            yield run
            run = []
    if run:
        yield run


@cache
def _phrases(family: str, language: str) -> list[str]:
    """Return the phrases of a family in a language; English ones if there are none."""
    by_language = defaultdict(list)
    for entry in read_entries():
        if entry.family == family:
            by_language[entry.language].append(entry.phrase)
    return by_language.get(language) or by_language["en"]


def _cut(lines: list[Line], rng: np.random.Generator) -> list[Line]:
    """Cut off the beginning or the end: all that stands before or behind the body, or more."""
    content = [i for i, (_, label, _) in enumerate(lines) if label == CONTENT]
    first, last = content[0], content[-1] + 1
    begin = rng.choice([0, first, content[len(content) // 4]], p=[0.7, 0.2, 0.1])
    end = rng.choice([len(lines), last, content[-(len(content) // 4) - 1] + 1], p=[0.7, 0.2, 0.1])
    return lines[begin:end]


def _change_breaks(lines: list[Line], rng: np.random.Generator) -> list[Line]:
    """Put blank lines between all lines, or none, or leave them as they are."""
    breaks = (None, "\n", "\n\n")[rng.choice(3, p=[0.6, 0.2, 0.2])]
    return lines if breaks is None else [(text, label, breaks) for text, label, _ in lines]


def _join(article: Article, lines: Sequence[Line]) -> Article:
    text = "".join(line + gap for line, _, gap in lines)
    return replace(
        article,
        text=text,
        labels=np.array([label for _, label, _ in lines], np.int8),
        body=None,
        kinds=None,
        roles=None,
        policy_kinds=None,
    )
