"""Variants of labelled articles for training, so that no layout is taken for granted.

A real page interrupts its article for a share bar, a newsletter form or a box of related links, and extractors cut
off what precedes or follows it. A variant is an article with such inserts in its body, with its beginning or
end cut off, or with other blank lines or bullets; the labels follow the lines.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np

from dechaff.features.lexicon import read_entries
from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, Article

# Families whose phrases occur in the middle of articles, and the largest number of phrases in an insert.
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
# The share of inserts that are lines of the article's own page, and of others that are printed in one line.
_OWN_SHARE: Final = 0.6
_ONE_LINE_SHARE: Final = 0.3
_MOST_OWN_LINES: Final = 8
_BODY_CHARS: Final = 60
_BULLET: Final = re.compile(r"^[•‣▪◦·*–-]\s+(?=\S)")
_FEWEST_BODY_LINES: Final = 4


class Line(NamedTuple):
    """A line, its label, and the line breaks after it."""

    text: str
    label: int
    breaks: str


def make_variant(article: Article, rng: np.random.Generator) -> Article | None:
    """Return a variant of an article; None if its body is too short for one.

    Parameters
    ----------
    article : Article
    rng : numpy.random.Generator
    """
    lines = list(_split(article))
    body = [i for i, line in enumerate(lines) if line.label == CONTENT and len(line.text) >= _BODY_CHARS]
    if len(body) < _FEWEST_BODY_LINES:
        return None
    places = rng.choice(body[1:], rng.integers(1, _FEWEST_BODY_LINES), replace=False).tolist()
    inserts = {place: _make_insert(article, lines, rng) for place in places}
    varied = [line for i, line in enumerate(lines) for line in (*inserts.get(i, ()), line)]
    return _join(article, _change_bullets(_change_breaks(_cut(varied, rng), rng), rng))


def _split(article: Article) -> Iterator[Line]:
    text, spans = article.text + "\n", split_lines(article.text)
    following = [start for start, _ in spans[1:]] + [len(text)] * bool(spans)
    for (start, end), after, label in zip(spans, following, article.labels.tolist(), strict=True):
        yield Line(text[start:end], label, text[end:after])


def _make_insert(article: Article, lines: Sequence[Line], rng: np.random.Generator) -> list[Line]:
    """Return boilerplate lines of the article's own page, or phrases of the lexicon in its language.

    If there are neither, the insert is empty.
    """
    runs = [list(run) for label, run in groupby(lines, attrgetter("label")) if label == BOILERPLATE]
    by_family = _phrases_in(article.language or "en")
    if runs and (rng.random() < _OWN_SHARE or not by_family):
        run = runs[rng.integers(len(runs))]
        start, n_lines = rng.integers(len(run)), rng.integers(1, _MOST_OWN_LINES + 1)
        return run[start : start + n_lines]
    if not by_family:
        return []
    family = list(by_family)[rng.integers(len(by_family))]
    phrases = by_family[family]
    n_phrases = min(int(rng.integers(1, _FAMILIES[family] + 1)), len(phrases))
    chosen = [phrases[i] for i in rng.choice(len(phrases), n_phrases, replace=False)]
    written = [phrase[:1].upper() + phrase[1:] for phrase in chosen]
    if rng.random() < _ONE_LINE_SHARE:
        written = [" ".join(written)]
    return [Line(text, BOILERPLATE, lines[0].breaks) for text in written]


@cache
def _phrases_in(language: str) -> dict[str, list[str]]:
    """Return the phrases of the lexicon by family, in a language or else without its region: `pt` for `pt-BR`."""
    found = {family: _phrases().get((family, language)) for family in _FAMILIES}
    if not any(found.values()) and "-" in language:
        return _phrases_in(language.partition("-")[0])
    return {family: phrases for family, phrases in found.items() if phrases}


@cache
def _phrases() -> dict[tuple[str, str], list[str]]:
    """Return the phrases of the lexicon by family and language."""
    found = defaultdict(list)
    for entry in read_entries():
        found[entry.family, entry.language].append(entry.phrase)
    return dict(found)


def _cut(lines: list[Line], rng: np.random.Generator) -> list[Line]:
    """Cut off the beginning or the end: all that precedes or follows the body, or more."""
    content = [i for i, line in enumerate(lines) if line.label == CONTENT]
    first, last = content[0], content[-1] + 1
    begin = rng.choice([0, first, content[len(content) // 4]], p=[0.7, 0.2, 0.1])
    end = rng.choice([len(lines), last, content[-(len(content) // 4) - 1] + 1], p=[0.7, 0.2, 0.1])
    return lines[begin:end]


def _change_breaks(lines: list[Line], rng: np.random.Generator) -> list[Line]:
    """Return the lines with a blank line behind each, or with none, or as they are."""
    breaks = (None, "\n", "\n\n")[rng.choice(3, p=[0.6, 0.2, 0.2])]
    return lines if breaks is None else [line._replace(breaks=breaks) for line in lines]


def _change_bullets(lines: list[Line], rng: np.random.Generator) -> list[Line]:
    """Return the lines without bullets, or with other ones, or as they are."""
    bullet = (None, "", "- ", "* ", "• ")[rng.choice(5, p=[0.6, 0.1, 0.1, 0.1, 0.1])]
    if bullet is None:
        return lines
    return [line._replace(text=_BULLET.sub(bullet, line.text)) for line in lines]


def _join(article: Article, lines: Sequence[Line]) -> Article:
    text = "".join(line.text + line.breaks for line in lines)
    labels = np.array([line.label for line in lines], np.int8)
    return replace(
        article, text=text, labels=labels, body=None, kinds=None, roles=None, policy_kinds=None, markup=None
    )
