"""Parquet: workers receive rows as Arrow streams; only the text column is replaced."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from dechaff.bulk.cleaner import Cleaner
from dechaff.bulk.formats.columns import Columns, choose_columns, page_info
from dechaff.bulk.records import BadRecord, BadRecordError, Chunk, DamageError, Document, Result, too_long
from dechaff.bulk.settings import CHUNK, MAX_QUARANTINED, MAX_RECORD, Settings, require

# Size in bytes of the row groups of the output.
_ROW_GROUP: Final = 64 << 20
# Maximum number of rows of the batches that are read.
_MAX_ROWS: Final = 10_000


def find_columns(path: Path, _compression: str, settings: Settings, where: str) -> Columns:
    """Return the columns chosen by the file's schema.

    Raises
    ------
    InputError
        If a column in the settings does not exist, or none is set and no column of strings has a usual name.
    DamageError
        If the file is not valid Parquet.
    OSError
        If the system cannot read the file.
    """
    with path.open("rb") as file:
        schema = _open(file).schema_arrow
    return choose_columns(schema.names, [field.name for field in schema if _is_text(field.type)], settings, where)


def read(file: BinaryIO, _compression: str) -> Iterator[Chunk | BadRecord]:
    """Read chunks of rows; rows of a row group that cannot be read become one bad record.

    Raises
    ------
    OSError
        If the system cannot read the file.
    """
    try:
        parquet = _open(file)
    except DamageError as error:
        yield BadRecord(1, f"{error}: the file cannot be read")
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
            yield BadRecord(number, reason, n_records=end - number)


def _open(file: BinaryIO) -> Any:
    try:
        return require("pyarrow.parquet").ParquetFile(file, pre_buffer=False, buffer_size=CHUNK)
    except (OSError, ValueError) as error:
        raise DamageError(f"damaged Parquet: {_damage(error)}") from error


def _read_group(parquet: Any, group: int) -> Iterator[Any]:
    """Read a row group in batches of about the size of a chunk."""
    described = parquet.metadata.row_group(group)
    rows = CHUNK * described.num_rows // max(described.total_byte_size, 1)
    size = min(max(rows, 1), _MAX_ROWS)
    for batch in parquet.iter_batches(batch_size=size, row_groups=[group], use_threads=False):
        yield from _halve(batch)


def _halve(batch: Any) -> Iterator[Any]:
    """Halve a batch, repeatedly if necessary, that is larger than its compressed size suggested."""
    if batch.num_rows < 2 or batch.nbytes <= 2 * CHUNK:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _halve(batch.slice(0, half))
    yield from _halve(batch.slice(half))


def _to_stream(batch: Any) -> bytes:
    """Return a batch as an Arrow stream."""
    pa = require("pyarrow")
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def clean(chunk: Chunk, columns: Columns, file_name: str, _compression: str, cleaner: Cleaner) -> Result:
    """Clean the rows of a chunk; bad rows are stored as Arrow streams, because JSON cannot represent every value.

    Parameters
    ----------
    chunk : Chunk
    columns : Columns
    file_name : str
    _compression : str
        Not used: every column has a codec of its own.
    cleaner : Cleaner
    """
    batch = require("pyarrow").ipc.open_stream(chunk.data).read_next_batch()
    documents: list[Document] = []
    bad: list[BadRecord] = []
    ids, sources = _values(batch, columns.id), _values(batch, "source")
    pages = [_values(batch, name) for name in (columns.title, columns.url, columns.site)]
    for row, text in enumerate(_texts(batch, columns.text)):
        number = chunk.first + row
        if isinstance(text, BadRecordError):
            raw = _to_stream(batch.slice(row, 1))
            bad.append(BadRecord(number, str(text), raw[:MAX_QUARANTINED], len(raw)))
        else:
            info = page_info(*(values[row] for values in pages))
            documents.append(Document.of(number, text, file_name, ids[row], sources[row], info))
    cleaned = cleaner.clean(documents, file_name)
    if bad:
        batch = _drop_rows(batch, [record.number - chunk.first for record in bad])
    if any(text != document.text for text, document in zip(cleaned.texts, documents, strict=True)):
        batch = _replace_texts(batch, columns.text, cleaned.texts)
    return Result(_to_stream(batch), cleaned.dropped, cleaned.attributes, bad, cleaned.counts)


def _drop_rows(batch: Any, rows: list[int]) -> Any:
    """Drop rows by slicing, because pyarrow cannot filter every type."""
    pa = require("pyarrow")
    bounds = zip([-1, *rows], [*rows, batch.num_rows], strict=True)
    slices = [batch.slice(before + 1, after - before - 1) for before, after in bounds]
    table = pa.Table.from_batches([part for part in slices if part.num_rows], batch.schema).combine_chunks()
    return next(iter(table.to_batches()), batch.slice(0, 0))


def _texts(batch: Any, column: str) -> Iterator[str | BadRecordError]:
    """Yield the text of every row, or the error for a row without a valid text."""
    index = batch.schema.get_field_index(column)
    if index < 0 or not _is_text(batch.schema.field(index).type):
        yield from [BadRecordError(f"no column {column!r} of strings")] * batch.num_rows
    else:
        yield from map(_text, batch.column(index))


def _text(value: Any) -> str | BadRecordError:
    try:
        text: str | None = value.as_py()
    except UnicodeDecodeError as error:
        return BadRecordError(f"invalid UTF-8 at byte {error.start}")
    if text is None:
        return BadRecordError("the text is null")
    return text if len(text) <= MAX_RECORD else BadRecordError(too_long())


def _values(batch: Any, column: str | None) -> list[Any]:
    """Return a column's values; None if the column is missing, and for values other than strings and numbers."""
    index = -1 if column is None else batch.schema.get_field_index(column)  # also -1 if several have the name
    if index < 0:
        return [None] * batch.num_rows
    try:
        values = batch.column(index).to_pylist()
    except UnicodeDecodeError:
        return [None] * batch.num_rows
    return [value if isinstance(value, str | int | float) else None for value in values]


