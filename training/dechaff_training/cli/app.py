"""The command `dechaff`: thin functions that hand their arguments to plain ones.

What a command needs is imported within it, so that `dechaff clean` does not wait for scikit-learn.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dechaff.errors import DechaffError
from dechaff_training.cli import bulk as bulk_command
from dechaff_training.cli import diff as diff_command
from dechaff_training.cli import label as label_command
from dechaff_training.cli import report as report_command
from dechaff_training.cli import train as train_command
from dechaff_training.cli.interrupts import INTERRUPTED, interruptible
from dechaff_training.cli.options import (
    BEHAVIOUR,
    Corpora,
    Encoding,
    Errors,
    Extractor,
    Extractors,
    Files,
    Json,
    JsonFile,
    Keywords,
    LabelFormat,
    ModelFile,
    OnError,
    Threshold,
    Title,
    Url,
    article_paths,
    make_decoding,
    phrases,
)
from dechaff_training.cli.standard import replace_closed
from dechaff_training.files.text_io import STANDARD

# What a shell makes of a program that SIGPIPE ended.
_PIPE_CLOSED = 141
# What writing fails with: the disk is full, too large a file, broken, closed.
_WRITING = (errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EBADF)


class _Group(TyperGroup):
    """Turns what a command raises into one line on standard error and an exit code."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Read the arguments; help and version are printed here."""
        with _exit_codes():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; what it raises becomes its exit code."""
        with _exit_codes(), interruptible():
            return super().invoke(ctx)


@contextmanager
def _exit_codes() -> Iterator[None]:
    """Turn what is raised into an exit code; what was printed is written before, also if it ends with one."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        raise typer.Exit(_PIPE_CLOSED) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except DechaffError as error:
        _complain(str(error))
        raise typer.Exit(1) from error
    except OSError as error:
        _complain(_describe(error))
        _drop_output()
        raise typer.Exit(1) from error


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    **BEHAVIOUR,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        import dechaff

        print(f"dechaff {dechaff.__version__}")
        raise typer.Exit


