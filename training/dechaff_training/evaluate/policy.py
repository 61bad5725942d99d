"""Figures by the label policy, on pages whose lines a reader labelled: what a reader would notice, line by line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Flags
from dechaff.arrays import clean_array
from dechaff.decisions.decide import decide
from dechaff.decisions.titles import make_page_infos
from dechaff.errors import CorpusError
from dechaff.kernels import for_batch
from dechaff.linear.line_model import LineModel, Threshold
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, MASKED, Article
from dechaff_training.corpus.extraction import extract
from dechaff_training.corpus.policy_labels import source_lines
from dechaff_training.corpus.text_matching import Tokens, line_texts
from dechaff_training.evaluate.metrics import N_RESAMPLES, Estimate, Resamples, ratio
from dechaff_training.evaluate.tables import Table

#: The roles of content lines that have a figure of their own.
ROLES: Final = ("headline", "standfirst", "lead")
#: The kinds of boilerplate that have a figure of their own.
POLICY_KINDS: Final = ("caption", "bio", "byline", "comment", "related", "offer", "share", "legal", "navigation")
#: A content line of at most this many words is short.
SHORT: Final = 8
#: A peer keeps a line if at least this share of its words aligns with the peer's output, in order.
KEPT_SHARE: Final = 0.5
#: The figures of a `PolicyRow`, in order.
FIGURES: Final = (
    "f1",
    "precision",
    "recall",
    "f1_without_headline",
    *(f"{role}_kept" for role in ROLES),
    "short_kept",
    *(f"{kind}_dropped" for kind in POLICY_KINDS),
)


@dataclass(frozen=True)
class PolicyRow:
    """The figures of one system.

    Attributes
    ----------
    system : str
    n_pages : int
    figures : dict of str to Estimate
        The figures by the names in `FIGURES`: F1, precision and recall of words, and the kept shares of roles and
        of short lines, are means over pages; the dropped share of a kind is over its lines. Intervals are over
        sites.
    """

    system: str
    n_pages: int
    figures: dict[str, Estimate]

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON values."""
        figures = {name: estimate.to_dict() for name, estimate in self.figures.items()}
        return {"system": self.system, "n_pages": self.n_pages, "figures": figures}


