"""Clean and label many articles at once: lists, numpy arrays, pandas Series and Arrow arrays of texts."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from dechaff.arrow import LINE_LABEL, Labels, is_arrow, labels_like, read_texts, texts_like, to_list
from dechaff.decisions.decide import Decision, decide
from dechaff.decisions.site_lines import check_groups, find_site_duplicates
from dechaff.decisions.titles import make_page_infos
from dechaff.errors import InputError
from dechaff.explain.kinds import check_kinds, keep_by_kind
from dechaff.kernels import for_batch
from dechaff.linear.line_model import LineModel, Threshold
from dechaff.sites import SiteProfile
from dechaff.text.batching import check_texts
from dechaff.text.markup.html import EXTRACTORS, read_page

if TYPE_CHECKING:
    import pyarrow as pa

Strings = TypeVar("Strings")
Result = TypeVar("Result")


def clean_array(
    strings: Strings,
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Iterable[Hashable] | None = None,
    *,
    titles: Iterable[str | None] | None = None,
    urls: Iterable[str | None] | None = None,
    keep_kinds: Iterable[str] = (),
    sites: SiteProfile | None = None,
) -> Strings:
    """Return many articles without their boilerplate lines, much faster than with separate calls.

    Parameters
    ----------
    strings : list of str or None, ndarray of objects, pandas Series, pyarrow Array or ChunkedArray, or any iterable
        One article each; missing values (None, null, NaN, `pandas.NA`) stay missing.
    model : LineModel, optional
        The model; by default the one that ships with dechaff.
    threshold : float or str, optional
        See `keep_content`.
    groups : iterable of hashable, length n_articles, optional
        The site of each article, or None. Lines that occur on several pages of one site are less likely to be
        content. If a site has only one article, its group has no effect.
    titles, urls : iterable of str or None, length n_articles, optional
        The title and the URL of each article; see `keep_content`.
    keep_kinds : iterable of str
        Kinds of boilerplate that are kept all the same; see `keep_content`.
    sites : SiteProfile, optional
        The lines of several pages of a site, from `dechaff profile`; the sites are those of `urls`. See
        `keep_content`.

    Returns
    -------
    list of str or None, ndarray of objects, pandas Series, or pyarrow Array or ChunkedArray
        The cleaned articles, in the type of `strings`: an Arrow array keeps its type and chunks, a Series its index
        and name; a dictionary array is decoded. For any other iterable, a list.

    Raises
    ------
    InputError
        If an element is neither a string nor None, an Arrow array does not hold strings, `threshold` is neither
        within [0, 1] nor a preset, there is no such kind, or the number of groups, titles or URLs differs from the
        number of strings.

    Examples
    --------
    >>> clean_array(["", None])
    ['', None]
    """
    cleaned = _map_articles(strings, Decision.kept_texts, model, threshold, groups, titles, urls, keep_kinds, sites)
    return cast(Strings, texts_like(strings, cleaned))


def clean_htmls(
    pages: Iterable[str | bytes | None],
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Iterable[Hashable] | None = None,
    *,
    titles: Iterable[str | None] | None = None,
    urls: Iterable[str | None] | None = None,
    extractor: str = EXTRACTORS[0],
    keep_kinds: Iterable[str] = (),
    sites: SiteProfile | None = None,
) -> list[str | None]:
    r"""Return the texts of many HTML pages without their boilerplate, faster than with separate calls.

    Parameters
    ----------
    pages : iterable of str, bytes or None
        See `clean_html`; missing pages stay missing.
    model : LineModel, optional
        The model; by default the one that ships with dechaff.
    threshold : float or str, optional
    groups : iterable of hashable, length n_pages, optional
    urls : iterable of str or None, length n_pages, optional
        See `clean_array`.
    titles : iterable of str or None, length n_pages, optional
        The titles of the articles, by default those of the pages.
    extractor : str
    keep_kinds : iterable of str
        See `clean_html`.
    sites : SiteProfile, optional
        See `clean_array`.

    Returns
    -------
    list of str or None

    Raises
    ------
    InputError
        In the same cases as `clean_array` and `clean_html`.
    MissingExtraError
        If Resiliparse is not installed; the extra `html` installs it.

    Examples
    --------
    >>> clean_htmls(["<h1>Bridge</h1><p>The council voted on Tuesday to repair the old bridge.</p>", None])
    ['Bridge\n\nThe council voted on Tuesday to repair the old bridge.', None]
    """
    if isinstance(pages, str | bytes):
        raise InputError("the pages are a single string: give a list of pages, or use clean_html")
    kinds = check_kinds(keep_kinds)
    read = [None if page is None else read_page(page, extractor, keep_kinds=kinds) for page in to_list(pages)]
    own = [page and page.title for page in read]
    if isinstance(titles, str):
        raise InputError("the titles are a single string: give a list of titles")
    if titles is not None:
        given = to_list(titles)
        own = [title or other for title, other in zip(given, own, strict=True)] if len(given) == len(own) else given
    texts = [page and page.text for page in read]
    how: Any = {"titles": own, "urls": urls, "keep_kinds": kinds, "sites": sites}
    return clean_array(texts, model, threshold, groups, **how)


def label_array(
    strings: "Iterable[str | None] | NDArray[np.object_] | pa.Array | pa.ChunkedArray",
    model: LineModel | None = None,
    threshold: Threshold = None,
    groups: Iterable[Hashable] | None = None,
    *,
    titles: Iterable[str | None] | None = None,
    urls: Iterable[str | None] | None = None,
    keep_kinds: Iterable[str] = (),
    sites: SiteProfile | None = None,
) -> "list[Labels | None] | Any":
    r"""Return the labelled lines of many articles, with the decisions of `clean_array`.

    Parameters
    ----------
    strings : list of str or None, ndarray of objects, pandas Series, pyarrow Array or ChunkedArray, or any iterable
    model : LineModel, optional
        The model; by default the one that ships with dechaff.
    threshold : float or str, optional
    groups : iterable of hashable, length n_articles, optional
    titles, urls : iterable of str or None, length n_articles, optional
    keep_kinds : iterable of str
    sites : SiteProfile, optional
        See `clean_array` for all parameters.

    Returns
    -------
    list of ndarray or None, or pyarrow Array or ChunkedArray
        For each article one record per non-blank line: the line's span `start` and `end` in code points, the
        Boolean `content`, and `probability` (of content). A list holds structured arrays, whose `tolist` returns
        plain tuples; an Arrow array holds lists of structs (large lists for large_string), in the chunks of
        `strings`. Missing values are None or null.

    Raises
    ------
    InputError
        In the same cases as `clean_array`.

    Examples
    --------
    >>> text = "The river rose by two feet on Tuesday, after days of rain.\n\nSubscribe for ₹900 per month"
    >>> lines = label_array([text])[0]
    >>> lines[["start", "end", "content"]].tolist()
    [(0, 58, True), (60, 88, False)]
    >>> [text[start:end] for start, end in lines[~lines["content"]][["start", "end"]]]
    ['Subscribe for ₹900 per month']
    """
    labels = _map_articles(strings, line_labels, model, threshold, groups, titles, urls, keep_kinds, sites)
    return labels_like(strings, labels) if is_arrow(strings) else labels


def _map_articles(
    given: Any,
    function: Callable[[Decision], Iterable[Result]],
    model: LineModel | None,
    threshold: Threshold,
    groups: Iterable[Hashable] | None,
    titles: Iterable[str | None] | None,
    urls: Iterable[str | None] | None,
    keep_kinds: Iterable[str],
    profile: SiteProfile | None,
) -> list[Result | None]:
    """Return one result for each article, computed by `function` from decisions; None for missing articles."""
    kinds = check_kinds(keep_kinds)
    strings = read_texts(given) if is_arrow(given) else given if isinstance(given, str) else to_list(given)
    check_texts(strings, or_none=True)
    present = [(place, text) for place, text in enumerate(strings) if text is not None]
    texts = [text for _, text in present]
    sites: Any = None if groups is None else to_list(groups)
    if sites is not None:
        check_groups(strings, sites)
    titles, urls = (v if v is None or isinstance(v, str) else to_list(v) for v in (titles, urls))
    page_infos = make_page_infos(strings, titles, urls)
    if page_infos is not None:
        page_infos = [page_infos[place] for place, _ in present]
    results: list[Result | None] = [None] * len(strings)
    with for_batch(len(texts)):
        duplicates = sites and find_site_duplicates(texts, [sites[place] for place, _ in present])
        decisions = decide(texts, model, threshold, duplicates, page_infos, profile)
        found = chain.from_iterable(function(keep_by_kind(decision, kinds)) for decision in decisions)
        for (place, _), result in zip(present, found, strict=True):
            results[place] = result
    return results


def line_labels(decision: Decision) -> Iterator[Labels]:
    """Yield for each article an array of records with the span, label and probability of each line.

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
