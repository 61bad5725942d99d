"""Site duplicates: lines that occur on several pages of one site, most of which are boilerplate.

datatrove and others remove such lines outright. Here they only lower the log-odds, because a line of the article
may also occur in its teaser.
"""

from collections.abc import Hashable, Sequence, Sized
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Flags, Values
from dechaff.errors import InputError
from dechaff.features.words import line_hashes
from dechaff.text.batching import batches
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import Ragged, repeat_rows, sum_rows
from dechaff.text.tokens import find_words

#: Added to the log-odds of content of a site duplicate. The value was fitted by a regression on training sites with
#: several pages, together with out-of-fold log-odds.
SITE_DUPLICATE_LOG_ODDS: Final = -1.8
# A page whose probable content has a larger share of duplicates is a copy of another page, not boilerplate.
_COPY_SHARE: Final = 0.8


def find_site_duplicates(texts: Sequence[str], groups: Sequence[Hashable]) -> Flags:
    r"""Flag the lines that also occur in another article of the same group.

    Lines count as equal if their words are equal; the order, case, punctuation and values of digits are ignored.
    Lines without words are never duplicates.

    Parameters
    ----------
    texts : sequence of str
        One article each.
    groups : sequence of hashable, length n_articles
        The site of each article; an article with None is not compared with others.

    Returns
    -------
    ndarray of bool, shape (n_lines,)
        True for duplicates among the non-blank lines of all articles, in order.

    Raises
    ------
    InputError
        If the numbers of groups and texts differ, or a group is not hashable.

    Examples
    --------
    >>> find_site_duplicates(["Share\nThe mill shuts", "Rain\nShare!", "Share"], ["a", "a", "b"]).tolist()
    [True, False, False, True, False]
    """
    check_groups(texts, groups)
    numbers: dict[Hashable, int] = {}
    try:
        # Tables may have NaN for None: NaN is not equal to itself.
        group = [numbers.setdefault(object() if g is None or g != g else g, len(numbers)) for g in groups]
    except TypeError as error:
        raise InputError(f"a group cannot be compared: {error}") from error
    found = [(line_hashes(find_words(batch)), np.diff(batch.article_lines)) for batch in batches(texts)]
    if not found:
        return np.zeros(0, np.bool_)
    hashes, n_lines = (np.concatenate(parts) for parts in zip(*found, strict=True))
    article = np.repeat(np.arange(len(texts)), n_lines)
    return _occurs_elsewhere(hashes, np.array(group, np.int64)[article], article)


def check_groups(texts: Sized, groups: Sized) -> None:
    """Raise InputError unless there is one group for each text."""
    if len(groups) != len(texts):
        raise InputError(f"{len(texts)} texts, but {len(groups)} groups: give each text its site, or None")


def _occurs_elsewhere(hashes: NDArray[np.uint64], group: NDArray[np.int64], article: NDArray[np.int64]) -> Flags:
    """Flag the lines whose hash occurs in more than one article of their group."""
    order = np.lexsort((article, hashes, group))
    sorted_hashes, sorted_group, sorted_article = hashes[order], group[order], article[order]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (sorted_hashes[1:] != sorted_hashes[:-1]) | (sorted_group[1:] != sorted_group[:-1])
    starts = np.append(np.flatnonzero(is_new), len(order))
    # Equal lines are sorted by article: they occur in several articles if the first and the last differ.
    several = sorted_article[starts[1:] - 1] != sorted_article[starts[:-1]]
    flags = np.empty(len(order), np.bool_)
    flags[order] = repeat_rows(several, Ragged(starts)) & (sorted_hashes != 0)
    return flags


def lower_site_duplicates(batch: LineBatch, log_odds: Values, is_duplicate: Flags) -> Values:
    """Lower the log-odds of site duplicates, except on pages that are copies of other pages.

    Parameters
    ----------
    batch : LineBatch
    log_odds : ndarray of float64, shape (n_lines,)
    is_duplicate : ndarray of bool, shape (n_lines,)
        The result of `find_site_duplicates`.
    """
    lowered = SITE_DUPLICATE_LOG_ODDS * (is_duplicate & ~is_copy(batch, log_odds, is_duplicate))
    return np.asarray(log_odds + lowered, np.float64)


def is_copy(batch: LineBatch, log_odds: Values, is_duplicate: Flags) -> Flags:
    """Return the lines of pages most of whose probable content is also on other pages, shape (n_lines,).

    Parameters
    ----------
    batch : LineBatch
    log_odds : ndarray of float64, shape (n_lines,)
    is_duplicate : ndarray of bool, shape (n_lines,)
        Whether each line is also on another page.
    """
    content = (batch.ends - batch.starts) * (log_odds > 0)
    n_duplicate, n_content = sum_rows(np.array((content * is_duplicate, content)), batch.articles)
    return repeat_rows(n_duplicate > _COPY_SHARE * n_content, batch.articles)
