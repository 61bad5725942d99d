"""Labelled articles from files: text with marks, JSONL, and pages in Parquet that are labelled by alignment."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dechaff.errors import CorpusError
from dechaff.lines import split_lines
from dechaff_training.alignment import (
    ALIGNMENT_VERSION,
    BOILERPLATE,
    CONTENT,
    MASKED,
    USABLE_COVERAGE,
    align,
    apply_snippets,
    coverage,
    vote,
)
from dechaff_training.extraction import LEARNT, VOTERS, extract_all, extractor_version, load

KINDS = ("offer", "share", "related", "credit", "date", "legal", "comment", "other")
#: Golds that begin with headline, byline and date.
WITH_BYLINE = frozenset({"dragnet", "cleanportaleval"})
_MARK = re.compile(r"(\+|\?|-[a-z]*) (.*)", re.DOTALL)
_NAMES = {"content": CONTENT, "boilerplate": BOILERPLATE, "masked": MASKED}
_MARKS = {CONTENT: "+", BOILERPLATE: "-", MASKED: "?"}


@dataclass(frozen=True, eq=False)
class Article:
    """A text, a label for each of its lines, and where it comes from.

    Attributes
    ----------
    text : str
    labels : ndarray of int8
        CONTENT, BOILERPLATE or MASKED for each non-blank line, as `split_lines` finds them.
    site : str
        Publisher: one site never stands on two sides of a split.
    id : str
        Unique among the articles of one extractor.
    source : str
        The collection.
    language : str, optional
        Two letters.
    page_type : str
    extractor : str
        Which extractor printed the text.
    kinds : tuple of str, optional
        For labelled files: each line's kind of boilerplate, "" for none.
    body : tuple of str, optional
        Gold paragraphs.
    title : str, optional
    silver : bool
        Whether the labels come from a vote, not from a gold.
    """

    text: str
    labels: NDArray[np.int8]
    site: str
    id: str
    source: str
    language: str | None = None
    page_type: str = "article"
    extractor: str = "none"
    kinds: tuple[str, ...] | None = None
    body: tuple[str, ...] | None = None
    title: str | None = None
    silver: bool = False


@dataclass(frozen=True, eq=False)
class Corpus:
    """Labelled articles, in a fixed order."""

    articles: list[Article]

    @classmethod
    def read(cls, *paths: str | Path, extractors: Sequence[str] = LEARNT, cache: str | Path | None = None, n_jobs: int = 2) -> "Corpus":
        return cls([a for path in paths for file in _files(Path(path)) for a in _read_file(file, extractors, cache, n_jobs)])

    @property
    def texts(self) -> list[str]:
        """The articles' texts."""
        return [a.text for a in self.articles]

    @property
    def labels(self) -> list[NDArray[np.int8]]:
        """An array of labels for each article."""
        return [a.labels for a in self.articles]

    @property
    def groups(self) -> list[str]:
        """The site of each article."""
        return [a.site for a in self.articles]

    @property
    def n_lines(self) -> int:
        """How many lines have a label, masked ones included."""
        return sum(len(a.labels) for a in self.articles)

    @cached_property
    def digest(self) -> str:
        """A SHA-256 over ids, extractors, texts and labels."""
        sha = hashlib.sha256()
        for a in self.articles:
            for part in (a.id.encode(), a.extractor.encode(), a.text.encode("utf-8", "surrogatepass"), a.labels.tobytes()):
                sha.update(len(part).to_bytes(8, "little") + part)
        return sha.hexdigest()

    def select(self, predicate: Callable[[Article], bool]) -> "Corpus":
        """Keep the articles that a predicate holds for."""
        return Corpus([a for a in self.articles if predicate(a)])

    def __add__(self, other: "Corpus") -> "Corpus":
        return Corpus(self.articles + other.articles)

    def __len__(self) -> int:
        return len(self.articles)

    def __iter__(self) -> Iterator[Article]:
        return iter(self.articles)


