"""Conversion from and to Arrow arrays and pandas Series; neither package is imported unless one is used.

Texts are converted to Python strings, because features need code points and Arrow holds UTF-8. This takes 1/25 of
the time of cleaning (41 MB of extracted pages); converting the buffers directly took 1.5 times as long.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff.errors import InputError

#: A record for one line: its span in code points, whether the line is content, and the probability of content.
LINE_LABEL: Final = np.dtype([("start", "i8"), ("end", "i8"), ("content", "?"), ("probability", "f4")])
Labels = NDArray[np.void]


def is_arrow(value: object) -> bool:
    """Return whether a value is a pyarrow object, without importing pyarrow.

    Examples
    --------
    >>> is_arrow(["a list"])
    False
    """
    return type(value).__module__.partition(".")[0] == "pyarrow"


def is_series(value: object) -> bool:
    """Return whether a value is a pandas Series, without importing pandas."""
    return type(value).__module__.partition(".")[0] == "pandas" and type(value).__name__ == "Series"


def to_list(values: Any) -> list[Any]:
    """Return the values of any iterable as a list, with None for missing ones: null, NaN, `pandas.NA`.

    Parameters
    ----------
    values : iterable
        A list, an array of NumPy or Arrow, a pandas Series, a generator.

    Raises
    ------
    InputError
        If the value is not iterable.

    Examples
    --------
    >>> to_list(text for text in ("The vote was held.", float("nan"), None))
    ['The vote was held.', None, None]
    """
    if is_arrow(values):
        return list(values.to_pylist())
    if not isinstance(values, Iterable):
        raise InputError(f"{type(values).__name__} is no list of texts: give a list, an array or another iterable")
    return [None if _is_missing(value) else value for value in values]


def _is_missing(value: object) -> bool:
    if isinstance(value, float | np.floating):
        return bool(np.isnan(value))
    return type(value).__name__ in ("NAType", "NaTType")


def read_texts(strings: Any) -> list[str | None]:
    """Convert an Arrow array to Python strings, and null to None.

    Parameters
    ----------
    strings : pyarrow.Array or pyarrow.ChunkedArray
        An array of type string, large_string, string_view or null, or a dictionary array of strings.

    Raises
    ------
    InputError
        If `strings` is not an array, has another type, or holds invalid UTF-8.
    """
    import pyarrow as pa

    if not isinstance(strings, pa.Array | pa.ChunkedArray):
        raise InputError(f"a pyarrow {type(strings).__name__}: pass one column of strings, such as table['text']")
    _text_type(strings)
    try:
        return list(strings.to_pylist())
    except UnicodeDecodeError as error:
        raise InputError(f"the Arrow array is not UTF-8 ({error}): its validate(full=True) shows where") from error


def texts_like(strings: Any, texts: Sequence[str | None]) -> Any:
    """Convert texts to the type of `strings`: an Arrow array with its chunks, a Series with its index, an array.

    Parameters
    ----------
    strings : pyarrow.Array, pyarrow.ChunkedArray, pandas.Series, ndarray or another iterable
        A dictionary array is decoded, and so is a Series of categories; for other iterables, a list is returned.
    texts : sequence of str or None
    """
    if is_series(strings):
        dtype = object if strings.dtype.name == "category" else strings.dtype
        return type(strings)(texts, index=strings.index, name=strings.name, dtype=dtype)
    if isinstance(strings, np.ndarray):
        return np.array(texts, dtype=object)
    if not is_arrow(strings):
        return list(texts)
    import pyarrow as pa

    dtype = _text_type(strings)
    return _in_chunks(strings, texts, dtype, lambda part: pa.array(part, dtype))


def labels_like(strings: Any, labels: Sequence[Labels | None]) -> Any:
    """Convert labels to an array of lists of structs with the chunks of `strings`; large lists for large_string.

    Parameters
    ----------
    strings : pyarrow.Array or pyarrow.ChunkedArray
    labels : sequence of ndarray of LINE_LABEL, or None
    """
    import pyarrow as pa

    record = pa.struct([(name, pa.from_numpy_dtype(LINE_LABEL[name])) for name in LINE_LABEL.names or ()])
    is_large = pa.types.is_large_string(_text_type(strings))
    dtype = pa.large_list(record) if is_large else pa.list_(record)
    return _in_chunks(strings, labels, dtype, lambda part: _label_lists(part, dtype))


def _label_lists(labels: Sequence[Labels | None], dtype: Any) -> Any:
    """Build an array of lists from one column per field and the offsets of the articles."""
    import pyarrow as pa

    lists, width = (pa.LargeListArray, np.int64) if pa.types.is_large_list(dtype) else (pa.ListArray, np.int32)
    lines = np.concatenate([np.empty(0, LINE_LABEL), *(own for own in labels if own is not None)])
    columns = [pa.array(np.ascontiguousarray(lines[field.name]), field.type) for field in dtype.value_type]
    n_lines = [0 if own is None else len(own) for own in labels]
    offsets = pa.array(np.concatenate(([0], np.cumsum(n_lines))).astype(width))
    mask = pa.array([own is None for own in labels], pa.bool_())
    records = pa.StructArray.from_arrays(columns, fields=list(dtype.value_type))
    return lists.from_arrays(offsets, records, type=dtype, mask=mask)


def _text_type(strings: Any) -> Any:
    """Return the type of the strings in an array or its dictionary; raise InputError for other types."""
    from pyarrow import types

    dtype = strings.type.value_type if types.is_dictionary(strings.type) else strings.type
    accepted = (types.is_string, types.is_large_string, types.is_string_view, types.is_null)
    if not any(is_type(dtype) for is_type in accepted):
        raise InputError(f"an Arrow array of {strings.type}: convert it with array.cast(pyarrow.string())")
    return dtype


def _in_chunks(strings: Any, values: Sequence[Any], dtype: Any, build: Callable[[Sequence[Any]], Any]) -> Any:
    """Build an array of values, in the same chunks as `strings` if that is a chunked array."""
    import pyarrow as pa

    if not isinstance(strings, pa.ChunkedArray):
        return build(values)
    bounds = accumulate((len(chunk) for chunk in strings.chunks), initial=0)
    return pa.chunked_array([build(values[first:last]) for first, last in pairwise(bounds)], dtype)
