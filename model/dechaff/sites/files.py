"""Files of site profiles: plain values alone, as in model files, with the arrays as bytes."""

from os import PathLike
from pathlib import Path
from typing import Any, Final, NamedTuple

import joblib
import numpy as np

from dechaff._typing import Hashes
from dechaff.errors import ArtifactError
from dechaff.linear.safe_pickle import READ_ERRORS, read_plain

_FORMAT: Final = "dechaff-sites"
_VERSION: Final = 1
# Twice the largest profile.
_MAX_BYTES: Final = 160 << 20
_COMPRESSION: Final = ("zlib", 1)


class ProfileArrays(NamedTuple):
    """The content of a profile's file; see `dechaff.sites.SiteProfile`."""

    keys: Hashes
    documents: Hashes
    cells: Hashes
    n_lost: int
    progress: str


def write_arrays(path: Path, arrays: ProfileArrays) -> None:
    """Write the arrays of a profile; the same arrays give the same bytes.

    Sorted keys are written as differences, and all numbers by place value: the first bytes of each, then the second
    ones, which takes half the space.
    """
    steps = np.diff(arrays.keys, prepend=np.uint64(0))
    packed = {"keys": _pack(steps), "documents": _pack(arrays.documents), "cells": _pack(arrays.cells.ravel())}
    content = {"format": _FORMAT, "version": _VERSION, **packed, "n_lost": arrays.n_lost}
    content["progress"] = arrays.progress
    joblib.dump(content, path, compress=_COMPRESSION)


def read_arrays(path: str | PathLike[str], most_lines: int, shape: tuple[int, ...]) -> ProfileArrays:
    """Read and check the arrays of a profile.

    Parameters
    ----------
    path : path-like
    most_lines : int
        The most lines that a profile may have.
    shape : tuple of int
        The shape of the sketch.

    Raises
    ------
    ArtifactError
        If the file is missing, too large, damaged or not a profile, refers to a class or function, or is of another
        version.
    """
    content = read_plain(path, "site profile", _MAX_BYTES)
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ArtifactError(f"{path}: not a site profile: make one with 'dechaff profile'")
    if content.get("version") != _VERSION:
        raise ArtifactError(f"{path}: a site profile of another version: make it again with 'dechaff profile'")
    try:
        keys = np.cumsum(_unpack(content["keys"]), dtype=np.uint64)
        documents, cells = _unpack(content["documents"]), _unpack(content["cells"]).reshape(shape)
        n_lost, progress = content["n_lost"], str(content["progress"])
        if len(keys) != len(documents) or len(keys) > most_lines or type(n_lost) is not int or n_lost < 0:
            raise ValueError("lengths do not agree")
        if (keys[1:] <= keys[:-1]).any() or (len(keys) and not keys[0]) or (documents == 0).any():
            raise ValueError("keys are not in order")
    except READ_ERRORS as error:
        raise ArtifactError(
            f"{path}: damaged site profile ({error}): make it again with 'dechaff profile'"
        ) from error
    return ProfileArrays(keys, documents, cells, n_lost, progress)


def _pack(array: Hashes) -> bytes:
    return np.ascontiguousarray(array.astype("<u8").view(np.uint8).reshape(-1, 8).T).tobytes()


def _unpack(data: Any) -> Hashes:
    planes = np.frombuffer(data, np.uint8).reshape(8, -1)
    return np.ascontiguousarray(planes.T).view("<u8").ravel().astype(np.uint64)
