"""Text in, labels and clean text out: one article, or many in lists, numpy and Arrow arrays."""

import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from dechaff.arrow import LINE_LABEL, Labels, is_arrow, labels_like, read_texts, texts_like
from dechaff.decisions.decide import Decision, decide
from dechaff.decisions.site_lines import check_groups, find_site_duplicates
from dechaff.decisions.titles import NO_PAGE_INFO, PageInfo, make_page_info, make_page_infos
from dechaff.errors import InputError
from dechaff.explain.contributions import Explanation, Reason, explain
from dechaff.explain.kinds import line_kinds
from dechaff.explain.sentences import Sentences, Why
from dechaff.linear.forward import Forward
from dechaff.linear.line_model import CLASSES, LineModel, Threshold
from dechaff.text.batching import check_texts
from dechaff.text.lines import LineBatch

if TYPE_CHECKING:
    import pyarrow as pa

Strings = TypeVar("Strings")
Result = TypeVar("Result")

# The latest articles' features are kept for their reasons and kinds: 0.6 MB for 200 lines. Those of older ones are
# computed again when asked for, so that a list of many articles takes little memory.
_latest: Final[deque[Forward]] = deque(maxlen=8)


class _Answers:
    """Reasons and kinds of one article's lines, computed when first asked for."""

    def __init__(self, decision: Decision, page_info: PageInfo) -> None:
        self._model, self._text = decision.model, decision.batch.texts[0]
        self._page_info, self._kept = page_info, decision.kept
        self._forward = None if decision.forward is None else _remember(decision.forward)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without the forward pass, which can be computed again."""
        return {**vars(self), "_forward": None}

    def forward(self) -> Forward:
        """Return the article's forward pass."""
        forward = None if self._forward is None else self._forward()
        if forward is None:
            forward = self._model.forward(LineBatch.from_texts([self._text]))
            self._forward = _remember(forward)
        return forward

    @cached_property
    def explanation(self) -> Explanation:
        """Decompose the log-odds of the article's lines."""
        return explain(self.forward(), self._page_info)

    @cached_property
    def sentences(self) -> Sentences:
        """Prepare the reasons in words."""
        return Sentences(self.explanation, self._kept)

    @cached_property
    def kinds(self) -> list[str | None]:
        """Return the kind of each line, None for content."""
        forward = self.forward()
        return line_kinds(forward.batch, ~self._kept, lines=[forward.lines])


def _remember(forward: Forward) -> "weakref.ref[Forward]":
    _latest.append(forward)
    return weakref.ref(forward)


@dataclass(frozen=True)
class LabelledLine:
    """One line of an article with its label.

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
        """Return the kind of a boilerplate line, one of `dechaff.explain.kinds.KINDS`; None for content."""
        return self._answers.kinds[self._index]

    def reasons(self, limit: int | None = 3) -> list[Reason]:
        """Return the features and words with the largest contributions to the log-odds, strongest first."""
        return self._answers.explanation.reasons(self._index, limit)

    def why(self, limit: int | None = 3) -> list[Why]:
        r"""Return the reasons for the label in sentences, strongest first.

        Features are summed by theme, see `dechaff.explain.themes`; a sentence states only facts of the line.

        Examples
        --------
        >>> lines = classify_lines("The vote was held on Tuesday.\nSubscribe now for ₹900 per month")
        >>> print(*(why.text for why in lines[1].why(5)), sep="\n")
        after the end of the article
        the lines around it
        words of an offer: 'Subscribe now'
        boilerplate at first sight
        looks like a price: ₹900
        """
        return self._answers.sentences.why(self._index, limit)


@dataclass(frozen=True)
class CleanedArticle:
    """An article with its labelled lines, and flags where the result is doubtful.

    Articles are equal if their texts, flags and counts are. An article holds its input and a reference to the
    model: to store or send many, take their `text` or `lines`.

    Attributes
    ----------
    text : str
        The kept lines with the blank lines after them, byte for byte as in the input.
    flags : tuple of str
        "nearly all dropped", "unsure", "kept by the guard" (no line was likely enough, the best ones were kept):
        reasons to look at the article; mostly empty.
    n_lines, n_kept : int
        The number of its lines, blank ones aside, and of those that are content.
    """

    text: str
    flags: tuple[str, ...]
    n_lines: int
    n_kept: int
    _label: Callable[[], list[LabelledLine]] = field(repr=False, compare=False)

    @cached_property
    def lines(self) -> list[LabelledLine]:
        """Return every line with its label, computed on first access."""
        return self._label()


def keep_content(
    text: str,
    model: LineModel | None = None,
    threshold: Threshold = None,
    *,
    title: str | None = None,
    url: str | None = None,
) -> str:
    """Return an article without its boilerplate lines.

    Parameters
    ----------
    text : str
        One article, as an extractor printed it.
    model : LineModel, optional
        By default the one that ships with dechaff.
    threshold : float or str, optional
        Lines with at least this probability of content are kept; lower keeps more. "precision", "balanced" and
        "recall" are presets of the model that ships; by default the model's own threshold.
    title : str, optional
        Of the article or its page, with or without the site's name. The line above the body that repeats it is more
        likely to be kept, further copies of it are less likely to be.
    url : str, optional
        The address of the page; its words stand in for a missing title.

    Returns
    -------
    str
        The kept lines, each with the line breaks and blank lines after it, unchanged.

    Raises
    ------
    InputError
        If `text` is not a string, `threshold` neither within [0, 1] nor a preset, or `title` or `url` neither a
        string nor None.

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
    page_info = make_page_info(title, url)
    decision = next(decide([text], model, threshold, page_infos=None if page_info == NO_PAGE_INFO else [page_info]))
    return next(decision.kept_texts())


