"""The HTML extractors that dechaff is measured beside: each makes text of HTML, and an empty one where it fails.

trafilatura, readability and jusText are called as `extraction` does; boilerpy3 is here alone, since nothing learns
from it.
"""

from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Final

from dechaff_training.corpus.extraction import DISTRIBUTIONS, EXTRACTORS, load_quietly, run


def _boilerpy3(html: str) -> str:
    extractors = load_quietly("boilerpy3.extractors", "peers")
    # Else one end tag too many would cost it the page.
    text: str = extractors.ArticleExtractor(raise_on_failure=False).get_content(html)
    return text


#: All that make text of HTML.
ADAPTERS: Final[Mapping[str, Callable[[str], str]]] = {**EXTRACTORS, "boilerpy3": _boilerpy3}
#: Those that take out boilerplate themselves and stand in the comparison whatever dechaff is put behind.
PEERS: Final = ("trafilatura", "readability", "justext", "boilerpy3")


def page_text(html: str, name: str) -> str:
    r"""Make text of a page.

    Parameters
    ----------
    html : str
    name : str
        One of `ADAPTERS`.

    Returns
    -------
    str
        Empty where it finds no text or fails on the page.

    Raises
    ------
    MissingExtraError
        If its package is not installed.

    Examples
    --------
    >>> page_text("<p>One</p><p>two &amp; three</p>", "html_text")
    'One\n\ntwo & three'
    """
    return run(ADAPTERS[name], html)


def version(name: str) -> str:
    """Give the version of the package behind an adapter that is installed."""
    return metadata.version(DISTRIBUTIONS.get(name, name))
