"""JSON Lines: the text of a record is replaced where it stands, and every other byte stays as it is."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from dechaff.bulk.cleaner import Cleaner
from dechaff.bulk.formats.columns import Columns, choose_columns
from dechaff.bulk.formats.compression import compress_member, read_pieces
from dechaff.bulk.records import Bad, BadRecordError, Chunk, DamageError, Document, Result, too_long
from dechaff.bulk.settings import CHUNK, LONGEST, QUARANTINED, Settings, need

_BOM: Final = b"\xef\xbb\xbf"
# A string, with a colon behind it if it is a key, or a bracket.
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"(\s*+:)?+|[{}\[\]]', re.DOTALL)
# What follows a key.
_COLON: Final = re.compile(rb"\s*+:")
# So many bytes of a string are looked for; the rest is compared where they stand.
_TELLING: Final = 64
# So many records are looked at to find the text.
_LOOKED_AT: Final = 100


def cut_lines(pieces: Iterable[bytes]) -> Iterator[Chunk | Bad]:
    r"""Cut a stream into chunks of whole lines.

    Parameters
    ----------
    pieces : iterable of bytes

    Yields
    ------
    Chunk or Bad
        Bad is a line that is too long, and what is left where the stream breaks off.

    Examples
    --------
    >>> [chunk.data for chunk in cut_lines([b'{"text"', b': "a"}\n{}'])]
    [b'{"text": "a"}\n{}']
    """
    held, number, pieces = bytearray(), 1, iter(pieces)
    try:
        for piece in pieces:
            held += piece
            if len(held) < CHUNK or (b"\n" not in piece and len(held) <= LONGEST):
                continue
            if chunk := _take_lines(held, number):
                yield chunk
                number += chunk.data.count(b"\n")
            if len(held) > LONGEST:
                raw = bytes(held[:QUARANTINED])
                held, n_bytes = _skip_line(held, pieces)
                yield Bad(number, too_long(), raw, n_bytes)
                number += 1
    except DamageError as error:
        if chunk := _take_lines(held, number):
            yield chunk
            number += chunk.data.count(b"\n")
        yield Bad(number, f"{error}: from here on the file cannot be read", bytes(held[:QUARANTINED]), len(held))
        return
    if held:
        yield Chunk(bytes(held), number)


def _take_lines(held: bytearray, number: int) -> Chunk | None:
    """Take the whole lines out of what is held."""
    end = held.rfind(b"\n") + 1
    with memoryview(held) as view:  # a slice would be a second copy
        lines = bytes(view[:end])
    del held[:end]
    return Chunk(lines, number) if lines else None


def _skip_line(held: bytearray, pieces: Iterator[bytes]) -> tuple[bytearray, int]:
    """Read to the end of a line that is too long; give what follows it, and its length."""
    n_bytes = len(held)
    for piece in pieces:
        end = piece.find(b"\n")
        if end >= 0:
            return bytearray(piece[end + 1 :]), n_bytes + end
        n_bytes += len(piece)
    return bytearray(), n_bytes


def find_columns(path: Path, compression: str, settings: Settings, where: str) -> Columns | None:
    """Find the text and the id by the first records that are sound; None if there are none.

    Raises
    ------
    InputError
        If no field is asked for and none has a usual name.
    """
    with path.open("rb") as file:
        chunk = next((c for c in cut_lines(read_pieces(file, compression)) if isinstance(c, Chunk)), None)
    names: dict[str, bool] = {}
    for line in islice(_lines(chunk.data if chunk else b""), _LOOKED_AT):
        try:
            record = _parse(line)
        except BadRecordError:
            continue
        for name, value in record.items():
            names[name] = names.get(name, False) or isinstance(value, str)
    if not names:
        return None
    return choose_columns(list(names), [name for name, is_text in names.items() if is_text], settings, where)


def clean_lines(chunk: Chunk, columns: Columns, source: str, compression: str, cleaner: Cleaner) -> Result:
    """Clean the records of a chunk.

    Parameters
    ----------
    chunk : Chunk
        Whole lines; blank ones stay, and have a number too.
    columns : Columns
    source : str
        What the file is called.
    compression : str
    cleaner : Cleaner
    """
    lines = _lines(chunk.data)
    documents: list[Document] = []
    places: list[int] = []
    bad: list[Bad] = []
    for place, line in enumerate(lines):
        if line.isspace():
            continue
        number = chunk.first + place
        try:
            documents.append(_document(line, number, columns, source))
            places.append(place)
        except BadRecordError as error:
            bad.append(Bad(number, str(error), line[:QUARANTINED].rstrip(b"\r\n"), len(line.rstrip(b"\r\n"))))
            lines[place] = b""
    cleaned = cleaner.clean(documents)
    for place, document, text in zip(places, documents, cleaned.texts, strict=True):
        if text != document.text:
            lines[place] = replace_text(lines[place], columns.text, document.text, text)
    data, dropped, attributes = (
        compress_member(part, compression) for part in (b"".join(lines), cleaned.dropped, cleaned.attributes)
    )
    return Result(data, dropped, attributes, bad, cleaned.tally)


def _lines(data: bytes) -> list[bytes]:
    """Cut after line feeds, and nowhere else."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _document(line: bytes, number: int, columns: Columns, source: str) -> Document:
    record = _parse(line)
    return Document.of(number, columns.text_of(record), source, columns.id_of(record), record.get("source"))


def _parse(line: bytes) -> dict[str, Any]:
    """Parse a record, or say why it is none."""
    if len(line) > LONGEST:
        raise BadRecordError(too_long())
    try:
        record = need("orjson").loads(line.removeprefix(_BOM))
    except ValueError as error:
        raise BadRecordError(f"no JSON: {str(error).partition(': line ')[0]}") from error
    if not isinstance(record, dict):
        raise BadRecordError("no JSON object")
    return record


def replace_text(line: bytes, field: str, old: str, text: str) -> bytes:
    r"""Put another string in the place of a field's.

    Parameters
    ----------
    line : bytes
        A JSON object that has the field, a string.
    field : str
        Of a field that is given twice, the second counts.
    old, text : str
        What the field says, and what it is to say.

    Returns
    -------
    bytes
        All else as it was; a line that was ASCII stays so.

    Examples
    --------
    >>> replace_text(b'{"n": 1.50, "text": "a\\u00e9\\nb"}\n', "text", "aé\\nb", "aé")
    b'{"n": 1.50, "text": "a\\u00e9"}\n'
    """
    dumps = need("orjson").dumps
    needs_escapes = line.isascii() and not text.isascii()
    written = dumps(old)
    start = -1 if needs_escapes else line.find(written[:_TELLING])
    end = start + len(written)
    # As nearly always: what others write, orjson writes the same way.
    if start >= 0 and line.startswith(written, start) and not _COLON.match(line, end):
        changed = b"".join((line[:start], dumps(text), line[end:]))
        if _says(changed, field, text):
            return changed
    start, end = _find_string(line, field)
    new = json.dumps(text).encode() if needs_escapes else dumps(text)
    return b"".join((line[:start], new, line[end:]))


def _says(line: bytes, field: str, text: str) -> bool:
    """Tell whether a field of a record says a text: the same string may stand in another field, or in a string."""
    try:
        return bool(_parse(line).get(field) == text)
    except BadRecordError:
        return False


def _find_string(line: bytes, field: str) -> tuple[int, int]:
    """Find where the string of a field stands."""
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
            span = token.span() if _is_name(key, field) else span
    return span


def _is_name(key: bytes | None, field: str) -> bool:
    return key is not None and need("orjson").loads(key) == field
