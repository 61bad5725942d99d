"""The formats of files: how each is read, cleaned and written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from dechaff.bulk.cleaner import Cleaner
from dechaff.bulk.formats.columns import Columns
from dechaff.bulk.formats.compression import Writer, open_writer, read_pieces
from dechaff.bulk.formats.jsonl import clean_lines, cut_lines, find_columns
from dechaff.bulk.formats.parquet import RowWriter, clean_rows, parquet_columns, read_rows
from dechaff.bulk.formats.warc import clean_records, cut_records, warc_columns
from dechaff.bulk.records import Bad, Chunk, Result
from dechaff.bulk.settings import Settings


@dataclass(frozen=True)
class Format:
    """One format of files.

    Attributes
    ----------
    find_columns : callable
        Tells what is text and id of a file.
    read : callable
        Cuts an open file into chunks of whole records: all that the reading process does.
    clean : callable
        Parses, cleans and writes the records of a chunk: what a worker does.
    open_writer : callable
        Writes to an open file what workers have made of another one.
    """

    find_columns: Callable[[Path, str, Settings, str], Columns | None]
    read: Callable[[BinaryIO, str], Iterator[Chunk | Bad]]
    clean: Callable[[Chunk, Columns, str, str, Cleaner], Result]
    open_writer: Callable[[BinaryIO, str, Path], Writer]


FORMATS: Final = {
    "jsonl": Format(
        find_columns,
        lambda file, compression: cut_lines(read_pieces(file, compression)),
        clean_lines,
        lambda file, compression, _: open_writer(file, compression),
    ),
    "parquet": Format(
        parquet_columns,
        lambda file, _: read_rows(file),
        clean_rows,
        lambda file, _, path: RowWriter(file, path),
    ),
    "warc": Format(
        warc_columns,
        lambda file, compression: cut_records(read_pieces(file, compression)),
        clean_records,
        lambda file, compression, _: open_writer(file, compression),
    ),
}
#: What a file's name says, last suffixes first: its format and its compression.
SUFFIXES: Final = {
    **{
        f".{name}{suffix}": ("jsonl", compression)
        for name in ("jsonl", "ndjson", "json")
        for suffix, compression in (("", ""), (".gz", "gz"), (".zst", "zst"), (".zstd", "zst"))
    },
    ".parquet": ("parquet", ""),
    **{
        f".{name}{suffix}": ("warc", compression)
        for name in ("wet", "warc")
        for suffix, compression in (("", ""), (".gz", "gz"))
    },
}


def format_of(name: str) -> tuple[str, str] | None:
    """Tell a file's format and compression by its name; None if it is none of ours.

    Examples
    --------
    >>> format_of("CC-MAIN.warc.wet.gz"), format_of("notes.txt")
    (('warc', 'gz'), None)
    """
    lower = name.lower()
    return next((found for suffix, found in SUFFIXES.items() if lower.endswith(suffix)), None)
