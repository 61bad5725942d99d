"""Batches of articles: large enough to hide the overhead of numpy's calls, small enough for the cache."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff.errors import InputError
from dechaff.kernels import expect_work
from dechaff.text.lines import LineBatch

# Code points that are worked on at once: small enough for the largest cache, large enough to hide numpy's calls.
_BLOCK: Final = 1 << 20
# An article counts as so many code points at least: some tables have rows for each article.
_SMALLEST: Final = _BLOCK >> 10


def batches(texts: Sequence[str]) -> Iterator[LineBatch]:
    """Cut a sequence of articles into batches of about a million code points and at most 1,024 articles.

    Parameters
    ----------
    texts : sequence of str
        One article each.

    Raises
    ------
    InputError
        If an element is not a string.
    """
    check_texts(texts)
    _keep_freed_memory()
    expect_work(sum(map(len, texts)))
    first, size = 0, 0
    for place, text in enumerate(texts):
        size += max(len(text), _SMALLEST)
        if size >= _BLOCK:
            yield LineBatch.from_texts(texts[first : place + 1])
            first, size = place + 1, 0
    if first < len(texts):
        yield LineBatch.from_texts(texts[first:])


def check_texts(texts: Sequence[object] | NDArray[np.object_], *, or_none: bool = False) -> None:
    """Refuse what is no sequence of strings, or of strings and None.

    Parameters
    ----------
    texts : sequence
    or_none : bool
        Whether None may stand for an article.

    Raises
    ------
    InputError
        With the place and the type of the element that is neither.
    """
    if isinstance(texts, str):
        raise InputError("one text: give a list of texts, or use keep_content")
    wanted = (str, type(None)) if or_none else str
    for place, text in enumerate(texts):
        if not isinstance(text, wanted):
            raise InputError(f"text {place} is {type(text).__name__}, not str: decode it first")


@cache
def _keep_freed_memory() -> None:
    """Let glibc keep what a block has freed for the next one.

    It hands large arrays back to the system, which has to clear them anew for each block, until it has seen one
    freed that is larger than they are; never touched, this one takes no memory. Elsewhere this does nothing.
    """
    np.empty(31 << 20, np.uint8)
