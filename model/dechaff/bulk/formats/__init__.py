"""File formats: each format is a module with the functions of `Format`, registered in `FORMATS`."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from dechaff.bulk.cleaner import Cleaner
from dechaff.bulk.formats import jsonl, parquet, warc
from dechaff.bulk.formats.columns import Columns
from dechaff.bulk.formats.compression import Writer
from dechaff.bulk.records import BadRecord, Chunk, Result
from dechaff.bulk.settings import Settings


class Format(Protocol):
    """The functions that the module of a format provides."""

    def find_columns(self, path: Path, compression: str, settings: Settings, where: str, /) -> Columns | None:
        """Return the columns with text and id, None without a valid record; messages show the file as `where`."""

    def read(self, file: BinaryIO, compression: str, /) -> Iterator[Chunk | BadRecord]:
        """Read a file as chunks of whole records; runs in the reading process."""

    def clean(self, chunk: Chunk, columns: Columns, file: str, compression: str, cleaner: Cleaner, /) -> Result:
        """Parse, clean and serialise the records of a chunk of the file named `file`; runs in a worker."""

    def open_writer(self, file: BinaryIO, compression: str, like: Path) -> Writer:
        """Return a writer of results to an open file; `like` is the path of the input."""


FORMATS: Final[dict[str, Format]] = {"jsonl": jsonl, "parquet": parquet, "warc": warc}
#: Format and compression by the suffix of a file name.
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
    """Return the format and the compression by a file's name; None if the suffix is unknown.

    Examples
    --------
    >>> format_of("CC-MAIN.warc.wet.gz"), format_of("notes.txt")
    (('warc', 'gz'), None)
    """
    lower = name.lower()
    return next((found for suffix, found in SUFFIXES.items() if lower.endswith(suffix)), None)
