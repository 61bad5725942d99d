"""Arrow arrays of strings in and out; pyarrow is never imported for anything else.

The texts become Python strings on their way: features want code points, and Arrow holds UTF-8. Going from its
buffers to code points and back took 1.5 times as long as going through strings, and that is 1/25 of cleaning, on 41
MB of extracted pages. What pyarrow itself takes, `to_pylist` and the new array, is 1/50.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff.errors import InputError

#: A line of an article as a record: its span in code points, whether it is content, and the probability of that.
LINE_LABEL: Final = np.dtype([("start", "i8"), ("end", "i8"), ("content", "?"), ("probability", "f4")])
Labels = NDArray[np.void]


def is_arrow(given: object) -> bool:
    """Tell whether something is of pyarrow, without importing it.

    Examples
    --------
    >>> is_arrow(["a list"])
    False
    """
    return type(given).__module__.partition(".")[0] == "pyarrow"


def read_texts(strings: Any) -> list[str | None]:
    """Turn an array into Python strings, null into None.

    Parameters
    ----------
    strings : pyarrow.Array or pyarrow.ChunkedArray
        Of string, large_string or string_view, of a dictionary of these, or of null.

    Raises
    ------
    InputError
        If it is an array of something else, no array, or not UTF-8.
    """
    import pyarrow as pa

    if not isinstance(strings, pa.Array | pa.ChunkedArray):
        raise InputError(f"a pyarrow {type(strings).__name__}: give one column of strings, such as table['text']")
    _text_type(strings)
    try:
        return list(strings.to_pylist())
    except UnicodeDecodeError as error:
        raise InputError(f"the Arrow array is not UTF-8 ({error}): its validate(full=True) says where") from error


def texts_like(strings: Any, texts: Sequence[str | None]) -> Any:
    """Make an array of the type and the chunks of another; that of a dictionary is plain.

    Parameters
    ----------
    strings : pyarrow.Array or pyarrow.ChunkedArray
    texts : sequence of str or None
    """
    import pyarrow as pa

    kind = _text_type(strings)
    return _in_chunks(strings, texts, kind, lambda part: pa.array(part, kind))


def labels_like(strings: Any, labels: Sequence[Labels | None]) -> Any:
    """Make an array of lists of structs in the chunks of another; large lists for large strings.

    Parameters
    ----------
    strings : pyarrow.Array or pyarrow.ChunkedArray
    labels : sequence of ndarray of LINE_LABEL, or None
    """
    import pyarrow as pa

    record = pa.struct([(name, pa.from_numpy_dtype(LINE_LABEL[name])) for name in LINE_LABEL.names or ()])
    is_large = pa.types.is_large_string(_text_type(strings))
    kind = pa.large_list(record) if is_large else pa.list_(record)
    return _in_chunks(strings, labels, kind, lambda part: _label_lists(part, kind))


def _label_lists(labels: Sequence[Labels | None], kind: Any) -> Any:
    """Put the lines of all articles in one column for each field, and offsets around them."""
    import pyarrow as pa

    lists, width = (pa.LargeListArray, np.int64) if pa.types.is_large_list(kind) else (pa.ListArray, np.int32)
    lines = np.concatenate([np.empty(0, LINE_LABEL), *(own for own in labels if own is not None)])
    columns = [pa.array(np.ascontiguousarray(lines[field.name]), field.type) for field in kind.value_type]
    n_lines = [0 if own is None else len(own) for own in labels]
    offsets = pa.array(np.concatenate(([0], np.cumsum(n_lines))).astype(width))
    mask = pa.array([own is None for own in labels], pa.bool_())
    records = pa.StructArray.from_arrays(columns, fields=list(kind.value_type))
    return lists.from_arrays(offsets, records, type=kind, mask=mask)


def _text_type(strings: Any) -> Any:
    """Give the type of an array's strings, those of a dictionary too, or refuse it."""
    from pyarrow import types

    kind = strings.type.value_type if types.is_dictionary(strings.type) else strings.type
    accepted = (types.is_string, types.is_large_string, types.is_string_view, types.is_null)
    if not any(is_kind(kind) for is_kind in accepted):
        raise InputError(f"an Arrow array of {strings.type}: make it one of strings, array.cast(pyarrow.string())")
    return kind


def _in_chunks(strings: Any, values: Sequence[Any], kind: Any, build: Callable[[Sequence[Any]], Any]) -> Any:
    """Build an array, or one for each chunk of a chunked array."""
    import pyarrow as pa

    if not isinstance(strings, pa.ChunkedArray):
        return build(values)
    bounds = accumulate((len(chunk) for chunk in strings.chunks), initial=0)
    return pa.chunked_array([build(values[first:last]) for first, last in pairwise(bounds)], kind)
