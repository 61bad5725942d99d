"""Labelled articles from pages in Parquet, by cached extraction and alignment."""

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Indices
from dechaff.errors import CorpusError
from dechaff.extras import load
from dechaff.text.lines import split_lines
from dechaff.text.marked import MARKUP, Bits
from dechaff_training.corpus.articles import MASKED, Article
from dechaff_training.corpus.extraction import (
    EXTRACTORS_WITH_MARKUP,
    VOTERS,
    extract,
    extract_marked,
    extractor_version,
    find_headings,
)
from dechaff_training.corpus.gold_alignment import (
    ALIGNMENT_VERSION,
    USABLE_COVERAGE,
    align,
    apply_snippets,
    coverage,
    vote,
    without_repeats,
)
from dechaff_training.corpus.html_marks import PageMarks, find_marks
from dechaff_training.corpus.mark_labels import MARK_VERSION, apply_marks
from dechaff_training.files.parquet import read_column_names, read_table
from dechaff_training.files.progress import Bar

#: Sources whose gold bodies contain bylines, dates or credits.
WITH_BYLINES = frozenset({"dragnet", "cleanportaleval", "readability"})
#: Sources whose gold bodies repeat sentences.
WITH_REPEATS = frozenset({"google-news"})
#: The extractor whose text decides whether page and gold are the same article.
EVERYTHING = "resiliparse_all"

Page = dict[str, Any]
_OPTIONAL = ("source", "language", "page_type", "title", "body", "present", "absent")
_NEEDED = ("id", "site")
_LISTS = ("body", "present", "absent")


def read_pages(
    path: Path,
    extractors: Sequence[str],
    cache: Path | None = None,
    n_jobs: int = -1,
    with_markup: Collection[str] | None = (),
) -> list[Article]:
    """Read pages and label their lines by their gold bodies or, without one, by vote, and by marks in their HTML.

    Parameters
    ----------
    path : Path
        A Parquet file with the columns `id`, `site` and `html`; `source`, `language`, `page_type`, `title`, `body`,
        `present` and `absent` are optional.
    extractors : sequence of str
        The extractors for pages; every page yields one article per extractor.
    cache : Path, optional
        The folder for texts and labels; by default `DECHAFF_CACHE` or `.cache/dechaff`.
    n_jobs : int
        The number of processes, as in joblib.
    with_markup : collection of str, or None
        The ids of pages whose texts by `EXTRACTORS_WITH_MARKUP` are read with their markup; None for all.

    Returns
    -------
    list of Article
        The articles, except those of pages that have no gold and fewer than two voters. If a page's full text
        contains less than `USABLE_COVERAGE` of its gold, all its lines are masked.

    Raises
    ------
    CorpusError
        If the file is not a Parquet file, a column is missing, or one has the wrong type.
    MissingExtraError
        If the packages of the `peers` extra are not installed.
    """
    pages = _Pages(path, cache, n_jobs)
    texts = {name: pages.texts(name) for name in extractors}
    labels = {name: pages.labels(name, texts[name]) for name in extractors}
    markup = {name: pages.markup(name, texts[name], with_markup) for name in extractors}
    return [
        _article(page, name, texts[name][i] or "", lines, markup[name][i])
        for i, page in enumerate(pages.pages)
        for name in extractors
        if (lines := labels[name][i]) is not None
    ]


def read_html(path: Path) -> list[tuple[Article, str]]:
    """Read pages without extracting their text.

    Parameters
    ----------
    path : Path
        A Parquet file, as for `read_pages`.

    Returns
    -------
    list of (Article, str)
        Each page as an article without text, and its HTML.

    Raises
    ------
    CorpusError
        If the file is not a Parquet file, a column is missing, or one has the wrong type.
    MissingExtraError
        If the packages of the `peers` extra are not installed.
    """
    pages, html = _read_file(path)
    return [
        (_article(page, "none", "", masked("")), text or "")
        for page, text in zip(pages, html.to_pylist(), strict=True)
    ]


