"""A model's predictions for the label app: lines with labels, kinds and reasons."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from dechaff.api import classify_lines
from dechaff.errors import InputError
from dechaff.linear.line_model import LineModel, Threshold
from dechaff.results import LabelledLine
from dechaff_training.fit.active_learning import UNSURE
from dechaff_training.label_app.documents import Document

_N_REASONS: Final = 3
_N_CACHED_ARTICLES: Final = 8


class Predictor:
    r"""Label texts with a model, and cache the last few results.

    Parameters
    ----------
    model : LineModel
    threshold : float or str, optional
        The threshold or preset; by default the model's own threshold.

    Examples
    --------
    >>> from dechaff import default_model
    >>> Predictor(default_model()).propose("Share this article\n\nSubscribe for ₹900 per month").marks
    '--'
    """

    #: The interval of probabilities of content that count as unsure.
    unsure: Final = UNSURE

    def __init__(self, model: LineModel, threshold: Threshold = None) -> None:
        self.model = model

        @lru_cache(_N_CACHED_ARTICLES)
        def classify(text: str, title: str | None) -> list[LabelledLine]:
            """Label the lines of an article."""
            return classify_lines(text, model, threshold, title=title)

        self._classify = classify

    def propose(self, text: str, title: str | None = None) -> Document:
        """Return a text with the model's marks, and its title if the page has one."""
        lines = self._classify(text, title)
        return Document(text, "".join(map(_mark, lines)), ("",) * len(lines), "model", title=title)

    def describe(self, document: Document) -> Iterator[dict[str, Any]]:
        """Yield each line's text, prediction and kind, and whether blank lines precede it."""
        end = 0
        for line in self._classify(document.text, document.title):
            yield {
                "text": line.text,
                "probability": round(line.probability, 4),
                "mark": _mark(line),
                "kind": line.kind,
                "gap": document.text.count("\n", end, line.start) > 1,
            }
            end = line.end

    def explain(self, document: Document, line: int) -> list[dict[str, Any]]:
        """Return the strongest reasons for a line's prediction, which takes a third of a second in long articles.

        Raises
        ------
        InputError
            If there is no line of that number.
        """
        lines = self._classify(document.text, document.title)
        if not 0 <= line < len(lines):
            raise InputError(f"the article has no line {line}")
        return [
            {"text": why.text, "contribution": round(why.contribution, 2)} for why in lines[line].why(_N_REASONS)
        ]


def _mark(line: LabelledLine) -> str:
    return "+" if line.label == "content" else "-"
