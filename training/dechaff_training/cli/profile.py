"""The command `dechaff profile`: which lines stand on several pages of their site."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dechaff.errors import InputError
from dechaff.sites import SiteProfile
from dechaff.wording import count
from dechaff_training.cli.bulk import BulkFormat, TextColumn, UrlColumn, Workers, show_progress
from dechaff_training.cli.options import SiteColumn, examples
from dechaff_training.files.json_io import write_record
from dechaff_training.files.paths import protect_inputs
from dechaff_training.files.progress import Throughput

if TYPE_CHECKING:
    from dechaff.bulk.profiling import ProfileSummary

EPILOG = (
    examples(
        "profile crawl/ -o sites.dechaff",
        "profile monday.dechaff tuesday.dechaff -o sites.dechaff",
        "bulk crawl/ -o clean/ --sites sites.dechaff",
    )
    + "\n\nAn interrupted run goes on where it was; profiles merge in any order."
)
_SUFFIX = ".dechaff"
_INPUT_HELP = (
    "JSON Lines, Parquet, WET or WARC as for bulk, folders of them, or quoted patterns; or site profiles "
    "(.dechaff), which are merged."
)


def profile(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT", help=_INPUT_HELP)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File for the profile.")],
    text_column: TextColumn = None,
    url_column: UrlColumn = None,
    site_column: SiteColumn = None,
    workers: Workers = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad record.")] = False,
    wanted: Annotated[
        BulkFormat, typer.Option("--format", help="Format of the texts; auto looks at each for HTML.")
    ] = BulkFormat.auto,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Count on how many pages of its site each line stands, for --sites of clean and bulk."""
    if any(name.endswith(_SUFFIX) for name in inputs):
        merge_profiles([Path(name) for name in inputs], output)
        return
    from dechaff.bulk import Settings
    from dechaff.bulk.profiling import profile_bulk

    columns = {"text_column": text_column, "url_column": url_column, "site_column": site_column}
    settings = Settings(**columns, strict=strict, format=wanted.value)  # type: ignore[arg-type]
    with Throughput("counting", hidden=quiet) as bar:
        listener = show_progress(bar, quiet=quiet)
        summary = profile_bulk(inputs, output, settings, workers=workers, listener=listener)
    if as_json:
        write_record(vars(summary))
    elif not quiet:
        print(*_summary_rows(summary), sep="\n")


def merge_profiles(paths: list[Path], output: Path) -> None:
    """Merge site profiles into one."""
    wrong = next((path for path in paths if path.suffix != _SUFFIX), None)
    if wrong is not None:
        raise InputError(
            f"{wrong}: not a site profile: profiles merge with each other; make one of the documents first"
        )
    protect_inputs([output], paths)
    SiteProfile.merge(map(SiteProfile.load, paths)).save(output)


def _summary_rows(summary: "ProfileSummary") -> list[str]:
    """Return the lines of a summary."""
    documents, files = count(summary.n_documents, "document"), count(summary.n_inputs, "file")
    rows = [f"{documents} of {files}: {summary.n_lines:,} lines of sites"]
    if summary.n_without_site:
        rows.append(f"{count(summary.n_without_site, 'document')} without a site")
    if summary.n_bad:
        rows.append(f"{count(summary.n_bad, 'record')} that cannot be read left out")
    if summary.n_lost:
        rows.append(f"The profile was full: lines on at most {summary.n_lost} pages of a site may be missing")
    return rows
