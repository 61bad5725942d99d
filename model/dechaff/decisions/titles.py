"""Titles and URLs of articles: they raise the log-odds of the headline and lower those of its copies.

A page repeats its title: as the headline, in breadcrumbs above the headline, and in share texts and lists below it.
The text alone does not show which of these is the headline; comparing the lines with the title does.
"""

import re
import unicodedata
from collections.abc import Sequence, Sized
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Hashes, Indices, Values
from dechaff.errors import InputError
from dechaff.linear.stage import sigmoid
from dechaff.sites import site_of
from dechaff.text.characters import N_CODE_POINTS, fold_table
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import Ragged, sum_rows
from dechaff.text.titles import may_be_headline, title_parts
from dechaff.text.tokens import Words, find_words, hash_spans

Roles = NDArray[np.int8]


class Role(NamedTuple):
    """The relation of a line to the title of its article.

    Attributes
    ----------
    reason : str
        The name of the role in `LabelledLine.reasons`.
    log_odds : float
        The number added to the line's log-odds of content.
    """

    reason: str
    log_odds: float


NO_ROLE, HEADLINE, COPY = range(3)
#: The roles by number. Their log-odds were fitted by a regression together with out-of-fold log-odds.
ROLES: Final = (
    Role("no role", 0.0),
    Role("heads the article with its title", 3.3),
    Role("repeats the title", -0.65),
)
#: The reasons that roles can add.
REASONS: Final = tuple(role.reason for role in ROLES[1:])
#: The usual names of the fields with the title and the address of a page.
TITLE_NAMES: Final = ("title", "headline")
URL_NAMES: Final = ("url", "uri", "link")
# A line matches a title if at least this share of the line's words and of the title's words is common to both.
_MIN_OVERLAP: Final = 0.8
# At most this share of the probable content lies above a headline.
_MAX_ABOVE: Final = 0.1
# A line matches a URL if at least this share and this number of their words is common to both.
_SLUG_SHARE: Final = 0.6
_SLUG_WORDS: Final = 3

_HOST: Final = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//[^/?#]*", re.IGNORECASE)
_EXTENSION: Final = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)
_IN_SLUGS: Final = re.compile(r"[\s_+.,–-]+")
_NUMBER: Final = re.compile(r"\d{4,}")


class PageInfo(NamedTuple):
    """The title, the URL and the site of an article's page; the site is needed only if the URL does not tell it."""

    title: str | None = None
    url: str | None = None
    site: str | None = None

    def __repr__(self) -> str:
        shown = f"title={self.title!r}, url={self.url!r}"
        return f"PageInfo({shown})" if self.site is None else f"PageInfo({shown}, site={self.site!r})"

    @property
    def site_name(self) -> str | None:
        """Return the site, by default the registered domain of the URL."""
        return self.site or site_of(self.url)


#: Page info with neither title nor URL.
NO_PAGE_INFO: Final = PageInfo()


def make_page_info(title: object, url: object, place: int | None = None) -> PageInfo:
    """Return the page info of one article.

    Parameters
    ----------
    title, url : str, optional
    place : int, optional
        The article's index, for error messages.

    Raises
    ------
    InputError
        If the title or the URL is neither a string nor None.
    """
    for value, name in ((title, "title"), (url, "URL")):
        if not isinstance(value, str | None):
            which = f"the {name}" if place is None else f"{name} {place}"
            raise InputError(f"{which} is {type(value).__name__}, neither str nor None")
    return PageInfo(title or None, url or None)  # type: ignore[arg-type]