def classify_lines(
    text: str,
    model: LineModel | None = None,
    threshold: Threshold = None,
    *,
    title: str | None = None,
    url: str | None = None,
) -> list[LabelledLine]:
    r"""Return every non-blank line of an article with its label.

    Parameters
    ----------
    text : str
    model : LineModel, optional
    threshold : float or str, optional
    title, url : str, optional
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
    return clean_article(text, model, threshold, title=title, url=url).lines


def clean_article(
    text: str,
    model: LineModel | None = None,
    threshold: Threshold = None,
    *,
    title: str | None = None,
    url: str | None = None,
) -> CleanedArticle:
    r"""Return an article cleaned, with its labelled lines, and with flags if the result is doubtful.

    Parameters
    ----------
    text : str
    model : LineModel, optional
    threshold : float or str, optional
    title, url : str, optional
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
    page_info = make_page_info(title, url)
    decision = next(decide([text], model, threshold, page_infos=None if page_info == NO_PAGE_INFO else [page_info]))
    label = partial(
        _label_lines, decision.batch, decision.kept, decision.probability, _Answers(decision, page_info)
    )
    n_lines, n_kept = decision.batch.n_lines, int(decision.kept.sum())
    return CleanedArticle(next(decision.kept_texts()), decision.flags[0], n_lines, n_kept, label)


def _label_lines(
    batch: LineBatch, kept: NDArray[np.bool_], probability: NDArray[np.float64], answers: _Answers
) -> list[LabelledLine]:
    """Return the labelled lines of a batch of one article."""
    text = batch.texts[0]
    decisions = zip(batch.spans(0), kept.tolist(), probability.tolist(), strict=True)
    return [
        LabelledLine(text[start:end], start, end, CLASSES[keep], p, index, answers)
        for index, ((start, end), keep, p) in enumerate(decisions)
    ]


def check_text(text: object) -> None:
    """Refuse anything but a string.

    Raises
    ------
    InputError
        With the type that was given.
    """
    if not isinstance(text, str):
        raise InputError(f"the text is {type(text).__name__}, not str: decode it first")


