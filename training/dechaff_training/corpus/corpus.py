"""`Corpus`: labelled articles from any of their files, and what may be wrong with those."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dechaff.errors import CorpusError
from dechaff.explain.kinds import KINDS
from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import (
    Article,
    MalformedError,
    format_labelled,
    parse_labelled,
    read_file,
    read_jsonl,
    read_labelled,
    scan_labelled,
)
from dechaff_training.corpus.extraction import EXTRACTORS, LEARNT, check_extractors
from dechaff_training.corpus.gold_alignment import BOILERPLATE, CONTENT, MASKED
from dechaff_training.corpus.pages import read_pages
from dechaff_training.files.text_io import show_path

__all__ = [
    "BOILERPLATE",
    "CONTENT",
    "KINDS",
    "MASKED",
    "Article",
    "Corpus",
    "Finding",
    "check_paths",
    "find_files",
    "format_labelled",
    "parse_labelled",
]

_SUFFIXES = (".txt", ".jsonl", ".parquet")


@dataclass(frozen=True, eq=False)
class Corpus:
    r"""Labelled articles, in a fixed order.

    Parameters
    ----------
    articles : list of Article

    Examples
    --------
    >>> article = Article("The weir\nTweet", np.array([1, 0], np.int8), "bote", "bote/weir", "articles")
    >>> corpus = Corpus([article]) + Corpus([])
    >>> len(corpus), corpus.n_lines, corpus.groups
    (1, 2, ['bote'])
    """

    articles: list[Article]

    @classmethod
    def read(
        cls,
        *paths: str | Path,
        extractors: Sequence[str] = LEARNT,
        cache: str | Path | None = None,
        n_jobs: int = -1,
    ) -> "Corpus":
        """Read labelled text files, JSONL and pages in Parquet.

        Parameters
        ----------
        *paths : str or Path
            A file, or a folder that is searched for `.txt`, `.jsonl` and `.parquet`.
        extractors : sequence of str
            Pages become one article by each of them.
        cache : str or Path, optional
            Folder for what is worked out of pages; by default `DECHAFF_CACHE` or `.cache/dechaff`.
        n_jobs : int
            For pages, as joblib counts.

        Raises
        ------
        CorpusError
            If a path is missing or a file malformed; the message names the line.
        """
        folder = None if cache is None else Path(cache)
        files = [file for path in paths for file in find_files(Path(path))]
        return cls([article for file in files for article in _read_file(file, extractors, folder, n_jobs)])

    @property
    def texts(self) -> list[str]:
        """The articles' texts."""
        return [article.text for article in self.articles]

    @property
    def labels(self) -> list[NDArray[np.int8]]:
        """An array of labels for each article."""
        return [article.labels for article in self.articles]

    @property
    def groups(self) -> list[str]:
        """The site of each article."""
        return [article.site for article in self.articles]

    @property
    def n_lines(self) -> int:
        """How many lines there are, masked ones included."""
        return sum(len(article.labels) for article in self.articles)

    @cached_property
    def digest(self) -> str:
        """A SHA-256 over ids, sites, extractors, texts and labels, in order."""
        sha = hashlib.sha256()
        for article in self.articles:
            fields = (article.id, article.site, article.extractor, article.text)
            parts = [field.encode("utf-8", "surrogatepass") for field in fields]
            for part in (*parts, article.labels.tobytes()):
                sha.update(len(part).to_bytes(8, "little") + part)
        return sha.hexdigest()

    def select(self, predicate: Callable[[Article], bool]) -> "Corpus":
        """Keep the articles for which a predicate holds.

        Parameters
        ----------
        predicate : callable
            Takes an `Article`.
        """
        return Corpus([article for article in self.articles if predicate(article)])

    def __add__(self, other: "Corpus") -> "Corpus":
        return Corpus(self.articles + other.articles)

    def __len__(self) -> int:
        return len(self.articles)

    def __iter__(self) -> Iterator[Article]:
        return iter(self.articles)


def read_corpus(paths: Sequence[Path], extractors: Sequence[str] = ()) -> Corpus:
    """Read labelled articles and pages.

    Parameters
    ----------
    paths : sequence of Path
    extractors : sequence of str
        The extractors whose texts HTML pages contribute; by default those that dechaff learns from.

    Raises
    ------
    CorpusError
        If a path is missing, or there is no article in them.
    """
    for path in paths:
        if not path.exists():
            raise CorpusError(f"{show_path(path)}: no such file or folder")
    check_extractors(extractors, EXTRACTORS)
    corpus = Corpus.read(*paths, extractors=tuple(extractors) or LEARNT)
    if not len(corpus):
        names = ", ".join(map(show_path, paths))
        raise CorpusError(f"{names}: no labelled articles there; .txt, .jsonl and .parquet files are read")
    return corpus