def make_page_infos(
    texts: Sized, titles: Sequence[str | None] | None, urls: Sequence[str | None] | None
) -> list[PageInfo] | None:
    """Return the page info of each article; None if no article has a title or URL.

    Parameters
    ----------
    texts : sequence of str
    titles, urls : sequence of str or None, length n_articles, optional

    Raises
    ------
    InputError
        If the number of titles or URLs differs from the number of texts, or one is neither a string nor None.

    Examples
    --------
    >>> make_page_infos(["a", "b"], ["The mill shuts", None], None)
    [PageInfo(title='The mill shuts', url=None), PageInfo(title=None, url=None)]
    """
    for values, name in ((titles, "title"), (urls, "URL")):
        if isinstance(values, str):
            raise InputError(f"the {name}s are a single string: give a list of {name}s, or use keep_content")
        if values is not None and len(values) != len(texts):
            raise InputError(f"{len(texts)} texts, but {len(values)} {name}s: give each text its {name}, or None")
    if titles is None and urls is None:
        return None
    nothing = [None] * len(texts)
    pairs = zip(nothing if titles is None else titles, nothing if urls is None else urls, strict=True)
    page_infos = [make_page_info(title, url, place) for place, (title, url) in enumerate(pairs)]
    return None if all(page_info == NO_PAGE_INFO for page_info in page_infos) else page_infos


def url_words(url: str) -> str:
    """Return the words of a URL that may repeat the title: the last part of the path with at least three words.

    If no part has three words, the longest part is used.

    Parameters
    ----------
    url : str

    Returns
    -------
    str
        The words, separated by spaces, without page numbers.

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
    """Compute how much titles change each line's log-odds: above zero for headlines, below zero for their copies.

    Parameters
    ----------
    batch : LineBatch
    log_odds : ndarray of float64, shape (n_lines,)
        The log-odds of content without titles.
    page_infos : sequence of PageInfo, length n_articles
    words : Words, optional
        The words of the batch.

    Returns
    -------
    ndarray of float64, shape (n_lines,)
    """
    return _role_log_odds()[find_roles(batch, log_odds, page_infos, words)]


def title_contributions(batch: LineBatch, log_odds: Values, page_info: PageInfo, words: Words) -> Values:
    """Split the result of `title_log_odds` for one article by reason, shape (n_reasons, n_lines).

    Parameters
    ----------
    batch : LineBatch
        A batch of a single article.
    log_odds : ndarray of float64, shape (n_lines,)
        The log-odds of content without titles.
    page_info : PageInfo
    words : Words
        The words of the batch.
    """
    roles = find_roles(batch, log_odds, [page_info], words)
    return np.where(roles == np.arange(1, len(ROLES))[:, None], _role_log_odds()[roles], 0.0)


def _role_log_odds() -> Values:
    return np.array([role.log_odds for role in ROLES])


def find_roles(
    batch: LineBatch, log_odds: Values, page_infos: Sequence[PageInfo], words: Words | None = None
) -> Roles:
    r"""Return the role of each line: headline, copy of the headline, or none.

    A line matches a title if nearly all words are the same; case, diacritics, punctuation and the values of digits
    are ignored. The headline is the closest match above the body, the last one of several; without a headline no
    line is a copy.

    Parameters
    ----------
    batch : LineBatch
    log_odds : ndarray of float64, shape (n_lines,)
        The log-odds of content, computed without titles; they locate the body.
    page_infos : sequence of PageInfo, length n_articles
    words : Words, optional
        The words of the batch.

    Returns
    -------
    ndarray of int8, shape (n_lines,)
        The roles as indices of `ROLES`.

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
    titles = LineBatch.from_texts([_title_forms(page_info) for page_info in page_infos])
    title_words = find_words(titles)
    title_hashes = _plain_hashes(title_words)
    for article in np.flatnonzero(np.diff(titles.article_lines)).tolist():
        own = slice(*batch.article_lines[article : article + 2].tolist())
        own_titles = slice(*titles.article_lines[article : article + 2].tolist())
        forms = _slice_lines(title_words, title_hashes, own_titles)
        lines = _slice_lines(words, hashes, own)
        closeness = lines.match_title(forms) if page_infos[article].title else lines.match_url(forms)
        roles[own] = _assign_roles(closeness, mass[own])
    return roles


