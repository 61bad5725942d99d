"""From log-odds to decisions: which lines are kept, and which articles are flagged as doubtful."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Values
from dechaff.decisions.site_evidence import site_log_odds
from dechaff.decisions.site_lines import lower_site_duplicates
from dechaff.decisions.titles import NO_PAGE_INFO, PageInfo, title_log_odds
from dechaff.linear.artifact import default_model
from dechaff.linear.forward import Forward
from dechaff.linear.line_model import LineModel, Threshold
from dechaff.linear.stage import sigmoid
from dechaff.sites import SiteProfile
from dechaff.text.batching import batches
from dechaff.text.characters import WORD
from dechaff.text.lines import MOST_LINES, LineBatch
from dechaff.text.ragged import Ragged, max_rows, repeat_rows, sum_rows

_log: Final = logging.getLogger(__name__)

#: The values of `CleanedArticle.flags`; "kept by the guard" means kept by the fallback of `apply_threshold`.
FLAGS: Final = ("nearly all dropped", "unsure", "kept by the guard")
# An article with a lower share of kept characters is flagged.
_NEARLY_ALL: Final = 0.05
# An article with a higher mean of min(p, 1 - p) over its characters is flagged.
_UNSURE: Final = 0.25
# A line of at least this many characters may be a whole article.
_ARTICLE_CHARS: Final = 1000


@dataclass(frozen=True, eq=False)
class Decision:
    """Which lines of a batch are kept, and why an article is flagged.

    Attributes
    ----------
    batch : LineBatch
    kept : ndarray of bool, shape (n_lines,)
    probability : ndarray of float64, shape (n_lines,)
        The probability of content, with site duplicates and titles taken into account.
    flags : list of tuple of str, length n_articles
        The flags of each article, a subset of `FLAGS`.
    model : LineModel
    forward : Forward or None
        The forward pass; None if the batch has no lines, or more than `MOST_LINES` lines.
    spared : ndarray of bool, shape (n_lines,), optional
        The lines that are kept for their kind alone, although they are boilerplate.
    site_shift : ndarray of float64, shape (n_lines,), optional
        By how much a site profile changed the log-odds; None without a profile.
    """

    batch: LineBatch
    kept: NDArray[np.bool_]
    probability: Values
    flags: list[tuple[str, ...]]
    model: LineModel
    forward: Forward | None
    spared: NDArray[np.bool_] | None = None
    site_shift: Values | None = None

    @property
    def is_boilerplate(self) -> NDArray[np.bool_]:
        """Return which lines are boilerplate: those dropped, and those kept for their kind alone."""
        return ~self.kept if self.spared is None else ~self.kept | self.spared

    def forwards(self) -> Iterator[Forward]:
        """Yield the forward pass of each section of the batch.

        A batch of at most `MOST_LINES` lines is one section, whose forward pass is stored. For a longer batch, the
        forward passes are computed again, one at a time, to bound the memory.
        """
        if self.forward is not None:
            yield self.forward
        elif self.batch.n_lines:
            yield from map(self.model.forward, self.batch.sections())

    @property
    def n_lines(self) -> NDArray[np.int64]:
        """Return the number of lines of each article, shape (n_articles,)."""
        return self.batch.articles.counts

    @property
    def n_kept(self) -> NDArray[np.int64]:
        """Return the number of kept lines of each article, shape (n_articles,)."""
        return sum_rows(self.kept.astype(np.int64), self.batch.articles)

    def kept_texts(self) -> Iterator[str]:
        """Yield the kept text of each article; an article without lines is kept unchanged."""
        return kept_texts(self.batch, self.kept)

    def dropped_texts(self) -> Iterator[str]:
        """Yield the dropped text of each article: the text that `kept_texts` leaves out."""
        texts = kept_texts(self.batch, ~self.kept)
        return (text if n_lines else "" for text, n_lines in zip(texts, self.n_lines.tolist(), strict=True))


def decide(
    texts: Sequence[str],
    model: LineModel | None = None,
    threshold: Threshold = None,
    duplicates: NDArray[np.bool_] | None = None,
    page_infos: Sequence[PageInfo] | None = None,
    sites: SiteProfile | None = None,
) -> Iterator[Decision]:
    """Yield the decisions on articles, one decision for each batch.

    A decision holds the features of its lines: release each decision before requesting the next one.

    Parameters
    ----------
    texts : sequence of str
    model : LineModel, optional
    threshold : float or str, optional
    duplicates : ndarray of bool, shape (n_lines,), optional
        The result of `find_site_duplicates`.
    page_infos : sequence of PageInfo, length n_articles, optional
        The title and the address of each article's page, which may both be missing.
    sites : SiteProfile, optional
        The lines of several pages of a site; the sites are those of `page_infos`.

    Raises
    ------
    InputError
        If a text is not a string, or `threshold` is neither within [0, 1] nor a preset of the model.
    """
    model = model or default_model()
    number = model.resolve_threshold(threshold)
    page_infos = page_infos if page_infos and any(map(any, page_infos)) else None
    article = line = 0
    for batch in batches(texts):
        lines = slice(line, line + batch.n_lines)
        own_infos = page_infos and page_infos[article : article + batch.n_articles]
        article, line = article + batch.n_articles, lines.stop
        own_duplicates = None if duplicates is None else duplicates[lines]
        yield _decide_batch(batch, model, number, own_duplicates, own_infos, sites)


def _decide_batch(
    batch: LineBatch,
    model: LineModel,
    threshold: float,
    duplicates: NDArray[np.bool_] | None,
    page_infos: Sequence[PageInfo] | None,
    sites: SiteProfile | None,
) -> Decision:
    forward = model.forward(batch) if 0 < batch.n_lines <= MOST_LINES else None
    untitled = odds = model.log_odds(batch) if forward is None else forward.log_odds
    if duplicates is not None:
        odds = lower_site_duplicates(batch, odds, duplicates)
        _log_lines("lines that are on several pages of their site", duplicates)
    words = None if forward is None else forward.words
    shift = None
    if sites is not None:
        names = [info.site_name for info in page_infos or [NO_PAGE_INFO] * batch.n_articles]
        shift = site_log_odds(batch, untitled, sites, names, words)
        # What the profile knows replaces what the other articles of the call show.
        odds = np.where(shift < 0, untitled + shift, odds)
        _log_lines("lines that a site profile lowers", shift < 0)
    probability = sigmoid(odds)
    kept = _keep(batch, probability, threshold, model)
    if page_infos:
        titled = title_log_odds(batch, untitled, page_infos, words)
        probability = sigmoid(odds + titled)
        _log_lines("lines that a title or an address raises or lowers", titled != 0)
        kept = _keep_titles(kept, _keep(batch, probability, threshold, model), titled != 0, batch.article_lines)
    flags = _flag(batch, kept, probability, threshold)
    kept = keep_wordless(batch, kept)
    if _log.isEnabledFor(logging.DEBUG):
        counts = batch.n_articles, batch.n_lines, int(kept.sum()), threshold, sum(map(bool, flags))
        _log.debug("articles: %d, lines: %d, of these kept: %d at threshold %.3f; articles flagged: %d", *counts)
    return Decision(batch, kept, probability, flags, model, forward, site_shift=shift)


def _log_lines(what: str, flags: NDArray[np.bool_]) -> None:
    """Log a number of lines, which is counted only if somebody reads it."""
    if _log.isEnabledFor(logging.DEBUG):
        _log.debug("%s: %d", what, int(flags.sum()))


def _keep(batch: LineBatch, probability: Values, threshold: float, model: LineModel) -> NDArray[np.bool_]:
    n_chars = batch.ends - batch.starts
    return apply_threshold(probability, n_chars, batch.article_lines, threshold, model.threshold)


def _keep_titles(
    before: NDArray[np.bool_], after: NDArray[np.bool_], is_title: NDArray[np.bool_], offsets: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return the decisions made with titles for title lines, and those made without titles for all other lines.

    So titles do not change which other lines the fallback keeps. If nothing would be kept, because the fallback had
    kept only a copy of the title, the decisions made with titles are used for all lines of the article.
    """
    kept = np.where(is_title, after, before)
    rows = Ragged(offsets)
    is_empty = repeat_rows(sum_rows(kept * 1.0, rows) == 0, rows)
    return np.where(is_empty, after, kept)


