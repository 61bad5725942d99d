"""The title of an article, and its address: evidence for the line that heads it, and against that line's copies.

A page says its title several times: where it heads the article, in breadcrumbs above, in share texts and lists
below. From the text alone these look alike; who knows the title can tell them apart.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence, Sized
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from dechaff.errors import InputError
from dechaff.linear.stage import Values, sigmoid
from dechaff.text.characters import N_CODE_POINTS, fold_table
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import sum_rows
from dechaff.text.tokens import Hashes, Indices, Words, find_words, hash_spans

Roles = NDArray[np.int8]


class Role(NamedTuple):
    """What a line is to the title of its article.

    Attributes
    ----------
    reason : str
        As `LabelledLine.reasons` names it.
    log_odds : float
        What it adds to the line's log-odds of content.
    """

    reason: str
    log_odds: float


NO_ROLE, HEADLINE, COPY = range(3)
#: By number. The amounts are what a regression gave them, beside the log-odds of models that had not seen the site.
ROLES: Final = (
    Role("no role", 0.0),
    Role("heads the article with its title", 3.3),
    Role("repeats the title", -0.65),
)
#: The reasons that a line can have from its role.
REASONS: Final = tuple(role.reason for role in ROLES[1:])
# A line says the title if so many of its words are the title's, and of the title's words are in it.
_SAME: Final = 0.8
# No more of the probable content than this stands above a headline.
_ABOVE: Final = 0.1
# A line is what an address means if it has this share of the address's words, and at least so many.
_SLUG_SHARE: Final = 0.6
_SLUG_WORDS: Final = 3

# What stands between a headline and the name of its site.
_SEPARATOR: Final = re.compile(r"\s+(?:[|·•»/–—-]|::)\s+|\s*\|\s*")
_HOST: Final = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//[^/?#]*", re.IGNORECASE)
_EXTENSION: Final = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)
_IN_SLUGS: Final = re.compile(r"[\s_+.,–-]+")
_NUMBER: Final = re.compile(r"\d{4,}")


class PageInfo(NamedTuple):
    """What is known of an article besides its text."""

    title: str | None = None
    url: str | None = None


#: Of an article of which nothing is known.
NO_PAGE_INFO: Final = PageInfo()


def make_page_info(title: object, url: object, place: int | None = None) -> PageInfo:
    """Put an article's title and address together.

    Parameters
    ----------
    title, url : str, optional
    place : int, optional
        Of the article among several, for errors.

    Raises
    ------
    InputError
        If one is neither string nor None.
    """
    for value, name in ((title, "title"), (url, "URL")):
        if not isinstance(value, str | None):
            which = f"the {name}" if place is None else f"{name} {place}"
            raise InputError(f"{which} is {type(value).__name__}, neither str nor None")
    return PageInfo(title or None, url or None)  # type: ignore[arg-type]


def make_page_infos(
    texts: Sized, titles: Sequence[str | None] | None, urls: Sequence[str | None] | None
) -> list[PageInfo] | None:
    """Put each article's title and address together; None if no article has any.

    Parameters
    ----------
    texts : sequence of str
    titles, urls : sequence of str or None, length n_articles, optional

    Raises
    ------
    InputError
        If there are not as many as texts, or one is neither string nor None.

    Examples
    --------
    >>> make_page_infos(["a", "b"], ["The mill shuts", None], None)
    [PageInfo(title='The mill shuts', url=None), PageInfo(title=None, url=None)]
    """
    for values, name in ((titles, "title"), (urls, "URL")):
        if isinstance(values, str):
            raise InputError(f"one {name}: give a list of {name}s, or use keep_content")
        if values is not None and len(values) != len(texts):
            raise InputError(f"{len(texts)} texts, but {len(values)} {name}s: give each text its {name}, or None")
    if titles is None and urls is None:
        return None
    nothing = [None] * len(texts)
    pairs = zip(nothing if titles is None else titles, nothing if urls is None else urls, strict=True)
    page_infos = [make_page_info(title, url, place) for place, (title, url) in enumerate(pairs)]
    return None if all(page_info == NO_PAGE_INFO for page_info in page_infos) else page_infos


def title_parts(title: str) -> Iterator[str]:
    """Give what stands before the last separator of a title and after the first, and before the first.

    Parameters
    ----------
    title : str
        Such as "headline | site": nothing is given of one without separators.

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