def _title_forms(page_info: PageInfo) -> str:
    """Return the forms of a title, one on each line; without a title, the words of the URL on one line."""
    if not page_info.title:
        return url_words(page_info.url or "")
    title = " ".join(page_info.title.split())
    return "\n".join(dict.fromkeys((title, *title_parts(title))))


def _assign_roles(closeness: Values, mass: Values) -> Roles:
    """Return the roles of one article's lines: the last of the closest matches above the body is the headline.

    The other matches are copies; without a match above the body, no line has a role.
    """
    is_title = closeness >= _MIN_OVERLAP
    above = np.cumsum(np.where(is_title, 0, mass))
    heads = np.flatnonzero(is_title & (above <= _MAX_ABOVE * above[-1:]))
    roles = np.where(is_title & (len(heads) > 0), COPY, NO_ROLE).astype(np.int8)
    closest = closeness[heads].max(initial=0.0)
    roles[heads[closeness[heads] == closest][-1:]] = HEADLINE
    return roles


class _Lines(NamedTuple):
    """The hashes of the words of some lines, as ragged rows."""

    hashes: Hashes
    offsets: Indices

    def match_title(self, forms: "_Lines") -> Values:
        """Return how close each line is to a form of a title: the whole title, or a part that is long enough."""
        closeness = np.zeros(len(self.offsets) - 1)
        whole, *parts = (forms.hashes[a:b] for a, b in pairwise(forms.offsets.tolist()))
        for words in (whole, *(part for part in parts if may_be_headline(len(part), len(whole)))):
            closeness = np.maximum(closeness, np.minimum(*self._overlaps(words)))
        return closeness

    def match_url(self, url: "_Lines") -> Values:
        """Return how close each line is to the one that shares the most words with a URL; 0 without a match."""
        recall, precision = self._overlaps(url.hashes)
        overlap = np.minimum(recall, precision)
        n_common = recall * len(np.unique(url.hashes))
        overlap[n_common < _SLUG_WORDS - 0.5] = 0
        if not len(overlap) or overlap.max() < _SLUG_SHARE:
            return np.zeros(len(overlap))
        best = int(np.argmax(overlap))
        begin, end = self.offsets[best : best + 2].tolist()
        return self.match_title(_Lines(self.hashes[begin:end], np.array([0, end - begin])))

    def _overlaps(self, words: Hashes) -> tuple[Values, Values]:
        """Return for each line the share of distinct `words` in it, and the share of its words among `words`."""
        n_lines, words = len(self.offsets) - 1, np.unique(words)
        n_words = np.diff(self.offsets)
        if not len(words):
            return np.zeros(n_lines), np.zeros(n_lines)
        place = np.minimum(np.searchsorted(words, self.hashes), len(words) - 1)
        is_common = words[place] == self.hashes
        lines = np.repeat(np.arange(n_lines), n_words)
        pairs = np.unique(lines[is_common] * len(words) + place[is_common])
        recall = np.bincount(pairs // len(words), minlength=n_lines) / len(words)
        return recall, sum_rows(is_common.astype(np.float64), Ragged(self.offsets)) / np.maximum(n_words, 1)


def _slice_lines(words: Words, hashes: Hashes, lines: slice) -> _Lines:
    offsets = words.offsets[lines.start : lines.stop + 1]
    return _Lines(hashes[offsets[0] : offsets[-1]], offsets - offsets[0])


def _plain_hashes(words: Words) -> Hashes:
    """Hash words without diacritics, as URLs spell them."""
    return hash_spans(fold_table().take(_plain_letters().take(words.batch.codes)), words.starts, words.ends)


@cache
def _plain_letters() -> NDArray[np.uint32]:
    """Map Latin, Greek and Cyrillic letters with diacritics to their base letters, shape (0x110000,)."""
    table = np.arange(N_CODE_POINTS, dtype=np.uint32)
    for code in (*range(0xC0, 0x530), *range(0x1E00, 0x2000)):
        table[code] = ord(unicodedata.normalize("NFD", chr(code))[0])
    table.flags.writeable = False
    return table
