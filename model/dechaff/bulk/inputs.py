"""Input files: find them, name their outputs, and find the columns with text, id, title and address."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from itertools import takewhile
from pathlib import Path
from typing import Final

from dechaff.bulk.formats import FORMATS, SUFFIXES, format_of
from dechaff.bulk.formats.columns import Columns
from dechaff.bulk.records import DamageError
from dechaff.bulk.settings import Settings
from dechaff.errors import InputError

_MAX_SHOWN: Final = 12


@dataclass(frozen=True)
class Input:
    """A file to clean.

    Attributes
    ----------
    path : Path
    name : str
        The path of the file's output within the output folder.
    format, compression : str
    size, mtime_ns : int
        The file's size in bytes and the time of its last change in nanoseconds, as of the start of the run.
    """

    path: Path
    name: str
    format: str
    compression: str
    size: int = 0
    mtime_ns: int = 0

    @property
    def display_path(self) -> str:
        """Return the path for messages and JSON."""
        return display_path(self.path)

    @property
    def location(self) -> str:
        """Return the absolute path, with links to folders resolved, as a unique key for the file."""
        return _location(self.path)

    @property
    def sidecar_name(self) -> str:
        """Return the file name of this input's dropped lines and attributes, which are JSON Lines."""
        if self.format == "jsonl":
            return self.name
        return f"{self.name}.jsonl" + {"gz": ".gz", "zst": ".zst", "": ""}[self.sidecar_compression]

    @property
    def sidecar_compression(self) -> str:
        """Return the compression of the additional output files."""
        return "zst" if self.format == "parquet" else self.compression


@dataclass(frozen=True)
class InspectedInput:
    """An input file and the columns that hold the text and the id of its documents.

    Attributes
    ----------
    input : Input
    columns : Columns
    damage : str
        The reason why the file cannot be read; empty if it can be read.
    """

    input: Input
    columns: Columns
    damage: str = ""


def display_path(path: Path) -> str:
    """Return a path as text for messages and JSON; bytes that are not UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _location(path: Path) -> str:
    """Return the absolute path, with links to folders resolved; a link to the file itself is kept."""
    return str(path.parent.resolve() / path.name)


def size_and_mtime(path: Path) -> tuple[int, int]:
    """Return a file's size in bytes and the time of its last change in nanoseconds.

    Raises
    ------
    InputError
        If the system cannot read the file's status, for example because the file was removed.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise read_error(path, error) from error
    return status.st_size, status.st_mtime_ns


def read_error(path: Path, error: OSError) -> InputError:
    """Return the error for a file that the system cannot read now; a later run may succeed."""
    return InputError(
        f"{display_path(path)}: cannot be read: {error.strerror or error}; finished files are kept: run "
        "again without --overwrite to resume"
    )


def find_inputs(arguments: Sequence[str | Path], output: Path) -> list[Input]:
    """Find the input files, each once, in the order of the arguments; files within a folder are sorted by name.

    Parameters
    ----------
    arguments : sequence of str or Path
        Files, folders, and patterns such as `docs/**/*.jsonl.zst`.
    output : Path
        The output folder.

    Raises
    ------
    InputError
        If a file does not exist, has an unknown format or disappears during the search; or if the output folder
        lies within an input folder; or if no input file is found.
    """
    # A file that several arguments match is read once, under the first path found.
    found: dict[str, tuple[Path, str]] = {}
    for argument in arguments:
        for path, name in _expand(Path(argument), output):
            found.setdefault(_location(path), (path, name))
    if not found:
        raise InputError(f"{', '.join(map(str, arguments)) or 'no input'}: no files that end in {_suffixes()}")
    paths = [path for path, _ in found.values()]
    names = _output_names(paths, [name for _, name in found.values()])
    return [
        Input(path, name, *_format(path), *size_and_mtime(path)) for path, name in zip(paths, names, strict=True)
    ]


