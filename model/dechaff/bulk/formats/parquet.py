"""Parquet: batches of rows travel as Arrow streams; the text column is replaced, all others stay."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from dechaff.bulk.cleaner import Cleaner
from dechaff.bulk.formats.columns import Columns, choose_columns
from dechaff.bulk.records import Bad, BadRecordError, Chunk, DamageError, Document, Result, too_long
from dechaff.bulk.settings import CHUNK, LONGEST, QUARANTINED, Settings, need

# Rows of the output are written when so many bytes of them are there.
_ROW_GROUP: Final = 64 << 20
_MOST_ROWS: Final = 10_000


def parquet_columns(path: Path, compression: str, settings: Settings, where: str) -> Columns:  # noqa: ARG001
    """Find the text and the id in the file's schema.

    Raises
    ------
    InputError
        If no column is asked for and none has a usual name, or the text is no string.
    DamageError
        If the file is no sound Parquet.
    OSError
        If the system cannot read the file.
    """
    with path.open("rb") as file:
        schema = _open(file).schema_arrow
    return choose_columns(schema.names, [field.name for field in schema if _is_text(field.type)], settings, where)


def read_rows(file: BinaryIO) -> Iterator[Chunk | Bad]:
    """Read a file in batches of about one chunk; a row group that cannot be read is bad.

    Parameters
    ----------
    file : binary file

    Raises
    ------
    OSError
        If the system cannot read the file: another time it may.
    """
    try:
        parquet = _open(file)
    except DamageError as error:
        yield Bad(1, f"{error}: the file cannot be read")
        return
    end = 1
    for group in range(parquet.num_row_groups):
        number, end = end, end + parquet.metadata.row_group(group).num_rows
        try:
            for batch in _read_group(parquet, group):
                yield Chunk(_to_stream(batch), number)
                number += batch.num_rows
        except (OSError, ValueError, NotImplementedError) as error:  # pyarrow's errors are among these
            reason = f"rows {number} to {end - 1} of row group {group} cannot be read: {_damage(error)}"
            yield Bad(number, reason, n_records=end - number)


def _open(file: BinaryIO) -> Any:
    try:
        return need("pyarrow.parquet").ParquetFile(file, pre_buffer=False, buffer_size=CHUNK)
    except (OSError, ValueError) as error:
        raise DamageError(f"damaged Parquet: {_damage(error)}") from error


def _read_group(parquet: Any, group: int) -> Iterator[Any]:
    """Read a row group; a batch has about as many bytes as a chunk."""
    described = parquet.metadata.row_group(group)
    rows = CHUNK * described.num_rows // max(described.total_byte_size, 1)
    size = min(max(rows, 1), _MOST_ROWS)
    for batch in parquet.iter_batches(batch_size=size, row_groups=[group], use_threads=False):
        yield from _halve(batch)


def _halve(batch: Any) -> Iterator[Any]:
    """Cut a batch until each part is about a chunk: compressed sizes tell little of what comes out."""
    if batch.num_rows < 2 or batch.nbytes <= 2 * CHUNK:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _halve(batch.slice(0, half))
    yield from _halve(batch.slice(half))


def _to_stream(batch: Any) -> bytes:
    """Write a batch as an Arrow stream."""
    pa = need("pyarrow")
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _from_stream(data: bytes) -> Any:
    return need("pyarrow").ipc.open_stream(data).read_next_batch()


def clean_rows(chunk: Chunk, columns: Columns, source: str, compression: str, cleaner: Cleaner) -> Result:  # noqa: ARG001
    """Clean the rows of a chunk.

    Parameters
    ----------
    chunk : Chunk
    columns : Columns
    source : str
    compression : str
    cleaner : Cleaner
    """
    batch = _from_stream(chunk.data)
    documents: list[Document] = []
    bad: list[Bad] = []
    ids, sources = _values(batch, columns.id), _values(batch, "source")
    for place, text in enumerate(_texts(batch, columns.text)):
        number = chunk.first + place
        if isinstance(text, BadRecordError):
            bad.append(_bad_row(batch, place, number, str(text)))
            continue
        documents.append(Document.of(number, text, source, ids[place], sources[place]))
    cleaned = cleaner.clean(documents)
    if bad:
        batch = _without(batch, [each.number - chunk.first for each in bad])
    if any(text != document.text for text, document in zip(cleaned.texts, documents, strict=True)):
        batch = _replace(batch, columns.text, cleaned.texts)
    return Result(_to_stream(batch), cleaned.dropped, cleaned.attributes, bad, cleaned.tally)


def _without(batch: Any, places: list[int]) -> Any:
    """Leave rows out: by slices, which pyarrow has for every type."""
    pa = need("pyarrow")
    bounds = zip([-1, *places], [*places, batch.num_rows], strict=True)
    slices = [batch.slice(before + 1, after - before - 1) for before, after in bounds]
    table = pa.Table.from_batches([part for part in slices if part.num_rows], batch.schema).combine_chunks()
    return next(iter(table.to_batches()), batch.slice(0, 0))


def _texts(batch: Any, column: str) -> Iterator[str | BadRecordError]:
    """Give every row's text, or why it has none."""
    place = batch.schema.get_field_index(column)
    if place < 0 or not _is_text(batch.schema.field(place).type):
        reason = f"no column {column!r} of strings"
        yield from (BadRecordError(reason) for _ in range(batch.num_rows))
        return
    for value in batch.column(place):
        yield _text(value)


