"""Bulk runs: one reader, many workers, one writer, and a manifest of finished files."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import dechaff
from dechaff.bulk.checkpoint import Checkpoint
from dechaff.bulk.cleaner import Cleaner
from dechaff.bulk.drift import Profile, describe_drift
from dechaff.bulk.formats import FORMATS
from dechaff.bulk.inputs import Input, InspectedInput, display_path, find_inputs, inspect_inputs, read_error
from dechaff.bulk.manifest import NAME, Manifest
from dechaff.bulk.outputs import Output, check_outputs, remove_unfinished
from dechaff.bulk.records import BadRecord, Result
from dechaff.bulk.settings import CHECKPOINT_PARTS, Settings, require
from dechaff.bulk.summary import Counts, Summary
from dechaff.bulk.workers import Job, in_order, n_workers, start_workers
from dechaff.errors import InputError
from dechaff.explain.kinds import check_kinds
from dechaff.files import add_filename
from dechaff.kernels import numba_forced
from dechaff.linear.artifact import model_digest
from dechaff.linear.line_model import LineModel
from dechaff.wording import count

# Input size in bytes above which loading the numba kernels pays off.
_WORTH_COMPILING: Final = 8_000_000


class ProgressListener:
    """Receives the progress of a run; subclasses override what they need."""

    def on_start(self, n_bytes: int) -> None:
        """Handle the start of reading; `n_bytes` is the size of all inputs to clean."""

    def on_message(self, message: str) -> None:
        """Handle a message for the user."""

    def on_progress(self, position: int, counts: Counts, n_bytes: int) -> None:
        """Handle a cleaned chunk.

        Parameters
        ----------
        position : int
            Bytes read so far, over all inputs.
        counts : Counts
            The counts over the documents of the chunk.
        n_bytes : int
            The decompressed size of the chunk.
        """


@dataclass(frozen=True)
class _FileStart:
    input: Input
    readable: bool
    checkpoint: Checkpoint | None


@dataclass(frozen=True)
class _FileEnd:
    input: Input


_Event = _FileStart | Job | BadRecord | _FileEnd


def clean_bulk(
    inputs: Sequence[str | Path],
    output: str | Path,
    settings: Settings | None = None,
    *,
    workers: int | None = None,
    overwrite: bool = False,
    listener: ProgressListener | None = None,
) -> Summary:
    r"""Clean files of documents into an output folder; files finished by an earlier run are skipped.

    Parameters
    ----------
    inputs : sequence of str or Path
        JSON Lines, Parquet, WET and WARC files, folders of such files, or glob patterns.
    output : str or Path
        The output folder.
    settings : Settings, optional
    workers : int, optional
        The number of processes, which does not affect the result; by default one per core, fewer for small inputs.
    overwrite : bool
        Whether to discard the output of earlier runs in that folder.
    listener : ProgressListener, optional

    Returns
    -------
    Summary

    Raises
    ------
    InputError
        If an input does not exist or has no known field for the text, or the folder was written with other
        settings; in these cases nothing is written. Also if the system cannot read a file or, with `strict`, at
        the first bad record; in these cases the files finished so far are kept.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> _ = (folder / "a.jsonl").write_text('{"text": "The vote was held on Monday.\\nShare"}')
    >>> summary = clean_bulk([folder / "a.jsonl"], folder / "out")
    >>> summary.counts.n_documents, (folder / "out" / "a.jsonl").read_text()
    (1, '{"text": "The vote was held on Monday.\\n"}')
    """
    started = time.monotonic()
    require("orjson")
    settings, folder = settings or Settings(), Path(output)
    model, sources = settings.load_model(), find_inputs(inputs, folder)
    settings.load_sites()  # an error before anything is written
    check_outputs(folder, sources, settings, folder / NAME)
    if overwrite:
        _check_outside(folder, sources)
    with add_filename(folder), closing(Manifest(folder, _plain(settings, model), overwrite=overwrite)) as manifest:
        manifest.check_names(sources)
        if not overwrite:
            _check_free(folder, sources, manifest)
        run = _Run(folder, settings, manifest, listener or ProgressListener())
        try:
            summary = run.clean(sources, model, workers, overwrite=overwrite)
        except KeyboardInterrupt:
            run.describe_interruption(sources)
            raise
    summary.seconds = time.monotonic() - started
    return summary


class _Run:
    """One run: its steps, and the objects that they share."""

    def __init__(self, folder: Path, settings: Settings, manifest: Manifest, listener: ProgressListener) -> None:
        self._folder, self._settings, self._manifest, self._listener = folder, settings, manifest, listener
        self._checkpoint: Checkpoint | None = None

    def clean(self, sources: list[Input], model: LineModel, workers: int | None, *, overwrite: bool) -> Summary:
        """Clean what earlier runs have not finished, and return the summary over all inputs."""
        finished = [self._manifest.finished(source) for source in sources]
        todo = [source for source, counts in zip(sources, finished, strict=True) if counts is None]
        self._find_checkpoint([] if overwrite else todo)
        todo.sort(key=lambda source: self._checkpoint_of(source) is None)  # goes on before another file begins
        done = [counts for counts in finished if counts is not None]
        summary = Summary(n_inputs=len(sources), n_skipped=len(done))
        summary.n_redone = sum(self._manifest.was_finished(source) for source in todo)
        total = summary.counts
        for counts in done:
            total.add(counts)
        inspected = inspect_inputs(todo, self._settings, self._listener.on_message)
        summary.columns = list(dict.fromkeys(str(item.columns) for item in inspected if not item.damage))
        n_bytes = sum(source.size for source in todo)
        n = n_workers(workers, n_bytes) if todo else 1
        cleaner = Cleaner(model, self._settings, compiled=self._should_compile(sources))
        with start_workers(n, cleaner) as (submit, is_compiled):
            self._manifest.start(compiled=self._check_compiled(is_compiled()))
            if self._checkpoint is None:
                remove_unfinished(self._folder)
            self._listener.on_start(n_bytes)
            for counts in self._write(in_order(self._read(inspected), submit, n)):
                total.add(counts)
        remove_unfinished(self._folder)
        summary.notes += describe_drift(Profile.of(model), total.features, total.n_lines, total.n_dropped_lines)
        return summary

    def _find_checkpoint(self, todo: list[Input]) -> None:
        """Find out how far an interrupted run has cleaned one of the inputs."""
        found = Checkpoint.read(self._folder)
        if found is not None and self._manifest.owns(found.name) and any(map(found.matches, todo)):
            self._checkpoint = found
            self._listener.on_message(f"{found.name}: going on after {_n_documents(found)}")

    def _checkpoint_of(self, source: Input) -> Checkpoint | None:
        return self._checkpoint if self._checkpoint is not None and self._checkpoint.matches(source) else None

    def describe_interruption(self, sources: list[Input]) -> None:
        """Report what is done, and how to go on."""
        n_finished = sum(self._manifest.finished(source) is not None for source in sources)
        found = Checkpoint.read(self._folder)
        part = "" if found is None else f", and {_n_documents(found)} of {found.name}"
        self._listener.on_message(
            f"interrupted: {n_finished} of {len(sources)} {'file is' if len(sources) == 1 else 'files are'} "
            f"finished{part}; the same command, without --overwrite, goes on from there"
        )

    def _should_compile(self, sources: list[Input]) -> bool:
        """Return whether to use the numba kernels: in a new folder for large inputs, else as at its start."""
        if self._manifest.compiled is None:
            return numba_forced() or sum(source.size for source in sources) >= _WORTH_COMPILING
        return self._manifest.compiled

    def _check_compiled(self, compiled: bool) -> bool:
        """Return `compiled`; raise InputError if the run to resume used the numba kernels and this one cannot."""
        if self._manifest.compiled and not compiled:
            raise InputError(
                f"{display_path(self._folder)}: this output folder was started with the numba kernels, which are "
                "not available now; results without them differ in the last digits. Install dechaff[fast] and "
                "unset DECHAFF_FAST, or start over with --overwrite"
            )
        return compiled

    def _read(self, inputs: list[InspectedInput]) -> Iterator[_Event]:
        """Read one file after the other and yield its events."""
        offset = 0
        for item in inputs:
            try:
                yield from self._read_file(item, offset)
            except OSError as error:  # not damage: a later run may be able to read the file
                raise read_error(item.input.path, error) from error
            offset += item.input.size

    def _read_file(self, item: InspectedInput, offset: int) -> Iterator[_Event]:
        """Read one file and yield its events; `offset` is the total size of the files read before."""
        source, checkpoint = item.input, self._checkpoint_of(item.input)
        yield _FileStart(source, not item.damage, checkpoint)
        if item.damage:
            yield BadRecord(1, item.damage)
        else:
            with source.path.open("rb") as file:
                parts = FORMATS[source.format].read(file, source.compression)
                for part in islice(parts, checkpoint.n_parts if checkpoint else 0, None):
                    if isinstance(part, BadRecord):
                        yield part
                    else:
                        position = offset + min(file.tell(), source.size)
                        yield Job(part, source.format, source.compression, item.columns, source.name, position)
        yield _FileEnd(source)

    def _write(self, events: Iterator[tuple[_Event, Result | None]]) -> Iterator[Counts]:
        """Write the results, and yield the counts of each file when it is finished."""
        output, counts = None, Counts()
        try:
            for event, result in events:
                if isinstance(event, _FileStart):
                    self._manifest.begin(event.input)
                    counts = event.checkpoint.counts if event.checkpoint else Counts()
                    output = self._open_output(event)
                elif output is not None and isinstance(event, _FileEnd):
                    output.finish()
                    self._manifest.finish(event.input, counts)
                    yield counts
                elif output is not None:
                    self._write_result(output, event, result, counts)
        finally:
            if output is not None:
                output.close()
            elif Checkpoint.read(self._folder) is None:
                remove_unfinished(self._folder)  # of an output that was interrupted while it was opened

    def _open_output(self, start: _FileStart) -> Output:
        return Output(
            self._folder, start.input, self._settings, readable=start.readable, checkpoint=start.checkpoint
        )

    def _write_result(self, output: Output, event: _Event, result: Result | None, counts: Counts) -> None:
        """Write one result or bad record, and count it."""
        result = result or Result(bad=[event] if isinstance(event, BadRecord) else [])
        if result.bad and self._settings.strict:
            first = result.bad[0]
            raise InputError(f"{output.source.display_path}: record {first.number}: {first.reason}")
        result.counts.n_bad = sum(bad.n_records for bad in result.bad)
        if result.counts.samples is not None:
            result.counts.samples.name_file(output.source.display_path)
        output.write(result)
        counts.add(result.counts)
        if not output.n_parts % CHECKPOINT_PARTS:
            output.save_checkpoint(counts)
        if isinstance(event, Job):
            self._listener.on_progress(event.position, result.counts, len(event.chunk.data))


def _n_documents(checkpoint: Checkpoint) -> str:
    return count(checkpoint.counts.n_documents, "document")


def _plain(settings: Settings, model: LineModel) -> dict[str, Any]:
    """Return all settings that affect the output, as plain values."""
    plain = {
        "dechaff": dechaff.__version__,
        **vars(settings),
        "model": model_digest(settings.model),
        "threshold": model.resolve_threshold(settings.threshold),
        "keep_kinds": sorted(check_kinds(settings.keep_kinds)),
        "sites": settings.sites and model_digest(settings.sites),
        "keywords": {family: list(phrases) for family, phrases in (settings.keywords or {}).items()},
    }
    del plain["strict"], plain["samples"]
    return plain


def _check_outside(folder: Path, sources: list[Input]) -> None:
    """Raise InputError if an input lies within the output folder: it may be an output that --overwrite removes."""
    for source in sources:
        if source.path.resolve().is_relative_to(folder.resolve()):
            raise InputError(
                f"{source.display_path}: lies within the output folder, where --overwrite removes the output of "
                "earlier runs: choose another output folder"
            )


def _check_free(folder: Path, sources: list[Input], manifest: Manifest) -> None:
    """Raise InputError if an output file exists that was not written by a run."""
    for source in sources:
        path = folder / source.name
        if path.exists() and not manifest.owns(source.name):
            raise InputError(
                f"{display_path(path)}: exists, and was not written by an earlier run: choose another output "
                "folder, or use --overwrite"
            )