class _Pages:
    """The pages of a file, with a cache of texts and labels: one file per computed column."""

    def __init__(self, path: Path, cache: Path | None, n_jobs: int) -> None:
        self.path, self.n_jobs = path, n_jobs
        self.folder = cache or Path(os.environ.get("DECHAFF_CACHE") or ".cache/dechaff")
        self.digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.pages, self.html = _read_file(path)
        self.silver = [page["body"] is None for page in self.pages]

    def texts(self, extractor: str, *, silver_only: bool = False) -> list[str | None]:
        """Extract the text of every page, or only of pages without gold; other pages get None."""
        key = f"texts {extractor_version(extractor)} {silver_only}"
        html = (
            None if silver_only and not silver else page.as_py()
            for page, silver in zip(self.html, self.silver, strict=True)
        )
        return self._cached(key, extractor, partial(_extract, extractor), lambda: zip(html, strict=True))

    def markup(
        self, extractor: str, texts: list[str | None], ids: Collection[str] | None
    ) -> list[tuple[Indices, Bits] | None]:
        """Return the markup of the texts of some pages; None for others, and for texts that marks would change."""
        wanted = [extractor in EXTRACTORS_WITH_MARKUP and (ids is None or page["id"] in ids) for page in self.pages]
        if not any(wanted):
            return [None] * len(texts)
        rows = hashlib.sha256(bytes(wanted)).hexdigest()
        key = f"markup {extractor_version(extractor)} {' '.join(MARKUP)} {rows}"
        html = (page.as_py() if is_wanted else None for page, is_wanted in zip(self.html, wanted, strict=True))
        work = partial(_find_markup, extractor)
        found = self._cached(key, extractor, work, lambda: zip(html, texts, strict=True))
        return [None if markup is None else _read_markup(markup) for markup in found]

    def labels(self, extractor: str, texts: list[str | None]) -> list[NDArray[np.int8] | None]:
        """Label the lines of every page's text by one extractor."""
        versions = [extractor_version(name) for name in (extractor, EVERYTHING, *VOTERS)]
        key = f"labels {ALIGNMENT_VERSION} {versions}"
        labels = self._cached(
            f"marked-{key} {MARK_VERSION}",
            extractor,
            _apply_marks,
            lambda: zip(texts, self._gold_labels(key, extractor, texts), self._marks(), strict=True),
        )
        return [
            # A page that does not match its gold is left out of training, but evaluation still counts it.
            masked(text or "") if line is None and not silver else line if line is None else np.array(line, np.int8)
            for line, text, silver in zip(labels, texts, self.silver, strict=True)
        ]

    def _gold_labels(self, key: str, extractor: str, texts: list[str | None]) -> list[list[int] | None]:
        """Return the labels by golds and votes alone."""
        return self._cached(key, extractor, _label, partial(self._label_jobs, texts))

    def _label_jobs(self, texts: list[str | None]) -> Iterator[tuple[Any, ...]]:
        voters = [self.texts(name, silver_only=True) if any(self.silver) else texts for name in VOTERS]
        return zip(self.pages, texts, self._coverage(), self._headings(), *voters, strict=True)

    def _coverage(self) -> list[float]:
        key = f"coverage {ALIGNMENT_VERSION} {extractor_version(EVERYTHING)}"
        return self._cached(key, EVERYTHING, _cover, lambda: zip(self.pages, self.texts(EVERYTHING), strict=True))

    def _headings(self) -> list[list[str]]:
        key = f"headings {ALIGNMENT_VERSION} {extractor_version(EVERYTHING)}"
        return self._cached(key, EVERYTHING, find_headings, self._html_jobs)

    def _marks(self) -> list[str]:
        return self._cached(f"marks {MARK_VERSION}", "html", _find_marks, self._html_jobs)

    def _html_jobs(self) -> Iterator[tuple[str]]:
        return ((page.as_py() or "",) for page in self.html)

    def _cached(
        self, key: str, extractor: str, work: Callable[..., Any], jobs: Callable[[], Iterator[tuple[Any, ...]]]
    ) -> list[Any]:
        """Return a column from the cache, or compute and cache it; only then `jobs` is called."""
        pa, parquet = load("pyarrow", "bulk"), load("pyarrow.parquet", "bulk")
        digest = hashlib.sha256(f"{self.digest} {key}".encode()).hexdigest()[:16]
        column = key.partition(" ")[0]
        file = self.folder / f"{self.path.stem}-{extractor}-{column}-{digest}.parquet"
        if file.exists():
            return list(parquet.read_table(file)["value"].to_pylist())
        values = self._compute(f"{self.path.stem}: {column} of {extractor}", work, jobs())
        self.folder.mkdir(parents=True, exist_ok=True)
        # Written to a temporary file, then renamed: an interrupted run leaves no incomplete file.
        part = file.with_suffix(f".{os.getpid()}.part")
        parquet.write_table(pa.table({"value": values}), part, compression="zstd")
        part.replace(file)
        return values

    def _compute(self, description: str, work: Callable[..., Any], jobs: Iterator[tuple[Any, ...]]) -> list[Any]:
        joblib = load("joblib")
        n_jobs = self.n_jobs if len(self.pages) > 16 else 1
        parallel = joblib.Parallel(n_jobs=n_jobs, batch_size=8, return_as="generator")
        values = []
        with Bar(description, len(self.pages)) as bar:
            for value in parallel(joblib.delayed(work)(*job) for job in jobs):
                values.append(value)
                bar.advance()
        return values


