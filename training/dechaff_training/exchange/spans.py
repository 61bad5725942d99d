"""Convert the labels of lines to labelled spans of the text, and back."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dechaff.errors import CorpusError
from dechaff.explain.kinds import KINDS
from dechaff.text.lines import split_lines
from dechaff_training.corpus import BOILERPLATE, CONTENT, MASKED, Article

_BOILERPLATE = "boilerplate"
_NAMES = {"content": (CONTENT, ""), _BOILERPLATE: (BOILERPLATE, ""), "masked": (MASKED, "")}
_NAMES |= {f"{_BOILERPLATE}/{kind}": (BOILERPLATE, kind) for kind in KINDS}
_NAME_OF = {meaning: name for name, meaning in _NAMES.items()}
#: The labels of spans: "content", "boilerplate", "boilerplate/offer", ..., "masked".
LABEL_NAMES = tuple(_NAMES)


@dataclass(frozen=True)
class Span:
    """A labelled span of a text.

    Attributes
    ----------
    start, end : int
        Offsets in code points.
    name : str
        The label, one of `LABEL_NAMES`.
    """

    start: int
    end: int
    name: str


def line_spans(article: Article) -> Iterator[Span]:
    """Yield a span for each line of a labelled article that is not blank."""
    labels, kinds = article.labels.tolist(), article.kinds or [""] * len(article.labels)
    for (start, end), label, kind in zip(split_lines(article.text), labels, kinds, strict=True):
        yield Span(start, end, _NAME_OF[label, kind if label == BOILERPLATE else ""])


def label_lines(text: str, spans: Iterable[Span], where: str) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    r"""Return the label and the kind of each line, according to the spans that overlap it.

    Parameters
    ----------
    text : str
    spans : iterable of Span
        The labelled spans; a span may cover several lines, or parts of lines.
    where : str
        The file and the record, for errors.

    Returns
    -------
    labels : ndarray of int8
    kinds : tuple of str

    Raises
    ------
    CorpusError
        If a span exceeds the text, or a line has no span or spans with different labels.

    Examples
    --------
    >>> label_lines("The weir\n\nTweet", [Span(0, 8, "content"), Span(10, 15, "boilerplate/share")], "a.json")
    (array([1, 0], dtype=int8), ('', 'share'))
    """
    lines = split_lines(text)
    starts, ends = [start for start, _ in lines], [end for _, end in lines]
    names: list[set[str]] = [set() for _ in lines]
    for span in spans:
        if not 0 <= span.start <= span.end <= len(text):
            raise CorpusError(
                f"{where}: a span from {span.start} to {span.end} exceeds the text of {len(text)} characters"
            )
        for place in range(bisect_right(ends, span.start), bisect_left(starts, span.end)):
            names[place].add(span.name)
    found = [_one_name(own, text, *line, where) for own, line in zip(names, lines, strict=True)]
    meanings = [_NAMES[name] for name in found]
    return np.array([label for label, _ in meanings], np.int8), tuple(kind for _, kind in meanings)


def check_span(start: Any, end: Any, name: Any, where: str) -> Span:
    """Return a span after checking the types of its ends and its label.

    Raises
    ------
    CorpusError
        If an end is not an integer, or the label is unknown.
    """
    if type(start) is not int or type(end) is not int:
        raise CorpusError(f"{where}: the span from {start!r} to {end!r} needs whole numbers, in code points")
    if not isinstance(name, str) or name not in _NAMES:
        raise CorpusError(f"{where}: unknown label {name!r}: choose one of {', '.join(LABEL_NAMES)}")
    return Span(start, end, name)


def check_agreement(articles: Sequence[tuple[str, Article]], where: str) -> Article:
    """Return the article if all its annotations have the same labels.

    Parameters
    ----------
    articles : sequence of (str, Article)
        Each annotation's name with its labelled article; at least one, and all with the same text.
    where : str
        The file and the record, for errors.

    Raises
    ------
    CorpusError
        If the labels of a line differ.
    """
    (first, agreed), *others = articles
    for second, article in others:
        for one, other in zip(line_spans(agreed), line_spans(article), strict=True):
            if one.name != other.name:
                raise CorpusError(
                    f"{where}: line {_number(agreed.text, one.start)}: {one.name} in {first}, {other.name} in "
                    f"{second}: correct one of the two"
                )
    return agreed


def _one_name(names: set[str], text: str, start: int, end: int, where: str) -> str:
    if len(names) == 1:
        return next(iter(names))
    place = f"{where}: line {_number(text, start)}, {text[start:end][:30]!r}"
    if names:
        raise CorpusError(f"{place}: overlapped by spans of {' and '.join(sorted(names))}: keep one label")
    raise CorpusError(f"{place}: no span: label the line, as masked if it should not count")


def _number(text: str, start: int) -> int:
    """Return the number, from 1, of the line that starts at an offset, as in the labelled text file."""
    return len(f"{text[:start]}.".splitlines())
