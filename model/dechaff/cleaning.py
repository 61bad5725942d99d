"""Text in, labels and clean text out."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from dechaff.arrow import LINE_LABEL, Labels, is_arrow, labels_like, read_texts, texts_like
from dechaff.artifact import default_model
from dechaff.errors import InputError
from dechaff.explanation import Explanation, Reason, explain
from dechaff.kinds import line_kinds
from dechaff.lines import LineBatch
from dechaff.model import CLASSES, LineModel, Threshold, blocks, check_texts, sigmoid
from dechaff.repeats import check_groups, find_repeats, weigh_repeats
from dechaff.runs import spread, sum_runs
from dechaff.stages import Values

if TYPE_CHECKING:
    import pyarrow as pa

Strings = TypeVar("Strings", list[str], list[str | None], NDArray[np.object_])
Decision = tuple[LineBatch, NDArray[np.bool_], Values, list[tuple[str, ...]]]
Result = TypeVar("Result")

#: What `CleanedArticle.flags` may say.
FLAGS: Final = ("nearly all dropped", "unsure", "kept by the guard")
# An article of which less than this share of its characters is kept has lost nearly all.
_NEARLY_ALL: Final = 0.05
# The mean of min(p, 1 - p) over an article's characters, above which its labels are little more than a guess.
_UNSURE: Final = 0.25
# A line of so many characters may be all that there is of an article.
_AN_ARTICLE: Final = 1000


class _Answers:
    """Explains one article when the first of its lines is asked, and then once for all of them."""

    def __init__(self, model: LineModel, text: str, kept: NDArray[np.bool_]) -> None:
        self._model = model
        self._text = text
        self._kept = kept

    @cached_property
    def explanation(self) -> Explanation:
        """Explain the article, once."""
        return explain(self._model, self._text)

    @cached_property
    def kinds(self) -> list[str | None]:
        """Name the kinds of its boilerplate lines, once."""
        batch = LineBatch.from_texts([self._text])
        return line_kinds(batch, ~self._kept, keywords=self._model.keywords)


@dataclass(frozen=True)
class LabelledLine:
    """One line of an article and what the model says of it.

    Attributes
    ----------
    text : str
        The line, without the white space at its ends.
    start, end : int
        Its span in the article.
    label : str
        "content" or "boilerplate".
    probability : float
        Of content.
    """

    text: str
    start: int
    end: int
    label: str
    probability: float
    _index: int = field(repr=False)
    _answers: _Answers = field(repr=False, compare=False)

    @property
    def kind(self) -> str | None:
        """Name what a boilerplate line is, one of `dechaff.kinds.KINDS`; None for content."""
        return self._answers.kinds[self._index]

    def reasons(self, limit: int | None = 3) -> list[Reason]:
        """Say why: the features and words with the largest shares in the log-odds, strongest first."""
        return self._answers.explanation.reasons(self._index, limit)


@dataclass(frozen=True)
class CleanedArticle:
    """An article, line by line, and whether to trust the result.

    Two are equal if their texts, flags and counts are. It keeps what its lines are made from, the model too: to
    store or send many, take `text` or `lines` from them.

    Attributes
    ----------
    text : str
        The kept lines with the blank lines after them, byte for byte as in the input.
    flags : tuple of str
        "nearly all dropped", "unsure", "kept by the guard": reasons to look at the article; mostly none.
    n_lines, n_kept : int
        How many lines it had, blank ones aside, and how many are content.
    """

    text: str
    flags: tuple[str, ...]
    n_lines: int
    n_kept: int
    _label: Callable[[], list[LabelledLine]] = field(repr=False, compare=False)

    @cached_property
    def lines(self) -> list[LabelledLine]:
        """List every line with its label, made when first asked for."""
        return self._label()


def keep_content(text: str, model: LineModel | None = None, threshold: Threshold = None) -> str:
    """Drop the lines of an article that are boilerplate.

    Parameters
    ----------
    text : str
        One article, as an extractor gave it.
    model : LineModel, optional
        By default the one that dechaff ships with.
    threshold : float or str, optional
        Lines with at least this probability of content are kept; lower keeps more. "precision", "balanced" and
        "recall" are presets of the model that ships; by default the model's own threshold.

    Returns
    -------
    str
        The kept lines, each with the line breaks and blank lines after it, unchanged.

    Raises
    ------
    InputError
        If `text` is not a string or `threshold` neither within [0, 1] nor a preset.

    Examples
    --------
    >>> article = '''The council voted on Tuesday to repair the old bridge, which had been closed since March.
    ... Work will begin in the spring and is expected to take two years, the mayor said after the vote.
    ... Subscribe now for ₹900 per month
    ... '''
    >>> print(keep_content(article), end="")
    The council voted on Tuesday to repair the old bridge, which had been closed since March.
    Work will begin in the spring and is expected to take two years, the mayor said after the vote.
    """
    check_text(text)
    return clean_array([text], model, threshold)[0]


@overload
def clean_array(
    strings: Strings,
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
) -> Strings: ...


@overload
def clean_array(
    strings: "pa.Array | pa.ChunkedArray",
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
) -> Any: ...


def clean_array(
    strings: Any,
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
) -> Any:
    """Drop the boilerplate of many articles at once: much faster than one by one.

    Parameters
    ----------
    strings : list of str or None, ndarray of objects, or pyarrow Array or ChunkedArray of strings
        One article each; None and null stay what they are.
    model : LineModel, optional
    threshold : float or str, optional
        As for `keep_content`.
    groups : sequence of hashable, length n_articles, optional
        The site of each article, None for one that stands alone: lines that other pages of the site have too are
        less likely content. An article without others of its site comes out as it would without groups.

    Returns
    -------
    list of str or None, ndarray of objects, or pyarrow Array or ChunkedArray
        As given, cleaned: an Arrow array keeps its type and chunks; strings of a dictionary come back without it.

    Raises
    ------
    InputError
        If an element is neither string nor None, an Arrow array is none of strings, `threshold` is neither within
        [0, 1] nor a preset, or there are not as many groups as strings.

    Examples
    --------
    >>> clean_array(["", None])
    ['', None]
    """
    if is_arrow(strings):
        return texts_like(strings, clean_array(read_texts(strings), model, threshold, groups))
    cleaned = _for_each(strings, lambda batch, kept, *_: kept_text(batch, kept), model, threshold, groups)
    if isinstance(strings, np.ndarray):
        return np.array(cleaned, dtype=object)
    return cleaned


@overload
def label_array(
    strings: Sequence[str | None] | NDArray[np.object_],
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
) -> list[Labels | None]: ...


@overload
def label_array(
    strings: "pa.Array | pa.ChunkedArray",
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
) -> Any: ...


def label_array(
    strings: Any,
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
) -> Any:
    r"""Label the lines of many articles at once, as `clean_array` decides.

    Parameters
    ----------
    strings : list of str or None, ndarray of objects, or pyarrow Array or ChunkedArray of strings
    model : LineModel, optional
    threshold : float or str, optional
    groups : sequence of hashable, length n_articles, optional
        As for `clean_array`.

    Returns
    -------
    list of ndarray or None, or pyarrow Array or ChunkedArray
        For each article a record for each line that is not blank: `start` and `end`, its span in code points, as
        Python counts; `content`, a Boolean; and `probability`, of content. A list holds structured arrays, whose
        `tolist` gives plain tuples; an Arrow array holds lists of structs (large lists for large_string), in the
        chunks of `strings`. None and null stay what they are.

    Raises
    ------
    InputError
        As `clean_array`.

    Examples
    --------
    >>> text = "The river rose by two feet on Tuesday, after days of rain.\n\nSubscribe for ₹900 per month"
    >>> lines = label_array([text])[0]
    >>> lines[["start", "end", "content"]].tolist()
    [(0, 58, True), (60, 88, False)]
    >>> [text[start:end] for start, end in lines[~lines["content"]][["start", "end"]]]
    ['Subscribe for ₹900 per month']
    """
    if is_arrow(strings):
        return labels_like(strings, label_array(read_texts(strings), model, threshold, groups))
    return _for_each(strings, line_labels, model, threshold, groups)


def _for_each(
    strings: Sequence[str | None] | NDArray[np.object_],
    take: Callable[[LineBatch, NDArray[np.bool_], Values], Iterable[Result]],
    model: LineModel | None,
    threshold: Threshold,
    groups: Sequence[Hashable] | None,
) -> list[Result | None]:
    """Decide on many articles and take for each of them what `take` makes of a block; None stays None."""
    check_texts(strings, or_none=True)
    present = [(place, text) for place, text in enumerate(strings) if text is not None]
    texts = [text for _, text in present]
    repeats = None
    if groups is not None:
        sites = groups.to_pylist() if is_arrow(groups) else list(groups)  # type: ignore[attr-defined]
        check_groups(strings, sites)
        repeats = find_repeats(texts, [sites[place] for place, _ in present])
    decisions = decide_lines(texts, model, threshold, repeats)
    found = (each for batch, kept, probability, _ in decisions for each in take(batch, kept, probability))
    results: list[Result | None] = [None] * len(strings)
    for (place, _), each in zip(present, found, strict=True):
        results[place] = each
    return results


def classify_lines(text: str, model: LineModel | None = None, threshold: Threshold = None) -> list[LabelledLine]:
    r"""Label every non-blank line of an article.

    Parameters
    ----------
    text : str
    model : LineModel, optional
    threshold : float or str, optional
        As for `keep_content`.

    Returns
    -------
    list of LabelledLine

    Raises
    ------
    InputError
        As `keep_content`.

    Examples
    --------
    >>> [line.label for line in classify_lines("Share this article\n\nSubscribe for ₹900 per month")]
    ['boilerplate', 'boilerplate']
    """
    return clean_article(text, model, threshold).lines


def clean_article(text: str, model: LineModel | None = None, threshold: Threshold = None) -> CleanedArticle:
    r"""Label an article's lines, drop its boilerplate, and say whether to trust the result.

    Parameters
    ----------
    text : str
    model : LineModel, optional
    threshold : float or str, optional
        As for `keep_content`.

    Raises
    ------
    InputError
        As `keep_content`.

    Examples
    --------
    >>> clean_article("Log in\nSubscribe\nShare").flags
    ('nearly all dropped',)
    """
    check_text(text)
    model = model or default_model()
    batch, kept, probability, flags = next(decide_lines([text], model, threshold))
    label = partial(_label_lines, batch, kept, probability, _Answers(model, text, kept))
    return CleanedArticle(next(kept_text(batch, kept)), flags[0], batch.n_lines, int(kept.sum()), label)


def _label_lines(
    batch: LineBatch, kept: NDArray[np.bool_], probability: Values, answers: _Answers
) -> list[LabelledLine]:
    """Say of each line of a batch of one article what was decided."""
    text = batch.texts[0]
    decisions = zip(batch.spans(0), kept.tolist(), probability.tolist(), strict=True)
    return [
        LabelledLine(text[start:end], start, end, CLASSES[keep], p, index, answers)
        for index, ((start, end), keep, p) in enumerate(decisions)
    ]


def check_text(text: object) -> None:
    """Refuse what is no string.

    Raises
    ------
    InputError
        With the type that was given.
    """
    if not isinstance(text, str):
        raise InputError(f"the text is {type(text).__name__}, not str: decode it first")


def kept_text(batch: LineBatch, kept: NDArray[np.bool_]) -> Iterator[str]:
    """Join the kept segments of each article; an article without lines is kept as it is.

    Parameters
    ----------
    batch : LineBatch
    kept : ndarray of bool, shape (n_lines,)
    """
    spans, bounds = _kept_spans(batch, kept)
    n_lines = np.diff(batch.article_lines).tolist()
    for article, text in enumerate(batch.texts):
        own = spans[bounds[article] : bounds[article + 1]]
        yield "".join([text[start:stop] for start, stop in own]) if n_lines[article] else text


def line_labels(batch: LineBatch, kept: NDArray[np.bool_], probability: Values) -> Iterator[Labels]:
    """Give each article's lines as records: span, whether content, and the probability of content.

    Parameters
    ----------
    batch : LineBatch
    kept : ndarray of bool, shape (n_lines,)
    probability : ndarray of float64, shape (n_lines,)
    """
    first_codes = batch.article_codes[batch.line_articles]
    lines = np.empty(batch.n_lines, LINE_LABEL)
    lines["start"], lines["end"] = batch.starts - first_codes, batch.ends - first_codes
    lines["content"], lines["probability"] = kept, probability
    for first, last in pairwise(batch.article_lines.tolist()):
        yield lines[first:last]


def _kept_spans(batch: LineBatch, kept: NDArray[np.bool_]) -> tuple[list[tuple[int, int]], list[int]]:
    """Find the stretches of text that are kept: a span for each run of kept lines, not for each line.

    Returns
    -------
    spans : list of (start, stop)
        Within their articles.
    bounds : list of int, length n_articles + 1
        Where each article's spans begin in the list.
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
    spans = list(zip((starts[begin_lines] - shift).tolist(), (stops[ends] - shift).tolist(), strict=True))
    return spans, np.searchsorted(begin_lines, offsets).tolist()


