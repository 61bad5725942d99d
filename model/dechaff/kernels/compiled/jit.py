"""What all kernels share: compilation, and the mixing of hashes."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., object])

BASE = np.uint64(6364136223846793005)
_MIX = np.uint64(0x9E3779B97F4A7C15)


def compiled(function: Function) -> Function:
    """Compile a function on its first call; cache the result on disk if there is a place to write.

    The cache is renewed when the function's own file changes, but not when only a function that it calls does.
    """
    try:
        result: Any = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither this folder nor the user's cache can be written to
        result = numba.njit(nogil=True)(function)
    return cast("Function", result)


@compiled
def mix(value: np.uint64) -> np.uint64:
    """Compute `dechaff.text.tokens.mix` of one hash."""
    value ^= value >> np.uint64(32)
    value *= _MIX
    return value ^ (value >> np.uint64(29))
