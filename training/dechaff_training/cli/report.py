"""The command `dechaff report`: its options, and nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from dechaff_training.cli.options import (
    Encoding,
    Errors,
    Extractor,
    Keywords,
    ModelFile,
    OnError,
    Threshold,
    Title,
    Url,
    article_paths,
    make_decoding,
    phrases,
)

EXAMPLES = (
    "Examples: [bold]dechaff report article.txt -o report.html[/bold] · "
    "[bold]dechaff report texts/ page.html --reasons 3 -o report.html[/bold]\n\n"
    "The page is one file that needs no script and asks for nothing from elsewhere."
)


def report(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="ARTICLES",
            help="Texts, labelled or not, HTML pages (.html), folders of them; '-' or none for standard input.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The page to write, by default to standard output.", show_default=False),
    ] = None,
    model: ModelFile = None,
    threshold: Threshold = None,
    keywords: Keywords = None,
    reasons: Annotated[int, typer.Option(min=0, help="How many reasons each dropped line gets.")] = 2,
    extractor: Extractor = "resiliparse_all",
    title: Title = None,
    url: Url = None,
    encoding: Encoding = "utf-8",
    errors: Errors = OnError.strict,
) -> None:
    """Write one HTML page of what is kept of articles, and what is dropped and why."""
    from dechaff_training.cli.cleaning_files import Job
    from dechaff_training.cli.report_files import report_files

    paths = article_paths(inputs, title, url)
    decoding = make_decoding(encoding, errors)
    report_files(Job(paths, model, threshold, decoding, phrases(keywords), title, url, extractor), out, reasons)
