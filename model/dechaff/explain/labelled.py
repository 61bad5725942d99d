"""What an article is returned as: its labelled lines, and the text that is kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from dechaff.decisions.decide import Decision
from dechaff.decisions.groups import RowDecision
from dechaff.explain.contributions import Reason
from dechaff.explain.lazy import LazyExplanation
from dechaff.explain.sentences import Why
from dechaff.linear.line_model import CLASSES
from dechaff.text.reading import Rows


@dataclass(frozen=True)
class LabelledLine:
    """One line of an article with its label.

    Attributes
    ----------
    text : str
        The line, stripped of surrounding white space.
    start, end : int
        The line's span in the article, in code points.
    label : str
        The label, "content" or "boilerplate".
    probability : float
        The probability of content.
    """

    text: str
    start: int
    end: int
    label: str
    probability: float
    _index: int = field(repr=False)
    _lazy: LazyExplanation = field(repr=False, compare=False)

    @property
    def kind(self) -> str | None:
        """Return the kind of a boilerplate line, one of `dechaff.explain.kinds.KINDS`; None for a content line."""
        # A row that follows its neighbours may have no line with its label.
        return None if self.label == CLASSES[1] else self._lazy.kinds[self._index] or "other"

    def reasons(self, limit: int | None = 3) -> list[Reason]:
        """Return the features and words with the largest contributions to the log-odds, largest first."""
        return self._lazy.contributions.reasons(self._index, limit)

    def why(self, limit: int | None = 3) -> list[Why]:
        r"""Return the reasons for the label in sentences, strongest first.

        Contributions are summed by theme, see `dechaff.explain.themes`; each sentence states facts about the line.

        Examples
        --------
        >>> from dechaff import classify_lines
        >>> lines = classify_lines("The vote was held on Tuesday.\nSubscribe now for ₹900 per month")
        >>> print(*(why.text for why in lines[1].why(5)), sep="\n")
        how the lines beside it look
        boilerplate at first sight
        looks like a price: ₹900
        words of an offer: 'Subscribe now'
        the text as a whole: 2 lines
        """
        return self._lazy.sentences.why(self._index, limit)


@dataclass(frozen=True)
class CleanedArticle:
    """A cleaned article with its labelled lines, and flags if the result is doubtful.

    Articles are equal if their texts, flags and counts are equal. An article references its input and the model: to
    store or send many articles, use only their `text` or `lines`.

    Attributes
    ----------
    text : str
        The kept lines with the blank lines after them, unchanged.
    flags : tuple of str
        Reasons to check the article, usually none: "nearly all dropped", "unsure", or "kept by the guard" (lines
        below the threshold were kept because otherwise too little would remain).
    n_lines, n_kept : int
        The number of non-blank lines, and the number of kept lines.
    """

    text: str
    flags: tuple[str, ...]
    n_lines: int
    n_kept: int
    _label: Callable[[], list[LabelledLine]] = field(repr=False, compare=False)

    @cached_property
    def lines(self) -> list[LabelledLine]:
        """Return every non-blank line with its label, computed on first access."""
        return self._label()


def label_lines(decision: Decision, lazy: LazyExplanation) -> list[LabelledLine]:
    """Return the labelled lines of a batch of one article.

    Parameters
    ----------
    decision : Decision
    lazy : LazyExplanation
    """
    text = decision.batch.texts[0]
    decisions = zip(decision.batch.spans(0), decision.kept.tolist(), decision.probability.tolist(), strict=True)
    return [
        LabelledLine(text[start:end], start, end, CLASSES[keep], p, index, lazy)
        for index, ((start, end), keep, p) in enumerate(decisions)
    ]


def label_rows(rows: Rows, decided: RowDecision, lazy: LazyExplanation) -> list[LabelledLine]:
    """Return the labelled lines of a text of which the model read something else.

    Parameters
    ----------
    rows : Rows
    decided : RowDecision
    lazy : LazyExplanation
    """
    of_lines = rows.of_lines
    indices = decided.lines[of_lines]
    probability = decided.decision.probability[indices].tolist()
    decisions = zip(
        rows.batch.spans(0), decided.kept[of_lines].tolist(), probability, indices.tolist(), strict=True
    )
    return [
        LabelledLine(rows.text[start:end], start, end, CLASSES[keep], p, index, lazy)
        for (start, end), keep, p, index in decisions
    ]
