"""Clean Markdown in records, with the decisions of `dechaff.clean_markdown`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from dechaff._typing import Flags
from dechaff.bulk.records import Document
from dechaff.bulk.settings import Settings
from dechaff.decisions.decide import Decision, decide
from dechaff.decisions.groups import decide_rows
from dechaff.explain.kinds import keep_by_kind
from dechaff.explain.lazy import LazyExplanation
from dechaff.linear.line_model import CLASSES, LineModel
from dechaff.results import LabelledLine, label_lines, label_rows
from dechaff.sites import SiteProfile
from dechaff.text.lines import LineBatch
from dechaff.text.markdown import read_markdown

#: The decimals of probabilities in files, and the number of reasons there.
DECIMALS: Final = 4
N_REASONS: Final = 3


@dataclass(frozen=True, eq=False)
class CleanedMarkdown:
    """Markdown without its boilerplate, and the lines of the whole.

    Attributes
    ----------
    text : str
        The rows that are kept.
    batch : LineBatch
        The whole as a batch of one article.
    kept : ndarray of bool, shape (n_lines,)
    decision : Decision
        The decision on the lines that the model read.
    label : callable
        Returns every line with its label.
    """

    text: str
    batch: LineBatch
    kept: Flags
    decision: Decision
    label: Callable[[], list[LabelledLine]]

    def scores(self) -> list[list[float]]:
        """Return the span and the probability of each line."""
        return [[line.start, line.end, round(line.probability, DECIMALS)] for line in self.label()]

    def dropped_lines(self, document: Document) -> Iterator[dict[str, Any]]:
        """Yield a description of every dropped line."""
        for number, line in enumerate(self.label()):
            if line.label == CLASSES[0]:
                yield {
                    "id": document.id,
                    "line": number,
                    "start": line.start,
                    "end": line.end,
                    "text": line.text,
                    "probability": round(line.probability, DECIMALS),
                    "kind": line.kind,
                    "reasons": [reason.feature for reason in line.reasons(N_REASONS)],
                }


def clean_markdown_record(
    document: Document, model: LineModel, settings: Settings, sites: SiteProfile | None = None
) -> CleanedMarkdown:
    r"""Clean the Markdown of a document.

    Parameters
    ----------
    document : Document
    model : LineModel
    settings : Settings
    sites : SiteProfile, optional

    Raises
    ------
    MissingExtraError
        If pyromark is not installed.

    Examples
    --------
    >>> from dechaff import default_model
    >>> document = Document.of(1, "# The vote\n\nIt was held on Tuesday, the council said.\n", "a.jsonl")
    >>> clean_markdown_record(document, default_model(), Settings()).text
    '# The vote\n\nIt was held on Tuesday, the council said.\n'
    """
    reading = read_markdown(document.text)
    read, info = document.text if reading is None else reading.text, document.page_info
    decided = next(decide([read], model, settings.threshold, page_infos=[info], sites=sites))
    decision = keep_by_kind(decided, settings.keep_kinds)
    if reading is None:  # blank, or nested too deeply
        label = partial(label_lines, decision, LazyExplanation(decision, info))
        return CleanedMarkdown(next(decision.kept_texts()), decision.batch, decision.kept, decision, label)
    rows = decide_rows(reading, decision, model.resolve_threshold(settings.threshold))
    label = partial(label_rows, reading.rows, rows, LazyExplanation(rows.decision, info))
    kept = rows.kept[reading.rows.of_lines]
    return CleanedMarkdown(reading.rows.select(rows.kept), reading.rows.batch, kept, decision, label)
