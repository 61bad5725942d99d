"""What a model says of texts, as the page shows it: lines, labels, kinds, reasons."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from dechaff.api import LabelledLine, classify_lines
from dechaff.errors import InputError
from dechaff.linear.line_model import LineModel, Threshold
from dechaff_training.fit.active_learning import UNSURE
from dechaff_training.label_app.documents import Document

_REASONS: Final = 3
_ARTICLES_AT_ONCE: Final = 8


class Judge:
    r"""Judges texts by one model, and remembers the last few.

    Parameters
    ----------
    model : LineModel
    threshold : float or str, optional

    Examples
    --------
    >>> from dechaff import default_model
    >>> Judge(default_model()).propose("Share this article\n\nSubscribe for ₹900 per month").marks
    '--'
    """

    #: Lines whose probability of content lies between these are called unsure.
    unsure: Final = UNSURE

    def __init__(self, model: LineModel, threshold: Threshold = None) -> None:
        self.model = model

        @lru_cache(_ARTICLES_AT_ONCE)
        def judge(text: str) -> list[LabelledLine]:
            """Label an article's lines; the last few articles are remembered."""
            return classify_lines(text, model, threshold)

        self._lines = judge

    def propose(self, text: str) -> Document:
        """Mark each line as the model labels it."""
        lines = self._lines(text)
        return Document(text, "".join(map(_mark, lines)), ("",) * len(lines), "model")

    def describe(self, document: Document) -> Iterator[dict[str, Any]]:
        """Say of each line what is shown of it, and whether there is a gap before it."""
        end = 0
        for line, kind in zip(self._lines(document.text), document.kinds, strict=True):
            yield {
                "text": line.text,
                "probability": round(line.probability, 4),
                "mark": _mark(line),
                "kind": kind or line.kind,
                "gap": document.text.count("\n", end, line.start) > 1,
            }
            end = line.end

    def explain(self, document: Document, line: int) -> list[dict[str, Any]]:
        """Give the strongest reasons for what the model says of a line: a third of a second for a long article.

        Raises
        ------
        InputError
            If there is no such line.
        """
        lines = self._lines(document.text)
        if not 0 <= line < len(lines):
            raise InputError(f"there is no line {line}")
        return [{"text": why.text, "share": round(why.contribution, 2)} for why in lines[line].why(_REASONS)]


def _mark(line: LabelledLine) -> str:
    return "+" if line.label == "content" else "-"
