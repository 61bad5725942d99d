"""Lines that stand on several pages of one site: furniture more often than not, whatever they say.

Repeats across a site are what datatrove and others remove whole; here they are evidence, to be weighed against the
rest: a line of the article may stand in its teaser too.
"""

from collections.abc import Hashable, Sequence, Sized
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff.errors import InputError
from dechaff.features.words import line_hashes
from dechaff.linear.stage import Values
from dechaff.text.batching import batches
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import repeat_rows, sum_rows
from dechaff.text.tokens import find_words

Flags = NDArray[np.bool_]

#: What it adds to a line's log-odds of content that another page of its site has the line too: the weight that a
#: regression gave it on training sites with several pages, beside the log-odds of models that had not seen them.
SITE_DUPLICATE_LOG_ODDS: Final = -1.8
# Where more of the probable content than this stands elsewhere too, the page is a copy, not full of furniture.
_COPY: Final = 0.8


def find_site_duplicates(texts: Sequence[str], groups: Sequence[Hashable]) -> Flags:
    r"""Tell of every line whether another article of the same group has it too.

    Lines are equal if their words are: their order, case, punctuation and the values of digits do not matter. Lines
    without a word are no repeats.

    Parameters
    ----------
    texts : sequence of str
        One article each.
    groups : sequence of hashable, length n_articles
        The site of each article; None for one that stands alone.

    Returns
    -------
    ndarray of bool, shape (n_lines,)
        For the non-blank lines of all articles in order.

    Raises
    ------
    InputError
        If there are not as many groups as texts, or a group is not hashable.

    Examples
    --------
    >>> find_site_duplicates(["Share\nThe mill shuts", "Rain\nShare!", "Share"], ["a", "a", "b"]).tolist()
    [True, False, False, True, False]
    """
    check_groups(texts, groups)
    numbers: dict[Hashable, int] = {}
    try:
        # NaN, which tables have for None, is not equal to itself.
        group = [numbers.setdefault(object() if g is None or g != g else g, len(numbers)) for g in groups]
    except TypeError as error:
        raise InputError(f"a group cannot be compared: {error}") from error
    found = [(line_hashes(find_words(batch)), np.diff(batch.article_lines)) for batch in batches(texts)]
    if not found:
        return np.zeros(0, np.bool_)
    hashes, n_lines = (np.concatenate(parts) for parts in zip(*found, strict=True))
    article = np.repeat(np.arange(len(texts)), n_lines)
    return _stands_elsewhere(hashes, np.array(group, np.int64)[article], article)


def check_groups(texts: Sized, groups: Sized) -> None:
    """Refuse groups that are not one a text.

    Raises
    ------
    InputError
        With both numbers.
    """
    if len(groups) != len(texts):
        raise InputError(f"{len(texts)} texts, but {len(groups)} groups: give each text its site, or None")


def _stands_elsewhere(hashes: NDArray[np.uint64], group: NDArray[np.int64], article: NDArray[np.int64]) -> Flags:
    """Flag the lines whose hash occurs in more than one article of the group."""
    order = np.lexsort((article, hashes, group))
    sorted_hashes, sorted_group, sorted_article = hashes[order], group[order], article[order]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (sorted_hashes[1:] != sorted_hashes[:-1]) | (sorted_group[1:] != sorted_group[:-1])
    starts = np.append(np.flatnonzero(is_new), len(order))
    # Within a run of equal lines the articles are in order: more than one if the last is not the first.
    several = sorted_article[starts[1:] - 1] != sorted_article[starts[:-1]]
    flags = np.empty(len(order), np.bool_)
    flags[order] = repeat_rows(several, starts) & (sorted_hashes != 0)
    return flags


def lower_site_duplicates(batch: LineBatch, log_odds: Values, is_duplicate: Flags) -> Values:
    """Lower the log-odds of repeated lines, but not those of a page that is a copy of another.

    Parameters
    ----------
    batch : LineBatch
    log_odds : ndarray of float64, shape (n_lines,)
    is_duplicate : ndarray of bool, shape (n_lines,)
        As `find_site_duplicates` tells.
    """
    offsets = batch.article_lines
    content = (batch.ends - batch.starts) * (log_odds > 0)
    is_copy = sum_rows(content * is_duplicate, offsets) > _COPY * sum_rows(content, offsets)
    return np.asarray(
        log_odds + SITE_DUPLICATE_LOG_ODDS * (is_duplicate & ~repeat_rows(is_copy, offsets)), np.float64
    )