def parse_labelled(text: str, where: str = "text") -> tuple[str, NDArray[np.int8], tuple[str, ...]]:
    lines, labels, kinds = [], [], []
    for number, raw in enumerate(text.split("\n"), 1):
        if not raw.strip():
            lines.append(raw)
            continue
        m = _MARK.fullmatch(raw)
        if not m or (m[1][1:] and m[1][1:] not in KINDS):
            raise CorpusError(f"{where}:{number}: no mark: begin the line with '+ ' or '- '")
        lines.append(m[2])
        labels.append({"+": CONTENT, "-": BOILERPLATE, "?": MASKED}[m[1][0]])
        kinds.append(m[1][1:])
    return "\n".join(lines), np.array(labels, np.int8), tuple(kinds)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.suffix in {".txt", ".jsonl", ".parquet"})
    return [path]


def _read_file(path: Path, extractors: Sequence[str], cache: str | Path | None, n_jobs: int) -> list[Article]:
    if path.suffix == ".parquet":
        return _read_pages(path, extractors, cache, n_jobs)
    if path.suffix == ".txt":
        text, labels, kinds = parse_labelled(path.read_text("utf-8"), str(path))
        return [Article(text, labels, path.parent.name, f"{path.parent.name}/{path.stem}", "articles", kinds=kinds)]
    return []


def _read_pages(path: Path, extractors: Sequence[str], cache: str | Path | None, n_jobs: int) -> list[Article]:
    parquet = load("pyarrow.parquet")
    folder = Path(cache or os.environ.get("DECHAFF_CACHE") or ".cache/dechaff")
    folder.mkdir(parents=True, exist_ok=True)
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    names = list(dict.fromkeys([*extractors, "resiliparse_all", *VOTERS]))
    key = hashlib.sha256("\n".join([content, *sorted(map(extractor_version, names))]).encode()).hexdigest()[:16]
    texts_file = folder / f"{path.stem}-texts-{key}.parquet"
    pages = parquet.read_table(path)
    meta = pages.drop_columns(["html"]).to_pylist()
    jl = load("joblib")
    if texts_file.exists():
        texts = parquet.read_table(texts_file).to_pylist()
    else:
        html = pages["html"].to_pylist()
        texts = jl.Parallel(n_jobs=n_jobs, batch_size=8)(
            jl.delayed(extract_all)(h, names if m["body"] is None else [n for n in names if n in (*extractors, "resiliparse_all")])
            for h, m in zip(html, meta))
        pa = load("pyarrow")
        texts = [{n: t.get(n) for n in names} for t in texts]
        parquet.write_table(pa.Table.from_pylist(texts), texts_file, compression="zstd")
    akey = hashlib.sha256(f"{key} {ALIGNMENT_VERSION} {','.join(extractors)}".encode()).hexdigest()[:16]
    labels_file = folder / f"{path.stem}-labels-{akey}.parquet"
    if labels_file.exists():
        labels = parquet.read_table(labels_file).to_pylist()
    else:
        labels = jl.Parallel(n_jobs=n_jobs, batch_size=8)(jl.delayed(_label_page)(m, t, list(extractors)) for m, t in zip(meta, texts))
        pa = load("pyarrow")
        parquet.write_table(pa.Table.from_pylist(labels), labels_file, compression="zstd")
    out = []
    for m, t, ls in zip(meta, texts, labels):
        for n in extractors:
            if ls[n] is not None:
                out.append(Article(t[n], np.array(ls[n], np.int8), m["site"], m["id"], m["source"], m["language"], m["page_type"], n,
                    body=tuple(m["body"]) if m["body"] is not None else None, title=m["title"], silver=m["body"] is None))
    return out


def _label_page(m: dict[str, Any], t: dict[str, str], extractors: list[str]) -> dict[str, list[int] | None]:
    out: dict[str, list[int] | None] = dict.fromkeys(extractors)
    if m["body"] is not None:
        if coverage(t["resiliparse_all"], m["body"]) < USABLE_COVERAGE:
            return out
        for n in extractors:
            out[n] = align(t[n], m["body"], m["title"], mask_byline=m["source"] in WITH_BYLINE).tolist()
        return out
    for n in extractors:
        labels = vote(t[n], [t[v] for v in VOTERS], m["title"])
        if labels is not None:
            out[n] = apply_snippets(t[n], labels, m["present"] or [], m["absent"] or []).tolist()
    return out