def evaluate_policy(
    pages: Sequence[Article],
    model: LineModel,
    html: Mapping[str, str] | None = None,
    peers: Sequence[str] = ("resiliparse_main", "trafilatura", "readability", "justext"),
    threshold: Threshold = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> list[PolicyRow]:
    """Measure a model, and extractors on the same pages, on lines labelled by reading.

    Doubtful lines are left out.

    Parameters
    ----------
    pages : sequence of Article
        Articles with roles and kinds, as read by `read_labels`.
    model : LineModel
    html : mapping of str to str, optional
        The HTML of each page by id; without it, no extractors are measured.
    peers : sequence of str
        Extractors, measured alone and followed by the model.
    threshold : float or str, optional
    n_resamples, seed : int
        The number of resamples of the sites, for the intervals, and their seed.

    Raises
    ------
    CorpusError
        If there are no pages, or a page has no HTML.
    MissingExtraError
        If an extractor is not installed.
    """
    if not pages:
        raise CorpusError("no pages whose lines a reader labelled: give a Parquet file of them")
    html = html or {}
    missing = [page.id for page in pages if html and page.id not in html]
    if missing:
        raise CorpusError(f"{missing[0]} and perhaps other pages have no HTML: give all files with their HTML")
    own_texts, titles = [page.text for page in pages], [page.title for page in pages]
    kept = {
        "dechaff": lines_kept_by(model, own_texts, threshold),
        "dechaff, with title": lines_kept_by(model, own_texts, threshold, titles),
    }
    for name in peers if html else ():
        texts = [extract(html[page.id], name) for page in pages]
        kept[name] = _kept_in(pages, texts)
        kept[f"{name} -> dechaff"] = _kept_in(pages, clean_array(texts, model, threshold))
    return _rows(pages, kept, n_resamples, seed)


def compare_outputs(
    pages: Sequence[Article],
    outputs: Mapping[str, Sequence[str]],
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> list[PolicyRow]:
    """Measure what systems print of pages on lines labelled by reading.

    Parameters
    ----------
    pages : sequence of Article
        Articles with roles and kinds, as read by `read_labels`.
    outputs : mapping of str to sequence of str
        What each system prints of each page; a line of the page counts as kept if it is in there, see `kept_lines`.
    n_resamples, seed : int
        The number of resamples of the sites, for the intervals, and their seed.
    """
    return _rows(pages, {name: _kept_in(pages, texts) for name, texts in outputs.items()}, n_resamples, seed)


def _kept_in(pages: Sequence[Article], outputs: Sequence[str]) -> list[Flags]:
    return [kept_lines(page.text, output) for page, output in zip(pages, outputs, strict=True)]


def _rows(
    pages: Sequence[Article], kept: Mapping[str, Sequence[Flags]], n_resamples: int, seed: int
) -> list[PolicyRow]:
    resamples = Resamples([page.site for page in pages], n_resamples, seed)
    return [PolicyRow(system, len(pages), _measure(pages, flags, resamples)) for system, flags in kept.items()]


def policy_table(rows: Sequence[PolicyRow]) -> Table:
    """Lay out the figures for printing."""
    cells = [(name.replace("_", " "), *(str(row.figures[name]) for row in rows)) for name in FIGURES]
    return Table(f"Lines labelled by reading, {rows[0].n_pages} pages", ("", *(row.system for row in rows)), cells)


def kept_lines(text: str, output: str) -> Flags:
    r"""Return which lines of a page appear in an extractor's output.

    At least half of the words of such a line align with the output, in order.

    Parameters
    ----------
    text : str
        All text of the page.
    output : str

    Returns
    -------
    ndarray of bool, shape (n_lines,)

    Examples
    --------
    >>> kept_lines("Home\nThe mill shuts.\nIt was old.", "The mill shuts. It was old.").tolist()
    [False, True, True]
    """
    page, found = line_texts(text), line_texts(output)
    shares = [
        np.mean(np.array(sources) >= 0) if sources else 0.0 for sources in source_lines(found, page, in_order=True)
    ]
    return np.array(shares) >= KEPT_SHARE


def lines_kept_by(
    model: LineModel,
    texts: Sequence[str],
    threshold: Threshold = None,
    titles: Sequence[str | None] | None = None,
) -> list[Flags]:
    """Return which lines a model keeps of each text.

    Parameters
    ----------
    model : LineModel
    texts : sequence of str
    threshold : float or str, optional
    titles : sequence of str or None, length n_texts, optional

    Returns
    -------
    list of ndarray of bool, shape (n_lines,)
    """
    kept: list[Flags] = []
    with for_batch(len(texts)):
        for decision in decide(texts, model, threshold, page_infos=make_page_infos(texts, titles, None)):
            kept += np.split(decision.kept, decision.batch.article_lines[1:-1])
            del decision  # its features take memory while the next batch is computed
    return kept


def _measure(pages: Sequence[Article], kept: Sequence[Flags], resamples: Resamples) -> dict[str, Estimate]:
    columns = [_page_columns(page, own) for page, own in zip(pages, kept, strict=True)]
    sums = resamples.sums(np.array([[value for pair in row for value in pair] for row in columns], np.float64))
    return {
        name: resamples.estimate(ratio(sums[:, 2 * place], sums[:, 2 * place + 1]))
        for place, name in enumerate(FIGURES)
    }


def _page_columns(page: Article, kept: Flags) -> list[tuple[float, float]]:
    """Return numerator and denominator of each figure for one page."""
    n_words = Tokens.of(line_texts(page.text)).count()
    labels, roles, kinds = page.labels, np.array(page.roles), np.array(page.policy_kinds)
    content = labels == CONTENT
    share = partial(_mean_share, kept)
    return [
        *_f1_columns(labels, kept, n_words),
        _f1_columns(np.where(roles == "headline", MASKED, labels), kept, n_words)[0],
        *(share(content & (roles == role)) for role in ROLES),
        share(content & (n_words <= SHORT) & (n_words > 0)),
        *(_dropped(kept, (labels == BOILERPLATE) & (kinds == kind)) for kind in POLICY_KINDS),
    ]


def _f1_columns(labels: NDArray[np.int8], kept: Flags, n_words: NDArray[np.int64]) -> list[tuple[float, float]]:
    """Return F1, precision and recall of words, each with 1 if the page has content."""
    n_content = float(n_words[labels == CONTENT].sum())
    n_kept = float(n_words[kept & (labels != MASKED)].sum())
    n_right = float(n_words[kept & (labels == CONTENT)].sum())
    has_content = float(n_content > 0)
    f1, precision, recall = (
        numerator / denominator if denominator else 0.0
        for numerator, denominator in ((2 * n_right, n_content + n_kept), (n_right, n_kept), (n_right, n_content))
    )
    return [(f1 * has_content, has_content), (precision * has_content, has_content), (recall, has_content)]


def _mean_share(kept: Flags, lines: Flags) -> tuple[float, float]:
    """Return the share of some lines that is kept, and 1 if the page has any."""
    return (float(kept[lines].mean()), 1.0) if lines.any() else (0.0, 0.0)


def _dropped(kept: Flags, lines: Flags) -> tuple[float, float]:
    """Return how many of some lines are dropped, and the number of these lines."""
    return float((~kept[lines]).sum()), float(lines.sum())