def _replace_texts(batch: Any, column: str, texts: list[str]) -> Any:
    """Replace the values of a column, keeping its type."""
    pa = require("pyarrow")
    index = batch.schema.get_field_index(column)
    field = batch.schema.field(index)
    if pa.types.is_dictionary(field.type):
        array = pa.array(texts, field.type.value_type).dictionary_encode().cast(field.type)
    else:
        array = pa.array(texts, field.type)
    return batch.set_column(index, field, array)


def _is_text(dtype: Any) -> bool:
    types = require("pyarrow").types
    dtype = dtype.value_type if types.is_dictionary(dtype) else dtype
    return bool(types.is_string(dtype) or types.is_large_string(dtype) or types.is_string_view(dtype))


def _damage(error: Exception) -> str:
    """Return the first line of an error's message; raise the error again if the system cannot read the file."""
    if isinstance(error, OSError) and error.errno is not None:  # pyarrow's own errors have no number
        raise error
    return (str(error).splitlines() or [type(error).__name__])[0]


def open_writer(file: BinaryIO, compression: str, like: Path) -> "_RowWriter":  # noqa: ARG001
    """Return a writer of cleaned rows."""
    return _RowWriter(file, like)


class _RowWriter:
    """Writes Arrow streams to a Parquet file with the schema and codecs of another file.

    Parameters
    ----------
    file : binary file
        The output file, which is not closed.
    like : Path
        The path of the file whose schema and codecs are used.
    """

    def __init__(self, file: BinaryIO, like: Path) -> None:
        with like.open("rb") as other:
            parquet = _open(other)
            self._schema, codecs = parquet.schema_arrow, _codecs(parquet.metadata)
        self._writer = require("pyarrow.parquet").ParquetWriter(file, self._schema, compression=codecs)
        self._batches: list[Any] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Write rows, in row groups of about 64 MB."""
        if not data:
            return
        batch = require("pyarrow").ipc.open_stream(data).read_next_batch()
        self._batches.append(batch)
        self._size += batch.nbytes
        if self._size >= _ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Write the remaining rows and the footer."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        table = require("pyarrow").Table.from_batches(self._batches, self._schema)
        if table.num_rows:
            self._writer.write_table(table, row_group_size=table.num_rows)
        self._batches, self._size = [], 0


def _codecs(metadata: Any) -> Any:
    """Return the codec of each column by pyarrow's name."""
    if not metadata.num_row_groups:
        return "snappy"
    group = metadata.row_group(0)
    names = {"UNCOMPRESSED": "none", "LZ4_RAW": "lz4"}
    columns = map(group.column, range(group.num_columns))
    return {column.path_in_schema: names.get(column.compression, column.compression.lower()) for column in columns}
