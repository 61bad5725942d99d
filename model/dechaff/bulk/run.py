"""A bulk run: one reader, many workers, one writer, and a manifest of what is finished."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import dechaff
from dechaff.artifact import model_digest
from dechaff.bulk.cleaner import Cleaner
from dechaff.bulk.columns import Columns
from dechaff.bulk.drift import Profile, describe_drift
from dechaff.bulk.formats import FORMATS
from dechaff.bulk.inputs import Input, find_inputs, show
from dechaff.bulk.manifest import Manifest, stamp
from dechaff.bulk.outputs import Output, remove_unfinished
from dechaff.bulk.records import Bad, Chunk, DamageError, Result
from dechaff.bulk.settings import Settings, need
from dechaff.bulk.summary import Summary, Tally
from dechaff.bulk.workers import Job, in_order, n_workers, start_workers
from dechaff.errors import InputError
from dechaff.model import LineModel

# Bytes of input that are worth the seconds which compiled functions take to load.
_MUCH: Final = 8_000_000


class Listener(Protocol):
    """Who is told how far a run is."""

    def begin(self, n_bytes: int) -> None:
        """Hear how many bytes there are to read."""

    def tell(self, message: str) -> None:
        """Hear what is worth knowing."""

    def reach(self, position: int, tally: Tally, n_bytes: int) -> None:
        """Hear how far the files have been read, and what has come of so many more bytes of records."""


class Silence:
    """A listener that hears nothing."""

    def begin(self, n_bytes: int) -> None:
        """Hear nothing."""

    def tell(self, message: str) -> None:
        """Hear nothing."""

    def reach(self, position: int, tally: Tally, n_bytes: int) -> None:
        """Hear nothing."""


@dataclass(frozen=True)
class _Begin:
    """A file is begun."""

    input: Input
    stamp: tuple[int, int]
    readable: bool


@dataclass(frozen=True)
class _End:
    """A file has been read, or cannot be for now."""

    input: Input
    stamp: tuple[int, int]
    is_whole: bool = True


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
        If there is no such input, the folder has been written with other settings, or, if strict, at the first bad
        record. What is finished by then stays.

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
    with closing(Manifest(folder, _plain(settings, model), overwrite=overwrite)) as manifest:
        manifest.check_names(found)
        if not overwrite:
            _check_free(folder, found, manifest)
        remove_unfinished(folder)
        try:
            summary = _Run(folder, settings, manifest, listener or Silence()).clean(found, model, workers)
        finally:
            remove_unfinished(folder)
    summary.seconds = time.monotonic() - began
    return summary


class _Run:
    """What the steps of one run share."""

    def __init__(self, folder: Path, settings: Settings, manifest: Manifest, listener: Listener) -> None:
        self._folder, self._settings, self._manifest, self._listener = folder, settings, manifest, listener
        self._told: set[str] = set()

    def clean(self, found: list[Input], model: LineModel, workers: int | None) -> Summary:
        """Clean what is not finished."""
        finished = [self._manifest.finished(each) for each in found]
        todo = [each for each, tally in zip(found, finished, strict=True) if tally is None]
        done = [tally for tally in finished if tally is not None]
        summary = Summary(n_inputs=len(found), n_skipped=len(done))
        summary.n_redone = sum(self._manifest.has_changed(each) for each in todo)
        for tally in done:
            summary.tally.add(tally)
        n_bytes = sum(each.path.stat().st_size for each in todo)
        self._listener.begin(n_bytes)
        n = n_workers(workers, n_bytes)
        # By all inputs, finished or not: a rerun must compute as the first run did, to the last digit.
        is_much = sum(each.path.stat().st_size for each in found) >= _MUCH
        with start_workers(n, Cleaner(model, self._settings, compiled=is_much)) as submit:
            for tally in self._write(in_order(self._read(todo), submit, n)):
                summary.tally.add(tally)
        total = summary.tally
        summary.notes += describe_drift(Profile.of(model), total.features, total.n_lines, total.n_dropped_lines)
        return summary

    def _read(self, todo: list[Input]) -> Iterator[_Event]:
        """Read one file after the other, and hand on chunks."""
        before = 0
        for each in todo:
            now = stamp(each.path)
            try:
                yield from self._read_file(each, now, before)
            except OSError as error:
                # No fault of the file's: it stays unfinished, and the next run reads it again.
                yield Bad(1, f"{error.strerror or error}: the file cannot be read; the next run tries again")
                yield _End(each, now, is_whole=False)
            else:
                yield _End(each, now)
            before += now[0]

    def _read_file(self, each: Input, now: tuple[int, int], before: int) -> Iterator[_Event]:
        """Read one file and hand on chunks; `before` counts the bytes of the files before it."""
        try:
            columns, file = self._find_columns(each), each.path.open("rb")
        except (DamageError, OSError) as error:
            yield _Begin(each, now, readable=False)
            if isinstance(error, OSError):
                raise
            yield Bad(1, f"{error}: the file cannot be read")
            return
        yield _Begin(each, now, readable=True)
        with file:
            for item in FORMATS[each.format].read(file, each.compression):
                yield self._job(each, columns, item, before + min(file.tell(), now[0]))

    def _find_columns(self, each: Input) -> Columns:
        """Find out where text and id are, and say so once for all files that agree."""
        settings = self._settings
        columns = FORMATS[each.format].find_columns(each.path, each.compression, settings, each.shown)
        if columns is None:  # no record is sound
            return Columns(settings.text_column or "text", settings.id_column)
        if str(columns) not in self._told and not (settings.text_column and settings.id_column):
            self._told.add(str(columns))
            self._listener.tell(f"{each.shown}: {columns}")
        return columns

    @staticmethod
    def _job(each: Input, columns: Columns, item: Chunk | Bad, position: int) -> Job | Bad:
        if isinstance(item, Bad):
            return item
        return Job(item, each.format, each.compression, columns, each.name, position)

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
                    if event.is_whole:
                        output.finish()
                        self._manifest.finish(event.input, event.stamp, tally)
                    output.close()
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
