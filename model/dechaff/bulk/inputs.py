"""Which files are to be cleaned, and what their outputs are called."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from itertools import takewhile
from pathlib import Path

from dechaff.bulk.formats import SUFFIXES, format_of
from dechaff.errors import InputError


@dataclass(frozen=True)
class Input:
    """A file to clean.

    Attributes
    ----------
    path : Path
    name : str
        Of its output, within the output folder.
    format, compression : str
    size, mtime_ns : int
        In bytes, and the time of the last change: as they were when the run began.
    """

    path: Path
    name: str
    format: str
    compression: str
    size: int = 0
    mtime_ns: int = 0

    @property
    def shown(self) -> str:
        """Give the path so that it can be printed and kept in JSON."""
        return show(self.path)

    @property
    def place(self) -> str:
        """Say where the file is, whatever way led there; a file that is a link counts by itself."""
        return place_of(self.path)

    @property
    def side_name(self) -> str:
        """Name the files beside the output: JSON lines, compressed as the output if it can be."""
        if self.format == "jsonl":
            return self.name
        return f"{self.name}.jsonl" + {"gz": ".gz", "zst": ".zst", "": ""}[self.side_compression]

    @property
    def side_compression(self) -> str:
        """Say how the files beside the output are compressed."""
        return "zst" if self.format == "parquet" else self.compression


def show(path: Path) -> str:
    """Write a path so that it can be printed, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def place_of(path: Path) -> str:
    """Give a file's absolute path: its folder without links, and its own name."""
    return str(path.parent.resolve() / path.name)


def stamp(path: Path) -> tuple[int, int]:
    """Give what changes when a file does: its size and the time of the last change.

    Raises
    ------
    InputError
        If it is gone since it was found, or cannot be looked at.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise cannot_read(path, error) from error
    return status.st_size, status.st_mtime_ns


def cannot_read(path: Path, error: OSError) -> InputError:
    """Say that it is the system that cannot read a file: another time it may."""
    return InputError(
        f"{show(path)}: cannot be read: {error.strerror or error}; finished files stay, and the same command goes "
        "on where it stopped"
    )


def find_inputs(arguments: Sequence[str | Path], output: Path) -> list[Input]:
    """Find the files that are meant, each once, in the order of the arguments; those of a folder by name.

    Parameters
    ----------
    arguments : sequence of str or Path
        Files, folders, and patterns such as `docs/**/*.jsonl.zst`.
    output : Path
        The folder that is written to.

    Raises
    ------
    InputError
        If there is no such file, it is of no known format, it goes meanwhile, or the output folder lies among the
        inputs.
    """
    # Whatever ways lead to a file, it is read once, by the first of them.
    found: dict[str, tuple[Path, str]] = {}
    for argument in arguments:
        for path, name in _find(Path(argument), output):
            found.setdefault(place_of(path), (path, name))
    if not found:
        raise InputError(f"{', '.join(map(str, arguments)) or 'no input'}: no files that end in {_suffixes()}")
    paths = [path for path, _ in found.values()]
    names = _name(paths, [name for _, name in found.values()])
    inputs = [Input(path, name, *_format(path), *stamp(path)) for path, name in zip(paths, names, strict=True)]
    for each in inputs:
        if (output / each.name).resolve() == each.path.resolve():
            raise InputError(f"{each.shown}: would be overwritten: name another output folder")
    return inputs


def _find(argument: Path, output: Path) -> Iterator[tuple[Path, str]]:
    """Give the files of an argument, and what each is called within it."""
    if argument.is_dir():
        if output.resolve().is_relative_to(argument.resolve()):
            raise InputError(f"{show(output)} lies within the input {show(argument)}: name another output folder")
        for path in sorted(argument.rglob("*")):
            if path.is_file() and format_of(path.name) and not _is_hidden(path.relative_to(argument)):
                yield path, path.relative_to(argument).as_posix()
    elif argument.exists():
        yield argument, argument.name
    else:
        for path in _match(argument, output):
            yield path, path.name


def _match(pattern: Path, output: Path) -> Iterator[Path]:
    """Give the files that a pattern means: no outputs where it looks, and nothing hidden."""
    matches = sorted(map(Path, glob(str(pattern), recursive=True)))  # noqa: PTH207  may be absolute
    if not matches:
        raise InputError(f"{show(pattern)}: no such file or folder")
    fixed = list(takewhile(lambda part: not has_magic(part), pattern.parts))
    is_among = output.resolve().is_relative_to(Path(*fixed).resolve())
    for path in matches:
        is_output = is_among and path.resolve().is_relative_to(output.resolve())
        is_hidden = _is_hidden(Path(*path.parts[len(fixed) :]))
        if path.is_file() and format_of(path.name) and not is_output and not is_hidden:
            yield path


def _is_hidden(path: Path) -> bool:
    """Tell what other programs leave out too: temporary files and notes beside the data."""
    return any(part.startswith((".", "_")) for part in path.parts)


def _format(path: Path) -> tuple[str, str]:
    found = format_of(path.name)
    if found is None:
        raise InputError(f"{show(path)}: of no known format: its name should end in {_suffixes()}")
    return found


def _suffixes() -> str:
    return ", ".join(suffix for suffix in SUFFIXES if not suffix.endswith("zstd"))


def _name(paths: Sequence[Path], names: Sequence[str]) -> list[str]:
    """Name the outputs; if two would have one name, all are called by their path from the folder they share."""
    if max(Counter(names).values()) == 1:
        return list(names)
    absolute = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100  a link keeps its own name
    shared = os.path.commonpath([path.parent for path in absolute])
    return [path.relative_to(shared).as_posix() for path in absolute]
