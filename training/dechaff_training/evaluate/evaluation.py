"""Evaluate a model on labelled articles, by lines and by texts, with intervals over sites."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Indices, Values
from dechaff.decisions.decide import decide
from dechaff.decisions.titles import make_page_infos
from dechaff.errors import CorpusError
from dechaff.kernels import for_batch
from dechaff.linear.line_model import LineModel, Threshold
from dechaff.text.tokens import Keywords
from dechaff_training.corpus import MASKED, Article, Corpus
from dechaff_training.corpus.policy_labels import EXTRACTOR
from dechaff_training.evaluate.benchmark import TextGroup, TextRow, compare_texts, gold_text, oracle
from dechaff_training.evaluate.kinds import (
    KIND_HEADERS,
    KindRow,
    gold_kinds,
    line_sites,
    measure_kinds,
    predict_kinds,
)
from dechaff_training.evaluate.line_records import LineRecords
from dechaff_training.evaluate.metrics import N_RESAMPLES, Estimate, Resamples, line_scores
from dechaff_training.evaluate.policy import PolicyRow, evaluate_policy, policy_table
from dechaff_training.evaluate.tables import Table

#: The groupings of articles, each with its key function; articles with the same key form a group, which gets its
#: own figures.
GROUPINGS: Final[Mapping[str, Callable[[Article], str]]] = {
    "all": lambda article: "all",  # noqa: ARG005
    "extractor": lambda article: article.extractor,
    "language": lambda article: article.language or "unknown",
    "source": lambda article: article.source,
    "page_type": lambda article: article.page_type,
    "input": lambda article: f"{TextGroup.of(article).pages}, {article.extractor}",
}
#: The column headers of the figures of `line_scores`.
LINE_HEADERS: Final = {
    "content_precision": "content P",
    "content_recall": "content R",
    "content_f1": "content F1",
    "content_average_precision": "content AP",
    "boilerplate_precision": "boilerplate P",
    "boilerplate_recall": "boilerplate R",
    "boilerplate_f1": "boilerplate F1",
    "boilerplate_average_precision": "boilerplate AP",
    "brier": "Brier",
    "calibration_error": "ECE",
}
BEFORE, AFTER, ORACLE = "before", "after", "oracle labels"


@dataclass(frozen=True)
class LineRow:
    """The line figures of one group.

    Attributes
    ----------
    by, group : str
        The grouping and the group, such as "extractor" and "trafilatura".
    n_articles, n_lines, n_sites : int
        The numbers of articles, lines and sites in the group; unlabelled lines are not counted.
    lines, tokens : dict of str to Estimate
        The results of `line_scores`, with all lines weighted equally, and with lines weighted by their tokens.
    """

    by: str
    group: str
    n_articles: int
    n_lines: int
    n_sites: int
    lines: dict[str, Estimate]
    tokens: dict[str, Estimate]

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        scores = {
            weight: {name: estimate.to_dict() for name, estimate in getattr(self, weight).items()}
            for weight in ("lines", "tokens")
        }
        return {**vars(self), **scores}


@dataclass(frozen=True)
class Evaluation:
    """The results of one model on one corpus.

    Attributes
    ----------
    settings : dict
        The threshold, the number of resamples, their seed, the digest of the corpus and other settings.
    lines : list of LineRow
        The line figures, by the groupings of `GROUPINGS`.
    texts : list of TextRow
        The text figures before and after cleaning, and of the labels themselves, by `TextGroup`.
    policy : list of PolicyRow
        The figures by the label policy, on pages whose lines a reader labelled.
    kinds : list of KindRow
        The figures of each kind, over hand-labelled lines that have a kind.
    records : LineRecords
        The label and probability of each labelled line.
    """

    settings: dict[str, Any]
    lines: list[LineRow]
    texts: list[TextRow]
    policy: list[PolicyRow]
    kinds: list[KindRow]
    records: LineRecords

    def to_dict(self) -> dict[str, Any]:
        """Return the figures without the records as JSON-ready values."""
        names = ("lines", "texts", "policy", "kinds")
        rows = {name: [row.to_dict() for row in getattr(self, name)] for name in names}
        return {"settings": self.settings, **rows}

    def tables(self) -> list[Table]:
        """Return the figures as tables to print."""
        return [
            *([policy_table(self.policy)] if self.policy else []),
            _line_table("Lines", self.lines, "lines"),
            _line_table("Lines, weighted by tokens", self.lines, "tokens"),
            text_table("Texts: four-token shingles against the gold text", self.texts, "after - before"),
            *(
                [Table("Kinds of boilerplate", KIND_HEADERS, [row.cells for row in self.kinds])]
                if self.kinds
                else []
            ),
        ]


def evaluate(
    model: LineModel,
    corpus: Corpus,
    threshold: Threshold = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    *,
    titles: bool = False,
    html: Mapping[str, str] | None = None,
) -> Evaluation:
    """Evaluate a model on labelled articles.

    Lines count if they have a label, and texts if they have a gold text (`gold_text`). Silver labels, from a vote
    of extractors, are left out: agreement with a vote does not measure quality.

    Parameters
    ----------
    model : LineModel
    corpus : Corpus
    threshold : float or str, optional
        The threshold or preset; by default the model's own threshold.
    n_resamples : int
        Number of resamples of the sites, for the intervals.
    seed : int
        The seed of the resamples.
    titles : bool
        Whether to clean with the articles' titles.
    html : mapping of str to str, optional
        The HTML of pages by id; other extractors are run on it for comparison, on pages whose lines a reader
        labelled.

    Raises
    ------
    CorpusError
        If no line has a label, the numbers of labels and lines of an article differ, or `html` lacks a page.
    """
    gold = corpus.select(lambda article: not article.silver)
    threshold = model.resolve_threshold(threshold)
    decisions = decide_corpus(model, gold.texts, threshold, [article.title for article in gold] if titles else None)
    check_labels(gold, decisions)
    settings = {
        "threshold": threshold,
        "titles_given": titles,
        "n_resamples": n_resamples,
        "seed": seed,
        "corpus_digest": gold.digest,
        "n_articles": len(gold),
        "n_silver_left_out": len(corpus) - len(gold),
    }
    return Evaluation(
        settings,
        list(_line_rows(gold, decisions, n_resamples, seed)),
        _text_rows(gold, decisions, n_resamples, seed),
        _policy_rows(gold, model, html, threshold, n_resamples, seed),
        _kind_rows(gold, model.keywords, n_resamples, seed),
        _record_lines(gold, decisions),
    )


@dataclass(frozen=True)
class CorpusDecisions:
    """The probabilities and decisions of a model for the lines of all articles of a corpus.

    Attributes
    ----------
    probability : ndarray of float64, shape (n_lines,)
    kept : ndarray of bool, shape (n_lines,)
        Whether each line is kept, according to the threshold and the fallback.
    n_chars, n_tokens : ndarray of int64, shape (n_lines,)
    n_lines : ndarray of int64, shape (n_articles,)
    texts : list of str
        The cleaned articles.
    """

    probability: Values
    kept: NDArray[np.bool_]
    n_chars: Indices
    n_tokens: Indices
    n_lines: Indices
    texts: list[str]


def decide_corpus(
    model: LineModel,
    texts: Sequence[str],
    threshold: Threshold = None,
    titles: Sequence[str | None] | None = None,
) -> CorpusDecisions:
    """Return the decisions that `dechaff.clean_array` uses to clean articles.

    Parameters
    ----------
    model : LineModel
    texts : sequence of str
    threshold : float or str, optional
        The threshold or preset; by default the model's own threshold.
    titles : sequence of str or None, length n_articles, optional

    Raises
    ------
    InputError
        If the threshold is neither within [0, 1] nor a preset.
    CorpusError
        If there are no texts.
    """
    columns: list[tuple[Values, NDArray[np.bool_], Indices, Indices, Indices]] = []
    cleaned: list[str] = []
    with for_batch(len(texts)):
        for decision in decide(texts, model, threshold, page_infos=make_page_infos(texts, titles, None)):
            batch = decision.batch
            cleaned += decision.kept_texts()
            n_tokens = np.concatenate([np.zeros(0, np.int64), *(f.words.counts for f in decision.forwards())])
            columns.append(
                (decision.probability, decision.kept, batch.ends - batch.starts, n_tokens, decision.n_lines)
            )
            del decision  # its features take memory while the next batch is computed
    if not columns:
        raise CorpusError(
            "no articles to evaluate: silver labels (from a vote of extractors) do not count; "
            "give a corpus with hand-made labels"
        )
    probability, kept, n_chars, n_tokens, n_lines = map(np.concatenate, zip(*columns, strict=True))
    return CorpusDecisions(probability, kept, n_chars, n_tokens, n_lines, cleaned)


def check_labels(corpus: Corpus, decisions: CorpusDecisions) -> None:
    """Raise CorpusError if no line has a label, or the numbers of labels and lines of an article differ."""
    for article, n_lines in zip(corpus, decisions.n_lines.tolist(), strict=True):
        if len(article.labels) != n_lines:
            raise CorpusError(f"{article.id}: {n_lines} lines, but {len(article.labels)} labels")
    if all((article.labels == MASKED).all() for article in corpus):
        raise CorpusError("no line has a label: give a corpus with labelled lines")


def _line_rows(corpus: Corpus, decisions: CorpusDecisions, n_resamples: int, seed: int) -> Iterator[LineRow]:
    labels = np.concatenate(corpus.labels)
    sites = np.unique(corpus.groups, return_inverse=True)[1]
    article = np.repeat(np.arange(len(corpus)), decisions.n_lines)
    for by, key in GROUPINGS.items():
        keys = np.array([key(a) for a in corpus])
        for group in np.unique(keys).tolist():
            in_group = keys == group
            rows = np.flatnonzero(in_group[article] & (labels != MASKED))
            if not len(rows):
                continue
            resamples = Resamples(sites[article[rows]], n_resamples, seed)
            columns = (labels[rows], decisions.probability[rows], decisions.kept[rows])
            by_lines, by_tokens = (
                line_scores(*columns, weights, resamples)
                for weights in (np.ones(len(rows)), decisions.n_tokens[rows].astype(np.float64))
            )
            n_articles = len(np.unique(article[rows]))
            yield LineRow(by, group, n_articles, len(rows), resamples.n_sites, by_lines, by_tokens)


def _text_rows(corpus: Corpus, decisions: CorpusDecisions, n_resamples: int, seed: int) -> list[TextRow]:
    places = [place for place, article in enumerate(corpus) if gold_text(article) is not None]
    articles = [corpus.articles[place] for place in places]
    outputs = {
        BEFORE: [article.text for article in articles],
        AFTER: [decisions.texts[place] for place in places],
        ORACLE: oracle(articles),
    }
    return compare_texts(articles, outputs, n_resamples, seed)


def _policy_rows(
    corpus: Corpus,
    model: LineModel,
    html: Mapping[str, str] | None,
    threshold: Threshold,
    n_resamples: int,
    seed: int,
) -> list[PolicyRow]:
    """Measure the articles whose lines a reader labelled, in the text that was read."""
    read = [
        article
        for article in corpus
        if article.roles is not None and article.extractor == EXTRACTOR and article.page_type == "article"
    ]
    return (
        evaluate_policy(read, model, html, threshold=threshold, n_resamples=n_resamples, seed=seed) if read else []
    )


def _kind_rows(corpus: Corpus, keywords: Keywords, n_resamples: int, seed: int) -> list[KindRow]:
    known = corpus.select(lambda article: any(article.kinds or ()))
    if not len(known):
        return []
    return measure_kinds(
        gold_kinds(known), predict_kinds(known, keywords=keywords), line_sites(known), n_resamples, seed
    )


def _line_table(title: str, rows: Sequence[LineRow], weight: str) -> Table:
    cells = [
        (
            *(row.by, row.group, f"{row.n_lines:,}", f"{row.n_sites:,}"),
            *(str(getattr(row, weight)[name]) for name in LINE_HEADERS),
        )
        for row in rows
    ]
    return Table(title, ("by", "group", "lines", "sites", *LINE_HEADERS.values()), cells)


def text_table(
    title: str,
    rows: Sequence[TextRow],
    difference: str,
    by: Sequence[str] = ("source", "pages", "extractor"),
) -> Table:
    """Return a table of text figures.

    Parameters
    ----------
    title : str
    rows : sequence of TextRow
    difference : str
        The header of the last column.
    by : sequence of str
        The attributes of `TextGroup` to show.
    """
    headers = (*by, "system", "n", "sites", "P", "R", "F1", difference)
    cells = [
        (
            *(getattr(row.group, name) for name in by),
            *(row.system, f"{row.n_pages:,}", f"{row.n_sites:,}"),
            *map(str, (row.precision, row.recall, row.f1, row.difference)),
        )
        for row in rows
    ]
    return Table(title, headers, cells)


def _record_lines(gold: Corpus, decisions: CorpusDecisions) -> LineRecords:
    labels = np.concatenate(gold.labels)
    known = labels != MASKED
    pages = np.array([f"{article.source} {article.id}" for article in gold])
    return LineRecords(
        labels[known],
        (np.rint(decisions.probability[known] * 1000) / 1000).astype(np.float32),
        decisions.n_chars[known].astype(np.int32),
        np.array([(article.labels != MASKED).sum() for article in gold], np.int32),
        np.unique(pages, return_inverse=True)[1].astype(np.int32),
        np.unique(gold.groups, return_inverse=True)[1].astype(np.int32),
        np.array([article.extractor for article in gold]),
        np.array([article.source for article in gold]),
        np.array([article.page_type for article in gold]),
    )
