"""`Corpus`: labelled articles from text files, JSONL and pages in Parquet."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dechaff.errors import CorpusError
from dechaff_training.corpus.articles import Article, read_jsonl, read_labelled
from dechaff_training.corpus.extraction import EXTRACTORS, LEARNT, check_extractors
from dechaff_training.corpus.pages import read_pages
from dechaff_training.corpus.policy_labels import EXTRACTOR, has_read_labels, read_ids, read_labels, relabel
from dechaff_training.files.paths import find_files
from dechaff_training.files.text_io import show_path


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
        all_markup: bool = False,
    ) -> "Corpus":
        """Read labelled text files, JSONL, pages in Parquet, and labels by reading in Parquet.

        Labels by reading (`read_labels`) replace those of the same page in any other file. Pages in no
        other file are added if `extractors` include `resiliparse_all`, which labels without text need too.

        Parameters
        ----------
        *paths : str or Path
            Files, or folders to search for files ending in `.txt`, `.jsonl` or `.parquet`.
        extractors : sequence of str
            The extractors for pages; every page yields one article per extractor.
        cache : str or Path, optional
            The folder for texts and labels of pages; by default `DECHAFF_CACHE` or `.cache/dechaff`.
        n_jobs : int
            The number of processes for pages, as in joblib.
        all_markup : bool
            Whether to read the markup of all pages, not only of those labelled by reading.

        Raises
        ------
        CorpusError
            If a path is missing or a file malformed; the message names the line or row, if there is one.
        """
        folder = None if cache is None else Path(cache)
        files = [file for path in paths for file in find_files(Path(path))]
        with_labels = [file for file in files if has_read_labels(file)]
        others = [file for file in files if file not in with_labels]
        # Markup takes long to find, and models learn from it only on lines that were read.
        ids = {page_id for file in with_labels for page_id in read_ids(file)}
        wanted = None if all_markup else ids
        articles = [article for file in others for article in _read_file(file, extractors, folder, n_jobs, wanted)]
        texts = {article.id: article.text for article in articles if article.extractor == EXTRACTOR}
        read = [page for file in with_labels for page in read_labels(file, texts)]
        return cls(relabel(articles, read, add_missing=EXTRACTOR in extractors))

    @property
    def texts(self) -> list[str]:
        """The text of each article."""
        return [article.text for article in self.articles]

    @property
    def labels(self) -> list[NDArray[np.int8]]:
        """The labels of each article's lines."""
        return [article.labels for article in self.articles]

    @property
    def groups(self) -> list[str]:
        """The site of each article."""
        return [article.site for article in self.articles]

    @property
    def n_lines(self) -> int:
        """The number of lines, masked ones included."""
        return sum(len(article.labels) for article in self.articles)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of ids, sites, extractors, texts and labels, in order."""
        sha = hashlib.sha256()
        for article in self.articles:
            fields = (article.id, article.site, article.extractor, article.text)
            parts = [field.encode("utf-8", "surrogatepass") for field in fields]
            for part in (*parts, article.labels.tobytes()):
                sha.update(len(part).to_bytes(8, "little") + part)
        return sha.hexdigest()

    @property
    def site_digests(self) -> list[str]:
        """A short digest of each article's site, by which a model's file lists the sites that it learnt from."""
        return [_short_digest(site) for site in self.groups]

    def select(self, predicate: Callable[[Article], bool]) -> "Corpus":
        """Return the corpus of the articles for which a predicate holds.

        Parameters
        ----------
        predicate : callable
            A function of an `Article` that returns whether to select it.
        """
        return Corpus([article for article in self.articles if predicate(article)])

    def __add__(self, other: "Corpus") -> "Corpus":
        return Corpus(self.articles + other.articles)

    def __len__(self) -> int:
        return len(self.articles)

    def __iter__(self) -> Iterator[Article]:
        return iter(self.articles)


def _short_digest(site: str) -> str:
    """Return 32 bits of the SHA-256: two of 10,000 sites rarely agree, and names cannot be read from a model."""
    return hashlib.sha256(site.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def read_corpus(paths: Sequence[Path], extractors: Sequence[str] = (), *, all_markup: bool = False) -> Corpus:
    """Read labelled articles and pages; every page yields one article per extractor.

    Parameters
    ----------
    paths : sequence of Path
    extractors : sequence of str
        The extractors for pages; by default those that models are trained on.
    all_markup : bool
        As in `Corpus.read`.

    Raises
    ------
    CorpusError
        If a path is missing, a file is malformed, or no article is found.
    InputError
        If there is no such extractor.
    """
    for path in paths:
        if not path.exists():
            raise CorpusError(f"{show_path(path)}: no such file or folder")
    check_extractors(extractors, EXTRACTORS)
    corpus = Corpus.read(*paths, extractors=tuple(extractors) or LEARNT, all_markup=all_markup)
    if not len(corpus):
        names = ", ".join(map(show_path, paths))
        raise CorpusError(
            f"{names}: no labelled articles in .txt, .jsonl or .parquet files: give other files or folders"
        )
    return corpus


def _read_file(
    path: Path, extractors: Sequence[str], cache: Path | None, n_jobs: int, with_markup: Collection[str] | None
) -> list[Article]:
    if path.suffix == ".parquet":
        return read_pages(path, extractors, cache, n_jobs, with_markup)
    return read_jsonl(path) if path.suffix == ".jsonl" else [read_labelled(path)]