def _expand(argument: Path, output: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of an argument, each with its path relative to the argument."""
    if argument.is_dir():
        if output.resolve().is_relative_to(argument.resolve()):
            raise InputError(
                f"{display_path(output)}: lies within the input {display_path(argument)}: choose another output "
                "folder"
            )
        for path in sorted(argument.rglob("*")):
            if path.is_file() and format_of(path.name) and not _is_hidden(path.relative_to(argument)):
                yield path, path.relative_to(argument).as_posix()
    elif argument.exists():
        yield argument, argument.name
    else:
        for path in _glob(argument, output):
            yield path, path.name


def _glob(pattern: Path, output: Path) -> Iterator[Path]:
    """Yield the files that match a pattern, except hidden ones and those in the output folder."""
    matches = sorted(map(Path, glob(str(pattern), recursive=True)))  # noqa: PTH207  may be absolute
    if not matches:
        raise InputError(f"{display_path(pattern)}: no such file or folder")
    fixed = list(takewhile(lambda part: not has_magic(part), pattern.parts))
    covers_output = output.resolve().is_relative_to(Path(*fixed).resolve())
    for path in matches:
        is_output = covers_output and path.resolve().is_relative_to(output.resolve())
        is_hidden = _is_hidden(Path(*path.parts[len(fixed) :]))
        if path.is_file() and format_of(path.name) and not is_output and not is_hidden:
            yield path


def _is_hidden(path: Path) -> bool:
    """Return whether any part of the path starts with `.` or `_`, by convention a temporary or metadata file."""
    return any(part.startswith((".", "_")) for part in path.parts)


def _format(path: Path) -> tuple[str, str]:
    found = format_of(path.name)
    if found is None:
        raise InputError(f"{display_path(path)}: unknown format: the name should end in {_suffixes()}")
    return found


def _suffixes() -> str:
    return ", ".join(suffix for suffix in SUFFIXES if not suffix.endswith("zstd"))


def _output_names(paths: Sequence[Path], names: Sequence[str]) -> list[str]:
    """Return the output names; if two are equal, the paths relative to the common parent folder of all inputs."""
    if max(Counter(names).values()) == 1:
        return list(names)
    absolute = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100  a link keeps its own name
    shared = os.path.commonpath([path.parent for path in absolute])
    return [path.relative_to(shared).as_posix() for path in absolute]


def inspect_inputs(
    inputs: Sequence[Input], settings: Settings, notify: Callable[[str], None]
) -> list[InspectedInput]:
    """Find the columns that hold text, id, title and address in every file, before anything is written.

    Parameters
    ----------
    inputs : sequence of Input
    settings : Settings
    notify : callable
        Called with a message for each distinct choice of columns, unless the settings name all of them.

    Raises
    ------
    InputError
        If the column with the text or the id is not found in some files, which the message lists; or if the system
        cannot read a file.
    """
    inspected: list[InspectedInput] = []
    errors: list[tuple[Input, InputError]] = []
    choices: dict[Columns, Input] = {}
    fallback = Columns(settings.text_column or "text", settings.id_column)
    for source in inputs:
        try:
            columns, damage = _inspect(source, settings)
        except InputError as error:
            errors.append((source, error))
            continue
        except OSError as error:
            raise read_error(source.path, error) from error
        if columns is not None:
            choices.setdefault(columns, source)
        inspected.append(InspectedInput(source, columns or fallback, damage))
    if errors:
        raise InputError(_columns_message(errors, len(inputs)))
    named = (settings.text_column, settings.id_column, settings.title_column, settings.url_column)
    if None in named:
        for columns, source in choices.items():
            notify(f"{source.display_path}: {columns}")
    return inspected


def _inspect(source: Input, settings: Settings) -> tuple[Columns | None, str]:
    """Return a file's columns (None without a valid record) and why the file cannot be read ("" if it can)."""
    try:
        form = FORMATS[source.format]
        return form.find_columns(source.path, source.compression, settings, source.display_path), ""
    except DamageError as error:
        return None, f"{error}: the file cannot be read"


def _columns_message(errors: Sequence[tuple[Input, InputError]], n_inputs: int) -> str:
    """Return the message of the first error, with the names of the other files that have an error."""
    message, others = str(errors[0][1]), [source.display_path for source, _ in errors[1:]]
    if others:
        shown = ", ".join(others[:_MAX_SHOWN]) + (", …" if len(others) > _MAX_SHOWN else "")
        message += f"; {len(others)} more with such an error: {shown}"
    return message if n_inputs == 1 else f"{message}; nothing has been written: exclude files of another structure"
