"""The commands `dechaff clean` and `dechaff show`, and the reader of articles that `report` shares."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any

import typer

from dechaff.api import Output, clean_read
from dechaff.decisions.titles import make_page_info
from dechaff.errors import InputError
from dechaff.linear.line_model import LineModel, Threshold
from dechaff.results import CleanedArticle, LabelledLine
from dechaff.sites import SiteProfile
from dechaff.text.formats import Format
from dechaff.wording import count
from dechaff_training.cli import options
from dechaff_training.cli.options import (
    FormatName,
    OnError,
    OutputName,
    article_paths,
    examples,
    make_decoding,
    parse_keywords,
)
from dechaff_training.files.formats import ArticleText, output_name, read_source
from dechaff_training.files.json_io import dump, write_record
from dechaff_training.files.models import load
from dechaff_training.files.paths import protect_inputs
from dechaff_training.files.text_io import STANDARD, UTF_8, Decoding, open_output, show_path

CLEAN_EPILOG = examples(
    "clean page.html", "clean article.txt --title 'The mill shuts'", "clean texts/ -o clean/ --to markdown"
)
SHOW_EPILOG = examples("show article.txt --reasons 2")


def clean(
    files: options.Files = None,
    out: Annotated[
        str | None, typer.Option("--out", "-o", metavar="OUT", help="A file, or a folder for several inputs.")
    ] = None,
    model: options.ModelFile = None,
    threshold: options.Threshold = None,
    keywords: options.Keywords = None,
    keep_kinds: options.KeepKinds = None,
    title: options.Title = None,
    url: options.Url = None,
    sites: options.Sites = None,
    encoding: options.Encoding = "utf-8",
    errors: options.Errors = OnError.strict,
    separator: options.Separator = None,
    as_json: options.Json = False,
    wanted: options.Format = FormatName.auto,
    to: options.ToOutput = OutputName.text,
    verbose: options.Verbose = False,
) -> None:
    """Drop the boilerplate lines of texts, Markdown and HTML; kept lines of text stay unchanged, byte for byte."""
    paths = article_paths(files, title, url)
    decoding, phrases = make_decoding(encoding, errors), parse_keywords(keywords)
    job = Job(paths, model, threshold, decoding, phrases, title, url, None, wanted.format, verbose)
    job = replace(job, keep_kinds=tuple(keep_kinds or ()), sites=sites, output=to.output)
    name_of = partial(output_name, wanted=wanted.format, roots=files or (), output=to.output)
    folder = output_folder(out, paths, name_of, as_json=as_json)
    file = None if out is None or out == str(STANDARD) else Path(out)
    _check_separator(separator, folder, as_json=as_json)
    outputs = [file or STANDARD] if folder is None else [folder / name_of(path) for path in paths]
    protect_inputs(outputs, (*paths, model, sites))
    articles = Articles(job, hidden=file is None and sys.stdout.isatty())
    if folder is not None:
        for path, article in articles:
            _write(folder / name_of(path), [article.text])
    else:
        _write(file, _format_articles(articles, separator, as_json=as_json))
    articles.check_all()


def show(
    files: options.Files = None,
    model: options.ModelFile = None,
    threshold: options.Threshold = None,
    keywords: options.Keywords = None,
    reasons: Annotated[int, typer.Option(min=0, metavar="N", help="Number of reasons per line.")] = 3,
    full: Annotated[bool, typer.Option("--full", help="Wrap long lines on a terminal instead of cutting.")] = False,
    by_feature: Annotated[
        bool, typer.Option("--features", help="Print feature names as reasons instead of sentences.")
    ] = False,
    title: options.Title = None,
    url: options.Url = None,
    sites: options.Sites = None,
    encoding: options.Encoding = "utf-8",
    errors: options.Errors = OnError.strict,
    as_json: options.Json = False,
    wanted: options.Format = FormatName.auto,
    verbose: options.Verbose = False,
) -> None:
    """Print each line with its label (+ content, - boilerplate), probability of content, and reasons."""
    paths = article_paths(files, title, url)
    decoding, phrases = make_decoding(encoding, errors), parse_keywords(keywords)
    job = Job(paths, model, threshold, decoding, phrases, title, url, None, wanted.format, verbose)
    job = replace(job, sites=sites)
    protect_inputs([STANDARD], (*paths, sites))
    articles = Articles(job, hidden=True)
    if as_json:
        for path, article in articles:
            for number, line in enumerate(article.lines):
                write_record(line_record(path, number, line, reasons))
    else:
        from dechaff_training.report.rendering import LinePrinter

        printer = LinePrinter(reasons, full=full, by_feature=by_feature)
        for path, article in articles:
            printer.print_article(path, article, named=len(paths) > 1)
    articles.check_all()


@dataclass(frozen=True)
class Job:
    """Articles to label, and how to label them.

    Attributes
    ----------
    paths : tuple of Path
        The input files; `-` stands for standard input.
    model : Path, optional
        The model file; by default the built-in model.
    threshold : float or str, optional
    decoding : Decoding
    keywords : dict of str to list of str, optional
        The user's own phrases by family.
    title, url : str, optional
        The article's title and URL, if there is only one article; the title replaces that of an HTML page.
    extractor : str, optional
        The extractor that converts HTML to text; labelled text then loses its marks. Without an extractor, HTML
        is read as by `clean_html`, and labelled text as it is.
    format : str
        The format of the inputs, or "auto".
    verbose : bool
        Whether to print the format that each input was read as.
    keep_kinds : tuple of str
        Kinds of boilerplate that are kept.
    sites : Path, optional
        The file of a site profile, for the site of the URL.
    output : str
        What HTML pages become, "text" or "markdown".
    """

    paths: tuple[Path, ...] = (STANDARD,)
    model: Path | None = None
    threshold: Threshold = None
    decoding: Decoding = UTF_8
    keywords: dict[str, list[str]] | None = None
    title: str | None = None
    url: str | None = None
    extractor: str | None = None
    format: Format = "auto"
    verbose: bool = False
    keep_kinds: tuple[str, ...] = ()
    sites: Path | None = None
    output: Output = "text"


class Articles:
    """Iterator over labelled inputs; warnings, and errors of inputs that are left out, go to standard error."""

    def __init__(self, job: Job, *, hidden: bool) -> None:
        self._job, self._hidden = job, hidden
        self._n_failed, self._n_done = 0, 0

    @cached_property
    def model(self) -> LineModel:
        """Load the model, with the user's phrases."""
        return load(self._job.model, self._job.keywords)

    def __iter__(self) -> Iterator[tuple[Path, CleanedArticle]]:
        from dechaff_training.files.progress import Bar

        job, model = self._job, self.model
        sites = None if job.sites is None else SiteProfile.load(job.sites)
        with Bar("cleaning", len(job.paths), hidden=self._hidden) as bar:
            for path in job.paths:
                read = self._read(path)
                if read is not None:
                    if job.verbose:
                        print(f"dechaff: {show_path(path)}: {read.found}", file=sys.stderr)
                    how = model, job.threshold, make_page_info(job.title or read.title, job.url)
                    article = clean_read(read.text, read.reading, *how, job.keep_kinds, sites)
                    if article.flags:
                        print(f"dechaff: warning: {show_path(path)}: {', '.join(article.flags)}", file=sys.stderr)
                    self._n_done += 1
                    yield path, article
                bar.advance()

    def check_any(self) -> None:
        """Raise InputError if no input could be read, so that no empty output replaces earlier results."""
        if self._n_failed and not self._n_done:
            self.check_all()

    def check_all(self) -> None:
        """Raise InputError if any input was left out."""
        if self._n_failed:
            raise InputError(f"{self._n_failed} of {count(len(self._job.paths), 'input')} could not be read")

    def _read(self, path: Path) -> ArticleText | None:
        """Return an article's text, what the model reads of it, and its page's title; None if it cannot be read."""
        job = self._job
        try:
            if job.extractor is None:
                return read_source(path, job.decoding, job.format, job.keep_kinds, job.output)
            from dechaff_training.corpus.article_files import describe_article, read_article

            return describe_article(path, read_article(path, job.decoding, job.extractor, job.format), job.format)
        except InputError as error:
            if len(job.paths) == 1:
                raise
            print(f"dechaff: error: {error}", file=sys.stderr)
            self._n_failed += 1
            return None


