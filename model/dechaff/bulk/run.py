"""A bulk run: one reader, many workers, one writer, and a manifest of what is finished."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import dechaff
from dechaff.bulk.cleaner import Cleaner
from dechaff.bulk.drift import Profile, describe_drift
from dechaff.bulk.formats import FORMATS
from dechaff.bulk.inputs import Input, cannot_read, find_inputs, show
from dechaff.bulk.listening import Listener, Silence
from dechaff.bulk.manifest import Manifest
from dechaff.bulk.outputs import Output, remove_unfinished
from dechaff.bulk.records import Bad, Chunk, Result
from dechaff.bulk.settings import Settings, need
from dechaff.bulk.summary import Summary, Tally
from dechaff.bulk.survey import Surveyed, survey
from dechaff.bulk.workers import Job, in_order, n_workers, start_workers
from dechaff.errors import InputError
from dechaff.files import named
from dechaff.linear.artifact import model_digest
from dechaff.linear.line_model import LineModel

# Bytes of input that are worth the seconds which compiled functions take to load.
_MUCH: Final = 8_000_000


@dataclass(frozen=True)
class _Begin:
    """A file is begun."""

    input: Input
    readable: bool


@dataclass(frozen=True)
class _End:
    """A file has been read."""

    input: Input


_Event = _Begin | Job | Bad | _End


def clean_bulk(
    inputs: Sequence[str | Path],
    output: str | Path,
    settings: Settings | None = None,
    *,
    workers: int | None = None,
    overwrite: bool = False,
    listener: Listener | None = None,
) -> Summary:
    r"""Clean files of documents into a folder; what an earlier run has finished there is left as it is.

    Parameters
    ----------
    inputs : sequence of str or Path
        JSON Lines, Parquet, WET and WARC files, folders of them, or patterns.
    output : str or Path
        A folder.
    settings : Settings, optional
    workers : int, optional
        How many processes; by default one for each core. The result does not depend on it.
    overwrite : bool
        Whether to begin anew, whatever is there.
    listener : Listener, optional

    Returns
    -------
    Summary

    Raises
    ------
    InputError
        If there is no such input, one has no known field for the text, or the folder has been written with other
        settings: then nothing is written. If the system cannot read a file, or, if strict, at the first bad record:
        what is finished by then stays.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> _ = (folder / "a.jsonl").write_text('{"text": "The vote was held on Monday.\\nShare"}')
    >>> summary = clean_bulk([folder / "a.jsonl"], folder / "out")
    >>> summary.tally.n_documents, (folder / "out" / "a.jsonl").read_text()
    (1, '{"text": "The vote was held on Monday.\\n"}')
    """
    began = time.monotonic()
    need("orjson")
    settings, folder = settings or Settings(), Path(output)
    model, found = settings.load_model(), find_inputs(inputs, folder)
    within = [each for each in found if each.path.resolve().is_relative_to(folder.resolve())]
    if overwrite and within:  # what goes first may be these
        raise InputError(
            f"{within[0].shown}: lies within the output folder, which --overwrite clears: name another"
        )
    with named(folder), closing(Manifest(folder, _plain(settings, model), overwrite=overwrite)) as manifest:
        manifest.check_names(found)
        if not overwrite:
            _check_free(folder, found, manifest)
        run = _Run(folder, settings, manifest, listener or Silence())
        try:
            summary = run.clean(found, model, workers)
        finally:
            remove_unfinished(folder)
    summary.seconds = time.monotonic() - began
    return summary


class _Run:
    """What the steps of one run share."""

    def __init__(self, folder: Path, settings: Settings, manifest: Manifest, listener: Listener) -> None:
        self._folder, self._settings, self._manifest, self._listener = folder, settings, manifest, listener

    def clean(self, found: list[Input], model: LineModel, workers: int | None) -> Summary:
        """Clean what is not finished."""
        finished = [self._manifest.finished(each) for each in found]
        todo = [each for each, tally in zip(found, finished, strict=True) if tally is None]
        done = [tally for tally in finished if tally is not None]
        summary = Summary(n_inputs=len(found), n_skipped=len(done))
        summary.n_redone = sum(self._manifest.has_finished(each) for each in todo)
        for tally in done:
            summary.tally.add(tally)
        files = survey(todo, self._settings, self._listener.tell)
        n_bytes = sum(each.size for each in todo)
        n = n_workers(workers, n_bytes) if todo else 1
        cleaner = Cleaner(model, self._settings, compiled=self._wants_compiled(found))
        with start_workers(n, cleaner) as (submit, is_compiled):
            self._manifest.start(compiled=self._check_functions(is_compiled()))
            remove_unfinished(self._folder)
            self._listener.begin(n_bytes)
            for tally in self._write(in_order(self._read(files), submit, n)):
                summary.tally.add(tally)
        total = summary.tally
        summary.notes += describe_drift(Profile.of(model), total.features, total.n_lines, total.n_dropped_lines)
        return summary

    def _check_functions(self, compiled: bool) -> bool:
        """Refuse to go on without compiled functions where the folder was begun with them."""
        if self._manifest.compiled and not compiled:
            raise InputError(
                f"{show(self._folder)}: begun with compiled functions, whose results differ in the last digits: "
                "install dechaff[fast] and do without DECHAFF_FAST=0, or begin anew with --overwrite"
            )
        return compiled

    def _wants_compiled(self, found: list[Input]) -> bool:
        """Say whether to use compiled functions: as the folder was begun, or else if there is much to do."""
        if self._manifest.compiled is None:
            return sum(each.size for each in found) >= _MUCH
        return self._manifest.compiled

    def _read(self, files: list[Surveyed]) -> Iterator[_Event]:
        """Read one file after the other, and hand on chunks."""
        before = 0
        for each in files:
            try:
                yield from self._read_file(each, before)
            except OSError as error:  # no fault of the file's: the next run reads it again
                raise cannot_read(each.input.path, error) from error
            before += each.input.size

    def _read_file(self, each: Surveyed, before: int) -> Iterator[_Event]:
        """Read one file and hand on chunks; `before` counts the bytes of the files before it."""
        file = each.input
        yield _Begin(file, readable=not each.damage)
        if each.damage:
            yield Bad(1, each.damage)
        else:
            with file.path.open("rb") as opened:
                for item in FORMATS[file.format].read(opened, file.compression):
                    yield self._job(each, item, before + min(opened.tell(), file.size))
        yield _End(file)

    @staticmethod
    def _job(each: Surveyed, item: Chunk | Bad, position: int) -> Job | Bad:
        if isinstance(item, Bad):
            return item
        return Job(item, each.input.format, each.input.compression, each.columns, each.input.name, position)

    def _write(self, events: Iterator[tuple[_Event, Result | None]]) -> Iterator[Tally]:
        """Write what workers have made, and give the tally of each file that is finished."""
        output, tally = None, Tally()
        try:
            for event, result in events:
                if isinstance(event, _Begin):
                    self._manifest.begin(event.input)
                    tally = Tally()
                    output = Output(self._folder, event.input, self._settings, readable=event.readable)
                elif output is not None and isinstance(event, _End):
                    output.finish()
                    self._manifest.finish(event.input, tally)
                    yield tally
                elif output is not None:
                    self._put(output, event, result, tally)
        finally:
            if output is not None:
                output.close()

    def _put(self, output: Output, event: _Event, result: Result | None, tally: Tally) -> None:
        """Write one result, and count it."""
        result = result or Result(bad=[event] if isinstance(event, Bad) else [])
        if result.bad and self._settings.strict:
            first = result.bad[0]
            raise InputError(f"{output.input.shown}: record {first.number}: {first.reason}")
        result.tally.n_bad = sum(bad.n_records for bad in result.bad)
        output.write(result)
        tally.add(result.tally)
        if isinstance(event, Job):
            self._listener.reach(event.position, result.tally, len(event.chunk.data))


def _plain(settings: Settings, model: LineModel) -> dict[str, Any]:
    """Give what decides about the output, as plain values."""
    return {
        "dechaff": dechaff.__version__,
        "model": model_digest(settings.model),
        "threshold": model.resolve_threshold(settings.threshold),
        "keywords": {family: list(phrases) for family, phrases in (settings.keywords or {}).items()},
        "text_column": settings.text_column,
        "id_column": settings.id_column,
        "dropped": settings.dropped,
        "attributes": settings.attributes,
    }


def _check_free(folder: Path, found: list[Input], manifest: Manifest) -> None:
    """Refuse to write over what no run has written."""
    for each in found:
        path = folder / each.name
        if path.exists() and not manifest.owns(each.name):
            raise InputError(
                f"{show(path)}: is there, and not of an earlier run: name another output folder, or say --overwrite"
            )
