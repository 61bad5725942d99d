"""Atomic file writes."""

import os
from collections.abc import Iterator
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
