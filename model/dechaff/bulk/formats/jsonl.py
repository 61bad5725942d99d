"""JSON Lines: the text of a record is replaced in place; every other byte stays the same."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from dechaff.bulk.cleaner import Cleaner
from dechaff.bulk.formats.columns import Columns, choose_columns
from dechaff.bulk.formats.compression import Writer, compress_member, open_compressed, read_pieces
from dechaff.bulk.records import BadRecord, BadRecordError, Chunk, DamageError, Document, Result, too_long
from dechaff.bulk.settings import CHUNK, MAX_QUARANTINED, MAX_RECORD, Settings, require

_BOM: Final = b"\xef\xbb\xbf"
# A string, with a colon if it is a key, or a bracket.
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"(\s*+:)?+|[{}\[\]]', re.DOTALL)
_COLON: Final = re.compile(rb"\s*+:")
# The number of bytes of a string to search for; the rest is compared at the position found.
_PREFIX: Final = 64
# The number of records that are inspected to find the columns.
_INSPECTED: Final = 100


def read(file: BinaryIO, compression: str) -> Iterator[Chunk | BadRecord]:
    """Read chunks of whole lines."""
    return cut_lines(read_pieces(file, compression))


def open_writer(file: BinaryIO, compression: str, like: Path) -> Writer:  # noqa: ARG001
    """Return a writer of cleaned lines."""
    return open_compressed(file, compression)


def cut_lines(pieces: Iterable[bytes]) -> Iterator[Chunk | BadRecord]:
    r"""Cut a stream into chunks of whole lines.

    Parameters
    ----------
    pieces : iterable of bytes

    Yields
    ------
    Chunk or BadRecord
        A BadRecord stands for a line that is too long, or for the rest of a damaged stream.

    Examples
    --------
    >>> [chunk.data for chunk in cut_lines([b'{"text"', b': "a"}\n{}'])]
    [b'{"text": "a"}\n{}']
    """
    buffer, number, pieces = bytearray(), 1, iter(pieces)
    try:
        for piece in pieces:
            buffer += piece
            if len(buffer) < CHUNK or (b"\n" not in piece and len(buffer) <= MAX_RECORD):
                continue
            if chunk := _take_lines(buffer, number):
                yield chunk
                number += chunk.data.count(b"\n")
            if len(buffer) > MAX_RECORD:
                raw = bytes(buffer[:MAX_QUARANTINED])
                buffer, n_bytes = _skip_line(buffer, pieces)
                yield BadRecord(number, too_long(), raw, n_bytes)
                number += 1
    except DamageError as error:
        if chunk := _take_lines(buffer, number):
            yield chunk
            number += chunk.data.count(b"\n")
        reason = f"{error}: the rest of the file cannot be read"
        yield BadRecord(number, reason, bytes(buffer[:MAX_QUARANTINED]), len(buffer))
        return
    if buffer:
        yield Chunk(bytes(buffer), number)


def _take_lines(buffer: bytearray, number: int) -> Chunk | None:
    """Remove the complete lines from the buffer and return them."""
    end = buffer.rfind(b"\n") + 1
    with memoryview(buffer) as view:  # avoids a second copy
        lines = bytes(view[:end])
    del buffer[:end]
    return Chunk(lines, number) if lines else None


def _skip_line(buffer: bytearray, pieces: Iterator[bytes]) -> tuple[bytearray, int]:
    """Skip a line that is too long; return the bytes read after the line, and the length of the line."""
    n_bytes = len(buffer)
    for piece in pieces:
        end = piece.find(b"\n")
        if end >= 0:
            return bytearray(piece[end + 1 :]), n_bytes + end
        n_bytes += len(piece)
    return bytearray(), n_bytes


def find_columns(path: Path, compression: str, settings: Settings, where: str) -> Columns | None:
    """Return the columns chosen by the first valid records; None if no record is valid.

    Raises
    ------
    InputError
        If a field in the settings does not exist, or no text field is set and no field has a usual name.
    """
    with path.open("rb") as file:
        chunk = next((c for c in cut_lines(read_pieces(file, compression)) if isinstance(c, Chunk)), None)
    names: dict[str, bool] = {}
    for line in islice(_lines(chunk.data if chunk else b""), _INSPECTED):
        try:
            record = _parse(line)
        except BadRecordError:
            continue
        for name, value in record.items():
            names[name] = names.get(name, False) or isinstance(value, str)
    if not names:
        return None
    return choose_columns(list(names), [name for name, is_text in names.items() if is_text], settings, where)


def clean(chunk: Chunk, columns: Columns, file_name: str, compression: str, cleaner: Cleaner) -> Result:
    """Clean the records of a chunk; blank lines are kept, and count as records.

    Parameters
    ----------
    chunk : Chunk
    columns : Columns
    file_name : str
    compression : str
    cleaner : Cleaner
    """
    lines = _lines(chunk.data)
    documents: list[Document] = []
    bad: list[BadRecord] = []
    for index, line in enumerate(lines):
        if line.isspace():
            continue
        number = chunk.first + index
        try:
            documents.append(_document(line, number, columns, file_name))
        except BadRecordError as error:
            raw = line.rstrip(b"\r\n")
            bad.append(BadRecord(number, str(error), raw[:MAX_QUARANTINED], len(raw)))
            lines[index] = b""
    cleaned = cleaner.clean(documents, file_name)
    for document, text in zip(documents, cleaned.texts, strict=True):
        index = document.number - chunk.first
        if text != document.text:
            lines[index] = replace_text(lines[index], columns.text, document.text, text)
    data, dropped, attributes = (
        compress_member(part, compression) for part in (b"".join(lines), cleaned.dropped, cleaned.attributes)
    )
    return Result(data, dropped, attributes, bad, cleaned.counts)


def _lines(data: bytes) -> list[bytes]:
    """Split data after line feeds only; other line breaks may occur within strings."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _document(line: bytes, number: int, columns: Columns, file_name: str) -> Document:
    record = _parse(line)
    text, info = columns.text_of(record), columns.page_info_of(record)
    return Document.of(number, text, file_name, columns.id_of(record), record.get("source"), info)


