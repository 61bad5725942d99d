"""Site profiles of whole folders: one pass over the inputs of a bulk run, on all cores, resumable.

Memory is bounded, as the profile is. Every 512 chunks the profile so far is written beside the output; the same
command goes on from there, and the result is byte for byte that of an undisturbed pass.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from dechaff.bulk.cleaner import Cleaned, Cleaner, read_document
from dechaff.bulk.formats import FORMATS
from dechaff.bulk.inputs import InspectedInput, find_inputs, inspect_inputs, read_error
from dechaff.bulk.records import BadRecord, Document, Result
from dechaff.bulk.run import ProgressListener
from dechaff.bulk.settings import Settings, require
from dechaff.bulk.summary import Counts
from dechaff.bulk.workers import Job, in_order, n_workers, start_workers
from dechaff.errors import ArtifactError, InputError
from dechaff.files import check_not_inputs
from dechaff.kernels import use_numba
from dechaff.sites import SiteProfile
from dechaff.sites.counting import LineCounts, count_lines
from dechaff.text.batching import batches
from dechaff.wording import count

#: The number of chunks, of about 1 MB, after which the profile so far is written.
CHECKPOINT_PARTS: Final = 512
_WORTH_COMPILING: Final = 8_000_000


@dataclass
class ProfileSummary:
    """What a profile was made from.

    Attributes
    ----------
    n_inputs, n_documents, n_bad : int
        The numbers of files, of documents, and of records that could not be read.
    n_without_site : int
        The number of documents without a site, whose lines count over all sites alone.
    n_lines, n_lost : int
        See `dechaff.SiteProfile`.
    seconds : float
    """

    n_inputs: int = 0
    n_documents: int = 0
    n_bad: int = 0
    n_without_site: int = 0
    n_lines: int = 0
    n_lost: int = 0
    seconds: float = 0.0


@dataclass
class _LineCounts(Counts):
    """Counts of documents with the lines of a chunk."""

    lines: list[LineCounts] = field(default_factory=list)
    n_without_site: int = 0


class LineCounter(Cleaner):
    """Counts the lines of documents, which it returns unchanged.

    Parameters
    ----------
    settings : Settings
    compiled : bool
        Whether to use the numba kernels if numba is installed; the counts are the same.
    """

    def __init__(self, settings: Settings, *, compiled: bool = False) -> None:
        self._settings, self._compiled = settings, compiled

    def clean(self, documents: Sequence[Document], file_name: str = "") -> Cleaned:  # noqa: ARG002
        """Count the lines of documents, whatever their file."""
        with use_numba(self._compiled):
            read = [read_document(document, self._settings) for document in documents]
            sites = [document.page_info.site_name for document in read]
            counts = _LineCounts(n_documents=len(read), n_without_site=sites.count(None))
            place = 0
            for batch in batches([document.text for document in read]):
                counts.lines.append(count_lines(batch, sites[place : place + batch.n_articles]))
                place += batch.n_articles
        return Cleaned([document.text for document in documents], counts=counts)


@dataclass(frozen=True)
class _Progress:
    """How far the inputs have been counted: the settings and inputs, and the parts of each input that are done."""

    settings: dict[str, Any]
    inputs: list[list[Any]]
    n_inputs: int = 0
    n_parts: int = 0
    n_parts_in_all: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def matches(self, other: "_Progress") -> bool:
        """Return whether the other is of the same inputs and settings."""
        return (self.settings, self.inputs) == (other.settings, other.inputs)


def profile_bulk(
    inputs: Sequence[str | Path],
    output: str | Path,
    settings: Settings | None = None,
    *,
    workers: int | None = None,
    listener: ProgressListener | None = None,
) -> ProfileSummary:
    r"""Count the lines of files of documents by site, and write the profile.

    Parameters
    ----------
    inputs : sequence of str or Path
        See `clean_bulk`.
    output : str or Path
        The file of the profile.
    settings : Settings, optional
        The columns, the format, and whether to stop at a bad record.
    workers : int, optional
        The number of processes, which does not affect the result.
    listener : ProgressListener, optional

    Returns
    -------
    ProfileSummary

    Raises
    ------
    InputError
        In the same cases as `clean_bulk`, and if no file has addresses or sites.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> records = [{"text": f"{each} fell\nShare", "url": "https://post.example/"} for each in ("Rain", "Snow")]
    >>> _ = (folder / "a.jsonl").write_text("\n".join(map(json.dumps, records)))
    >>> summary = profile_bulk([folder / "a.jsonl"], folder / "sites.dechaff")
    >>> summary.n_documents, SiteProfile.load(folder / "sites.dechaff").n_documents("Share", "post.example")
    (2, 2)
    """
    started = time.monotonic()
    require("orjson")
    settings, listener, path = settings or Settings(), listener or ProgressListener(), Path(output)
    settings.check_extras()
    sources = find_inputs(inputs, Path(os.devnull))
    unfinished = path.with_name(f"{path.name}.unfinished")
    check_not_inputs([path, unfinished], [source.path for source in sources])
    inspected = inspect_inputs(sources, settings, listener.on_message)
    if not any(item.columns.url or item.columns.site for item in inspected):
        raise InputError(
            "no file has addresses: name the field with --url-column, or that of the site with --site-column"
        )
    n_bytes = sum(source.size for source in sources)
    listener.on_start(n_bytes)
    run = _Run(unfinished, inspected, settings, listener)
    n = n_workers(workers, n_bytes)
    counter = LineCounter(settings, compiled=n_bytes >= _WORTH_COMPILING)
    with start_workers(n, counter) as (submit, _):
        summary = run.count(in_order(run.read(), submit, n))
    run.profile.save(path)
    unfinished.unlink(missing_ok=True)
    summary.n_inputs, summary.seconds = len(sources), time.monotonic() - started
    return summary


class _Run:
    """One pass over the inputs: what it has counted, and how far it is."""

    def __init__(
        self, unfinished: Path, inputs: list[InspectedInput], settings: Settings, listener: ProgressListener
    ) -> None:
        self._path, self._inputs, self._strict, self._listener = unfinished, inputs, settings.strict, listener
        names = ("text_column", "url_column", "site_column", "format")
        places = [[item.input.location, item.input.size, item.input.mtime_ns] for item in inputs]
        self._progress = _Progress({name: getattr(settings, name) for name in names}, places)
        self.profile = SiteProfile()
        self._resume()

    def _resume(self) -> None:
        """Go on from the profile so far, if there is one of the same inputs and settings."""
        try:
            profile, progress = SiteProfile.load_unfinished(self._path)
            found = _Progress(**json.loads(progress))
        except (ArtifactError, ValueError, TypeError):
            return
        if found.matches(self._progress):
            self.profile, self._progress = profile, found
            n = found.counts["n_documents"]
            self._listener.on_message(f"going on after {count(n, 'document')}")

    def read(self) -> Iterator[tuple[int, int] | Job | BadRecord]:
        """Yield the chunks and bad records that have not been counted; before each its input and its number."""
        begin, offset = self._progress, 0
        for number, item in enumerate(self._inputs):
            source = item.input
            if number >= begin.n_inputs:
                first = begin.n_parts if number == begin.n_inputs else 0
                try:
                    for place, part in enumerate(self._read_file(item, first, offset), first + 1):
                        yield number, place
                        yield part
                except OSError as error:
                    raise read_error(source.path, error) from error
            offset += source.size

    def _read_file(self, item: InspectedInput, first: int, offset: int) -> Iterator[Job | BadRecord]:
        source = item.input
        if item.damage:
            yield from [BadRecord(1, item.damage)][first:]
            return
        with source.path.open("rb") as file:
            for part in islice(FORMATS[source.format].read(file, source.compression), first, None):
                if isinstance(part, BadRecord):
                    yield part
                else:  # without a compression, which would only be applied to the unused output
                    position = offset + min(file.tell(), source.size)
                    yield Job(part, source.format, "", item.columns, source.name, position)

    def count(self, events: Iterator[tuple[Any, Result | None]]) -> ProfileSummary:
        """Add up the results in their order, and write the profile so far now and then."""
        summary = ProfileSummary(**self._progress.counts)
        n_parts, place = self._progress.n_parts_in_all, (0, 0)
        for event, result in events:
            if isinstance(event, tuple):
                place = event
                continue
            self._add(summary, place[0], event, result)
            n_parts += 1
            if not n_parts % CHECKPOINT_PARTS:
                self._save(place, n_parts, summary)
        summary.n_lines, summary.n_lost = self.profile.n_lines, self.profile.n_lost
        return summary

    def _add(self, summary: ProfileSummary, number: int, event: Job | BadRecord, result: Result | None) -> None:
        bad = [event] if isinstance(event, BadRecord) else result.bad if result else []
        if bad and self._strict:
            path = self._inputs[number].input.display_path
            raise InputError(f"{path}: record {bad[0].number}: {bad[0].reason}")
        summary.n_bad += sum(record.n_records for record in bad)
        if isinstance(event, Job) and result is not None and isinstance(result.counts, _LineCounts):
            for counts in result.counts.lines:
                self.profile.add(counts)
            summary.n_documents += result.counts.n_documents
            summary.n_without_site += result.counts.n_without_site
            self._listener.on_progress(event.position, result.counts, len(event.chunk.data))

    def _save(self, place: tuple[int, int], n_parts: int, summary: ProfileSummary) -> None:
        counts = {name: getattr(summary, name) for name in ("n_documents", "n_bad", "n_without_site")}
        begin = self._progress
        progress = _Progress(begin.settings, begin.inputs, *place, n_parts, counts)
        self.profile.save(self._path, json.dumps(vars(progress)))
