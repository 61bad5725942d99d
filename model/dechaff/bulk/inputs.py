"""Which files are to be cleaned, and what their outputs are called."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import glob
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
    """

    path: Path
    name: str
    format: str
    compression: str

    @property
    def shown(self) -> str:
        """Give the path so that it can be printed and kept in JSON."""
        return show(self.path)

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
        If there is no such file, it is of no known format, or the output folder lies among the inputs.
    """
    found = dict.fromkeys(pair for argument in arguments for pair in _find(Path(argument), output))
    if not found:
        raise InputError(f"{', '.join(map(str, arguments)) or 'no input'}: no files that end in {_suffixes()}")
    names = _name([path for path, _ in found], [name for _, name in found])
    inputs = [Input(path, name, *_format(path)) for (path, _), name in zip(found, names, strict=True)]
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
        matches = sorted(map(Path, glob(str(argument), recursive=True)))  # noqa: PTH207  may be absolute
        if not matches:
            raise InputError(f"{show(argument)}: no such file or folder")
        for path in matches:
            if path.is_file() and format_of(path.name):
                yield path, path.name


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
