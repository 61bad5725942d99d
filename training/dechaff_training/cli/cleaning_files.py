"""What `dechaff clean` and `dechaff show` do, without their command line."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dechaff.api import CleanedArticle, LabelledLine, clean_article
from dechaff.errors import InputError
from dechaff.explain.contributions import Reason
from dechaff.explain.sentences import Why
from dechaff.linear.line_model import LineModel, Threshold
from dechaff_training.files.json_io import dump
from dechaff_training.files.models import load
from dechaff_training.files.progress import Bar
from dechaff_training.files.text_io import STANDARD, UTF_8, Decoding, open_output, read_text, show_path


@dataclass(frozen=True)
class Job:
    """Which texts to judge, and how.

    Attributes
    ----------
    paths : tuple of Path
        `-` is standard input.
    model : Path, optional
        By default the model that dechaff ships with.
    threshold : float or str, optional
    decoding : Decoding
    keywords : dict of str to list of str, optional
        Phrases of the user's own by family.
    title, url : str, optional
        Of the article, if it is only one.
    extractor : str, optional
        With one, HTML becomes text and labelled text loses its marks; else every file is text as it is.
    """

    paths: tuple[Path, ...] = (STANDARD,)
    model: Path | None = None
    threshold: Threshold = None
    decoding: Decoding = UTF_8
    keywords: dict[str, list[str]] | None = None
    title: str | None = None
    url: str | None = None
    extractor: str | None = None


@dataclass(frozen=True)
class Output:
    """Where cleaned text goes: one file, a folder with a file for each input, or else standard output."""

    file: Path | None = None
    folder: Path | None = None

    @classmethod
    def choose(cls, out: str | None, paths: Sequence[Path], *, as_json: bool = False) -> "Output":
        """Decide by what is asked and what is there.

        Raises
        ------
        ValueError
            If the inputs cannot go there.

        Examples
        --------
        >>> Output.choose("clean", [Path("a.txt"), Path("b.txt")])
        Output(file=None, folder=PosixPath('clean'))
        """
        if out is None or out == str(STANDARD):
            return cls()
        path = Path(out)
        wants_folder = path.is_dir() or out.endswith("/")
        if as_json and wants_folder:
            raise ValueError(f"{out} is a folder: all results of --json go to one file")
        if as_json or (len(paths) == 1 and not wants_folder):
            return cls(file=path)
        _check_names(path, paths)
        return cls(folder=path)


def clean_files(job: Job, output: Output, *, as_json: bool = False) -> None:
    """Clean every input and write the results; an input that cannot be read is told of and left out.

    Raises
    ------
    InputError
        If any input was left out; the rest is written.
    """
    articles = Articles(job, hidden=output == Output() and sys.stdout.isatty())
    if output.folder is not None:
        for path, article in articles:
            with open_output(output.folder / path.name) as stream:
                stream.write(_encode(article.text))
    else:
        with open_output(output.file) as stream:
            for piece in _pieces(articles, as_json=as_json):
                stream.write(_encode(piece))
            articles.check_any()
    articles.check_all()


def labelled_articles(job: Job) -> Iterator[tuple[Path, CleanedArticle]]:
    """Give every input with its labelled lines; one that cannot be read is told of and left out.

    Raises
    ------
    InputError
        At the end, if any input was left out.
    """
    articles = Articles(job, hidden=True)
    yield from articles
    articles.check_all()


def line_record(path: Path, number: int, line: LabelledLine, limit: int) -> dict[str, Any]:
    """Describe one line for who reads it by machine; `text`, `label` and `kind` are as in a labelled corpus."""
    return {
        "text": line.text,
        "label": line.label,
        "kind": line.kind,
        "probability": round(line.probability, 6),
        "path": _json_path(path),
        "line": number,
        "start": line.start,
        "end": line.end,
        "why": [
            {"text": why.text, "contribution": round(why.contribution, 4), "theme": why.theme}
            for why in sentences(line, limit)
        ],
        "reasons": [
            {"feature": reason.feature, "contribution": round(reason.contribution, 4)}
            for reason in features(line, limit)
        ],
    }


def sentences(line: LabelledLine, limit: int) -> list[Why]:
    """Say why a line has its label; nothing is worked out where nothing is asked for."""
    return line.why(limit) if limit else []


def features(line: LabelledLine, limit: int) -> list[Reason]:
    """Give a line's strongest features; none are worked out where none are asked for."""
    return line.reasons(limit) if limit else []


class Articles:
    """Reads and judges one input after the other; warns and complains on standard error."""

    def __init__(self, job: Job, *, hidden: bool) -> None:
        self._job, self._hidden = job, hidden
        self._failed, self._done = 0, 0

    @cached_property
    def model(self) -> LineModel:
        """Load the model that judges, with the user's phrases."""
        model, keywords = load(self._job.model), self._job.keywords
        return model.with_keywords(keywords) if keywords else model

    def __iter__(self) -> Iterator[tuple[Path, CleanedArticle]]:
        job = self._job
        model = self.model
        with Bar("cleaning", len(job.paths), hidden=self._hidden) as bar:
            for path in job.paths:
                text = self._read(path)
                if text is not None:
                    article = clean_article(text, model, job.threshold, title=job.title, url=job.url)
                    self._warn(path, article)
                    self._done += 1
                    yield path, article
                bar.advance()

    def check_any(self) -> None:
        """Stop before an empty file takes the place of results."""
        if self._failed and not self._done:
            self.check_all()

    def check_all(self) -> None:
        """Complain if an input was left out."""
        if self._failed:
            raise InputError(f"{self._failed} of {len(self._job.paths)} inputs left out")

    def _read(self, path: Path) -> str | None:
        job = self._job
        try:
            if job.extractor is None:
                return read_text(path, job.decoding)
            from dechaff_training.corpus.article_files import read_article

            return read_article(path, job.decoding, job.extractor).text
        except InputError as error:
            if len(job.paths) == 1:
                raise
            print(f"dechaff: error: {error}", file=sys.stderr)
            self._failed += 1
            return None

    def _warn(self, path: Path, article: CleanedArticle) -> None:
        if article.flags:
            print(f"dechaff: warning: {show_path(path)}: {', '.join(article.flags)}", file=sys.stderr)


def _pieces(articles: Articles, *, as_json: bool) -> Iterator[str]:
    """Give what is written to one stream; texts that follow one another each end their last line."""
    unended = False
    for path, article in articles:
        if as_json:
            yield dump(_article_record(path, article))
            continue
        if unended:
            yield "\n"
        yield article.text
        unended = bool(article.text) and not article.text.endswith(("\n", "\r"))


def _article_record(path: Path, article: CleanedArticle) -> dict[str, Any]:
    return {
        "path": _json_path(path),
        "text": article.text,
        "flags": list(article.flags),
        "n_lines": article.n_lines,
        "n_kept": article.n_kept,
    }


def _json_path(path: Path) -> str:
    return str(path) if path == STANDARD else show_path(path)


def _encode(text: str) -> bytes:
    # Some encodings let half a surrogate pair in; UTF-8 has no place for it.
    return text.encode("utf-8", "replace")


def _check_names(folder: Path, paths: Sequence[Path]) -> None:
    """Refuse inputs that would overwrite one another, or have no name to be written under."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file, and {len(paths)} inputs need a folder")
    seen: dict[str, Path] = {}
    for path in paths:
        if path == STANDARD:
            raise ValueError("standard input has no name: name an output file")
        if path.name in seen:
            raise ValueError(f"{seen[path.name]} and {path} would both be written to {folder / path.name}")
        seen[path.name] = path
