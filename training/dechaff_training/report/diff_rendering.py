"""A model diff on the terminal, with the changed lines, reasons and totals, and as JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from rich.text import Text

from dechaff.explain.sentences import Why
from dechaff.linear.artifact import model_digest
from dechaff_training.corpus import Article
from dechaff_training.evaluate.model_diff import DIRECTIONS, Change, Comparison, Explainer
from dechaff_training.evaluate.tables import Table
from dechaff_training.files.models import named_model
from dechaff_training.report.rendering import PipeConsole, print_tables, visible

_STYLES: Final = dict(zip(DIRECTIONS, ("green", "red"), strict=True))
_RIGHT: Final = {True: " · right", False: " · wrong", None: ""}
_INDENT: Final = "  "
_N_ARTICLES: Final = 10


def print_comparison(comparison: Comparison, explainer: Explainer, limit: int, reasons: int) -> None:
    """Print the first changed lines, then the tables of totals.

    Parameters
    ----------
    comparison : Comparison
    explainer : Explainer
    limit : int
        Maximum number of lines to print.
    reasons : int
        Maximum number of reasons per line.
    """
    console = PipeConsole(highlight=False)
    for change in comparison.changes[:limit]:
        article = comparison.corpus.articles[change.article]
        for row in _change_rows(article, change, explainer, reasons):
            if console.is_terminal:
                row.truncate(console.width, overflow="ellipsis")
            console.print(row, soft_wrap=True)
    n_more = len(comparison.changes) - limit
    if n_more > 0:
        console.print(Text(f"… and {n_more:,} more: raise --limit, or write all with --json"), soft_wrap=True)
    if comparison.changes:
        console.print()
    print_tables(difference_tables(comparison))


def _change_rows(article: Article, change: Change, explainer: Explainer, reasons: int) -> list[Text]:
    """Format one changed line: its place and labels, its text, and the reasons."""
    labels = f"{change.before} → {change.after}{_RIGHT[change.is_right]}"
    head = Text.assemble((f"{article_name(article)}:{change.number}: ", "bold"), labels)
    rows = [head, Text(_INDENT + visible(change.text), _STYLES[change.direction])]
    why = explainer.why(change, reasons) if reasons else []
    if why:
        joined = " · ".join(f"{reason.contribution:+.1f} {visible(reason.text)}" for reason in why)
        rows.append(Text(_INDENT + joined, "dim"))
    return rows


def article_name(article: Article) -> str:
    """Return an article's id, with its extractor if it came from a page.

    Examples
    --------
    >>> import numpy as np
    >>> article_name(Article("", np.zeros(0, np.int8), "bote", "bote/weir", "articles", extractor="trafilatura"))
    'bote/weir (trafilatura)'
    """
    return visible(article.id) + (f" ({article.extractor})" if article.extractor != "none" else "")


def difference_tables(comparison: Comparison) -> list[Table]:
    """Build the tables of totals: changes by direction, and the articles with the most changed words."""
    totals = comparison.totals()
    by_direction = [(direction, totals[direction.replace(" ", "_")]) for direction in DIRECTIONS]
    heads = ("lines", "words", "right", "wrong", "unlabelled")
    rows = [(direction, *(f"{sums[head]:,}" for head in heads)) for direction, sums in by_direction]
    rows.append(("all lines", f"{totals['lines']:,}", f"{totals['words']:,}", "–", "–", "–"))
    tables = [Table("Changed from A to B", ("label", *heads), rows)]
    if comparison.changes:
        tables.append(_most_changed(comparison))
    return tables


def _most_changed(comparison: Comparison) -> Table:
    n_lines = Counter(change.article for change in comparison.changes)
    rows: list[tuple[str, ...]] = [
        (article_name(comparison.corpus.articles[article]), f"{n_lines[article]:,}", f"{n_words:,}")
        for article, n_words in comparison.words_changed.most_common(_N_ARTICLES)
    ]
    return Table("Articles most changed", ("article", "lines", "words"), rows)


def to_dict(comparison: Comparison, names: tuple[str, str], explainer: Explainer, reasons: int) -> dict[str, Any]:
    """Return a comparison as JSON-ready values: models, totals, and every changed line with its reasons.

    Parameters
    ----------
    comparison : Comparison
    names : tuple of str
        The names of models A and B.
    explainer : Explainer
    reasons : int
        Maximum number of reasons per line.
    """
    models = {
        letter: {"model": name, "model_sha256": model_digest(named_model(name)), "threshold": threshold}
        for letter, name, threshold in zip("ab", names, comparison.thresholds, strict=True)
    }
    articles = comparison.corpus.articles
    return {
        "settings": {**models, "corpus_digest": comparison.corpus.digest},
        "totals": comparison.totals(),
        "articles": [
            {**_article_keys(articles[article]), "words": n_words}
            for article, n_words in comparison.words_changed.most_common()
        ],
        "changes": [
            _change_record(articles[change.article], change, explainer.why(change, reasons))
            for change in comparison.changes
        ],
    }


def _change_record(article: Article, change: Change, why: Sequence[Why]) -> dict[str, Any]:
    before, after = ({**vars(v), "probability": round(v.probability, 6)} for v in (change.before, change.after))
    return {
        **_article_keys(article),
        "line": change.number,
        "text": change.text,
        "words": change.n_words,
        "a": before,
        "b": after,
        "is_right": change.is_right,
        "why": [
            {"text": text, "difference": round(difference, 4), "theme": theme} for text, difference, theme in why
        ],
    }


def _article_keys(article: Article) -> dict[str, str]:
    return {"id": article.id, "extractor": article.extractor}
