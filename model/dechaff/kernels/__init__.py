"""Numba kernels of the functions that take most of the time.

Where numba is installed (the `fast` extra), calls with 1,000 articles or more, and bulk runs of 8 MB or more, use
them; `DECHAFF_FAST=1` always uses them, `DECHAFF_FAST=0` never. The functions in numpy are the reference: a kernel
computes the same, except for the last digits of floating-point numbers.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import cache, wraps
from importlib import import_module
from types import ModuleType
from typing import Final, ParamSpec, TypeVar

_log: Final = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

#: Loading numba takes as long as cleaning about this number of articles.
MANY_ARTICLES: Final = 1000

# Set for the duration of a call; None outside of any.
_in_use: ContextVar[bool | None] = ContextVar("numba_in_use", default=None)


def accelerated(reference: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Decorate a function to call the kernel of the same name while numba is in use."""
    name = reference.__name__

    @wraps(reference)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        """Call the kernel, or the reference."""
        wanted = _in_use.get()
        function = getattr(_load_kernels(), name) if wanted or (wanted is None and numba_forced()) else reference
        result: Result = function(*args, **kwargs)
        return result

    return call


@contextmanager
def use_numba(wanted: bool) -> Iterator[None]:
    """Use the numba kernels in a `with` block, or numpy alone; other threads and tasks are not affected.

    Parameters
    ----------
    wanted : bool
        Whether to use the kernels, where `numba_available`.

    Examples
    --------
    >>> from dechaff import keep_content
    >>> with use_numba(False):
    ...     keep_content("The vote was held on Tuesday.")
    'The vote was held on Tuesday.'
    """
    token = _in_use.set(wanted and numba_available())
    try:
        yield
    finally:
        _in_use.reset(token)


def for_batch(n_articles: int) -> AbstractContextManager[None]:
    """Use the numba kernels in a `with` block if a call has many articles; within another block, change nothing.

    Parameters
    ----------
    n_articles : int
    """
    return nullcontext() if n_articles < MANY_ARTICLES or _in_use.get() is not None else use_numba(True)


def numba_available() -> bool:
    """Return whether numba can be imported and `DECHAFF_FAST=0` does not rule it out; this imports numba."""
    return os.environ.get("DECHAFF_FAST") != "0" and _load_kernels() is not None


@cache
def numba_forced() -> bool:
    """Return whether `DECHAFF_FAST=1` requests the numba kernels for any input, and they are available."""
    return os.environ.get("DECHAFF_FAST") == "1" and numba_available()


@cache
def _load_kernels() -> ModuleType | None:
    try:
        return import_module("dechaff.kernels.compiled")
    except ImportError as error:  # numba is missing, or does not support this version of numpy
        _log.debug("numpy is used: %s", error)
        return None
