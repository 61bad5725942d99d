"""The command `dechaff bulk`: a bulk run with its progress and its summary."""

from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dechaff.wording import count
from dechaff_training.cli import options
from dechaff_training.cli.options import examples, parse_keywords
from dechaff_training.files.json_io import write_record
from dechaff_training.files.paths import protect_inputs
from dechaff_training.files.progress import Throughput
from dechaff_training.files.text_io import open_output

if TYPE_CHECKING:
    from dechaff.bulk import Settings, Summary
    from dechaff.bulk.run import ProgressListener
    from dechaff.bulk.summary import Counts

EPILOG = (
    examples("bulk docs.jsonl.zst -o clean/", "bulk crawl/ -o clean/ --sites sites.dechaff --workers 8")
    + "\n\nExit codes: 0 done, no bad records · 1 bad input, other settings than in the earlier run, or a bad "
    "record with --strict · 2 wrong usage · 3 done, but some records are in quarantine · 130 interrupted. "
    "Run again without --overwrite to resume."
)
#: The exit code of a run with records in quarantine.
QUARANTINED = 3
_N_FREQUENT = 10
_FREQUENT = "Dropped most often:"
_INPUT_HELP = (
    "JSON Lines (.jsonl, .json, also .gz, .zst), .parquet, WET or WARC (.wet, .warc, also .gz), folders of them, "
    "or quoted patterns."
)
_TITLE_HELP = "Field of the page's title, which helps to keep the headline; '' for none."
_URL_HELP = "Field of the page's address, used without a title; '' for none."

TextColumn = Annotated[
    str | None, typer.Option(metavar="NAME", help="Field of the text.", show_default="text, content, body, …")
]
IdColumn = Annotated[
    str | None, typer.Option(metavar="NAME", help="Field of the id.", show_default="id, doc_id, url, …")
]
TitleColumn = Annotated[str | None, typer.Option(metavar="NAME", help=_TITLE_HELP, show_default="title, headline")]
UrlColumn = Annotated[str | None, typer.Option(metavar="NAME", help=_URL_HELP, show_default="url, uri, link")]
Dropped = Annotated[
    bool, typer.Option("--dropped", help="Write every dropped line with its kind and reasons; slow.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Number of processes.", show_default="one per core")
]
ReportFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write an HTML page of documents to look at, and of dropped lines by kind."),
]


class BulkFormat(Enum):
    """The formats of texts in records."""

    auto = "auto"
    text = "text"
    html = "html"
    markdown = "markdown"


