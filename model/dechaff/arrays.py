"""Many articles at once, in lists, arrays of numpy and of Arrow."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from dechaff.arrow import LINE_LABEL, Labels, is_arrow, labels_like, read_texts, texts_like
from dechaff.decisions.decide import decide_lines, kept_text
from dechaff.decisions.site_lines import check_groups, find_site_duplicates
from dechaff.decisions.titles import make_page_infos
from dechaff.linear.line_model import LineModel, Threshold
from dechaff.linear.stage import Values
from dechaff.text.batching import check_texts
from dechaff.text.lines import LineBatch

if TYPE_CHECKING:
    import pyarrow as pa

Strings = TypeVar("Strings", list[str], list[str | None], NDArray[np.object_])
Result = TypeVar("Result")


@overload
def clean_array(
    strings: Strings,
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
    *,
    titles: Sequence[str | None] | None = None,
    urls: Sequence[str | None] | None = None,
) -> Strings: ...


@overload
def clean_array(
    strings: "pa.Array | pa.ChunkedArray",
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
    *,
    titles: Sequence[str | None] | None = None,
    urls: Sequence[str | None] | None = None,
) -> Any: ...


def clean_array(
    strings: Any,
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
    *,
    titles: Sequence[str | None] | None = None,
    urls: Sequence[str | None] | None = None,
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
    titles, urls : sequence of str or None, length n_articles, optional
        The title and the address of each article, as for `keep_content`.

    Returns
    -------
    list of str or None, ndarray of objects, or pyarrow Array or ChunkedArray
        As given, cleaned: an Arrow array keeps its type and chunks; strings of a dictionary come back without it.

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
    texts = read_texts(strings) if is_arrow(strings) else strings
    cleaned = _for_each(texts, _kept_texts, model, threshold, groups, titles, urls)
    if is_arrow(strings):
        return texts_like(strings, cleaned)
    return np.array(cleaned, dtype=object) if isinstance(strings, np.ndarray) else cleaned


@overload
def label_array(
    strings: Sequence[str | None] | NDArray[np.object_],
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
    *,
    titles: Sequence[str | None] | None = None,
    urls: Sequence[str | None] | None = None,
) -> list[Labels | None]: ...


@overload
def label_array(
    strings: "pa.Array | pa.ChunkedArray",
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
    *,
    titles: Sequence[str | None] | None = None,
    urls: Sequence[str | None] | None = None,
) -> Any: ...


def label_array(
    strings: Any,
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Sequence[Hashable] | None = None,
    *,
    titles: Sequence[str | None] | None = None,
    urls: Sequence[str | None] | None = None,
) -> Any:
    r"""Label the lines of many articles at once, as `clean_array` decides.

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
    texts = read_texts(strings) if is_arrow(strings) else strings
    labels = _for_each(texts, line_labels, model, threshold, groups, titles, urls)
    return labels_like(strings, labels) if is_arrow(strings) else labels


def _for_each(
    strings: Sequence[str | None] | NDArray[np.object_],
    take: Callable[[LineBatch, NDArray[np.bool_], Values], Iterable[Result]],
    model: LineModel | None,
    threshold: Threshold,
    groups: Sequence[Hashable] | None,
    titles: Sequence[str | None] | None,
    urls: Sequence[str | None] | None,
) -> list[Result | None]:
    """Decide on many articles and take for each of them what `take` makes of a block; None stays None."""
    check_texts(strings, or_none=True)
    present = [(place, text) for place, text in enumerate(strings) if text is not None]
    texts = [text for _, text in present]
    duplicates = None
    if groups is not None:
        sites = list(_plain(groups))
        check_groups(strings, sites)
        duplicates = find_site_duplicates(texts, [sites[place] for place, _ in present])
    page_infos = make_page_infos(strings, _plain(titles), _plain(urls))
    if page_infos is not None:
        page_infos = [page_infos[place] for place, _ in present]
    decisions = decide_lines(texts, model, threshold, duplicates, page_infos)
    found = (each for batch, kept, probability, _ in decisions for each in take(batch, kept, probability))
    results: list[Result | None] = [None] * len(strings)
    for (place, _), each in zip(present, found, strict=True):
        results[place] = each
    return results


def _kept_texts(batch: LineBatch, kept: NDArray[np.bool_], _: Values) -> Iterator[str]:
    return kept_text(batch, kept)


def _plain(values: Any) -> Any:
    """Give a list for an Arrow array, and anything else as it is."""
    return values.to_pylist() if is_arrow(values) else values


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
