"""Compressed files, piece by piece: reading, and writing so that every reader finds all of it."""

import gzip
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, Protocol

from dechaff.bulk.records import DamageError
from dechaff.bulk.settings import need

# gzip 9 takes four times as long as 6 and makes nothing smaller; zstandard 3 is its own default.
_GZIP_LEVEL: Final = 6
_ZSTD_LEVEL: Final = 3
_PIECE: Final = 1 << 18
# So few bytes that not even a bomb makes much of them: gzip 16 MB.
_FED: Final = 1 << 14


def read_pieces(file: BinaryIO, compression: str) -> Iterator[bytes]:
    """Give a file's bytes, decompressed.

    Parameters
    ----------
    file : binary file
    compression : str
        "gz", "zst" or "".

    Raises
    ------
    DamageError
        After all that can be read, if the file is damaged or ends too early.
    OSError
        If the system cannot read the file: another time it may.
    """
    if compression:
        yield from _read_members(file, compression)
    else:
        yield from iter(lambda: file.read(_PIECE), b"")


def _read_members(file: BinaryIO, compression: str) -> Iterator[bytes]:
    """Decompress gzip members or zstandard frames, as many as there are."""
    begin, failure = _decompressor(compression)
    member = None
    for fed in iter(lambda: file.read(_FED), b""):
        rest = fed
        while rest:
            if member is None and not (rest := rest.lstrip(b"\0")):  # some pad between members
                break
            member = member or begin()
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
    zstandard = need("zstandard")
    return zstandard.ZstdDecompressor().decompressobj, zstandard.ZstdError


def compress_member(data: bytes, compression: str) -> bytes:
    """Compress what a worker hands on, if pieces may be compressed by themselves: a gzip member each.

    A zstandard file is one frame, which only the writer can make: many readers stop after the first.
    """
    return gzip.compress(data, _GZIP_LEVEL, mtime=0) if compression == "gz" and data else data


class Writer(Protocol):
    """Writes bytes, and ends the file."""

    def write(self, data: bytes) -> object:
        """Write what a worker has made."""

    def close(self) -> None:
        """End the file."""


def open_writer(file: BinaryIO, compression: str) -> Writer:
    """Write to a file what `compress_member` has prepared; the file stays open.

    Parameters
    ----------
    file : binary file
    compression : str
        "gz", "zst" or "".
    """
    if compression == "zst":
        writer: Writer = need("zstandard").ZstdCompressor(level=_ZSTD_LEVEL).stream_writer(file, closefd=False)
        return writer
    return _Plain(file, gzip.compress(b"", _GZIP_LEVEL, mtime=0) if compression == "gz" else b"")


class _Plain:
    """Writes bytes as they come; a file without any still is one of its kind."""

    def __init__(self, file: BinaryIO, empty: bytes) -> None:
        self._file, self._empty = file, empty

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self._file.write(data)
        self._empty = b"" if data else self._empty

    def close(self) -> None:
        """Write what an empty file has."""
        self._file.write(self._empty)