def guard(
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
    >>> guard(np.array([0.4, 0.1, 0.3]), np.array([80, 9, 60]), np.array([0, 3]), threshold=0.5).tolist()
    [True, False, True]
    """
    own_threshold = threshold if own_threshold is None else own_threshold
    counts = np.diff(offsets)
    filled = np.flatnonzero(counts)
    best = np.zeros(len(counts))
    if len(filled):
        best[filled] = np.maximum.reduceat(probability, offsets[filled])
    best = spread(best, offsets)
    is_near = (best >= own_threshold / 2) & (probability >= best / 2)
    stays = np.where(best < own_threshold, is_near | (n_chars >= _AN_ARTICLE), probability >= best)
    return np.asarray((probability >= threshold) | stays, np.bool_)


def decide_lines(
    texts: Sequence[str],
    model: LineModel | None = None,
    threshold: Threshold = None,
    repeats: NDArray[np.bool_] | None = None,
) -> Iterator[Decision]:
    """Give for each block of articles its lines, which of them are kept, their probabilities, and the flags.

    Parameters
    ----------
    texts : sequence of str
    model : LineModel, optional
    threshold : float or str, optional
    repeats : ndarray of bool, shape (n_lines,), optional
        As `find_repeats` tells.

    Raises
    ------
    InputError
        As `clean_array`.
    """
    model = model or default_model()
    cut = model.resolve_threshold(threshold)
    first = 0
    for batch in blocks(texts):
        odds = model.log_odds(batch)
        if repeats is not None:
            odds = weigh_repeats(batch, odds, repeats[first : first + batch.n_lines])
            first += batch.n_lines
        probability = sigmoid(odds)
        kept = guard(probability, batch.ends - batch.starts, batch.article_lines, cut, model.threshold)
        yield batch, kept, probability, _flags(batch, kept, probability, cut)


def _flags(
    batch: LineBatch, kept: NDArray[np.bool_], probability: Values, threshold: float
) -> list[tuple[str, ...]]:
    """Say for each article why someone should look at it."""
    offsets = batch.article_lines
    width = (batch.ends - batch.starts).astype(np.float64)
    total = np.maximum(sum_runs(width, offsets), 1)
    has_lines = np.diff(offsets) > 0
    checks = (
        has_lines & (sum_runs(width * kept, offsets) / total < _NEARLY_ALL),
        sum_runs(np.minimum(probability, 1 - probability) * width, offsets) / total > _UNSURE,
        sum_runs((kept & (probability < threshold)) * 1.0, offsets) > 0,
    )
    named = list(zip(FLAGS, checks, strict=True))
    return [tuple(name for name, flags in named if flags[i]) for i in range(batch.n_articles)]
