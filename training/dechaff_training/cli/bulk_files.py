"""What `dechaff bulk` does, without its command line: a run with its progress and its summary shown."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from dechaff.bulk import Settings, Summary, clean_bulk
from dechaff.bulk.summary import Tally
from dechaff_training.files.json_io import write_record
from dechaff_training.files.progress import Throughput

_SHOWN_LINES = 10


def bulk_files(
    inputs: Sequence[str],
    output: Path,
    settings: Settings,
    *,
    workers: int | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    as_json: bool = False,
) -> Summary:
    """Clean files into a folder as `clean_bulk` does, and print what has come of it.

    Raises
    ------
    DechaffError
        As `clean_bulk`.
    """
    with Throughput("cleaning", hidden=quiet) as bar:
        listener = _Listener(bar, quiet=quiet)
        summary = clean_bulk(inputs, output, settings, workers=workers, overwrite=overwrite, listener=listener)
    if as_json:
        write_record(summary.to_dict())
    elif not quiet:
        print(*summary_rows(summary, output), sep="\n")
    return summary


class _Listener:
    """Hears how far a run is, and shows it."""

    def __init__(self, bar: Throughput, *, quiet: bool) -> None:
        self._bar, self._quiet = bar, quiet

    def begin(self, n_bytes: int) -> None:
        """Take the size of it all."""
        self._bar.expect(n_bytes)

    def tell(self, message: str) -> None:
        """Print a message."""
        if not self._quiet:
            self._bar.print(f"dechaff: {message}")

    def reach(self, position: int, tally: Tally, n_bytes: int) -> None:
        """Move the bar."""
        self._bar.reach(position, tally.n_documents, n_bytes)


def summary_rows(summary: Summary, output: Path) -> Iterator[str]:
    """Say in words what a run has done.

    Examples
    --------
    >>> next(summary_rows(Summary(n_inputs=1), Path("out")))
    '0 documents of 1 file: 0 of 0 lines dropped (0.0 %), 0.0 % of the characters'
    """
    from dechaff_training.report.rendering import visible

    tally, figures = summary.tally, summary.to_dict()
    yield (
        f"{tally.n_documents:,} documents of {_count(summary.n_inputs, 'file')}: {tally.n_dropped_lines:,} of "
        f"{tally.n_lines:,} lines dropped ({figures['share_dropped_lines']:.1%}), "
        f"{figures['share_dropped_chars']:.1%} of the characters".replace("%", " %")
    )
    if summary.n_skipped:
        yield f"{_count(summary.n_skipped, 'file')} finished by an earlier run"
    if summary.n_redone:
        yield f"{_count(summary.n_redone, 'file')} done again: changed since"
    if tally.n_flagged:
        told = ", ".join(f"{flag}: {n:,}" for flag, n in sorted(tally.flags.items()))
        yield f"{tally.n_flagged:,} documents to look at ({told})"
    if tally.n_bad:
        yield f"{_count(tally.n_bad, 'record')} in quarantine: {output / '_quarantine'}"
    yield from summary.notes
    for place, (line, n) in enumerate(tally.frequent.most_common(_SHOWN_LINES)):
        if not place:
            yield "Dropped most often:"
        yield f"{n:>9,}  {visible(line)}"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
