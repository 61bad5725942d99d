"""How many lines and words of articles are kept, and how many are dropped, by kind."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from dechaff.api import LabelledLine
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import find_words

#: What stands for content among the kinds of boilerplate.
KEPT: Final = "kept"


@dataclass(frozen=True)
class Tally:
    r"""Lines and words of articles, counted by kind.

    Attributes
    ----------
    lines, words : Counter of str
        By kind of boilerplate, and `KEPT`.

    Examples
    --------
    >>> from dechaff import classify_lines
    >>> tally = Tally.of(classify_lines("Share this article\nSubscribe for ₹900 per month"))
    >>> tally.lines, tally.words["share"]
    (Counter({'share': 1, 'offer': 1}), 3)
    """

    lines: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, lines: Sequence[LabelledLine]) -> "Tally":
        """Count the lines of one article."""
        tally = cls()
        n_words = find_words(LineBatch.from_texts([line.text for line in lines])).counts.tolist()
        for line, n in zip(lines, n_words, strict=True):
            kind = line.kind or KEPT
            tally.lines[kind] += 1
            tally.words[kind] += n
        return tally

    def add(self, other: "Tally") -> None:
        """Count another one's lines, too."""
        self.lines.update(other.lines)
        self.words.update(other.words)

    @property
    def dropped_kinds(self) -> list[str]:
        """Name the kinds that were dropped, those of most words first."""
        kinds = [kind for kind in self.lines if kind != KEPT]
        return sorted(kinds, key=lambda kind: (-self.words[kind], kind))
