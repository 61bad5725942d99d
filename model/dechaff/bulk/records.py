"""Data that the reader, the workers and the writer exchange."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from dechaff.bulk.settings import MAX_RECORD
from dechaff.bulk.summary import Counts
from dechaff.decisions.titles import NO_PAGE_INFO, PageInfo


@dataclass(frozen=True)
class Chunk:
    """Whole records of a file, not yet parsed.

    Attributes
    ----------
    data : bytes
        The records as JSON lines, an Arrow stream, or WARC records.
    first : int
        The number of the first record in its file, counted from 1.
    ends : tuple of int
        The offsets in `data` at which the records end; only for WARC records.
    """

    data: bytes
    first: int
    ends: tuple[int, ...] = ()


@dataclass(frozen=True)
class BadRecord:
    """A record, or a part of a file, that cannot be cleaned.

    Attributes
    ----------
    number : int
        The record's number in its file, counted from 1.
    reason : str
    raw : bytes
        The bytes of the record in the file, or of its Parquet row as an Arrow stream; at most `MAX_QUARANTINED`.
    n_bytes : int
        The length of the whole record; 0 if unknown.
    n_records : int
        The number of records lost; more than one for a part of a Parquet file.
    """

    number: int
    reason: str
    raw: bytes = b""
    n_bytes: int = 0
    n_records: int = 1


@dataclass(frozen=True)
class Document:
    """A text to clean.

    Attributes
    ----------
    number : int
        The record's number in its file, counted from 1.
    id : object
        The record's id; without one, the file name and the number.
    source : str
        The record's source; without one, the file name.
    text : str
    page_info : PageInfo
        The title and the address of the page, which may be missing.
    """

    number: int
    id: Any
    source: str
    text: str
    page_info: PageInfo = NO_PAGE_INFO

    @classmethod
    def of(
        cls,
        number: int,
        text: str,
        file: str,
        identity: Any = None,
        source: Any = None,
        page_info: PageInfo = NO_PAGE_INFO,
    ) -> "Document":
        """Create a document, with defaults for a missing id and source.

        Parameters
        ----------
        number : int
        text : str
        file : str
            The name of the file.
        identity : object
            The record's id; by default the file name and the number.
        source : object
            The record's source; anything but a string is replaced by the file name.
        page_info : PageInfo

        Examples
        --------
        >>> Document.of(3, "The vote was held.", "a.jsonl").id
        'a.jsonl:3'
        """
        identity = f"{file}:{number}" if identity is None else identity
        return cls(number, identity, source if isinstance(source, str) else file, text, page_info)


@dataclass(frozen=True)
class Result:
    """The output of a worker for one chunk.

    Attributes
    ----------
    data : bytes
        The cleaned records, in the form that the format's writer expects.
    dropped, attributes : bytes
        The dropped lines and the Dolma attributes as JSON lines; gzip members if the file is gzip.
    bad : list of BadRecord
        The records that cannot be cleaned, in the order of the file.
    counts : Counts
        The counts over the cleaned records.
    """

    data: bytes = b""
    dropped: bytes = b""
    attributes: bytes = b""
    bad: list[BadRecord] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)


class BadRecordError(Exception):
    """A record cannot be cleaned; the message is the reason."""


class DamageError(Exception):
    """The rest of a file cannot be read; the message is the reason."""


def too_long(limit: int = MAX_RECORD) -> str:
    """Return the reason for rejecting a record or text of more than `limit` bytes or characters."""
    return f"longer than {limit >> 20} MB"


def join_lines(records: Iterable[Any], dumps: Callable[[Any], bytes]) -> bytes:
    """Return values as JSON lines."""
    return b"".join(dumps(record) + b"\n" for record in records)
