"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from dechaff.errors import InputError

# So many characters of a name that a temporary one is no longer than systems allow.
_KEPT: Final = 32


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes that name when the block ends well, and goes when it does not.

    Raises
    ------
    InputError
        If `path` is there and no plain file: a device or a folder is not to be replaced.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> with written_whole(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("done")
    >>> [file.name for file in folder.iterdir()]
    ['a.txt']
    """
    path = path.resolve()  # a link stays a link: what it points to is replaced
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: not a plain file: name a file to write")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:_KEPT]}.{os.urandom(8).hex()}")
    with named(path):
        try:  # from before the file is there: an interrupt at any moment leaves none behind
            temporary.touch(exist_ok=False)
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Let what the system refuses in the block name a path: to write to an open file fails without a name."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
