"""The results of labelling one article: its lines, and the cleaned article."""

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field, fields
from functools import cached_property, partial
from typing import Any

from dechaff._typing import Flags
from dechaff.decisions.decide import Decision
from dechaff.decisions.groups import RowDecision, decide_rows
from dechaff.decisions.titles import PageInfo
from dechaff.explain.contributions import Reason
from dechaff.explain.lazy import LazyExplanation
from dechaff.explain.sentences import Why
from dechaff.linear.line_model import CLASSES, Threshold
from dechaff.text.lines import LineBatch
from dechaff.text.reading import Reading, Rows


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
    place: InitVar[int]
    explanation: InitVar[LazyExplanation]

    def __post_init__(self, place: int, explanation: LazyExplanation) -> None:
        # No fields: tables of lines, comparisons and `asdict` take the fields alone.
        vars(self)["_origin"] = explanation, place

    @property
    def _lazy(self) -> LazyExplanation:
        lazy: LazyExplanation = vars(self)["_origin"][0]
        return lazy

    @property
    def _index(self) -> int:
        index: int = vars(self)["_origin"][1]
        return index

    def to_dict(self) -> dict[str, Any]:
        r"""Return the line with its kind as plain values, for JSON and tables.

        Returns
        -------
        dict

        Examples
        --------
        >>> from dechaff import classify_lines
        >>> line = classify_lines("The vote was held on Tuesday.\nSubscribe now for ₹900 per month")[1]
        >>> [line.to_dict()[name] for name in ("text", "label", "kind")]
        ['Subscribe now for ₹900 per month', 'boilerplate', 'offer']
        """
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return own | {"kind": self.kind}

    @property
    def kind(self) -> str | None:
        """Return the kind of a boilerplate line, one of `dechaff.explain.kinds.KINDS`; None for a content line."""
        # A row that follows its neighbours may have no line with its label.
        return None if self.label == CLASSES[1] else self._lazy.kinds[self._index] or "other"

    def reasons(self, limit: int | None = 3) -> list[Reason]:
        """Return the features and words with the largest contributions to the log-odds, largest first.

        Parameters
        ----------
        limit : int, optional
            The maximum number of reasons; None for all.

        Returns
        -------
        list of Reason
        """
        return self._lazy.contributions.reasons(self._index, limit)

    def why(self, limit: int | None = 3) -> list[Why]:
        r"""Return the reasons for the label in sentences, strongest first.

        Contributions are summed by theme, see `dechaff.explain.themes`; each sentence states facts about the line.

        Parameters
        ----------
        limit : int, optional
            The maximum number of reasons; None for all.

        Returns
        -------
        list of Why

        Examples
        --------
        >>> from dechaff import classify_lines
        >>> lines = classify_lines("The vote was held on Tuesday.\nSubscribe now for ₹900 per month")
        >>> print(*(why.text for why in lines[1].why(5)), sep="\n")
        how much it looks like a comment, a link or a caption
        the lines around it
        none of its rarer words stand elsewhere in the article
        the text as a whole: 2 lines
        how the lines beside it look
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

    def to_dict(self) -> dict[str, Any]:
        """Return text, flags and counts, and the lines with their kinds, as plain values for JSON.

        Returns
        -------
        dict
        """
        names = ("text", "n_lines", "n_kept")
        lines = [line.to_dict() for line in self.lines]
        return {**{name: getattr(self, name) for name in names}, "flags": list(self.flags), "lines": lines}

    @cached_property
    def lines(self) -> list[LabelledLine]:
        """Return every non-blank line with its label, computed on first access."""
        return self._label()


@dataclass(frozen=True, eq=False)
class CleanedReading:
    """The kept part of a text, and all its lines with the decision that was made on what the model read of it.

    Attributes
    ----------
    text : str
        The kept lines or rows.
    batch : LineBatch
        The whole text as a batch of one article.
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

    def article(self) -> CleanedArticle:
        """Return the cleaned article."""
        return CleanedArticle(
            self.text, self.decision.flags[0], self.batch.n_lines, int(self.kept.sum()), self.label
        )


def carry_decision(
    decision: Decision, reading: Reading | None, page_info: PageInfo, threshold: Threshold
) -> CleanedReading:
    """Carry the decision on what the model read of a text over to the text.

    Parameters
    ----------
    decision : Decision
        Of a batch of one article.
    reading : Reading or None
        None if the model read the text itself.
    page_info : PageInfo
    threshold : float or str, optional
    """
    if reading is None:
        label = partial(label_lines, decision, LazyExplanation(decision, page_info))
        return CleanedReading(next(decision.kept_texts()), decision.batch, decision.kept, decision, label)
    rows = decide_rows(reading, decision, decision.model.resolve_threshold(threshold))
    label = partial(label_rows, reading.rows, rows, LazyExplanation(rows.decision, page_info))
    kept = rows.kept[reading.rows.of_lines]
    return CleanedReading(reading.rows.select(rows.kept), reading.rows.batch, kept, decision, label)


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
