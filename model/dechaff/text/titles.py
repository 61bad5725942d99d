"""Titles of pages: the headline, and the name of the site behind or before it."""

import re
from collections.abc import Iterator
from typing import Final

# A part of a title may be the headline if it has at least this many words, and half of the words of the title.
_FEWEST_WORDS: Final = 3
# Separators between a headline and the name of the site.
_SEPARATOR: Final = re.compile(r"\s+(?:[|·•»/–—-]|::)\s+|\s*\|\s*")


def title_parts(title: str) -> Iterator[str]:
    """Yield the parts of a title: before the last separator, after the first, and before the first.

    Parameters
    ----------
    title : str
        A title such as "headline | site"; a title without separators has no parts.

    Examples
    --------
    >>> list(title_parts("The mill shuts | Valley Post"))
    ['The mill shuts', 'Valley Post', 'The mill shuts']
    """
    found = list(_SEPARATOR.finditer(title))
    if found:
        yield title[: found[-1].start()]
        yield title[found[0].end() :]
        yield title[: found[0].start()]


def may_be_headline(n_words: int, n_title_words: int) -> bool:
    """Return whether a part of a title has enough words to be the headline: the name of a site is shorter.

    Parameters
    ----------
    n_words, n_title_words : int
        The numbers of words of the part and of the title.

    Examples
    --------
    >>> may_be_headline(3, 5), may_be_headline(2, 5), may_be_headline(3, 8)
    (True, False, False)
    """
    return n_words >= max(_FEWEST_WORDS, n_title_words / 2)
