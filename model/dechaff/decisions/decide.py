"""From log-odds to decisions: which lines are kept, and which articles someone should look at."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff.decisions.site_lines import lower_site_duplicates
from dechaff.decisions.titles import PageInfo, title_log_odds
from dechaff.linear.artifact import default_model
from dechaff.linear.line_model import LineModel, Threshold, Watch
from dechaff.linear.stage import Values, sigmoid
from dechaff.text.batching import batches
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import repeat_rows, sum_rows

Decision = tuple[LineBatch, NDArray[np.bool_], Values, list[tuple[str, ...]]]

#: What `CleanedArticle.flags` may say.
FLAGS: Final = ("nearly all dropped", "unsure", "kept by the guard")
# An article of which less than this share of its characters is kept has lost nearly all.
_NEARLY_ALL: Final = 0.05
# The mean of min(p, 1 - p) over an article's characters, above which its labels are little more than a guess.
_UNSURE: Final = 0.25
# A line of so many characters may be all that there is of an article.
_AN_ARTICLE: Final = 1000


def decide_lines(
    texts: Sequence[str],
    model: LineModel | None = None,
    threshold: Threshold = None,
    duplicates: NDArray[np.bool_] | None = None,
    page_infos: Sequence[PageInfo] | None = None,
    watch: Watch | None = None,
) -> Iterator[Decision]:
    """Give for each block of articles its lines, which of them are kept, their probabilities, and the flags.

    Parameters
    ----------
    texts : sequence of str
    model : LineModel, optional
    threshold : float or str, optional
    duplicates : ndarray of bool, shape (n_lines,), optional
        As `find_site_duplicates` tells.
    page_infos : sequence of PageInfo, length n_articles, optional
        As `make_page_infos` gives them.
    watch : callable, optional
        Is shown the features of the lines, as `LineModel.log_odds` says.

    Raises
    ------
    InputError
        As `clean_array`.
    """
    model = model or default_model()
    cut, own = model.resolve_threshold(threshold), model.threshold
    article = line = 0
    for batch in batches(texts):
        odds = judged = model.log_odds(batch, watch)
        n_chars = batch.ends - batch.starts
        keep = partial(
            apply_threshold, n_chars=n_chars, offsets=batch.article_lines, threshold=cut, own_threshold=own
        )
        if duplicates is not None:
            odds = lower_site_duplicates(batch, odds, duplicates[line : line + batch.n_lines])
        probability = sigmoid(odds)
        kept = keep(probability)
        if page_infos is not None:
            shift = title_log_odds(batch, judged, page_infos[article : article + batch.n_articles])
            probability = sigmoid(odds + shift)
            kept = _settle(kept, keep(probability), shift != 0, batch.article_lines)
        article, line = article + batch.n_articles, line + batch.n_lines
        yield batch, kept, probability, find_flags(batch, kept, probability, cut)


def _settle(
    before: NDArray[np.bool_], after: NDArray[np.bool_], says_title: NDArray[np.bool_], offsets: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Let a title decide on the lines that say it alone: a headline that stays keeps the guard from no other line.

    Of an article of which nothing would be left, because a copy of its title was all that the guard kept, the guard
    keeps what it can.
    """
    kept = np.where(says_title, after, before)
    is_empty = repeat_rows(sum_rows(kept * 1.0, offsets) == 0, offsets)
    return np.where(is_empty, after, kept)


