"""The command `dechaff report`."""

from pathlib import Path
from typing import Annotated

import typer

from dechaff.linear.artifact import model_digest
from dechaff_training.cli import options
from dechaff_training.cli.clean import Articles, Job
from dechaff_training.cli.options import FormatName, OnError, article_paths, examples, make_decoding, parse_keywords
from dechaff_training.files.paths import protect_inputs
from dechaff_training.files.text_io import STANDARD, open_output, show_path

EPILOG = (
    examples("report article.txt -o report.html", "report texts/ page.html --reasons 3 -o report.html")
    + "\n\nThe page is one file; it has no script and loads nothing."
)


def report(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="ARTICLES",
            help="Texts, labelled or not, HTML pages (.html), or folders of them; '-' or none: standard input.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="HTML file to write.", show_default="standard output"),
    ] = None,
    model: options.ModelFile = None,
    threshold: options.Threshold = None,
    keywords: options.Keywords = None,
    reasons: Annotated[int, typer.Option(min=0, metavar="N", help="Number of reasons per dropped line.")] = 2,
    extractor: options.Extractor = "resiliparse_all",
    title: options.Title = None,
    url: options.Url = None,
    encoding: options.Encoding = "utf-8",
    errors: options.Errors = OnError.strict,
    wanted: options.Format = FormatName.auto,
    verbose: options.Verbose = False,
) -> None:
    """Write an HTML page of the kept and dropped lines of articles, with the reasons."""
    paths = article_paths(inputs, title, url)
    decoding = make_decoding(encoding, errors)
    phrases = parse_keywords(keywords)
    job = Job(paths, model, threshold, decoding, phrases, title, url, extractor, wanted.format, verbose)
    report_files(job, out, reasons)


def report_files(job: Job, out: Path | None, limit: int) -> None:
    """Write an HTML page about the inputs.

    Parameters
    ----------
    job : Job
        The inputs and their settings.
    out : Path, optional
        The HTML file to write; by default standard output.
    limit : int
        Maximum number of reasons per dropped line.

    Raises
    ------
    DechaffError
        If any input was left out; the others are on the page.
    """
    from dechaff_training.corpus.extraction import EXTRACTORS, check_extractors
    from dechaff_training.report.html_report import make_page, make_section

    check_extractors([job.extractor or ""], EXTRACTORS)
    protect_inputs([out or STANDARD], (*job.paths, job.model))
    articles = Articles(job, hidden=False)
    sections = [
        make_section(number, show_path(path), article, limit) for number, (path, article) in enumerate(articles, 1)
    ]
    articles.check_any()
    threshold = articles.model.resolve_threshold(job.threshold)
    page = make_page(sections, _describe_settings(job.model, threshold))
    with open_output(out) as stream:
        stream.write(page.encode("utf-8", "replace"))
    articles.check_all()


def _describe_settings(model: Path | None, threshold: float) -> str:
    name = "the built-in model" if model is None else show_path(model)
    digest = model_digest(model)[:12]
    return f"Labels by {name} (SHA-256 {digest}…); lines are kept from a probability of {threshold:g}"