def bulk(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT", help=_INPUT_HELP)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")],
    text_column: TextColumn = None,
    id_column: IdColumn = None,
    title_column: TitleColumn = None,
    url_column: UrlColumn = None,
    dropped: Dropped = False,
    attributes: Annotated[
        bool, typer.Option("--attributes", help="Write the score of every line as Dolma attributes.")
    ] = False,
    model: options.ModelFile = None,
    threshold: options.Threshold = None,
    keywords: options.Keywords = None,
    keep_kinds: options.KeepKinds = None,
    sites: options.Sites = None,
    site_column: options.SiteColumn = None,
    workers: Workers = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad record.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start over instead of resuming.")] = False,
    wanted: Annotated[
        BulkFormat, typer.Option("--format", help="Format of the texts; auto looks at each for HTML.")
    ] = BulkFormat.auto,
    report: ReportFile = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Clean folders of documents on all cores; run it again to resume."""
    from dechaff.bulk import Settings

    columns = text_column, id_column, dropped, attributes, strict, title_column, url_column
    kinds, phrases = tuple(keep_kinds or ()), parse_keywords(keywords)
    settings = Settings(
        model, threshold, phrases, *columns, wanted.value, kinds, sites, site_column, report is not None
    )
    _check_report(report, settings, inputs, output)
    summary = bulk_files(inputs, output, settings, workers, overwrite=overwrite, quiet=quiet, as_json=as_json)
    if report is not None:
        _write_report(report, summary, output)
    if summary.counts.n_bad:
        raise typer.Exit(QUARANTINED)


def _check_report(report: Path | None, settings: "Settings", inputs: Sequence[str], output: Path) -> None:
    """Raise if the report would be written over an input."""
    from dechaff.bulk.inputs import find_inputs

    if report is None:
        return
    sources = (source.path for source in find_inputs(inputs, output))
    protect_inputs([report], [settings.model, settings.sites, *sources])


def _write_report(report: Path, summary: "Summary", output: Path) -> None:
    from dechaff_training.report.bulk_report import make_bulk_page

    # The last lines of the summary, the most frequent dropped lines, have a table of their own.
    rows = takewhile(lambda row: row != _FREQUENT, summary_rows(summary, output))
    with open_output(report) as stream:
        stream.write(make_bulk_page(summary, rows).encode("utf-8", "replace"))


def bulk_files(
    inputs: Sequence[str],
    output: Path,
    settings: "Settings",
    workers: int | None = None,
    *,
    overwrite: bool = False,
    quiet: bool = False,
    as_json: bool = False,
) -> "Summary":
    """Run `clean_bulk` with a progress bar and print the summary.

    Raises
    ------
    DechaffError
        If `clean_bulk` raises it: an input, the output folder or the model cannot be used.
    """
    from dechaff.bulk import clean_bulk

    with Throughput("cleaning", hidden=quiet) as bar:
        listener = show_progress(bar, quiet=quiet)
        summary = clean_bulk(inputs, output, settings, workers=workers, overwrite=overwrite, listener=listener)
    if as_json:
        write_record(summary.to_dict())
    elif not quiet:
        print(*summary_rows(summary, output), sep="\n")
    return summary


def show_progress(bar: Throughput, *, quiet: bool) -> "ProgressListener":
    """Return a listener that shows the progress of a run as a bar.

    Parameters
    ----------
    bar : Throughput
    quiet : bool
        Whether to leave out messages.
    """
    from dechaff.bulk.run import ProgressListener

    class Listener(ProgressListener):
        def on_start(self, n_bytes: int) -> None:
            """Set the total size of the inputs."""
            bar.expect(n_bytes)

        def on_message(self, message: str) -> None:
            """Print a message."""
            if not quiet:
                bar.print(f"dechaff: {message}")

        def on_progress(self, position: int, counts: "Counts", n_bytes: int) -> None:
            """Advance the bar."""
            bar.reach(position, counts.n_documents, n_bytes)

    return Listener()


def summary_rows(summary: "Summary", output: Path) -> Iterator[str]:
    """Yield the lines of a summary.

    Examples
    --------
    >>> from dechaff.bulk import Summary
    >>> next(summary_rows(Summary(n_inputs=1), Path("out")))
    '0 documents of 1 file: 0 of 0 lines dropped (0.0 %), 0.0 % of the characters'
    """
    from dechaff_training.report.rendering import visible

    counts, figures = summary.counts, summary.to_dict()
    yield (
        f"{count(counts.n_documents, 'document')} of {count(summary.n_inputs, 'file')}: "
        f"{counts.n_dropped_lines:,} of {count(counts.n_lines, 'line')} dropped "
        f"({figures['share_dropped_lines']:.1%}), {figures['share_dropped_chars']:.1%} of the characters".replace(
            "%", " %"
        )
    )
    yield from (f"Fields: {columns}" for columns in summary.columns)
    if counts.n_titled or counts.n_addressed:
        has = "has" if counts.n_titled == 1 else "have"
        yield f"{count(counts.n_titled, 'document')} {has} a title, {counts.n_addressed:,} only an address"
    elif counts.n_documents:
        yield "No titles or addresses: if records have some, name them with --title-column and --url-column"
    if summary.n_skipped:
        yield f"{count(summary.n_skipped, 'file')} skipped: finished by an earlier run"
    if summary.n_redone:
        yield f"{count(summary.n_redone, 'file')} processed again: the input has changed, or its output is missing"
    if counts.n_flagged:
        flags = ", ".join(f"{flag}: {n:,}" for flag, n in sorted(counts.flags.items()))
        yield f"{count(counts.n_flagged, 'document')} flagged ({flags})"
    if counts.n_bad:
        yield f"{count(counts.n_bad, 'record')} in quarantine: {output / '_quarantine'}"
    yield from summary.notes
    for place, (line, n) in enumerate(counts.frequent.most_common(_N_FREQUENT)):
        if not place:
            yield _FREQUENT
        yield f"{n:>9,}  {visible(line)}"