def apply_threshold(
    probability: Values,
    n_chars: NDArray[np.int64],
    offsets: NDArray[np.int64],
    threshold: float,
    own_threshold: float | None = None,
) -> NDArray[np.bool_]:
    """Decide which lines to keep, so that no article comes out empty because of one threshold.

    Whatever the threshold, some lines stay. Of an article with lines that the model's own threshold keeps: the best
    one. Of one without: those with at least half the probability of its best line, if that has at least half the
    model's threshold; and lines as long as an article, which an extractor has printed without breaks. What stays
    does not depend on the threshold, so a higher one never keeps more.

    Parameters
    ----------
    probability : ndarray of float64, shape (n_lines,)
        Of content.
    n_chars : ndarray of int64, shape (n_lines,)
        The code points of each line.
    offsets : ndarray of int64, shape (n_articles + 1,)
    threshold : float
    own_threshold : float, optional
        The model's own; by default it is the threshold.

    Examples
    --------
    >>> apply_threshold(np.array([0.4, 0.1, 0.3]), np.array([80, 9, 60]), np.array([0, 3]), threshold=0.5).tolist()
    [True, False, True]
    """
    own_threshold = threshold if own_threshold is None else own_threshold
    counts = np.diff(offsets)
    filled = np.flatnonzero(counts)
    best = np.zeros(len(counts))
    if len(filled):
        best[filled] = np.maximum.reduceat(probability, offsets[filled])
    best = repeat_rows(best, offsets)
    is_near = (best >= own_threshold / 2) & (probability >= best / 2)
    stays = np.where(best < own_threshold, is_near | (n_chars >= _AN_ARTICLE), probability >= best)
    return np.asarray((probability >= threshold) | stays, np.bool_)


def find_flags(
    batch: LineBatch, kept: NDArray[np.bool_], probability: Values, threshold: float
) -> list[tuple[str, ...]]:
    """Say for each article why someone should look at it.

    Parameters
    ----------
    batch : LineBatch
    kept : ndarray of bool, shape (n_lines,)
    probability : ndarray of float64, shape (n_lines,)
    threshold : float
    """
    offsets = batch.article_lines
    width = (batch.ends - batch.starts).astype(np.float64)
    total = np.maximum(sum_rows(width, offsets), 1)
    has_lines = np.diff(offsets) > 0
    checks = (
        has_lines & (sum_rows(width * kept, offsets) / total < _NEARLY_ALL),
        sum_rows(np.minimum(probability, 1 - probability) * width, offsets) / total > _UNSURE,
        sum_rows((kept & (probability < threshold)) * 1.0, offsets) > 0,
    )
    named = list(zip(FLAGS, checks, strict=True))
    return [tuple(name for name, flags in named if flags[i]) for i in range(batch.n_articles)]


def kept_text(batch: LineBatch, kept: NDArray[np.bool_]) -> Iterator[str]:
    """Join the kept segments of each article; an article without lines is kept as it is.

    Parameters
    ----------
    batch : LineBatch
    kept : ndarray of bool, shape (n_lines,)
    """
    starts, stops, bounds = _kept_spans(batch, kept)
    n_lines = np.diff(batch.article_lines).tolist()
    for article, text in enumerate(batch.texts):
        own = slice(*bounds[article : article + 2])
        pieces = [text[start:stop] for start, stop in zip(starts[own], stops[own], strict=True)]
        yield "".join(pieces) if n_lines[article] else text


def _kept_spans(batch: LineBatch, kept: NDArray[np.bool_]) -> tuple[list[int], list[int], list[int]]:
    """Find the stretches of text that are kept: a span for each run of kept lines, not for each line.

    Returns
    -------
    starts, stops : list of int
        Within their articles.
    bounds : list of int, length n_articles + 1
        Where each article's spans begin in the lists.
    """
    offsets = batch.article_lines
    filled = np.flatnonzero(np.diff(offsets))
    firsts, lasts = offsets[filled], offsets[filled + 1] - 1
    begins, ends = kept.copy(), kept.copy()
    begins[1:] &= ~kept[:-1]
    ends[:-1] &= ~kept[1:]
    begins[firsts], ends[lasts] = kept[firsts], kept[lasts]
    starts = batch.starts.copy()  # of the segments: the first one begins with its article
    starts[firsts] = batch.article_codes[filled]
    stops = np.append(starts[1:], 0)
    stops[lasts] = batch.article_codes[filled + 1] - 1
    begin_lines = np.flatnonzero(begins)
    shift = batch.article_codes[batch.line_articles[begin_lines]]
    bounds = np.searchsorted(begin_lines, offsets).tolist()
    return (starts[begin_lines] - shift).tolist(), (stops[ends] - shift).tolist(), bounds
