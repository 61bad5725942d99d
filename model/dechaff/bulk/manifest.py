"""Manifest of an output folder: the settings and the finished files, so that a rerun can resume.

The manifest is append-only JSON Lines: first the settings, then a line when work on a file starts and one when the
file is finished. An incomplete last line, left by a killed run, is ignored.
"""

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from dechaff.bulk.inputs import Input, display_path
from dechaff.bulk.outputs import remove_outputs
from dechaff.bulk.summary import Counts
from dechaff.errors import InputError

NAME: Final = "_manifest.jsonl"
_FORMAT: Final = "dechaff-bulk"
_VERSION: Final = 4


class Manifest:
    """The manifest of an output folder, locked for one run.

    Parameters
    ----------
    folder : Path
    settings : mapping
        Everything that affects the output, as plain values.
    overwrite : bool
        Whether to discard the output of earlier runs.

    Attributes
    ----------
    compiled : bool or None
        Whether the folder was started with the numba kernels, whose results differ in the last digits; None for a
        new folder.

    Raises
    ------
    InputError
        If the folder was written with other settings or by another version of dechaff, its manifest is damaged, or
        another run is writing to it.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], *, overwrite: bool = False) -> None:
        self._path, self._settings, self._overwrite = folder / NAME, settings, overwrite
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a+b")
        _lock(self._file, folder)
        # Locations of inputs, and entries of finished files, by the names of their outputs.
        self._begun: dict[str, str] = {}
        self._finished: dict[str, dict[str, Any]] = {}
        with ExitStack() as undo:
            undo.callback(self.close)
            lines = [] if overwrite else self._read()
            if lines:
                self._check(lines[0], settings)
                self._load(lines[1:])
            self.compiled: bool | None = lines[0]["compiled"] if lines else None
            undo.pop_all()

    def start(self, *, compiled: bool) -> None:
        """Write the settings of a new folder; when overwriting, first remove the output of earlier runs.

        Parameters
        ----------
        compiled : bool
            Whether the numba kernels are used; stored in a new manifest.
        """
        if self._overwrite:
            remove_outputs(self._path.parent, self._begun_names())
            self._file.truncate(0)
        if self.compiled is None:
            self.compiled = compiled
            head = {"format": _FORMAT, "version": _VERSION, "settings": dict(self._settings)}
            self._append({**head, "compiled": compiled})

    def close(self) -> None:
        """Close the file, which unlocks the folder."""
        self._file.close()

    def begin(self, source: Input) -> None:
        """Record that this run has started to write the outputs of an input."""
        if self._begun.get(source.name) != source.location:
            self._begun[source.name] = source.location
            self._append({"begun": source.name, "place": source.location})

    def finish(self, source: Input, counts: Counts) -> None:
        """Record that all outputs of an input are complete."""
        entry = {
            "finished": source.name,
            "input": source.display_path,
            "place": source.location,
            "size": source.size,
            "mtime_ns": source.mtime_ns,
            "has_output": (self._path.parent / source.name).exists(),
            **counts.to_dict(),
        }
        self._finished[source.name] = entry
        self._append(entry)

    def owns(self, name: str) -> bool:
        """Return whether this run or an earlier one has started to write the output of this name."""
        return name in self._begun

    def finished(self, source: Input) -> Counts | None:
        """Return the counts of an input if it is finished, unchanged since then, and still has its output."""
        entry = self._finished.get(source.name)
        if entry is None or (entry["size"], entry["mtime_ns"]) != (source.size, source.mtime_ns):
            return None
        # A file that cannot be read at all has no output.
        if entry["has_output"] and not (self._path.parent / source.name).exists():
            return None
        return Counts.from_dict(entry)

    def was_finished(self, source: Input) -> bool:
        """Return whether an input was finished, even if it has changed since then."""
        return source.name in self._finished

    def check_names(self, inputs: list[Input]) -> None:
        """Check that inputs keep their output names, and that no input would overwrite the output of another one.

        Otherwise documents would be written twice, or be lost.

        Raises
        ------
        InputError
            If an input has another output name than before, or its output name belongs to another input.
        """
        before = {entry["place"]: name for name, entry in self._finished.items()}
        locations = {source.location for source in inputs}
        for source in inputs:
            if before.get(source.location, source.name) != source.name:
                raise InputError(
                    f"{source.display_path}: an earlier run wrote the output as {before[source.location]}, but "
                    f"with these inputs it would be {source.name}: choose another output folder, or start over "
                    "with --overwrite"
                )
            owner = self._begun.get(source.name, source.location)
            if owner != source.location and owner not in locations:
                raise InputError(
                    f"{source.display_path}: the output would be {source.name}, which belongs to "
                    f"{display_path(Path(owner))}: choose another output folder, or clean both inputs in one run "
                    "with --overwrite"
                )

    def _begun_names(self) -> list[str]:
        """Return the names of all outputs of earlier runs; damaged lines are skipped."""
        names = []
        self._file.seek(0)
        for line in self._file:
            with suppress(ValueError, AttributeError):
                names.append(json.loads(line).get("begun"))
        return [name for name in names if isinstance(name, str)]

    def _read(self) -> list[dict[str, Any]]:
        """Return the complete lines, and remove an incomplete last line from the file."""
        self._file.seek(0)
        data = self._file.read()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            self._file.truncate(whole)
        try:
            lines = [json.loads(line) for line in data[:whole].splitlines()]
            if lines and lines[0].get("format") != _FORMAT:
                raise ValueError("not a manifest")
        except (ValueError, AttributeError) as error:
            raise InputError(
                f"{display_path(self._path)}: damaged manifest ({error}): start over with --overwrite"
            ) from error
        return lines

    def _check(self, head: dict[str, Any], settings: Mapping[str, Any]) -> None:
        if head.get("version") != _VERSION:
            raise InputError(
                f"{display_path(self._path)}: from another version of dechaff: choose another output folder"
            )
        before = head["settings"]
        changed = [name for name in {**before, **settings} if before.get(name) != settings.get(name)]
        if changed:
            changes = ", ".join(f"{name} was {before.get(name)!r}, now {settings.get(name)!r}" for name in changed)
            raise InputError(
                f"{display_path(self._path.parent)}: written with other settings ({changes}): use the same "
                "settings, choose another output folder, or start over with --overwrite"
            )

    def _load(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            if "begun" in line:
                self._begun[line["begun"]] = line["place"]
            else:
                self._finished[line["finished"]] = line

    def _append(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=True).encode() + b"\n")
        self._file.flush()
        if "finished" in line:
            os.fsync(self._file.fileno())


def _lock(file: BinaryIO, folder: Path) -> None:
    """Lock the folder for this process; the system releases the lock when the process ends."""
    with suppress(ImportError):  # not on Windows
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise InputError(f"{display_path(folder)}: another run is writing to this folder") from error
