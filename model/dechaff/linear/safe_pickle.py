"""Files of plain values: what `joblib.dump` writes of numbers, strings, lists, dictionaries and bytes.

The reader refuses every name of a class or a function before anything of the file is carried out, and more than
a model file has of anything: a stranger's file can be wrong, but it can neither act nor fill the memory.
"""

import io
import pickle
import pickletools
import zlib
from os import PathLike
from pathlib import Path
from typing import Any, Final, Never

from dechaff.errors import ArtifactError, InputError

# Room for all the words that a model may have (2**24 of two bytes), and as much again.
_MAX_BYTES: Final = 64 << 20
# A model's file has some thousand values, few levels deep; each may take a hundred times its place in the file.
_MAX_VALUES: Final = 1_000_000
_MAX_DEPTH: Final = 16
_MAX_BITS: Final = 63
#: Whatever a mangled file can make the reader stumble over.
READ_ERRORS: Final = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError,
    MemoryError, RecursionError, zlib.error, InputError,
)  # fmt: skip


# All that plain values need; nothing here can name, call or build anything, or ask for much memory.
# fmt: off
_PLAIN_OPCODES: Final = frozenset((
    "PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "BINPUT", "BINGET", "LONG_BINGET", "EMPTY_DICT", "EMPTY_LIST",
    "SETITEM", "SETITEMS", "APPEND", "APPENDS", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES",
    "BINBYTES", "BINBYTES8", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "NONE", "NEWTRUE", "NEWFALSE",
))
# fmt: on


class _NamelessUnpickler(pickle.Unpickler):
    """Reads plain values only: a file that names a class or a function is refused."""

    def find_class(self, module_name: str, global_name: str) -> Never:
        """Refuse to load a class or a function."""
        raise ArtifactError(f"the file wants to load {module_name}.{global_name}, which no model file does")

    def persistent_load(self, pid: Any) -> Never:  # noqa: ARG002
        """Refuse to look for an object elsewhere."""
        raise ArtifactError("the file refers to objects outside itself, which no model file does")


def read_plain(path: str | PathLike[str]) -> object:
    """Read a file's plain values without using them.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    ArtifactError
        If the file is missing, too large, damaged, or names a class or a function.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a path with a NUL is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise ArtifactError(f"{path}: cannot read the model file: {reason}") from error
    if len(data) > _MAX_BYTES:
        raise ArtifactError(f"{path}: larger than {_MAX_BYTES >> 20} MB, so it is no model of dechaff")
    try:
        raw = _decompress(data)
        _refuse_opcodes(raw)
        value = _NamelessUnpickler(io.BytesIO(raw)).load()
    except ArtifactError as error:
        raise ArtifactError(f"{path}: refused: {error}") from error
    except READ_ERRORS as error:
        raise ArtifactError(
            f"{path}: not a model file, or a damaged one ({error}): get or train it anew"
        ) from error
    if _count_values(value, 0) > _MAX_VALUES:
        raise ArtifactError(f"{path}: refused: values within values without end, which no model file has")
    return value


def _decompress(data: bytes) -> bytes:
    """Undo joblib's zlib, up to a limit: a small file cannot fill the memory."""
    decompressor = zlib.decompressobj()
    raw = decompressor.decompress(data, _MAX_BYTES)
    if not decompressor.eof:
        raise ValueError("truncated, or unreasonably large")
    return raw


def _refuse_opcodes(raw: bytes) -> None:
    """Refuse a pickle that does anything but make plain values, and not too many, before any is carried out."""
    for number, (opcode, argument, _) in enumerate(pickletools.genops(raw)):
        if opcode.name not in _PLAIN_OPCODES:
            shown = f" {argument!r:.80}" if isinstance(argument, str) else ""
            raise ArtifactError(f"the file holds {opcode.name}{shown}, which no model file does")
        if number == _MAX_VALUES:  # a byte can make an empty list, which takes 64
            raise ArtifactError("the file holds more values than any model file does")
        if isinstance(argument, int) and argument.bit_length() > _MAX_BITS:
            # Longer numbers can all have one hash: a dictionary of them takes hours.
            raise ArtifactError("the file holds a number of more than 64 bits, which no model file does")


def _count_values(value: object, depth: int, so_far: int = 0) -> int:
    """Count values as often as they would be shown: lists that hold one list twice, and so on, grow without end."""
    so_far += 1
    if isinstance(value, dict | list):
        if depth == _MAX_DEPTH:
            return _MAX_VALUES + 1
        for each in [*value, *value.values()] if isinstance(value, dict) else value:
            so_far = _count_values(each, depth + 1, so_far)
            if so_far > _MAX_VALUES:
                break
    return so_far