@app.callback(epilog="Example: [bold]dechaff clean article.txt -o clean.txt[/bold]")
def _dechaff(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Label each line of an article as content or boilerplate, and say why."""


@app.command(
    epilog="Examples: [bold]dechaff clean article.txt --title 'The mill shuts'[/bold] · "
    "[bold]dechaff clean *.txt -o clean/[/bold]"
)
def clean(
    files: Files = None,
    out: Annotated[
        str | None, typer.Option("--out", "-o", metavar="OUT", help="A file, or a folder for several inputs.")
    ] = None,
    model: ModelFile = None,
    threshold: Threshold = None,
    keywords: Keywords = None,
    title: Title = None,
    url: Url = None,
    encoding: Encoding = "utf-8",
    errors: Errors = OnError.strict,
    as_json: Json = False,
) -> None:
    """Drop the boilerplate lines of texts; what is kept stays as it is, byte for byte."""
    from dechaff_training.cli.cleaning_files import Job, Output, clean_files

    paths = article_paths(files, title, url)
    job = Job(paths, model, threshold, make_decoding(encoding, errors), phrases(keywords), title, url)
    try:
        output = Output.choose(out, job.paths, as_json=as_json)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'--out' / '-o'") from error
    clean_files(job, output, as_json=as_json)


@app.command(epilog="Example: [bold]dechaff show article.txt --reasons 2[/bold]")
def show(
    files: Files = None,
    model: ModelFile = None,
    threshold: Threshold = None,
    keywords: Keywords = None,
    reasons: Annotated[int, typer.Option(min=0, help="How many reasons each line gets.")] = 3,
    full: Annotated[
        bool, typer.Option("--full", help="Wrap long lines on a terminal instead of cutting them.")
    ] = False,
    by_feature: Annotated[
        bool, typer.Option("--features", help="Name the model's features instead of saying reasons in words.")
    ] = False,
    title: Title = None,
    url: Url = None,
    encoding: Encoding = "utf-8",
    errors: Errors = OnError.strict,
    as_json: Json = False,
) -> None:
    """Print every line with its label (+ content, - boilerplate), probability of content, and reasons."""
    from dechaff_training.cli.cleaning_files import Job, labelled_articles, line_record
    from dechaff_training.files.json_io import write_record

    paths = article_paths(files, title, url)
    job = Job(paths, model, threshold, make_decoding(encoding, errors), phrases(keywords), title, url)
    articles = labelled_articles(job)
    if as_json:
        for path, article in articles:
            for number, line in enumerate(article.lines):
                write_record(line_record(path, number, line, reasons))
        return
    from dechaff_training.report.rendering import LinePrinter

    printer = LinePrinter(reasons, full=full, by_feature=by_feature)
    for path, article in articles:
        printer.print_article(path, article, named=len(files or []) > 1)


app.command(epilog=bulk_command.EXAMPLES)(bulk_command.bulk)
app.command(epilog=label_command.EXAMPLES)(label_command.label)
app.command("next", epilog=label_command.NEXT_EXAMPLES)(label_command.suggest)
app.command(epilog=report_command.EXAMPLES)(report_command.report)
app.command(epilog=diff_command.EXAMPLES)(diff_command.diff)
app.command(epilog=train_command.EXAMPLES)(train_command.train)


@app.command(epilog="Example: [bold]dechaff evaluate data/articles --json figures.json[/bold]")
def evaluate(
    corpora: Corpora,
    model: ModelFile = None,
    threshold: Threshold = None,
    extractors: Extractors = None,
    json_file: JsonFile = None,
    titles: Annotated[bool, typer.Option("--titles", help="Give the model the titles of pages.")] = False,
    lines: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write each line's label, probability and length, no text, as .npz."),
    ] = None,
) -> None:
    """Measure a model on labelled articles and pages, with intervals over sites."""
    from dechaff_training.cli.corpus_files import evaluate_model
    from dechaff_training.files.json_io import write_json

    evaluation = evaluate_model(corpora, model, threshold, extractors or (), lines, titles=titles)
    if json_file is not None:
        write_json(evaluation.to_dict(), json_file)
    if json_file != STANDARD:
        from dechaff_training.report.rendering import print_tables

        print_tables(evaluation.tables())


@app.command(epilog="Example: [bold]dechaff benchmark pages.parquet -x resiliparse_all --json figures.json[/bold]")
def benchmark(
    pages: Annotated[
        list[Path],
        typer.Argument(metavar="PAGES", help="HTML pages with gold bodies in .parquet, or folders of them."),
    ],
    model: ModelFile = None,
    extractors: Annotated[
        list[str] | None,
        typer.Option(
            *("--extractors", "--extractor", "-x"),
            metavar="NAME",
            help="An extractor to put dechaff behind; repeat it. By default the five that it learns from.",
            show_default=False,
        ),
    ] = None,
    reference: Annotated[
        str, typer.Option(metavar="SYSTEM", help="The system of the table that differences are against.")
    ] = "trafilatura",
    json_file: JsonFile = None,
) -> None:
    """Compare dechaff with extractors and rules on HTML pages: text F1 and pages per second, in one run."""
    from dechaff_training.evaluate.page_benchmark import benchmark_pages
    from dechaff_training.files.json_io import write_json

    figures = benchmark_pages(pages, model, extractors or (), reference)
    if json_file is not None:
        write_json(figures.to_dict(), json_file)
    if json_file != STANDARD:
        from dechaff_training.report.rendering import print_tables

        print_tables(figures.tables())
        print(*(f"- {note}" for note in figures.notes), sep="\n")


@app.command(
    epilog="Examples: [bold]dechaff annotate page.html --gold body.txt -o labelled.txt[/bold] · "
    "[bold]dechaff annotate data/mine --from text --to label-studio -o tasks.json[/bold] · "
    "[bold]dechaff annotate export.json --from label-studio --to text -o data/mine[/bold]"
)
def annotate(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT", help="A web page; with --from what is labelled: files, folders, an export."
        ),
    ],
    gold: Annotated[
        Path | None, typer.Option(help="The article's paragraphs, one a line.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="The labelled file, by default standard output; a folder for text or dolma."
        ),
    ] = None,
    source: Annotated[
        LabelFormat | None, typer.Option("--from", help="The format of labels to convert.", show_default=False)
    ] = None,
    target: Annotated[
        LabelFormat | None, typer.Option("--to", help="The format to write them in.", show_default=False)
    ] = None,
    extractor: Extractor = "resiliparse_all",
    title: Annotated[str | None, typer.Option(help="The headline, if the gold leaves it out.")] = None,
    encoding: Encoding = "utf-8",
    errors: Errors = OnError.strict,
) -> None:
    """Label a page's lines from the paragraphs of its article; or convert labels from and to other tools."""
    if source is not None and target is not None and gold is None:
        from dechaff_training.exchange.convert import exchange_labels

        n_articles = exchange_labels(inputs, source.value, target.value, out)
        print(f"dechaff: {n_articles} articles", file=sys.stderr)
    elif gold is not None and len(inputs) == 1 and source is None and target is None:
        from dechaff_training.cli.corpus_files import annotate_page

        annotate_page(inputs[0], gold, out, extractor, title, make_decoding(encoding, errors))
    else:
        raise typer.BadParameter("give one page and its --gold, or both --from and --to")


@app.command(epilog="Example: [bold]dechaff check data/articles[/bold]")
def check(corpora: Corpora, as_json: Json = False) -> None:
    """Find doubtful and wrong labels; exit code 1 if any is an error."""
    from dechaff_training.cli.corpus_files import check_corpus

    if not check_corpus(corpora, as_json=as_json):
        raise typer.Exit(1)


@app.command(epilog="Example: [bold]dechaff inspect model.joblib --limit 10[/bold]")
def inspect(
    model: Annotated[
        Path | None, typer.Argument(help="A model file; by default the one that ships.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many weights to name of each part.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Say where a model comes from and what weighs most in it; nothing in the file is run."""
    from dechaff_training.files.models import describe_model

    description = describe_model(model, limit)
    if as_json:
        from dechaff_training.files.json_io import write_json

        write_json(description, None)
    else:
        from dechaff_training.report.rendering import print_model

        print_model(description)


def main() -> None:
    """Run the command line."""
    replace_closed()
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal in another encoding shows a mark where it has no character, and no traceback.
        sys.stdout.reconfigure(errors="replace")
    app(prog_name="dechaff")


def _complain(message: str) -> None:
    print(f"dechaff: error: {' '.join(message.split())}", file=sys.stderr)


def _describe(error: OSError) -> str:
    """Say what failed, and for want of what; an error in writing that names no file is one of standard output."""
    name = error.filename or ("standard output" if error.errno in _WRITING else "")
    return ": ".join(filter(None, (str(name), error.strerror or str(error))))


def _drop_output() -> None:
    """Let what is still to be written go nowhere: Python would try once more at its end, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
