"""A file that is being written, of which what is safe can be restored after an interruption."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from dechaff.bulk.formats.compression import Writer
from dechaff.bulk.settings import require
from dechaff.errors import InputError

#: Opens a writer for a file with a compression.
OpenWriter = Callable[[BinaryIO, str], Writer]
# The fastest level that still compresses: a journal is written beside the output, and removed with it.
_JOURNAL_LEVEL: Final = -1
_SIZE_BYTES: Final = 8


class UnfinishedFile:
    """An output file and, for formats that cannot be continued, a journal of what was written to it.

    A frame of zstandard or a Parquet file cannot be continued by another process: the journal is written again into
    a new file, which has the same bytes as without the interruption.

    Parameters
    ----------
    path : Path
    compression : str
    open_writer : callable
        Opens the writer of the format.
    appendable : bool
        Whether more can be written to the end of a part of the file.
    kept : int, optional
        The bytes of the file, or of its journal, to go on from; by default the file is new.
    """

    def __init__(
        self, path: Path, compression: str, open_writer: OpenWriter, *, appendable: bool, kept: int | None
    ) -> None:
        self.path = path
        self._file = _open_at(path, kept if appendable else None)
        self._journal = None if appendable else _open_at(path.with_name(journal_name(path)), kept)
        self._writer = open_writer(self._file, compression)
        if self._journal is not None:
            for data in _read_journal(self._journal):
                self._writer.write(data)

    def write(self, data: bytes) -> None:
        """Write the data of a result."""
        self._writer.write(data)
        if self._journal is not None:
            packed = require("zstandard").ZstdCompressor(level=_JOURNAL_LEVEL).compress(data)
            self._journal.write(len(packed).to_bytes(_SIZE_BYTES, "little") + packed)

    def sync(self) -> tuple[str, int]:
        """Wait until what was written is on disk; return the name and the length of the file to restore it from."""
        file = self._journal or self._file
        file.flush()
        os.fsync(file.fileno())
        return Path(file.name).name, file.tell()

    def finish(self) -> None:
        """Complete the file and close it."""
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._close_files()

    def close(self) -> None:
        """Close an incomplete file, and its writer, which would otherwise write to the closed file later."""
        if not self._file.closed:
            with suppress(Exception):  # an interrupted writer may fail in any way; a checkpoint cuts the file
                self._writer.close()
            self._close_files()

    def _close_files(self) -> None:
        self._file.close()
        if self._journal is not None:
            self._journal.close()


def journal_name(path: Path) -> str:
    """Return the name of a file's journal.

    Examples
    --------
    >>> journal_name(Path("documents"))
    'documents.journal'
    """
    return f"{path.name}.journal"


def _open_at(path: Path, kept: int | None) -> BinaryIO:
    """Open a new file, or one that is cut to the bytes to keep."""
    if kept is None:
        return path.open("w+b")
    file = path.open("r+b")
    file.truncate(kept)
    file.seek(0, os.SEEK_END)
    return file


def _read_journal(file: BinaryIO) -> Iterator[bytes]:
    """Yield the data of a journal, and leave the file at its end."""
    zstandard = require("zstandard")
    file.seek(0)
    while head := file.read(_SIZE_BYTES):
        try:
            yield zstandard.ZstdDecompressor().decompress(file.read(int.from_bytes(head, "little")))
        except zstandard.ZstdError as error:
            raise InputError(f"{file.name}: damaged: delete its folder, and run again") from error
