"""Titles of pages: the headline, and the name of the site behind or before it."""

import re
from collections.abc import Iterator
from typing import Final

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
