"""Checks of labelled files: malformed lines, duplicates, and labels that contradict each other."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dechaff.errors import CorpusError
from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import (
    BOILERPLATE,
    CONTENT,
    MASKED,
    Article,
    MalformedError,
    read_file,
    read_jsonl,
    scan_labelled,
)
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.files.paths import find_files


@dataclass(frozen=True, order=True)
class Finding:
    """A mistake, or a likely one, in a labelled file.

    Attributes
    ----------
    path : Path
    line : int
        The line number, from 1; 0 for the whole file. For a contradiction in JSONL, the number within the article.
    message : str
    severity : str
        "error" or "warning".
    """

    path: Path
    line: int
    message: str
    severity: str


@dataclass(frozen=True)
class Place:
    """A labelled line in its file.

    Attributes
    ----------
    path : Path
    line : int
        The line number, from 1; in JSONL, the number within the article.
    label : int
    is_headline : bool
    """

    path: Path
    line: int
    label: int
    is_headline: bool


def check_paths(paths: Sequence[str | Path]) -> list[Finding]:
    """Check labelled files for mistakes.

    Errors are malformed files, articles without lines, and the same text on two sites. Warnings are the same text
    twice on one site, articles with only one label, and lines labelled both ways in one article or on one site,
    except headlines: their copies are boilerplate. Parquet files are not checked.

    Parameters
    ----------
    paths : sequence of str or Path
        Files and folders, as for `Corpus.read`.

    Returns
    -------
    list of Finding
        Ordered by path and line.

    Raises
    ------
    CorpusError
        If a path is missing.
    """
    findings: list[Finding] = []
    articles: list[tuple[Path, Article]] = []
    for path in (file for name in paths for file in find_files(Path(name))):
        problems = _check_file(path)
        findings += problems
        if not problems and path.suffix != ".parquet":
            articles += [(path, article) for article in Corpus.read(path)]
    findings += [finding for path, article in articles for finding in _check_article(path, article)]
    findings += _check_duplicates(articles)
    findings += _check_contradictions(articles)
    return sorted(findings)


def _check_file(path: Path) -> list[Finding]:
    """Return every malformed line of a text file, only the first one of a JSONL file, and none for Parquet."""
    try:
        if path.suffix == ".txt":
            items = scan_labelled(read_file(path), str(path))
            problems = [item for item in items if isinstance(item, MalformedError)]
            return [Finding(path, problem.line, problem.problem, "error") for problem in problems]
        if path.suffix == ".jsonl":
            read_jsonl(path)
    except MalformedError as error:
        return [Finding(path, error.line, error.problem, "error")]
    except CorpusError as error:
        return [Finding(path, 0, str(error).removeprefix(f"{path}: "), "error")]
    return []


def _check_article(path: Path, article: Article) -> Iterator[Finding]:
    labels = set(article.labels.tolist()) - {MASKED}
    if not len(article.labels):
        yield Finding(path, 0, f"the article {article.id} has no lines: delete it, or write its text", "error")
    elif len(labels) < 2:
        only = {CONTENT: "content", BOILERPLATE: "boilerplate"}.get(min(labels, default=MASKED), "masked")
        yield Finding(path, 0, f"all lines of {article.id} are {only}: check the labels", "warning")


def _check_duplicates(articles: Sequence[tuple[Path, Article]]) -> Iterator[Finding]:
    seen: dict[str, Article] = {}
    for path, article in articles:
        key = " ".join(article.text.split())
        first = seen.setdefault(key, article)
        if key and first is not article:
            severity = "warning" if first.site == article.site else "error"
            yield Finding(path, 0, f"{article.id} has the same text as {first.id}: delete one of them", severity)


def _check_contradictions(articles: Sequence[tuple[Path, Article]]) -> Iterator[Finding]:
    lines: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for path, article in articles:
        for text, place in line_places(path, article):
            if place.label != MASKED:
                lines[article.site, text].append(place)
    for (_, text), places in lines.items():
        last = places[-1]
        other = next((place for place in places if place.label != last.label), None)
        if other is None or any(place.is_headline for place in places):
            continue
        where = f"line {other.line}" if other.path == last.path else f"{other.path}:{other.line}"
        message = f"{text[:50]!r} has the opposite label at {where}: check both labels"
        yield Finding(last.path, last.line, message, "warning")


def line_places(path: Path, article: Article) -> Iterator[tuple[str, Place]]:
    """Yield an article's lines with their places; the first content line is the headline.

    Parameters
    ----------
    path : Path
    article : Article
    """
    spans = split_lines(article.text)
    breaks = np.flatnonzero([character == "\n" for character in article.text])
    content = np.flatnonzero(article.labels == CONTENT)
    headline = int(content[0]) if len(content) else -1
    for i, ((start, end), label) in enumerate(zip(spans, article.labels.tolist(), strict=True)):
        # The text of a labelled file has the same line numbers as the file.
        number = int(np.searchsorted(breaks, start)) + 1 if path.suffix == ".txt" else i + 1
        yield article.text[start:end], Place(path, number, label, i == headline)