def clean_array(
    strings: Strings,
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
    *,
    titles: Sequence[str | None] | None = None,
    urls: Sequence[str | None] | None = None,
) -> Strings:
    """Return many articles without their boilerplate: much faster than one by one.

    Parameters
    ----------
    strings : list of str or None, ndarray of objects, or pyarrow Array or ChunkedArray of strings
        One article each; None and null stay what they are.
    model : LineModel, optional
    threshold : float or str, optional
        As for `keep_content`.
    groups : sequence of hashable, length n_articles, optional
        The site of each article, or None. Lines that stand on several pages of one site are less likely content. An
        article that is the only one of its site comes out as without groups.
    titles, urls : sequence of str or None, length n_articles, optional
        The title and the address of each article, as for `keep_content`.

    Returns
    -------
    list of str or None, ndarray of objects, or pyarrow Array or ChunkedArray
        Of the type given: an Arrow array keeps its type and chunks; a dictionary array comes back decoded.

    Raises
    ------
    InputError
        If an element is neither string nor None, an Arrow array is none of strings, `threshold` is neither within
        [0, 1] nor a preset, or there are not as many groups, titles or URLs as strings.

    Examples
    --------
    >>> clean_array(["", None])
    ['', None]
    """
    texts: Any = read_texts(strings) if is_arrow(strings) else strings
    cleaned: Any = _for_each(texts, Decision.kept_texts, model, threshold, groups, titles, urls)
    if is_arrow(strings):
        cleaned = texts_like(strings, cleaned)
    elif isinstance(strings, np.ndarray):
        cleaned = np.array(cleaned, dtype=object)
    return cast(Strings, cleaned)


def label_array(
    strings: "Sequence[str | None] | NDArray[np.object_] | pa.Array | pa.ChunkedArray",
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
    *,
    titles: Sequence[str | None] | None = None,
    urls: Sequence[str | None] | None = None,
) -> "list[Labels | None] | Any":
    r"""Return the labelled lines of many articles at once, as `clean_array` decides.

    Parameters
    ----------
    strings : list of str or None, ndarray of objects, or pyarrow Array or ChunkedArray of strings
    model : LineModel, optional
    threshold : float or str, optional
    groups : sequence of hashable, length n_articles, optional
    titles, urls : sequence of str or None, length n_articles, optional
        As for `clean_array`.

    Returns
    -------
    list of ndarray or None, or pyarrow Array or ChunkedArray
        For each article a record for each non-blank line: `start` and `end`, its span in code points; `content`, a
        Boolean; and `probability`, of content. A list holds structured arrays, whose `tolist` returns plain tuples;
        an Arrow array holds lists of structs (large lists for large_string), in the chunks of `strings`. None and
        null stay what they are.

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
    texts = read_texts(strings) if is_arrow(strings) else strings
    labels = _for_each(texts, line_labels, model, threshold, groups, titles, urls)
    return labels_like(strings, labels) if is_arrow(strings) else labels


def _for_each(
    strings: Sequence[str | None] | NDArray[np.object_],
    take: Callable[[Decision], Iterable[Result]],
    model: LineModel | None,
    threshold: Threshold,
    groups: Sequence[Hashable] | None,
    titles: Sequence[str | None] | None,
    urls: Sequence[str | None] | None,
) -> list[Result | None]:
    """Decide on many articles and collect what `take` returns for each of them; None stays None."""
    check_texts(strings, or_none=True)
    present = [(place, text) for place, text in enumerate(strings) if text is not None]
    texts = [text for _, text in present]
    duplicates = None
    if groups is not None:
        sites = list(_to_list(groups))
        check_groups(strings, sites)
        duplicates = find_site_duplicates(texts, [sites[place] for place, _ in present])
    page_infos = make_page_infos(strings, _to_list(titles), _to_list(urls))
    if page_infos is not None:
        page_infos = [page_infos[place] for place, _ in present]
    found = chain.from_iterable(map(take, decide(texts, model, threshold, duplicates, page_infos)))
    results: list[Result | None] = [None] * len(strings)
    for (place, _), each in zip(present, found, strict=True):
        results[place] = each
    return results


def _to_list(values: Any) -> Any:
    """Return an Arrow array as a list, and anything else as it is."""
    return values.to_pylist() if is_arrow(values) else values


def line_labels(decision: Decision) -> Iterator[Labels]:
    """Yield each article's lines as records: span, whether content, and the probability of content.

    Parameters
    ----------
    decision : Decision
    """
    batch = decision.batch
    first_codes = batch.article_codes[batch.line_articles]
    lines = np.empty(batch.n_lines, LINE_LABEL)
    lines["start"], lines["end"] = batch.starts - first_codes, batch.ends - first_codes
    lines["content"], lines["probability"] = decision.kept, decision.probability
    for first, last in pairwise(batch.article_lines.tolist()):
        yield lines[first:last]