def masked(text: str) -> NDArray[np.int8]:
    """Return labels that mask every line of a text."""
    return np.full(len(split_lines(text)), MASKED, np.int8)


def _read_file(path: Path) -> tuple[list[Page], Any]:
    """Return the pages of a file, and their HTML as an Arrow column, which is decoded page by page."""
    names = read_column_names(path)
    missing = [name for name in (*_NEEDED, "html") if name not in names]
    if missing:
        raise CorpusError(f"{path}: missing columns: {', '.join(missing)}; pages need id, site and html")
    table = read_table(path)
    known = [name for name in (*_NEEDED, *_OPTIONAL, "html") if name in names]
    columns = {name: _read_column(table[name], name, path) for name in known}
    html = columns.pop("html")
    return [_defaults(page) for page in load("pyarrow", "bulk").table(columns).to_pylist()], html


def _read_column(column: Any, name: str, path: Path) -> Any:
    """Cast a column to strings or lists of strings.

    Raises
    ------
    CorpusError
        If the column has another type, or lacks a required value.
    """
    arrow = load("pyarrow", "bulk")
    try:
        column = column.cast(arrow.list_(arrow.string()) if name in _LISTS else arrow.large_string())
    except (arrow.ArrowException, UnicodeDecodeError) as error:
        kind = "lists of strings" if name in _LISTS else "strings"
        raise CorpusError(f"{path}: column {name} is {column.type}, not {kind}: {error}") from error
    for row, value in enumerate(column.to_pylist() if name in (*_NEEDED, *_LISTS) else (), 1):
        if (value is None and name in _NEEDED) or (name in _LISTS and None in (value or ())):
            raise CorpusError(f"{path}, row {row}: {name} is empty: give a string")
    return column


def _defaults(page: Page) -> Page:
    """Add missing optional columns, and remove repeated sentences from the gold."""
    page = dict.fromkeys(_OPTIONAL) | page
    if page["body"] is not None and page["source"] in WITH_REPEATS:
        page["body"] = without_repeats(page["body"])
    return page


def _extract(extractor: str, html: str | None) -> str | None:
    return None if html is None else extract(html, extractor)


def _find_markup(extractor: str, html: str | None, text: str | None) -> str | None:
    """Return the pieces of a text and their markup as JSON; None if the page has another text with marks."""
    marked = None if html is None else extract_marked(html, extractor)
    return json.dumps([marked.begins.tolist(), marked.bits.tolist()]) if marked and marked == text else None


def _read_markup(markup: str) -> tuple[Indices, Bits]:
    begins, bits = (np.array(values, np.int64) for values in json.loads(markup))
    return begins, bits


def _cover(page: Page, text: str | None) -> float:
    return coverage(text or "", page["body"] or [])


def _label(
    page: Page, text: str | None, covered: float, headings: Sequence[str], *voters: str | None
) -> list[int] | None:
    text = text or ""
    if page["body"] is None:
        labels = vote(text, [voter or "" for voter in voters], page["title"], headings)
        if labels is not None:
            labels = apply_snippets(text, labels, page["present"] or [], page["absent"] or [])
    elif covered < USABLE_COVERAGE:
        return None
    else:
        has_bylines = page["source"] in WITH_BYLINES
        labels = align(text, page["body"], page["title"], headings, mask_bylines=has_bylines)
    return None if labels is None else labels.tolist()


def _find_marks(html: str) -> str:
    return find_marks(html).to_json()


def _apply_marks(text: str | None, labels: list[int] | None, marks: str) -> list[int] | None:
    if labels is None:
        return None
    labelled: list[int] = apply_marks(text or "", np.array(labels, np.int8), PageMarks.from_json(marks)).tolist()
    return labelled


def _article(
    page: Page,
    extractor: str,
    text: str,
    labels: NDArray[np.int8],
    markup: tuple[Indices, Bits] | None = None,
) -> Article:
    return Article(
        text,
        labels,
        page["site"],
        page["id"],
        page["source"] or "pages",
        page["language"],
        page["page_type"] or "article",
        extractor,
        body=None if page["body"] is None else tuple(page["body"]),
        title=page["title"],
        silver=page["body"] is None,
        markup=markup,
    )
