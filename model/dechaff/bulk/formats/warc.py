"""WET and WARC: the body of conversion records is replaced; all other records stay the same.

Records are not parsed by a library, because it would rewrite their headers.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from dechaff.bulk.cleaner import Cleaner
from dechaff.bulk.formats.columns import Columns, page_info
from dechaff.bulk.formats.compression import Writer, compress_member, open_compressed, read_pieces
from dechaff.bulk.records import BadRecord, BadRecordError, Chunk, DamageError, Document, Result, too_long
from dechaff.bulk.settings import CHUNK, MAX_QUARANTINED, MAX_RECORD, MAX_UNPARSED, Settings

_MAGIC: Final = b"WARC/"
_NEXT: Final = re.compile(rb"(?<=\n)WARC/[0-9.]+\r?\n")
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_MAX_HEAD: Final = 64 << 10
_LENGTH: Final = re.compile(rb"^(content-length:[ \t]*)(\d{1,18})[ \t]*(?=\r?$)", re.IGNORECASE | re.MULTILINE)
_DIGEST: Final = re.compile(
    rb"^(warc-(?:block|payload)-digest:[ \t]*)(\w[\w-]*):([^\s]+)[ \t]*(?=\r?$)", re.IGNORECASE | re.MULTILINE
)
_ALGORITHMS: Final = (b"md5", b"sha1", b"sha256", b"sha512")
_CONVERSION: Final = re.compile(rb"^warc-type:[ \t]*conversion[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_TEXT: Final = re.compile(rb"^content-type:[ \t]*text/plain\b", re.IGNORECASE | re.MULTILINE)
_ID: Final = "WARC-Record-ID"
_URI: Final = "WARC-Target-URI"


def find_columns(_path: Path, _compression: str, settings: Settings, _where: str) -> Columns:
    """Return the record's body as the text column, and headers as the other columns."""
    url = _URI if settings.url_column is None else settings.url_column or None
    return Columns("the body", settings.id_column or _ID, settings.title_column or None, url, settings.site_column)


def read(file: BinaryIO, compression: str) -> Iterator[Chunk | BadRecord]:
    """Read chunks of whole records."""
    return cut_records(read_pieces(file, compression))


def open_writer(file: BinaryIO, compression: str, like: Path) -> Writer:  # noqa: ARG001
    """Return a writer of cleaned records."""
    return open_compressed(file, compression)


def cut_records(pieces: Iterable[bytes]) -> Iterator[Chunk | BadRecord]:
    r"""Cut a stream into chunks of whole WARC records.

    Parameters
    ----------
    pieces : iterable of bytes

    Yields
    ------
    Chunk or BadRecord
        A BadRecord stands for an invalid or too long record, up to the next one, or for the rest of a
        damaged stream.

    Examples
    --------
    >>> record = b"WARC/1.0\r\nContent-Length: 2\r\n\r\nab\r\n\r\n"
    >>> [chunk.ends for chunk in cut_records([record, record])]
    [(37, 74)]
    """
    buffer = _Buffer(pieces)
    buffer.skip_blank_lines()
    taken, ends, first, number = bytearray(), [], 1, 1
    while buffer.fill(len(_MAGIC)):
        record = buffer.take_record(number)
        if isinstance(record, bytes):
            taken += record
            ends.append(len(taken))
        number += record.n_records if isinstance(record, BadRecord) else 1
        if taken and (isinstance(record, BadRecord) or len(taken) >= CHUNK):
            yield Chunk(bytes(taken), first, tuple(ends))
            taken, ends = bytearray(), []
        if isinstance(record, BadRecord):
            yield record
        if not taken:
            first = number
    if taken:
        yield Chunk(bytes(taken), first, tuple(ends))
    if damage := buffer.pop_damage():
        yield BadRecord(number, damage)


