"""Atomic file writes, and the check that no input is written over."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from dechaff.errors import InputError

# Characters of the file name that the temporary name contains, to stay below the system's limit.
_MAX_PREFIX: Final = 32


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Write a file atomically: yield a temporary path that replaces `path`, or is removed if the block raises.

    Raises
    ------
    InputError
        If `path` exists and is not a regular file, for example a device or a folder.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> with written_whole(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("done")
    >>> [file.name for file in folder.iterdir()]
    ['a.txt']
    """
    path = path.resolve()  # replaces the target of a link, not the link
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: not a regular file: choose another path")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:_MAX_PREFIX]}.{os.urandom(8).hex()}")
    with add_filename(path):
        try:  # starts before the file exists, so that no interrupt leaves it behind
            temporary.touch(exist_ok=False)
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def add_filename(path: Path) -> Iterator[None]:
    """Add `path` to operating-system errors that lack a file name, such as errors of writing to an open file."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def check_not_inputs(outputs: Iterable[Path | int], inputs: Iterable[Path | int]) -> None:
    """Raise if an output is one of the inputs, under any path, link or upper and lower case.

    Files are compared by their numbers in the file system, not by their names.

    Parameters
    ----------
    outputs, inputs : iterable of Path or int
        Files, which need not exist, or descriptors of open files. Devices, pipes and folders are skipped: writing
        to these replaces nothing.

    Raises
    ------
    InputError
        If an output is the same file as an input.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp()) / "a.txt"
    >>> _ = path.write_text("The vote was held on Tuesday.")
    >>> check_not_inputs([path.with_name("b.txt")], [path])
    """
    existing = {key: output for output in outputs if (key := _file_number(output)) is not None}
    for source in inputs if existing else ():
        output = existing.get(_file_number(source) or (-1, -1))
        if output is not None:
            written, read = _show(output), _show(source)
            same = "an input" if written == read else f"the same file as the input {read}"
            raise InputError(f"{written}: {same}, which would be overwritten: choose another output")


def _show(file: Path | int) -> str:
    if isinstance(file, int):
        return "a standard stream"
    return os.fsencode(file).decode("utf-8", "backslashreplace")


def _file_number(file: Path | int) -> tuple[int, int] | None:
    """Return the numbers of a regular file's device and inode; None if there is no such file."""
    try:
        if isinstance(file, Path) and not file.exists():
            file = file.resolve()  # `missing/../a.txt`, which leads nowhere, is written to `a.txt`
        status = os.stat(file)  # noqa: PTH116  descriptors too
    except (OSError, ValueError, RuntimeError):  # the last for links in a circle
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