def apply_threshold(
    probability: Values,
    n_chars: NDArray[np.int64],
    offsets: NDArray[np.int64],
    threshold: float,
    own_threshold: float | None = None,
) -> NDArray[np.bool_]:
    """Return which lines to keep: those that reach the threshold, and those that the fallback keeps.

    If a line of an article reaches the model's own threshold, the fallback keeps the best line. Otherwise it keeps
    lines as long as an article, which an extractor printed without line breaks; and if the best probability is at
    least half the model's own threshold, also the lines with at least half the best probability. The fallback does
    not depend on `threshold`, so a higher threshold never keeps more lines.

    Parameters
    ----------
    probability : ndarray of float64, shape (n_lines,)
        The probability of content of each line.
    n_chars : ndarray of int64, shape (n_lines,)
        The number of code points of each line.
    offsets : ndarray of int64, shape (n_articles + 1,)
    threshold : float
    own_threshold : float, optional
        The model's own threshold; by default `threshold`.

    Examples
    --------
    >>> apply_threshold(np.array([0.4, 0.1, 0.3]), np.array([80, 9, 60]), np.array([0, 3]), threshold=0.5).tolist()
    [True, False, True]
    """
    own_threshold = threshold if own_threshold is None else own_threshold
    rows = Ragged(offsets)
    best = repeat_rows(max_rows(probability, rows), rows)
    is_near = (best >= own_threshold / 2) & (probability >= best / 2)
    fallback = np.where(best < own_threshold, is_near | (n_chars >= _ARTICLE_CHARS), probability >= best)
    return np.asarray((probability >= threshold) | fallback, np.bool_)