class _Buffer:
    """The part of a stream that has been read but not yet cut into records."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._held, self._damage = iter(pieces), bytearray(), ""

    def fill(self, n_bytes: int) -> bool:
        """Read until `n_bytes` are in memory or the stream ends; return whether any bytes are in memory."""
        try:
            while len(self._held) < n_bytes and (piece := next(self._pieces, b"")):
                self._held += piece
        except DamageError as error:
            self._damage = str(error)
        return bool(self._held)

    def skip_blank_lines(self) -> None:
        """Skip the line breaks before the first record."""
        while self.fill(1) and not (held := self._held.lstrip(b"\r\n")):
            self._held = held
        self._held = self._held.lstrip(b"\r\n")

    def take_record(self, number: int) -> bytes | BadRecord:
        """Remove and return the next record with the line breaks after it, or a BadRecord if it is not valid."""
        end = self._head_end()
        length = _LENGTH.search(self._held, 0, end)
        if not end or not length or not self._held.startswith(_MAGIC):
            return self._skip(number, "not a WARC record, or one without a length", 1)
        whole = end + int(length[2])
        if whole > MAX_UNPARSED:
            return self._skip(number, too_long(MAX_UNPARSED), end)
        self.fill(whole + 4 + len(_MAGIC))
        if len(self._held) < whole:
            return self._skip(number, "the file ends within this record", end)
        while whole < len(self._held) and self._held[whole] in b"\r\n":
            whole += 1
        if whole < len(self._held) and not self._held.startswith(_MAGIC, whole):
            return self._skip(number, "the record's length is wrong", end)
        return self._take(whole)

    def pop_damage(self) -> str:
        """Return why the rest of the file cannot be read, and forget the reason; return "" if it can be read."""
        damage, self._damage = self._damage, ""
        return damage and f"{damage}: the rest of the file cannot be read"

    def _head_end(self) -> int:
        """Return the end of the record's head; 0 if no end of a head is found."""
        self.fill(_MAX_HEAD)
        found = _HEAD_END.search(self._held, 0, _MAX_HEAD)
        return found.end() if found else 0

    def _take(self, n_bytes: int) -> bytes:
        taken = bytes(self._held[:n_bytes])
        del self._held[:n_bytes]
        return taken

    def _skip(self, number: int, reason: str, start: int) -> BadRecord:
        """Remove all bytes up to the next line that begins a record, and return them as a BadRecord."""
        raw, n_bytes = b"", 0
        while True:
            found = _NEXT.search(self._held, max(start, 1))
            end = found.start() if found else len(self._held)
            if not found and self.fill(end + 1) and len(self._held) > end:
                end -= min(end, 32)  # may be the beginning of the next record's first line
            raw += self._held[: min(end, MAX_QUARANTINED - len(raw))]
            n_bytes += end
            del self._held[:end]
            if found or not self._held:
                return BadRecord(number, reason if found else self.pop_damage() or reason, raw, n_bytes)
            start = 1


def clean(chunk: Chunk, columns: Columns, file_name: str, compression: str, cleaner: Cleaner) -> Result:
    """Clean the conversion records of a chunk; with gzip, each record is a member, as readers expect.

    Parameters
    ----------
    chunk : Chunk
    columns : Columns
    file_name : str
    compression : str
    cleaner : Cleaner
    """
    starts = (0, *chunk.ends[:-1])
    records = [chunk.data[start:end] for start, end in zip(starts, chunk.ends, strict=True)]
    documents: list[Document] = []
    bad: list[BadRecord] = []
    for index, record in enumerate(records):
        number = chunk.first + index
        try:
            if document := _document(record, number, columns, file_name):
                documents.append(document)
        except BadRecordError as error:
            bad.append(BadRecord(number, str(error), record[:MAX_QUARANTINED], len(record)))
            records[index] = b""
    cleaned = cleaner.clean(documents, file_name)
    for document, text in zip(documents, cleaned.texts, strict=True):
        index = document.number - chunk.first
        if text != document.text:
            records[index] = replace_body(records[index], text.encode())
    data = b"".join(compress_member(record, compression) for record in records)
    dropped, attributes = (compress_member(part, compression) for part in (cleaned.dropped, cleaned.attributes))
    return Result(data, dropped, attributes, bad, cleaned.counts)


def _split(record: bytes) -> tuple[bytes, bytes, bytes]:
    """Split a record into head, body and the line breaks after it."""
    found = _HEAD_END.search(record)
    head = record[: found.end()] if found else record
    length = _LENGTH.search(head)
    end = len(head) + (int(length[2]) if length else 0)
    return head, record[len(head) : end], record[end:]


def _document(record: bytes, number: int, columns: Columns, file_name: str) -> Document | None:
    """Return the document of a conversion record; None for other records."""
    head, body, _ = _split(record)
    if not _CONVERSION.search(head) or not _TEXT.search(head):
        return None
    if len(body) > MAX_RECORD:
        raise BadRecordError(too_long())
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise BadRecordError(f"invalid UTF-8 at byte {error.start} of the body") from error
    identity, uri = _header(head, columns.id or _ID), _header(head, _URI)
    names = columns.title, columns.url, columns.site
    info = page_info(*(_header(head, name) if name else None for name in names))
    return Document.of(number, text, file_name, identity or None, uri or None, info)


def _header(head: bytes, name: str) -> str | None:
    found = re.search(rb"^%s:[ \t]*(.*?)\s*$" % re.escape(name.encode()), head, re.IGNORECASE | re.MULTILINE)
    return found[1].decode("utf-8", "replace") if found else None


def replace_body(record: bytes, body: bytes) -> bytes:
    r"""Replace the body of a record, and update its length and digests.

    Examples
    --------
    >>> replace_body(b"WARC/1.0\r\nContent-Length: 2\r\n\r\nab\r\n\r\n", b"abc")
    b'WARC/1.0\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n'
    """
    head, _, rest = _split(record)
    head = _LENGTH.sub(lambda found: b"%s%d" % (found[1], len(body)), head)
    head = _DIGEST.sub(lambda found: found[1] + _digest(found, body), head)
    return head + body + rest


def _digest(found: re.Match[bytes], body: bytes) -> bytes:
    """Compute the digest of a body with the algorithm and encoding of the old one; SHA-1 for unknown algorithms."""
    name = found[2] if found[2].lower() in _ALGORITHMS else b"sha1"
    digest = hashlib.new(name.decode(), body, usedforsecurity=False).digest()
    is_hexadecimal = len(found[3]) == 2 * len(digest)
    return name + b":" + (digest.hex().encode() if is_hexadecimal else base64.b32encode(digest))