def _text(value: Any) -> str | BadRecordError:
    try:
        text: str | None = value.as_py()
    except UnicodeDecodeError as error:
        return BadRecordError(f"invalid UTF-8 at byte {error.start}")
    if text is None:
        return BadRecordError("the text is null")
    return text if len(text) <= LONGEST else BadRecordError(too_long())


def _values(batch: Any, column: str | None) -> list[Any]:
    """Give a column's values that JSON can hold, None for others."""
    place = -1 if column is None else batch.schema.get_field_index(column)  # -1 of several with one name, too
    if place < 0:
        return [None] * batch.num_rows
    try:
        values = batch.column(place).to_pylist()
    except UnicodeDecodeError:
        return [None] * batch.num_rows
    return [value if isinstance(value, str | int | float) else None for value in values]


def _bad_row(batch: Any, place: int, number: int, reason: str) -> Bad:
    """Keep a bad row as an Arrow stream: it may hold what no JSON can."""
    raw = _to_stream(batch.slice(place, 1))
    return Bad(number, reason, raw[:QUARANTINED], len(raw))


def _replace(batch: Any, column: str, texts: list[str]) -> Any:
    """Put texts in the place of a column's, of its type."""
    pa = need("pyarrow")
    place = batch.schema.get_field_index(column)
    wanted = batch.schema.field(place)
    if pa.types.is_dictionary(wanted.type):
        array = pa.array(texts, wanted.type.value_type).dictionary_encode().cast(wanted.type)
    else:
        array = pa.array(texts, wanted.type)
    return batch.set_column(place, wanted, array)


def _is_text(kind: Any) -> bool:
    types = need("pyarrow").types
    kind = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _damage(error: Exception) -> str:
    """Say in a line what is damaged; what the system cannot read is no damage, and stays an error."""
    if isinstance(error, OSError) and error.errno is not None:  # pyarrow's own have no number
        raise error
    return (str(error).splitlines() or [type(error).__name__])[0]


class RowWriter:
    """Writes Arrow streams to a Parquet file with the schema and the codecs of another.

    Parameters
    ----------
    file : binary file
        Where to; it stays open.
    like : Path
        The other file.
    """

    def __init__(self, file: BinaryIO, like: Path) -> None:
        with like.open("rb") as other:
            described = _open(other)
            self._schema, codecs = described.schema_arrow, _codecs(described.metadata)
        self._writer = need("pyarrow.parquet").ParquetWriter(file, self._schema, compression=codecs)
        self._held: list[Any] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Write rows; they are gathered to row groups."""
        if not data:
            return
        batch = _from_stream(data)
        self._held.append(batch)
        self._size += batch.nbytes
        if self._size >= _ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left and end the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        table = need("pyarrow").Table.from_batches(self._held, self._schema)
        if table.num_rows:
            self._writer.write_table(table, row_group_size=table.num_rows)
        self._held, self._size = [], 0


def _codecs(metadata: Any) -> Any:
    """Name the codec of each column; pyarrow has its own names for two of them."""
    if not metadata.num_row_groups:
        return "snappy"
    columns = metadata.row_group(0)
    names = {"UNCOMPRESSED": "none", "LZ4_RAW": "lz4"}
    described = (columns.column(place) for place in range(columns.num_columns))
    return {each.path_in_schema: names.get(each.compression, each.compression.lower()) for each in described}
