"""The output files of one input: they are written under temporary names and renamed when all are complete."""

import base64
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from dechaff.bulk.formats import FORMATS, format_of
from dechaff.bulk.formats.compression import Writer, open_compressed
from dechaff.bulk.inputs import Input, display_path
from dechaff.bulk.records import BadRecord, Result
from dechaff.bulk.settings import MAX_QUARANTINED, Settings, require
from dechaff.errors import InputError
from dechaff.files import check_not_inputs

# Programs that read a folder of documents skip names with a leading underscore.
_UNFINISHED: Final = "_unfinished"
_DOCUMENTS, _DROPPED, _ATTRIBUTES, _QUARANTINE = "documents", "dropped", "attributes", "quarantine"


def output_paths(folder: Path, source: Input) -> dict[str, Path]:
    """Return the paths of an input's output files, by the name of the part.

    Examples
    --------
    >>> source = Input(Path("in/a.parquet"), "a.parquet", "parquet", "")
    >>> [path.as_posix() for path in output_paths(Path("out"), source).values()][1:3]
    ['out/_dropped/a.parquet.jsonl.zst', 'out/_attributes/a.parquet.jsonl.zst']
    """
    return {
        _DOCUMENTS: folder / source.name,
        _DROPPED: folder / "_dropped" / source.sidecar_name,
        _ATTRIBUTES: folder / "_attributes" / source.sidecar_name,
        _QUARANTINE: folder / "_quarantine" / f"{source.name}.jsonl",
    }


class Output:
    """The output files of one input while they are being written; only one input is written at a time.

    Parameters
    ----------
    folder : Path
    source : Input
    settings : Settings
    readable : bool
        Whether the input can be read; if not, only the quarantine file is written.
    """

    def __init__(self, folder: Path, source: Input, settings: Settings, *, readable: bool) -> None:
        self._paths, self.source = output_paths(folder, source), source
        self._unfinished = folder / _UNFINISHED
        self._unfinished.mkdir(exist_ok=True)
        self._files: dict[str, BinaryIO] = {}
        self._writers: dict[str, Writer] = {}
        if readable:
            file = self._open(_DOCUMENTS)
            self._writers[_DOCUMENTS] = FORMATS[source.format].open_writer(file, source.compression, source.path)
            for part in (_DROPPED, _ATTRIBUTES):
                if getattr(settings, part):
                    self._writers[part] = open_compressed(self._open(part), source.sidecar_compression)

    def _open(self, part: str) -> BinaryIO:
        self._files[part] = file = (self._unfinished / part).open("wb")
        return file

    def write(self, result: Result) -> None:
        """Write the result for one chunk."""
        parts = {_DOCUMENTS: result.data, _DROPPED: result.dropped, _ATTRIBUTES: result.attributes}
        for part, writer in self._writers.items():
            writer.write(parts[part])
        for bad in result.bad:
            self._quarantine(bad)

    def _quarantine(self, bad: BadRecord) -> None:
        file = self._files.get(_QUARANTINE) or self._open(_QUARANTINE)
        entry = {
            "file": self.source.display_path,
            "record": bad.number,
            "n_records": bad.n_records,
            "reason": bad.reason,
            "n_bytes": bad.n_bytes,
            "raw": base64.b64encode(bad.raw[:MAX_QUARANTINED]).decode(),
        }
        file.write(require("orjson").dumps(entry) + b"\n")

    def finish(self) -> None:
        """Rename all files to their final names, and remove the input's other files from an earlier run."""
        for writer in self._writers.values():
            writer.close()
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        self.close()
        for part, path in self._paths.items():
            if part in self._files:
                path.parent.mkdir(parents=True, exist_ok=True)
                (self._unfinished / part).replace(path)
            else:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the files, whether or not they are complete."""
        for file in self._files.values():
            file.close()


def check_outputs(folder: Path, sources: Sequence[Input], settings: Settings, manifest: Path) -> None:
    """Raise if a run would write over one of its inputs or its model, or remove one as unfinished.

    Parameters
    ----------
    folder : Path
    sources : sequence of Input
    settings : Settings
    manifest : Path
        The manifest of the folder.

    Raises
    ------
    InputError
        If an output is the same file as an input, by any path or link, or an input lies in the folder of
        unfinished files.
    """
    inputs = [source.path for source in sources] + ([settings.model] if settings.model else [])
    outputs = (path for source in sources for path in output_paths(folder, source).values())
    check_not_inputs((manifest, *outputs), inputs)
    for path in inputs:
        if path.resolve().is_relative_to((folder / _UNFINISHED).resolve()):
            raise InputError(
                f"{display_path(path)}: among the unfinished files of a run, which are removed: move it"
            )


def remove_unfinished(folder: Path) -> None:
    """Remove the incomplete files of an interrupted run."""
    shutil.rmtree(folder / _UNFINISHED, ignore_errors=True)


def remove_outputs(folder: Path, names: list[str]) -> None:
    """Remove all output files of earlier runs, given the names of their main output files."""
    for name in names:
        if found := format_of(name):
            for path in output_paths(folder, Input(Path(name), name, *found)).values():
                if path.resolve().is_relative_to(folder.resolve()):
                    path.unlink(missing_ok=True)
