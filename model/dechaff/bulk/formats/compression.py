"""Compression: read files in pieces, and write files that every reader can read to the end."""

import gzip
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, Protocol

from dechaff.bulk.records import DamageError
from dechaff.bulk.settings import require

# gzip level 9 takes four times as long as level 6, and its output is no smaller; 3 is zstandard's default level.
_GZIP_LEVEL: Final = 6
_ZSTD_LEVEL: Final = 3
_PIECE: Final = 1 << 18
# Compressed bytes decompressed at once: few, because a gzip bomb expands even these to up to 16 MB.
_COMPRESSED_PIECE: Final = 1 << 14


def read_pieces(file: BinaryIO, compression: str) -> Iterator[bytes]:
    """Yield the decompressed bytes of a file.

    Parameters
    ----------
    file : binary file
    compression : str
        "gz", "zst" or "".

    Raises
    ------
    DamageError
        If the file is damaged or ends too early; raised after all readable bytes.
    OSError
        If the system cannot read the file.
    """
    if compression:
        yield from _read_members(file, compression)
    else:
        yield from iter(lambda: file.read(_PIECE), b"")


def _read_members(file: BinaryIO, compression: str) -> Iterator[bytes]:
    """Decompress all gzip members or zstandard frames."""
    start, failure = _decompressor(compression)
    member = None
    for data in iter(lambda: file.read(_COMPRESSED_PIECE), b""):
        rest = data
        while rest:
            if member is None and not (rest := rest.lstrip(b"\0")):  # padding between members
                break
            member = member or start()
            try:
                piece = member.decompress(rest)
            except failure as error:
                raise DamageError(f"damaged {compression}: {error}") from error
            if piece:
                yield piece
            rest = member.unused_data if member.eof else b""
            member = None if member.eof else member
    if member is not None:
        raise DamageError(f"damaged {compression}: the file ends too early")


def _decompressor(compression: str) -> tuple[Any, type[Exception]]:
    if compression == "gz":
        return lambda: zlib.decompressobj(31), zlib.error
    zstandard = require("zstandard")
    return zstandard.ZstdDecompressor().decompressobj, zstandard.ZstdError


def compress_member(data: bytes, compression: str) -> bytes:
    """Compress a worker's output to a gzip member; for other compressions, return the data unchanged.

    For zstandard the writer compresses all data to a single frame, because many readers stop after the first frame.
    """
    return gzip.compress(data, _GZIP_LEVEL, mtime=0) if compression == "gz" and data else data


class Writer(Protocol):
    """Writes the output of workers to a file."""

    def write(self, data: bytes) -> object:
        """Write the data of a result."""

    def close(self) -> None:
        """Complete the file, without closing it."""


def open_compressed(file: BinaryIO, compression: str) -> Writer:
    """Return a writer for the output of `compress_member`; closing the writer does not close the file.

    Parameters
    ----------
    file : binary file
    compression : str
        "gz", "zst" or "".
    """
    if compression == "zst":
        writer: Writer = require("zstandard").ZstdCompressor(level=_ZSTD_LEVEL).stream_writer(file, closefd=False)
        return writer
    return _PassThrough(file, gzip.compress(b"", _GZIP_LEVEL, mtime=0) if compression == "gz" else b"")


class _PassThrough:
    """Writes bytes unchanged; if the file stays empty, `close` writes `empty`."""

    def __init__(self, file: BinaryIO, empty: bytes) -> None:
        self._file, self._empty = file, empty

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self._file.write(data)

    def close(self) -> None:
        """Write `empty` to an empty file, so that it is valid."""
        if not self._file.tell():
            self._file.write(self._empty)
