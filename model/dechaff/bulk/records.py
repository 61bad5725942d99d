"""What travels between the reader, the workers and the writer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dechaff.bulk.settings import LONGEST
from dechaff.bulk.summary import Tally


@dataclass(frozen=True)
class Chunk:
    """Some whole records of a file, still to be parsed.

    Attributes
    ----------
    data : bytes
        JSON lines, an Arrow stream, or WARC records.
    first : int
        The number of the first record in its file, from 1.
    ends : tuple of int
        Where each record ends in `data`, where the format itself does not say.
    """

    data: bytes
    first: int
    ends: tuple[int, ...] = ()


@dataclass(frozen=True)
class Bad:
    """A record, or what was to be some, that cannot be cleaned.

    Attributes
    ----------
    number : int
        Of the record in its file, from 1.
    reason : str
    raw : bytes
        The record as it stands in the file, or its beginning.
    n_bytes : int
        How long the whole record is; 0 if nobody knows.
    n_records : int
        How many records are lost; for a part of a Parquet file it is many.
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
        Of the record in its file, from 1.
    id : object
        As the record has it, or made of file and number.
    source : str
    text : str
    """

    number: int
    id: Any
    source: str
    text: str

    @classmethod
    def of(cls, number: int, text: str, file: str, identity: Any = None, source: Any = None) -> "Document":
        """Make a document; what its record does not say is made of file and number.

        Parameters
        ----------
        number : int
        text : str
        file : str
            What the file is called.
        identity : object
            Of the record; None if it has none.
        source : object
            Of the record; what is no string does not count.

        Examples
        --------
        >>> Document.of(3, "The vote was held.", "a.jsonl").id
        'a.jsonl:3'
        """
        identity = f"{file}:{number}" if identity is None else identity
        return cls(number, identity, source if isinstance(source, str) else file, text)


@dataclass(frozen=True)
class Result:
    """What a worker has made of a chunk.

    Attributes
    ----------
    data : bytes
        The records without their boilerplate, in the format of the file.
    dropped, attributes : bytes
        JSON lines.
    bad : list of Bad
        In the order of the file.
    tally : Tally
    """

    data: bytes = b""
    dropped: bytes = b""
    attributes: bytes = b""
    bad: list[Bad] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


class BadRecordError(Exception):
    """A record cannot be cleaned; the message says why."""


class DamageError(Exception):
    """A file cannot be read further; the message says why."""


def too_long(limit: int = LONGEST) -> str:
    """Say why a record is not cleaned that has more bytes, or a text more characters, than this."""
    return f"longer than {limit >> 20} MB"


def join_lines(records: Iterable[Any], dumps: Any) -> bytes:
    """Write values as JSON lines."""
    return b"".join(_ended(records, dumps))


def _ended(records: Iterable[Any], dumps: Any) -> Iterator[bytes]:
    for record in records:
        yield dumps(record)
        yield b"\n"
