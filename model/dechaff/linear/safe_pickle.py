"""Read pickles of plain values only: numbers, strings, lists, dictionaries and bytes, as `joblib.dump` writes them.

Before anything in the file is executed, the reader refuses every reference to a class or function, and larger sizes
than those of a model file: an untrusted file can be wrong, but it can neither run code nor exhaust memory.
"""

import io
import pickle
import pickletools
import zlib
from os import PathLike
from pathlib import Path
from typing import Any, Final, Never

from dechaff.errors import ArtifactError, InputError

# Twice the size of the most word weights that a model may have (2**24 of two bytes).
_MAX_BYTES: Final = 64 << 20
# A model file has a few thousand values with little nesting; a value may take a hundred times more space in memory.
_MAX_VALUES: Final = 1_000_000
_MAX_DEPTH: Final = 16
_MAX_BITS: Final = 63
#: The errors that a damaged file can raise in the reader.
READ_ERRORS: Final = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError,
    MemoryError, RecursionError, zlib.error, InputError,
)  # fmt: skip

# The opcodes of plain values: none can name, call or build an object, or allocate much memory.
# fmt: off
_PLAIN_OPCODES: Final = frozenset((
    "PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "BINPUT", "BINGET", "LONG_BINGET", "EMPTY_DICT", "EMPTY_LIST",
    "SETITEM", "SETITEMS", "APPEND", "APPENDS", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES",
    "BINBYTES", "BINBYTES8", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "NONE", "NEWTRUE", "NEWFALSE",
))
# fmt: on


class _NamelessUnpickler(pickle.Unpickler):
    """An unpickler that refuses files that refer to a class or a function."""

    def find_class(self, module_name: str, global_name: str) -> Never:
        """Refuse to load a class or a function."""
        raise ArtifactError(f"the file loads {module_name}.{global_name}, which no model file does")

    def persistent_load(self, pid: Any) -> Never:  # noqa: ARG002
        """Refuse to load an object from outside the file."""
        raise ArtifactError("the file refers to objects outside itself, which no model file does")


def read_plain(path: str | PathLike[str], what: str = "model", max_bytes: int = _MAX_BYTES) -> object:
    """Return the plain values of a file.

    Parameters
    ----------
    path : path-like
    what : str
        What the file should hold, for messages.
    max_bytes : int
        The most bytes of the file, and of its decompressed content.

    Raises
    ------
    ArtifactError
        If the file is missing, too large or damaged, or refers to a class or function.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:  # a path with a NUL is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise ArtifactError(f"{path}: cannot read the {what} file: {reason}") from error
    if len(data) > max_bytes:
        raise ArtifactError(f"{path}: larger than {max_bytes >> 20} MB, so it is not a dechaff {what}")
    try:
        raw = _decompress(data, max_bytes)
        _refuse_opcodes(raw)
        value = _NamelessUnpickler(io.BytesIO(raw)).load()
    except ArtifactError as error:
        raise ArtifactError(f"{path}: refused: {error}") from error
    except READ_ERRORS as error:
        raise ArtifactError(
            f"{path}: not a {what} file, or a damaged one ({error}): "
            f"{'download or train' if what == 'model' else 'make'} it again"
        ) from error
    if _count_values(value, 0) > _MAX_VALUES:
        raise ArtifactError(f"{path}: refused: too many values, or too deeply nested for a model file")
    return value


def _decompress(data: bytes, max_bytes: int) -> bytes:
    """Decompress the content of a joblib file, up to a limit, so that a small file cannot exhaust memory."""
    decompressor = zlib.decompressobj()
    raw = decompressor.decompress(data, max_bytes)
    if not decompressor.eof:
        raise ValueError("truncated, or far too large")
    return raw


def _refuse_opcodes(raw: bytes) -> None:
    """Refuse a pickle with opcodes that plain values do not need, or with too many, before any is executed."""
    for number, (opcode, argument, _) in enumerate(pickletools.genops(raw)):
        if opcode.name not in _PLAIN_OPCODES:
            shown = f" {argument!r:.80}" if isinstance(argument, str) else ""
            raise ArtifactError(f"the file holds {opcode.name}{shown}, which no model file does")
        if number == _MAX_VALUES:  # one byte can create an empty list, which takes 64 bytes
            raise ArtifactError("the file holds more values than any model file does")
        if isinstance(argument, int) and argument.bit_length() > _MAX_BITS:
            # Longer numbers can have colliding hashes: building a dictionary of such numbers takes hours.
            raise ArtifactError("the file holds a number of more than 64 bits, which no model file does")


def _count_values(value: object, depth: int, so_far: int = 0) -> int:
    """Count nested values; shared ones count at each occurrence, as nested sharing multiplies exponentially."""
    so_far += 1
    if isinstance(value, dict | list):
        if depth == _MAX_DEPTH:
            return _MAX_VALUES + 1
        for each in [*value, *value.values()] if isinstance(value, dict) else value:
            so_far = _count_values(each, depth + 1, so_far)
            if so_far > _MAX_VALUES:
                break
    return so_far
