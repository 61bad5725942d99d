"""Compiled twins of the functions that take most of the time, used where numba is installed.

The function in numpy is the reference: it says what is computed, and is what runs without numba, for the first few
articles, and with the environment variable `DECHAFF_FAST=0`.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from types import ModuleType
from typing import Final, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

# Code points to clean before numba is worth its import, which takes as long as a few million of them.
_WORTH_LOADING: Final = 4_000_000


class _Switch:
    """Holds the compiled twins as soon as enough text has been seen."""

    twins: ModuleType | None = None
    n_expected: int = _WORTH_LOADING


_switch = _Switch()


def accelerated(reference: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let the twin of the same name in `dechaff.kernels.compiled` stand in for a function once it is loaded."""
    name = reference.__name__

    @wraps(reference)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        twins = _switch.twins  # read once: another thread may change it
        function = reference if twins is None else getattr(twins, name)
        result: Result = function(*args, **kwargs)
        return result

    return call


def expect_work(n_codes: int) -> None:
    """Load the compiled twins once there are, or have been, enough code points to clean.

    Parameters
    ----------
    n_codes : int
        So many more are about to be cleaned.
    """
    if _switch.n_expected > 0:
        _switch.n_expected -= n_codes
        if _switch.n_expected <= 0 and _is_allowed():
            use_compiled()


@contextmanager
def using_compiled(wanted: bool) -> Iterator[None]:
    """Use the compiled twins for a while, if the user has not ruled them out, or else numpy alone.

    Parameters
    ----------
    wanted : bool
        Whether to use them, where numba can be imported.
    """
    twins, n_expected = _switch.twins, _switch.n_expected
    _switch.n_expected = 0
    use_compiled(wanted and _is_allowed())
    try:
        yield
    finally:
        _switch.twins, _switch.n_expected = twins, n_expected


def _is_allowed() -> bool:
    return os.environ.get("DECHAFF_FAST") != "0"


def is_compiled() -> bool:
    """Tell whether the compiled twins are in use."""
    return _switch.twins is not None


def can_compile() -> bool:
    """Tell whether the compiled twins can be used: numba is there, and the user has not ruled them out."""
    with using_compiled(True):
        return is_compiled()


def use_compiled(wanted: bool = True) -> bool:
    """Use the compiled twins from now on, or numpy alone.

    Parameters
    ----------
    wanted : bool
        Whether to use them, where numba can be imported.

    Returns
    -------
    bool
        Whether they are used.
    """
    _switch.twins = None
    if wanted:
        try:
            _switch.twins = import_module("dechaff.kernels.compiled")
        except ImportError:  # no numba, or none for this numpy
            return False
    return wanted