def url_words(url: str) -> str:
    """Give the words of an address that may be a title's: of the last part of its path with three words or more.

    Parameters
    ----------
    url : str

    Returns
    -------
    str
        Without numbers that name a page.

    Examples
    --------
    >>> url_words("https://post.example/2024/06/valley-mill-shuts-10442.html?ref=home")
    'valley mill shuts'
    >>> url_words("https://post.example/%E6%9D%B1%E4%BA%AC/1")
    '東京'
    """
    path = re.split("[?#]", _HOST.sub("", url, count=1))[0]
    parts = (_IN_SLUGS.split(_EXTENSION.sub("", part)) for part in unquote(path).split("/"))
    slugs = [" ".join(word for word in part if word and not _NUMBER.search(word)) for part in parts]
    several = [slug for slug in slugs if slug.count(" ") >= _SLUG_WORDS - 1]
    return several[-1] if several else max(slugs, key=len)


def title_log_odds(
    batch: LineBatch, log_odds: Values, page_infos: Sequence[PageInfo], words: Words | None = None
) -> Values:
    """Give what titles add to the log-odds of each line: to headlines more, to their copies less.

    Parameters
    ----------
    batch : LineBatch
    log_odds : ndarray of float64, shape (n_lines,)
        Without titles.
    page_infos : sequence of PageInfo, length n_articles

    Returns
    -------
    ndarray of float64, shape (n_lines,)
    """
    return _amounts()[find_roles(batch, log_odds, page_infos, words)]


def title_contributions(batch: LineBatch, log_odds: Values, page_info: PageInfo, words: Words) -> Values:
    """Split the result of `title_log_odds` for one article by reason, shape (n_reasons, n_lines).

    Parameters
    ----------
    batch : LineBatch
        Of one article.
    log_odds : ndarray of float64, shape (n_lines,)
    page_info : PageInfo
    words : Words
        Of the batch.
    """
    roles = find_roles(batch, log_odds, [page_info], words)
    return np.where(roles == np.arange(1, len(ROLES))[:, None], _amounts()[roles], 0.0)


def _amounts() -> Values:
    return np.array([role.log_odds for role in ROLES])


def find_roles(
    batch: LineBatch, log_odds: Values, page_infos: Sequence[PageInfo], words: Words | None = None
) -> Roles:
    r"""Say of each line what it is to the title of its article.

    Lines say a title if their words are the same, all but a few, case, marks and the values of digits aside. The
    headline is the last of them above the body; without one there are no copies of it.

    Parameters
    ----------
    batch : LineBatch
    log_odds : ndarray of float64, shape (n_lines,)
        Without titles: they tell where the body is.
    page_infos : sequence of PageInfo, length n_articles

    Returns
    -------
    ndarray of int8, shape (n_lines,)
        Places in `ROLES`.

    Examples
    --------
    >>> batch = LineBatch.from_texts(["Home\nThe mill shuts\nIt closed on Monday.\nThe mill shuts"])
    >>> find_roles(batch, np.array([-2.0, 0.0, 5.0, -2.0]), [PageInfo("The mill shuts | Post")]).tolist()
    [0, 1, 0, 2]
    """
    words = find_words(batch) if words is None else words
    hashes = _plain_hashes(words)
    mass = sigmoid(log_odds) * words.counts
    roles = np.zeros(batch.n_lines, np.int8)
    wanted = LineBatch.from_texts([_spellings(page_info) for page_info in page_infos])
    names = find_words(wanted)
    name_hashes = _plain_hashes(names)
    for article in np.flatnonzero(np.diff(wanted.article_lines)).tolist():
        own = slice(*batch.article_lines[article : article + 2].tolist())
        spelt = _lines_of(names, name_hashes, slice(*wanted.article_lines[article : article + 2].tolist()))
        lines = _lines_of(words, hashes, own)
        is_title = lines.match_title(spelt) if page_infos[article].title else lines.match_url(spelt)
        roles[own] = _roles(is_title, mass[own])
    return roles


