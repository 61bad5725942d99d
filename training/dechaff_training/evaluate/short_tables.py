"""The short tables of an evaluation: the whole corpus first, and only groups that differ from it."""

from collections import Counter
from typing import Final

from dechaff_training.evaluate.evaluation import Evaluation, LineRow
from dechaff_training.evaluate.policy import policy_table
from dechaff_training.evaluate.tables import Table

_HEADERS: Final = ("group", "lines", "sites", "precision", "recall", "F1", "dropped")
_LEGEND: Final = (
    "lines, sites: numbers of labelled lines, and of their sites",
    "precision: share of the kept lines that are content",
    "recall: share of the content lines that are kept",
    "F1: harmonic mean of these two{interval}",
    "dropped: share of the boilerplate lines that are dropped",
)
_KEPT_TEXTS: Final = (
    "before: the text as extracted; after: cleaned; oracle labels: cleaned by the labels themselves"
)


def short_tables(evaluation: Evaluation) -> list[Table]:
    """Return the main figures, at most 80 columns wide unless there are figures by the label policy.

    Parameters
    ----------
    evaluation : Evaluation
    """
    tables = [policy_table(evaluation.policy)] if evaluation.policy else []
    n_groups = Counter(row.by for row in evaluation.lines)
    rows = [row for row in evaluation.lines if row.by == "all" or n_groups[row.by] > 1]
    several = any(row.n_sites > 1 for row in rows)
    interval = ", with its 95 % interval over sites" if several else "; of one site there is no interval"
    legend = tuple(line.format(interval=interval) for line in _LEGEND)
    return [*tables, Table("Lines", _HEADERS, [_line_cells(row) for row in rows], legend), *_texts(evaluation)]


def _line_cells(row: LineRow) -> tuple[str, ...]:
    name = "all" if row.by == "all" else f"{row.by.replace('_', ' ')} {row.group}"
    scores = row.lines
    precision, recall = (str(scores[f"content_{score}"]).partition(" ")[0] for score in ("precision", "recall"))
    dropped = str(scores["boilerplate_recall"]).partition(" ")[0]
    return name, f"{row.n_lines:,}", f"{row.n_sites:,}", precision, recall, str(scores["content_f1"]), dropped


def _texts(evaluation: Evaluation) -> list[Table]:
    """Return the F1 of the texts, if there is only one group of them: `--full` has all groups."""
    if len({row.group for row in evaluation.texts}) != 1:
        return []
    rows: list[tuple[str, ...]] = [(row.system, f"{row.n_pages:,}", str(row.f1)) for row in evaluation.texts]
    return [Table("Texts against the gold", ("texts", "articles", "F1"), rows, (_KEPT_TEXTS,))]