def _parse(line: bytes) -> dict[str, Any]:
    """Parse a record; raise `BadRecordError` if it is not a JSON object."""
    if len(line) > MAX_RECORD:
        raise BadRecordError(too_long())
    try:
        record = require("orjson").loads(line.removeprefix(_BOM))
    except ValueError as error:
        raise BadRecordError(f"not JSON: {str(error).partition(': line ')[0]}") from error
    if not isinstance(record, dict):
        raise BadRecordError("not a JSON object")
    return record


def replace_text(line: bytes, field: str, old: str, text: str) -> bytes:
    r"""Replace the string of a field in place.

    Parameters
    ----------
    line : bytes
        A JSON object in which the field is a string.
    field : str
        The name of the field; if it occurs several times, the last one is replaced.
    old, text : str
        The present and the new value.

    Returns
    -------
    bytes
        The new line. All other bytes are the same, and an ASCII line stays ASCII.

    Examples
    --------
    >>> replace_text(b'{"n": 1.50, "text": "a\\u00e9\\nb"}\n', "text", "aé\\nb", "aé")
    b'{"n": 1.50, "text": "a\\u00e9"}\n'
    """
    dumps = require("orjson").dumps
    needs_escapes = line.isascii() and not text.isascii()
    written = dumps(old)
    start = -1 if needs_escapes else line.find(written[:_PREFIX])
    end = start + len(written)
    # The usual case: the string is escaped in the same way as by orjson.
    if start >= 0 and line.startswith(written, start) and not _COLON.match(line, end):
        changed = b"".join((line[:start], dumps(text), line[end:]))
        if _has_text(changed, field, text):
            return changed
    start, end = _string_span(line, field)
    new = json.dumps(text).encode() if needs_escapes else dumps(text)
    return b"".join((line[:start], new, line[end:]))


def _has_text(line: bytes, field: str, text: str) -> bool:
    """Return whether a field has this value.

    Checks the fast replacement in `replace_text`, which may have hit equal bytes in another field or inside a
    longer string.
    """
    try:
        return bool(_parse(line).get(field) == text)
    except BadRecordError:
        return False


def _string_span(line: bytes, field: str) -> tuple[int, int]:
    """Return the start and end of a field's string in the line."""
    loads = require("orjson").loads
    depth, key, span = 0, None, (0, 0)
    for token in _TOKEN.finditer(line):
        byte = line[token.start() : token.start() + 1]
        if byte in b"{[":
            depth += 1
        elif byte in b"}]":
            depth -= 1
        elif depth == 1 and token.group(1):
            key = token.group()[: -len(token.group(1))]
        elif depth == 1:
            span = token.span() if key is not None and loads(key) == field else span
    return span