def keep_wordless(batch: LineBatch, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    r"""Return which lines to keep: also those without letters and digits, if the lines around them are kept.

    Parameters
    ----------
    batch : LineBatch
    kept : ndarray of bool, shape (n_lines,)

    Examples
    --------
    >>> batch = LineBatch.from_texts(["One\n* * *\n---\nTwo\n***\nThree"])
    >>> keep_wordless(batch, np.array([True, False, False, True, False, False])).tolist()
    [True, True, True, True, False, False]
    """
    # Between lines there are only spaces.
    has_words = np.bitwise_or.reduceat(batch.classes, batch.starts) & WORD > 0
    silent = (~has_words).nonzero()[0]
    if not len(silent):
        return kept
    worded = has_words.nonzero()[0]
    after = worded.searchsorted(silent)
    inside = (after > 0) & (after < len(worded))
    silent, after = silent[inside], after[inside]
    before, after = worded[after - 1], worded[after]
    alike = batch.line_articles[before] == batch.line_articles[after]
    found = kept.copy()
    found[silent] |= alike & kept[before] & kept[after]
    return found


def _flag(
    batch: LineBatch, kept: NDArray[np.bool_], probability: Values, threshold: float
) -> list[tuple[str, ...]]:
    """Return the flags of each article."""
    width = (batch.ends - batch.starts).astype(np.float64)
    doubt, is_below = np.minimum(probability, 1 - probability), kept & (probability < threshold)
    sums = sum_rows(np.array((width, width * kept, width * doubt, is_below)), batch.articles)
    total = np.maximum(sums[0], 1)
    checks = (
        (batch.articles.counts > 0) & (sums[1] / total < _NEARLY_ALL),
        sums[2] / total > _UNSURE,
        sums[3] > 0,
    )
    named = list(zip(FLAGS, checks, strict=True))
    return [tuple(name for name, flags in named if flags[i]) for i in range(batch.n_articles)]


def kept_texts(batch: LineBatch, kept: NDArray[np.bool_]) -> Iterator[str]:
    """Yield the kept text of each article: its kept segments, joined; an article without lines is kept unchanged.

    Parameters
    ----------
    batch : LineBatch
    kept : ndarray of bool, shape (n_lines,)
    """
    starts, stops, bounds = _kept_spans(batch, kept)
    n_lines = batch.articles.counts.tolist()
    for article, text in enumerate(batch.texts):
        own = slice(*bounds[article : article + 2])
        pieces = [text[start:stop] for start, stop in zip(starts[own], stops[own], strict=True)]
        yield "".join(pieces) if n_lines[article] else text


def _kept_spans(batch: LineBatch, kept: NDArray[np.bool_]) -> tuple[list[int], list[int], list[int]]:
    """Compute the spans of kept text, one span for each sequence of consecutive kept lines.

    Returns
    -------
    starts, stops : list of int
        The offsets of each span within its article.
    bounds : list of int, length n_articles + 1
        The index of each article's first span.
    """
    filled, firsts, lasts = batch.articles.filled, batch.articles.firsts, batch.articles.lasts
    begins, ends = kept.copy(), kept.copy()
    begins[1:] &= ~kept[:-1]
    ends[:-1] &= ~kept[1:]
    begins[firsts], ends[lasts] = kept[firsts], kept[lasts]
    starts = batch.starts.copy()  # of the segments; the first one begins where its article does
    starts[firsts] = batch.article_codes[filled]
    stops = np.empty_like(starts)
    stops[:-1] = starts[1:]
    stops[lasts] = batch.article_codes[filled + 1] - 1
    begin_lines = begins.nonzero()[0]
    shift = batch.article_codes[batch.line_articles[begin_lines]]
    bounds = begin_lines.searchsorted(batch.article_lines).tolist()
    return (starts[begin_lines] - shift).tolist(), (stops[ends] - shift).tolist(), bounds
