"""What all compiled functions share: how they are compiled, and how a hash is mixed."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., object])

BASE = np.uint64(6364136223846793005)
_MIX = np.uint64(0x9E3779B97F4A7C15)


def compiled(function: Function) -> Function:
    """Compile a function at its first call; keep the result on disk if there is a place to write.

    What is kept is made anew when the function's own file changes, not when another's does that it calls.
    """
    try:
        result: Any = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither this folder nor the user's can be written to
        result = numba.njit(nogil=True)(function)
    return cast("Function", result)


@compiled
def mix(value: np.uint64) -> np.uint64:
    value ^= value >> np.uint64(32)
    value *= _MIX
    return value ^ (value >> np.uint64(29))
