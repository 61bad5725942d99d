"""What a run has been asked and has finished, in the output folder: a rerun goes on from there.

The manifest is JSON Lines, only ever added to: first the settings, then a line when a file is begun and one when
it is finished. A last line that a killed run has left half is no line.
"""

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from dechaff.bulk.inputs import Input, show
from dechaff.bulk.outputs import remove_outputs
from dechaff.bulk.summary import Tally
from dechaff.errors import InputError

NAME: Final = "_manifest.jsonl"
_FORMAT: Final = "dechaff-bulk"
_VERSION: Final = 3


class Manifest:
    """The manifest of an output folder, locked for one run.

    Parameters
    ----------
    folder : Path
    settings : mapping
        Plain values: all that decides what is written.
    overwrite : bool
        Whether to begin anew, whatever is there.

    Attributes
    ----------
    compiled : bool or None
        Whether the folder was begun with compiled functions, whose results differ in the last digits; None if it
        is new.

    Raises
    ------
    InputError
        If the folder has been written with other settings, or another run is writing to it.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], *, overwrite: bool = False) -> None:
        self._path, self._settings, self._overwrite = folder / NAME, settings, overwrite
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a+b")
        _lock(self._file, folder)
        # By the names of outputs: the place of the input that each is of.
        self._begun: dict[str, str] = {}
        self._finished: dict[str, dict[str, Any]] = {}
        with ExitStack() as undo:
            undo.callback(self.close)
            lines = [] if overwrite else self._read()
            if lines:
                self._check(lines[0], settings)
                self._remember(lines[1:])
            self.compiled: bool | None = lines[0]["compiled"] if lines else None
            undo.pop_all()

    def start(self, *, compiled: bool) -> None:
        """Begin to write; to begin anew, what earlier runs have written goes first, and nothing else.

        Parameters
        ----------
        compiled : bool
            Whether compiled functions are used: what a new manifest keeps.
        """
        if self._overwrite:
            remove_outputs(self._path.parent, self._names())
            self._file.truncate(0)
        if self.compiled is None:
            self.compiled = compiled
            head = {"format": _FORMAT, "version": _VERSION, "settings": dict(self._settings)}
            self._append({**head, "compiled": compiled})

    def close(self) -> None:
        """Let another run have the folder."""
        self._file.close()

    def begin(self, each: Input) -> None:
        """Say that outputs of this name are the run's own from now on."""
        if self._begun.get(each.name) != each.place:
            self._begun[each.name] = each.place
            self._append({"begun": each.name, "place": each.place})

    def finish(self, each: Input, tally: Tally) -> None:
        """Say that a file's outputs are all there.

        Parameters
        ----------
        each : Input
        tally : Tally
        """
        entry = {
            "finished": each.name,
            "input": each.shown,
            "place": each.place,
            "size": each.size,
            "mtime_ns": each.mtime_ns,
            "has_output": (self._path.parent / each.name).exists(),
            **tally.to_dict(),
        }
        self._finished[each.name] = entry
        self._append(entry)

    def owns(self, name: str) -> bool:
        """Tell whether an output of this name is of this run or one before."""
        return name in self._begun

    def finished(self, each: Input) -> Tally | None:
        """Give the tally of a file that is finished and has not changed since."""
        entry = self._finished.get(each.name)
        if entry is None or (entry["size"], entry["mtime_ns"]) != (each.size, each.mtime_ns):
            return None
        # Of a file that cannot be read at all there is no output.
        if entry["has_output"] and not (self._path.parent / each.name).exists():
            return None
        return Tally.from_dict(entry)

    def has_finished(self, each: Input) -> bool:
        """Tell whether a file was finished, whatever has happened to it since."""
        return each.name in self._finished

    def check_names(self, inputs: list[Input]) -> None:
        """Refuse inputs whose outputs were called otherwise, or would take the place of another input's.

        In the one case a document would be there twice, in the other one would be lost.

        Raises
        ------
        InputError
            With what to do.
        """
        before = {entry["place"]: name for name, entry in self._finished.items()}
        here = {each.place for each in inputs}
        for each in inputs:
            if before.get(each.place, each.name) != each.name:
                raise InputError(
                    f"{each.shown}: written as {before[each.place]} before, and would be {each.name} beside these "
                    "other inputs: name another output folder, or begin anew with --overwrite"
                )
            owner = self._begun.get(each.name, each.place)
            if owner != each.place and owner not in here:
                raise InputError(
                    f"{each.shown}: would be written as {each.name}, which is there of {show(Path(owner))}: name "
                    "another output folder, or both inputs in one run with --overwrite"
                )

    def _names(self) -> list[str]:
        """Name what earlier runs have written, whatever their settings; a damaged manifest names what it can."""
        names = []
        self._file.seek(0)
        for line in self._file:
            with suppress(ValueError, AttributeError):
                names.append(json.loads(line).get("begun"))
        return [name for name in names if isinstance(name, str)]

    def _read(self) -> list[dict[str, Any]]:
        """Read the lines that are whole, and cut off a last one that is not."""
        self._file.seek(0)
        data = self._file.read()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            self._file.truncate(whole)
        try:
            lines = [json.loads(line) for line in data[:whole].splitlines()]
            if lines and lines[0].get("format") != _FORMAT:
                raise ValueError("no manifest")
        except (ValueError, AttributeError) as error:
            raise InputError(f"{show(self._path)}: damaged ({error}): begin anew with --overwrite") from error
        return lines

    def _check(self, head: dict[str, Any], settings: Mapping[str, Any]) -> None:
        if head.get("version") != _VERSION:
            raise InputError(f"{show(self._path)}: of another version of dechaff: name another output folder")
        before = head["settings"]
        changed = [name for name in {**before, **settings} if before.get(name) != settings.get(name)]
        if changed:
            told = ", ".join(f"{name} was {before.get(name)!r}, is {settings.get(name)!r}" for name in changed)
            raise InputError(
                f"{show(self._path.parent)}: written with other settings ({told}): use the same ones, name another "
                "output folder, or begin anew with --overwrite"
            )

    def _remember(self, lines: list[dict[str, Any]]) -> None:
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
    """Refuse a folder that another run is writing to; the lock ends with the process, however that ends."""
    with suppress(ImportError):  # not on Windows
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise InputError(f"{show(folder)}: another run is writing to it") from error
