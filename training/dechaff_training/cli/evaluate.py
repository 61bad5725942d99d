"""The commands `dechaff evaluate` and `dechaff benchmark`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dechaff.linear.artifact import model_digest
from dechaff_training.cli import options
from dechaff_training.cli.options import examples
from dechaff_training.files.json_io import write_json
from dechaff_training.files.models import load
from dechaff_training.files.paths import protect_inputs
from dechaff_training.files.progress import Bar
from dechaff_training.files.text_io import STANDARD

if TYPE_CHECKING:
    from dechaff_training.evaluate.evaluation import Evaluation
    from dechaff_training.evaluate.page_benchmark import PageBenchmark
    from dechaff_training.evaluate.tables import Table

EVALUATE_EPILOG = examples("evaluate data/articles --json figures.json")
BENCHMARK_EPILOG = examples("benchmark pages.parquet -x resiliparse_all --json out.json")


def evaluate(
    corpora: options.Corpora,
    model: options.ModelFile = None,
    threshold: options.Threshold = None,
    extractors: options.Extractors = None,
    json_file: options.JsonFile = None,
    titles: Annotated[bool, typer.Option("--titles", help="Use the titles of pages.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Print all groups and figures.")] = False,
    lines: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write label, probability and length of each line, no text, as .npz."),
    ] = None,
    html: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PAGES",
            help="Parquet files with the HTML of the pages whose lines a reader labelled: other extractors are run "
            "on it for comparison.",
        ),
    ] = None,
) -> None:
    """Measure a model on labelled articles and pages, with confidence intervals over sites."""
    from dechaff_training.corpus import find_files, read_corpus
    from dechaff_training.corpus.pages import read_html
    from dechaff_training.evaluate import evaluation, overlap, short_tables

    protect_inputs([json_file, lines], (*corpora, *(html or ()), model))
    judge = load(model)
    with Bar("reading the corpus") as bar:
        corpus = read_corpus(corpora, extractors or ())
        files = [file for path in html or () for file in find_files(path, (".parquet",))]
        pages = {article.id: page for file in files for article, page in read_html(file)}
        bar.describe("evaluating")
        result = evaluation.evaluate(judge, corpus, threshold, titles=titles, html=pages)
        result.settings["warning"] = overlap.overlap_warning(judge, corpus)
    if lines is not None:
        result.records.write(lines)
    result.settings["model_sha256"] = model_digest(model)
    _print_warning(str(result.settings["warning"]), json_file)
    _write_figures(result, json_file, None if full else short_tables.short_tables(result))


def _print_warning(warning: str, json_file: Path | None) -> None:
    """Print a warning, if there is one, as the first line of the output, or beside JSON on standard error."""
    if warning and json_file == STANDARD:
        print(warning, file=sys.stderr)
    elif warning:
        from dechaff_training.report.rendering import print_note

        print_note(warning)


def benchmark(
    pages: Annotated[
        list[Path],
        typer.Argument(metavar="PAGES", help="HTML pages with gold bodies (.parquet), or folders of them."),
    ],
    model: options.ModelFile = None,
    extractors: Annotated[
        list[str] | None,
        typer.Option(
            *("--extractors", "--extractor", "-x"),
            metavar="NAME",
            help="Extractor whose output dechaff cleans; may be repeated.",
            show_default="the five that dechaff is trained on",
        ),
    ] = None,
    reference: Annotated[
        str,
        typer.Option(
            metavar="SYSTEM",
            help="Extractor or other row of the table to subtract in the column of F1 differences.",
        ),
    ] = "trafilatura",
    json_file: options.JsonFile = None,
) -> None:
    """Compare dechaff with other extractors and rules on HTML pages: text F1 and pages per second."""
    from dechaff_training.evaluate.page_benchmark import benchmark_pages

    protect_inputs([json_file], (*pages, model))
    figures = benchmark_pages(pages, model, extractors or (), reference)
    _write_figures(figures, json_file)
    if json_file != STANDARD:
        print(*(f"- {note}" for note in figures.notes), sep="\n")


def _write_figures(
    figures: "Evaluation | PageBenchmark", json_file: Path | None, tables: "list[Table] | None" = None
) -> None:
    """Write figures as JSON if a file is given, and print tables, by default all, unless JSON is printed."""
    if json_file is not None:
        write_json(figures.to_dict(), json_file)
    if json_file != STANDARD:
        from dechaff_training.report.rendering import print_tables

        print_tables(figures.tables() if tables is None else tables)
