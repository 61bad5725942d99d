"""The output files of one input: they are written under temporary names and renamed when all are complete."""

import base64
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from dechaff.bulk.checkpoint import CHECKPOINT, UNFINISHED, Checkpoint
from dechaff.bulk.formats import FORMATS, format_of
from dechaff.bulk.formats.compression import open_compressed
from dechaff.bulk.formats.unfinished import OpenWriter, UnfinishedFile, journal_name
from dechaff.bulk.inputs import Input, display_path
from dechaff.bulk.records import BadRecord, Result
from dechaff.bulk.settings import MAX_QUARANTINED, Settings, require
from dechaff.bulk.summary import Counts
from dechaff.errors import InputError
from dechaff.files import check_not_inputs

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
    checkpoint : Checkpoint, optional
        What an earlier run has written of this input; by default nothing.
    """

    def __init__(
        self,
        folder: Path,
        source: Input,
        settings: Settings,
        *,
        readable: bool,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self._paths, self.source, self._folder = output_paths(folder, source), source, folder
        self.n_parts, self._lengths = (checkpoint.n_parts, checkpoint.lengths) if checkpoint else (0, {})
        if checkpoint is None:
            remove_unfinished(folder)
        (folder / UNFINISHED).mkdir(exist_ok=True)
        self._parts: dict[str, UnfinishedFile] = {}
        if readable:
            form = FORMATS[source.format]
            self._open(_DOCUMENTS, source.compression, partial(form.open_writer, like=source.path))
            for part in (_DROPPED, _ATTRIBUTES):
                if getattr(settings, part):
                    self._open(part, source.sidecar_compression, open_compressed)
        if _QUARANTINE in self._lengths:
            self._open(_QUARANTINE, "", open_compressed)

    def _open(self, part: str, compression: str, open_writer: OpenWriter) -> UnfinishedFile:
        path = self._folder / UNFINISHED / part
        appendable = compression != "zst" and not (part == _DOCUMENTS and self.source.format == "parquet")
        kept = self._lengths.get(path.name if appendable else journal_name(path))
        self._parts[part] = file = UnfinishedFile(path, compression, open_writer, appendable=appendable, kept=kept)
        return file

    def write(self, result: Result) -> None:
        """Write the result for one chunk or bad record."""
        self.n_parts += 1
        data = {_DOCUMENTS: result.data, _DROPPED: result.dropped, _ATTRIBUTES: result.attributes}
        for part, file in self._parts.items():
            file.write(data.get(part, b""))
        for bad in result.bad:
            self._quarantine(bad)

    def _quarantine(self, bad: BadRecord) -> None:
        file = self._parts.get(_QUARANTINE) or self._open(_QUARANTINE, "", open_compressed)
        entry = {
            "file": self.source.display_path,
            "record": bad.number,
            "n_records": bad.n_records,
            "reason": bad.reason,
            "n_bytes": bad.n_bytes,
            "raw": base64.b64encode(bad.raw[:MAX_QUARANTINED]).decode(),
        }
        file.write(require("orjson").dumps(entry) + b"\n")

    def save_checkpoint(self, counts: Counts) -> None:
        """Record that all results so far, with these counts, are safe."""
        lengths = dict(file.sync() for file in self._parts.values())
        Checkpoint.of(self.source, self.n_parts, lengths, counts).write(self._folder)

    def finish(self) -> None:
        """Rename all files to their final names, and remove the input's other files from an earlier run."""
        for file in self._parts.values():
            file.finish()
        for part, path in self._paths.items():
            if part in self._parts:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._parts[part].path.replace(path)
            else:
                path.unlink(missing_ok=True)
        remove_unfinished(self._folder)

    def close(self) -> None:
        """Close the files, whether or not they are complete; remove those that no checkpoint can restore."""
        for file in self._parts.values():
            file.close()
        if Checkpoint.read(self._folder) is None:
            remove_unfinished(self._folder)


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
    inputs = [source.path for source in sources] + [path for path in (settings.model, settings.sites) if path]
    outputs = (path for source in sources for path in output_paths(folder, source).values())
    check_not_inputs((manifest, *outputs), inputs)
    for path in inputs:
        if path.resolve().is_relative_to((folder / UNFINISHED).resolve()):
            raise InputError(
                f"{display_path(path)}: among the unfinished files of a run, which are removed: move it"
            )


def remove_unfinished(folder: Path) -> None:
    """Remove the incomplete files of an interrupted run, the checkpoint first; links are not followed.

    One by one: `shutil.rmtree` may close a descriptor twice when it is interrupted, and hide the interruption by an
    error.
    """
    unfinished = folder / UNFINISHED
    if not unfinished.is_dir() or unfinished.is_symlink():
        return
    for path in sorted(unfinished.iterdir(), key=lambda path: path.name != CHECKPOINT):
        with suppress(OSError):
            path.unlink()
    with suppress(OSError):
        unfinished.rmdir()


def remove_outputs(folder: Path, names: list[str]) -> None:
    """Remove all output files of earlier runs, given the names of their main output files."""
    for name in names:
        if found := format_of(name):
            for path in output_paths(folder, Input(Path(name), name, *found)).values():
                if path.resolve().is_relative_to(folder.resolve()):
                    path.unlink(missing_ok=True)