def _spellings(page_info: PageInfo) -> str:
    """Write each form of a title, or the words of an address, on a line."""
    if not page_info.title:
        return url_words(page_info.url or "")
    title = " ".join(page_info.title.split())
    return "\n".join((title, *title_parts(title)))


def _roles(says: NDArray[np.bool_], mass: Values) -> Roles:
    """Give each line of an article its role: of those that say the title, the last above the body heads it."""
    above = np.cumsum(np.where(says, 0, mass))
    heads = np.flatnonzero(says & (above <= _ABOVE * above[-1:]))
    roles = np.where(says & (len(heads) > 0), COPY, NO_ROLE).astype(np.int8)
    roles[heads[-1:]] = HEADLINE
    return roles


class _Lines(NamedTuple):
    """The words of some lines: their hashes, and where each line's begin."""

    hashes: Hashes
    offsets: Indices

    def match_title(self, spelt: "_Lines") -> NDArray[np.bool_]:
        """Tell which lines say one of the forms of a title."""
        says = np.zeros(len(self.offsets) - 1, np.bool_)
        whole, *parts = (spelt.hashes[a:b] for a, b in pairwise(spelt.offsets.tolist()))
        for words in (whole, *(part for part in parts if len(part) >= max(3, len(whole) / 2))):
            said, own = self._shares(words)
            says |= np.minimum(said, own) >= _SAME
        return says

    def match_url(self, spelt: "_Lines") -> NDArray[np.bool_]:
        """Tell which lines say what the line says that shares most words with an address."""
        said, own = self._shares(spelt.hashes)
        fits = np.minimum(said, own)
        n_words = said * len(np.unique(spelt.hashes))
        fits[n_words < _SLUG_WORDS - 0.5] = 0
        if not len(fits) or fits.max() < _SLUG_SHARE:
            return np.zeros(len(fits), np.bool_)
        best = int(np.argmax(fits))
        begin, end = self.offsets[best : best + 2].tolist()
        return self.match_title(_Lines(self.hashes[begin:end], np.array([0, end - begin])))

    def _shares(self, wanted: Hashes) -> tuple[Values, Values]:
        """Give the share of the wanted words that each line has, and the share of its words that are wanted."""
        n_lines, wanted = len(self.offsets) - 1, np.unique(wanted)
        n_words = np.diff(self.offsets)
        if not len(wanted):
            return np.zeros(n_lines), np.zeros(n_lines)
        place = np.minimum(np.searchsorted(wanted, self.hashes), len(wanted) - 1)
        is_wanted = wanted[place] == self.hashes
        lines = np.repeat(np.arange(n_lines), n_words)
        pairs = np.unique(lines[is_wanted] * len(wanted) + place[is_wanted])
        said = np.bincount(pairs // len(wanted), minlength=n_lines) / len(wanted)
        return said, sum_rows(is_wanted.astype(np.float64), self.offsets) / np.maximum(n_words, 1)


def _lines_of(words: Words, hashes: Hashes, lines: slice) -> _Lines:
    offsets = words.offsets[lines.start : lines.stop + 1]
    return _Lines(hashes[offsets[0] : offsets[-1]], offsets - offsets[0])


def _plain_hashes(words: Words) -> Hashes:
    """Hash words as addresses spell them: without the marks of their letters."""
    return hash_spans(fold_table().take(_plain_letters().take(words.batch.codes)), words.starts, words.ends)


@cache
def _plain_letters() -> NDArray[np.uint32]:
    """Give each letter with a mark that is Latin, Greek or Cyrillic its plain one, shape (0x110000,)."""
    table = np.arange(N_CODE_POINTS, dtype=np.uint32)
    for code in (*range(0xC0, 0x530), *range(0x1E00, 0x2000)):
        table[code] = ord(unicodedata.normalize("NFD", chr(code))[0])
    table.flags.writeable = False
    return table
