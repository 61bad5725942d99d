"""The files that come of an input: written under another name, and renamed together when all are whole."""

import base64
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from dechaff.bulk.formats import FORMATS, format_of
from dechaff.bulk.formats.compression import Writer, open_writer
from dechaff.bulk.inputs import Input
from dechaff.bulk.records import Bad, Result
from dechaff.bulk.settings import QUARANTINED, Settings, need

# A name that begins with an underscore is left out by what reads a folder of documents.
_UNFINISHED: Final = "_unfinished"
_DOCUMENTS, _DROPPED, _ATTRIBUTES, _QUARANTINE = "documents", "dropped", "attributes", "quarantine"


def output_paths(folder: Path, each: Input) -> dict[str, Path]:
    """Say where the outputs of an input are.

    Examples
    --------
    >>> each = Input(Path("in/a.parquet"), "a.parquet", "parquet", "")
    >>> [path.as_posix() for path in output_paths(Path("out"), each).values()][1:3]
    ['out/_dropped/a.parquet.jsonl.zst', 'out/_attributes/a.parquet.jsonl.zst']
    """
    return {
        _DOCUMENTS: folder / each.name,
        _DROPPED: folder / "_dropped" / each.side_name,
        _ATTRIBUTES: folder / "_attributes" / each.side_name,
        _QUARANTINE: folder / "_quarantine" / f"{each.name}.jsonl",
    }


class Output:
    """The outputs of one input, being written; only one is written at a time.

    Parameters
    ----------
    folder : Path
    each : Input
    settings : Settings
    readable : bool
        Whether there will be documents: not if the input cannot be opened.
    """

    def __init__(self, folder: Path, each: Input, settings: Settings, *, readable: bool) -> None:
        self._paths, self.input = output_paths(folder, each), each
        self._unfinished = folder / _UNFINISHED
        self._unfinished.mkdir(exist_ok=True)
        self._files: dict[str, BinaryIO] = {}
        self._writers: dict[str, Writer] = {}
        if readable:
            self._open_all(settings)

    def _open_all(self, settings: Settings) -> None:
        each, file = self.input, self._open(_DOCUMENTS)
        self._writers[_DOCUMENTS] = FORMATS[each.format].open_writer(file, each.compression, each.path)
        for kind in (_DROPPED, _ATTRIBUTES):
            if getattr(settings, kind):
                self._writers[kind] = open_writer(self._open(kind), each.side_compression)

    def _open(self, kind: str) -> BinaryIO:
        self._files[kind] = file = (self._unfinished / kind).open("wb")
        return file

    def write(self, result: Result) -> None:
        """Write what a worker has made."""
        parts = {_DOCUMENTS: result.data, _DROPPED: result.dropped, _ATTRIBUTES: result.attributes}
        for kind, writer in self._writers.items():
            writer.write(parts[kind])
        for bad in result.bad:
            self.quarantine(bad)

    def quarantine(self, bad: Bad) -> None:
        """Write down a record that cannot be cleaned."""
        file = self._files.get(_QUARANTINE) or self._open(_QUARANTINE)
        file.write(need("orjson").dumps(_describe(bad, self.input)) + b"\n")

    def finish(self) -> None:
        """Give all files their names; those of an earlier run that are no longer written go."""
        for writer in self._writers.values():
            writer.close()
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        self.close()
        for kind, path in self._paths.items():
            if kind in self._files:
                path.parent.mkdir(parents=True, exist_ok=True)
                (self._unfinished / kind).replace(path)
            else:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the files, whole or not."""
        for file in self._files.values():
            file.close()


def _describe(bad: Bad, each: Input) -> dict[str, Any]:
    return {
        "file": each.shown,
        "record": bad.number,
        "n_records": bad.n_records,
        "reason": bad.reason,
        "n_bytes": bad.n_bytes,
        "raw": base64.b64encode(bad.raw[:QUARANTINED]).decode(),
    }


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed run has left half written."""
    shutil.rmtree(folder / _UNFINISHED, ignore_errors=True)


def remove_outputs(folder: Path, names: list[str]) -> None:
    """Remove what earlier runs have written, by the names of the documents."""
    for path in _paths_of(folder, names):
        if path.resolve().is_relative_to(folder.resolve()):
            path.unlink(missing_ok=True)


def _paths_of(folder: Path, names: list[str]) -> Iterator[Path]:
    for name in names:
        if found := format_of(name):
            yield from output_paths(folder, Input(Path(name), name, *found)).values()
