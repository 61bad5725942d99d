"""Read text from files and standard input, write bytes to files and standard output; errors include the remedy."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dechaff.errors import InputError
from dechaff.files import written_whole

STANDARD = Path("-")
# A file with a null character in its first bytes is binary.
_CHECKED_BYTES = 8192
_ADDRESS = re.compile(r"^(https?):/+", re.IGNORECASE)
_WIDE = ("utf-16", "utf_16", "utf16", "utf-32", "utf_32", "utf32")
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Decoding:
    """The decoding of bytes.

    Attributes
    ----------
    encoding : str
    errors : str
        "strict", or "replace" to replace invalid bytes by the character U+FFFD.
    """

    encoding: str = "utf-8"
    errors: str = "strict"


UTF_8 = Decoding()


def read_text(path: Path, decoding: Decoding = UTF_8) -> str:
    """Read a text file.

    Parameters
    ----------
    path : Path
        The file; `-` stands for standard input.
    decoding : Decoding

    Raises
    ------
    InputError
        If the file is missing, a folder, unreadable, binary, or not valid in the encoding.
    """
    return decode_text(read_bytes(path), path, decoding)


def decode_text(data: bytes, path: Path, decoding: Decoding = UTF_8) -> str:
    """Decode the bytes of a text file.

    Raises
    ------
    InputError
        If they are binary, or not valid in the encoding; the message names the file.
    """
    wide = decoding.encoding.lower().startswith(_WIDE)
    if not wide and b"\0" in data[:_CHECKED_BYTES]:
        raise InputError(f"{show_path(path)}: {_describe_binary(data)}")
    try:
        text = data.decode(decoding.encoding, decoding.errors)
    except UnicodeDecodeError as error:
        raise InputError(f"{show_path(path)}: {_describe_undecodable(error)}") from error
    if wide and "\0" in text[:_CHECKED_BYTES]:
        raise InputError(
            f"{show_path(path)}: binary, or not {decoding.encoding}: the file contains null characters"
        )
    return text


def read_bytes(path: Path) -> bytes:
    """Read a file, or standard input if the path is `-`.

    Raises
    ------
    InputError
        If the file is missing, a folder or unreadable.
    """
    if path == STANDARD:
        if sys.stdin is None:
            raise InputError("standard input is closed: give a file")
        if sys.stdin.isatty():
            print("dechaff: reading from the terminal; end with Ctrl-D", file=sys.stderr)
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(describe_missing(path, "no such file")) from error
    except OSError as error:
        if path.is_dir():
            raise InputError(
                f"{show_path(path)}: is a folder: give its files, as in {show_path(path / '*.txt')}"
            ) from error
        raise InputError(f"{show_path(path)}: cannot be read: {error.strerror or error}") from error


@contextmanager
def open_output(path: Path | None) -> Iterator[BinaryIO]:
    """Open a file that is replaced when the block ends without an error, or standard output for None or `-`.

    Devices and pipes are written to directly; links are followed.
    """
    if path is None or path == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    with written_whole(path.resolve()) as temporary, temporary.open("wb") as file:
        yield file


def show_path(path: Path) -> str:
    """Return a path as printable text, even if it is not valid UTF-8.

    Examples
    --------
    >>> show_path(Path("-"))
    'standard input'
    """
    return "standard input" if path == STANDARD else os.fsencode(path).decode("utf-8", "backslashreplace")


def describe_missing(path: Path, message: str) -> str:
    """Return the message for a path that does not exist; for an address, the command that fetches it.

    Examples
    --------
    >>> describe_missing(Path("http://a.example"), "no such file")
    "http://a.example: an address: fetch it, as in: curl -sL 'http://a.example' | dechaff clean --format html"
    """
    address = _ADDRESS.sub(r"\1://", str(path))  # a path has single slashes
    if address == str(path):
        return f"{show_path(path)}: {message}"
    return f"{address}: an address: fetch it, as in: curl -sL '{address}' | dechaff clean --format html"


def _describe_binary(data: bytes) -> str:
    if data.startswith(_BYTE_ORDER_MARKS):
        return "looks like UTF-16: if so, add --encoding utf-16"
    return "a binary file, not text: give a text file, such as an extractor's output"


def _describe_undecodable(error: UnicodeDecodeError) -> str:
    byte = error.object[error.start]
    name = error.encoding.upper() if error.encoding.startswith("utf") else error.encoding
    return (
        f"invalid {name} at byte {error.start} (0x{byte:02X}): give the file's encoding, as in "
        "--encoding windows-1252, or replace such bytes with --errors replace"
    )
