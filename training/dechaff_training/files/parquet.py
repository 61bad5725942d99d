"""Read Parquet files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dechaff.errors import CorpusError
from dechaff.extras import load


def read_table(path: Path) -> Any:
    """Read a Parquet file as an Arrow table.

    Raises
    ------
    CorpusError
        If the file is not a Parquet file, or its text is not valid UTF-8.
    """
    with _errors_of(path):
        table = load("pyarrow.parquet", "bulk").read_table(path)
        table.validate(full=True)  # finds invalid UTF-8, which would otherwise raise only on access
        return table


def read_column_names(path: Path) -> list[str]:
    """Read only the names of a Parquet file's columns; errors are as in `read_table`."""
    with _errors_of(path):
        return list(load("pyarrow.parquet", "bulk").read_schema(path).names)


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    try:
        yield
    except (load("pyarrow", "bulk").ArrowException, UnicodeDecodeError, OSError) as error:
        raise CorpusError(f"{path}: cannot be read as a Parquet file: {error}") from error