@dataclass(frozen=True, order=True)
class Finding:
    """Something that is, or may be, wrong with a labelled file.

    Attributes
    ----------
    path : Path
    line : int
        From 1; 0 where the whole file is meant.
    message : str
    severity : str
        "error" or "warning".
    """

    path: Path
    line: int
    message: str
    severity: str


@dataclass(frozen=True)
class _Place:
    """A labelled line of a file, with the article it belongs to."""

    path: Path
    line: int
    article: Article
    label: int
    is_headline: bool


def check_paths(paths: Sequence[str | Path]) -> list[Finding]:
    """Look for mistakes in labelled files.

    Errors: malformed files, articles without lines, and the same text on two sites. Warnings: articles all of
    content or all of boilerplate, and lines labelled both ways in one article or on one site; the headline,
    which is boilerplate wherever it is repeated, is left out of that.

    Parameters
    ----------
    paths : sequence of str or Path
        As `Corpus.read` takes them.

    Returns
    -------
    list of Finding
        In the order of paths and lines.

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
            articles += [(path, article) for article in _read_file(path, LEARNT, None, 1)]
    findings += [finding for path, article in articles for finding in _check_article(path, article)]
    findings += _check_duplicates(articles)
    findings += _check_both_ways(articles)
    return sorted(findings)


def find_files(path: Path, suffixes: tuple[str, ...] = _SUFFIXES) -> list[Path]:
    """Give a file itself, or the files of a folder and of those in it, by name.

    Raises
    ------
    CorpusError
        If there is no such file or folder, or the file has another suffix.
    """
    if not path.exists():
        raise CorpusError(f"{path}: no such file or folder")
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix in suffixes and file.is_file())
    if path.suffix not in suffixes:
        raise CorpusError(f"{path}: not a corpus: name a folder, or a file in {', '.join(suffixes)}")
    return [path]


def _read_file(path: Path, extractors: Sequence[str], cache: Path | None, n_jobs: int) -> list[Article]:
    if path.suffix == ".parquet":
        return read_pages(path, extractors, cache, n_jobs)
    return read_jsonl(path) if path.suffix == ".jsonl" else [read_labelled(path)]


def _check_file(path: Path) -> list[Finding]:
    """Find all that is malformed in a text file, the first such thing in JSONL, and nothing in Parquet."""
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
        yield Finding(path, 0, f"{article.id} has no lines: delete it, or write its text", "error")
    elif len(labels) < 2:
        only = {CONTENT: "content", BOILERPLATE: "boilerplate"}.get(min(labels, default=MASKED), "masked")
        yield Finding(path, 0, f"all lines of {article.id} are {only}: is that meant?", "warning")


def _check_duplicates(articles: Sequence[tuple[Path, Article]]) -> Iterator[Finding]:
    seen: dict[str, Article] = {}
    for path, article in articles:
        key = " ".join(article.text.split())
        first = seen.setdefault(key, article)
        if key and first is not article:
            severity = "warning" if first.site == article.site else "error"
            yield Finding(path, 0, f"{article.id} has the text of {first.id}: delete one of them", severity)


def _check_both_ways(articles: Sequence[tuple[Path, Article]]) -> Iterator[Finding]:
    lines: dict[tuple[str, str], list[_Place]] = defaultdict(list)
    for path, article in articles:
        for text, place in _places(path, article):
            lines[article.site, text].append(place)
    for (_, text), places in lines.items():
        marked = [place for place in places if place.label != MASKED]
        if len({place.label for place in marked}) < 2 or any(place.is_headline for place in marked):
            continue
        other = next(place for place in marked if place.label != marked[-1].label)
        where = f"line {other.line}" if other.path == marked[-1].path else f"{other.path}:{other.line}"
        message = f"{text[:50]!r} is labelled the other way at {where}: make sure that both are meant"
        yield Finding(marked[-1].path, marked[-1].line, message, "warning")


def _places(path: Path, article: Article) -> Iterator[tuple[str, _Place]]:
    """Go through an article's lines; the first line of content is its headline."""
    spans = split_lines(article.text)
    breaks = np.flatnonzero([character == "\n" for character in article.text])
    content = np.flatnonzero(article.labels == CONTENT)
    headline = int(content[0]) if len(content) else -1
    for i, ((start, end), label) in enumerate(zip(spans, article.labels.tolist(), strict=True)):
        # A text file has the lines of its article, where they are.
        number = int(np.searchsorted(breaks, start)) + 1 if path.suffix == ".txt" else i + 1
        yield article.text[start:end], _Place(path, number, article, label, i == headline)