def output_folder(
    out: str | None, paths: Sequence[Path], name_of: Callable[[Path], str] = output_name, *, as_json: bool = False
) -> Path | None:
    """Return the folder that the results of several inputs go to, or None if they go to one stream.

    Raises
    ------
    BadParameter
        If the results cannot be written to `out`.

    Examples
    --------
    >>> output_folder("clean", [Path("a.txt"), Path("b.txt")])
    PosixPath('clean')
    """
    if out is None or out == str(STANDARD):
        return None
    is_folder = Path(out).is_dir() or out.endswith("/")
    if as_json and is_folder:
        raise _bad_output(f"{out} is a folder: give a file, since --json writes all results to one")
    if as_json or (len(paths) == 1 and not is_folder):
        return None
    _check_names(Path(out), paths, name_of)
    return Path(out)


def _check_names(folder: Path, paths: Sequence[Path], name_of: Callable[[Path], str]) -> None:
    """Refuse inputs that have no name or would overwrite one another."""
    if folder.exists() and not folder.is_dir():
        raise _bad_output(f"{folder} is a file, and {len(paths)} inputs need a folder")
    seen: dict[str, Path] = {}
    for path in paths:
        if path == STANDARD:
            raise _bad_output("standard input has no file name: give an output file, not a folder")
        name = name_of(path)
        if name in seen:
            raise _bad_output(f"{seen[name]} and {path} would both be written to {folder / name}")
        seen[name] = path


def _check_separator(separator: str | None, folder: Path | None, *, as_json: bool) -> None:
    """Refuse a separator that would not be written."""
    if separator is not None and (as_json or folder is not None):
        other = "--json, which writes records" if as_json else "a folder as output"
        raise typer.BadParameter(f"not with {other}", param_hint="'--separator'")


def _bad_output(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="'--out' / '-o'")


def line_record(path: Path, number: int, line: LabelledLine, limit: int) -> dict[str, Any]:
    """Return one line as a JSON record; `text`, `label` and `kind` have the form of a labelled corpus."""
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
            for why in (line.why(limit) if limit else [])
        ],
        "reasons": [
            {"feature": reason.feature, "contribution": round(reason.contribution, 4)}
            for reason in (line.reasons(limit) if limit else [])
        ],
    }


def _format_articles(articles: Articles, separator: str | None, *, as_json: bool) -> Iterator[str]:
    """Yield the pieces to write to one stream; a line break is added between texts that lack one.

    Raises
    ------
    InputError
        At the end, if no input could be read.
    """
    unended = False
    for number, (path, article) in enumerate(articles):
        if as_json:
            yield dump(_article_record(path, article))
            continue
        if unended:
            yield "\n"
        if number and separator is not None:
            yield f"{separator}\n"
        yield article.text
        unended = bool(article.text) and not article.text.endswith(("\n", "\r"))
    articles.check_any()


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


def _write(path: Path | None, pieces: Iterable[str]) -> None:
    with open_output(path) as stream:
        for piece in pieces:
            # Some encodings decode to lone surrogates, which UTF-8 cannot encode.
            stream.write(piece.encode("utf-8", "replace"))
