"""What the model reads of a text that is more than lines: groups of lines, without their marks.

Markdown and wrapped text have lines that belong together, and characters that are no words. A `Reading` holds the
lines that the model reads instead, and says to which lines of the text each of them belongs. The text itself stays
as it is: its rows, one for each line break, are kept or dropped.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from typing import Final

import numpy as np

from dechaff._typing import Flags, Indices
from dechaff.text.characters import SPACE
from dechaff.text.lines import LineBatch

_BREAK: Final = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_MARKDOWN_BREAK: Final = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, eq=False)
class Rows:
    """The lines of one text with all that stands in them, each up to the begin of the next one that is not blank.

    Attributes
    ----------
    batch : LineBatch
        The text as a batch of one article.
    begins : ndarray of int64, shape (n_rows,)
        Where each row begins, before its indentation; the first row begins where the text does.
    of_lines : ndarray of int64, shape (n_lines,)
        The row of each line: a form feed, for example, divides lines but not rows of Markdown.
    line_break : re.Pattern
        Matches what divides rows.
    """

    batch: LineBatch
    begins: Indices
    of_lines: Indices
    line_break: re.Pattern[str]

    @classmethod
    def of(cls, text: str, *, markdown: bool = False) -> "Rows":
        r"""Find the rows of a text.

        Parameters
        ----------
        text : str
        markdown : bool
            Whether only the line breaks of Markdown divide rows: LF, CR and CRLF.

        Examples
        --------
        >>> Rows.of("One\n\n  two\f2", markdown=True).texts
        ['One\n\n', '  two\x0c2']
        """
        batch = LineBatch.from_texts([text])
        breaks = batch.breaks[:-1]
        if markdown:
            breaks = breaks[np.isin(batch.codes[breaks], (0x0A, 0x0D))]
        number = np.searchsorted(breaks, batch.starts)
        if markdown and ">" in text:
            number = _skip_bare_quotes(batch, number)
        rows, of_lines = np.unique(number, return_inverse=True)
        begins = np.append(0, breaks + 1)[rows]
        begins[:1] = 0
        return cls(batch, begins, of_lines, _MARKDOWN_BREAK if markdown else _BREAK)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.begins)

    @property
    def text(self) -> str:
        """Return the text."""
        return self.batch.texts[0]

    @cached_property
    def texts(self) -> list[str]:
        """Return each row with its line break and the blank lines behind it; joined, they are the text."""
        bounds = [*self.begins.tolist(), len(self.text)]
        return [self.text[begin:end] for begin, end in pairwise(bounds)]

    def select(self, kept: Flags) -> str:
        r"""Return the kept rows, each with the blank lines behind it; a text without rows is kept unchanged.

        Blank lines behind dropped rows stay where they alone divide what is kept.

        Parameters
        ----------
        kept : ndarray of bool, shape (n_rows,)

        Examples
        --------
        >>> Rows.of("One\nTwo\n\nThree\n\nFour\n").select(np.array([True, False, False, True]))
        'One\n\nFour\n'
        """
        if not len(self):
            return self.text
        pieces: list[str] = []
        blank = ""
        for text, keep in zip(self.texts, kept.tolist(), strict=True):
            found = self.line_break.search(text, len(text) - len(text.lstrip()))
            line, own_blank = (text[: found.end()], text[found.end() :]) if found else (text, "")
            if keep:
                pieces += (blank, line, own_blank)
                blank = ""
            elif pieces and not pieces[-1]:
                blank = own_blank or blank
        return "".join(pieces)


def _skip_bare_quotes(batch: LineBatch, number: Indices) -> Indices:
    """Return the numbers of lines; marks of a quote alone, its blank lines, have that of the line before."""
    is_other = (batch.codes != ord(">")) & (batch.classes & SPACE == 0)
    filled = np.unique(number[batch.lines_with(is_other)])
    before = np.searchsorted(filled, number, side="right") - 1
    return np.where(before >= 0, filled[np.maximum(before, 0)], number) if len(filled) else number


@dataclass(slots=True)
class Group:
    """Rows that are kept or dropped together.

    Attributes
    ----------
    kind : str
        "text", "heading", "table", "code", "mark" (without words of its own), "definition" or "header".
    rows : list of int
    lines : list of int
        The lines of the reading that belong to it; none for code and marks.
    level : int
        The level of a heading, 1 to 6; 0 for other groups.
    parent : int
        The group of the list item around, which stays if this one stays; -1 if there is none.
    users : list of int
        The rows that refer to a definition.
    """

    kind: str
    rows: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    level: int = 0
    parent: int = -1
    users: list[int] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Reading:
    """The lines that a model reads in place of a text.

    Attributes
    ----------
    rows : Rows
        The rows of the text.
    lines : list of str
        The lines that the model reads; none is blank.
    groups : list of Group
        Every row is in one group. Groups are ordered by their first row.
    changed : callable, optional
        Returns for the kept rows at which of them the blocks are other ones than in the text; None if at all.
    source : str, optional
        The text that has these lines; by default they are joined.
    """

    rows: Rows
    lines: list[str]
    groups: list[Group]
    changed: Callable[[Flags], list[int] | None] | None = None
    source: str | None = None

    @property
    def text(self) -> str:
        """Return the text that the model reads."""
        return "\n".join(self.lines) if self.source is None else self.source

    @cached_property
    def of_rows(self) -> Indices:
        """Return the group of each row, shape (n_rows,)."""
        return _invert([group.rows for group in self.groups], len(self.rows))

    @cached_property
    def of_lines(self) -> Indices:
        """Return the group of each line that the model reads, shape (n_lines,)."""
        return _invert([group.lines for group in self.groups], len(self.lines))


def _invert(members: list[list[int]], n: int) -> Indices:
    """Return for each of n numbers the place of the list that it is in."""
    found = np.zeros(n, np.int64)
    places = np.fromiter(chain.from_iterable(members), np.int64)
    found[places] = np.repeat(np.arange(len(members)), [len(each) for each in members])
    return found


class Reader:
    """Collects groups and their lines.

    Parameters
    ----------
    rows : Rows
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._lines: list[tuple[int, str]] = []
        self.groups: list[Group] = []

    def add(self, kind: str, rows: list[int], level: int = 0, parent: int = -1) -> int:
        """Add a group and return its number."""
        self.groups.append(Group(kind, rows, level=level, parent=parent))
        return len(self.groups) - 1

    def read(self, group: int, text: str) -> None:
        """Add a line to a group; text without words adds none."""
        line = " ".join(text.split())
        if any(map(str.isalnum, line)):
            self._lines.append((group, line))

    def finish(self) -> Reading:
        """Return the reading: lines in the order of their groups' first rows, rows without a group as marks."""
        taken = {row for group in self.groups for row in group.rows}
        for row in range(len(self._rows)):
            if row not in taken:
                self.add("mark", [row])
        return Reading(self._rows, [line for _, line in self._lines], list(self._ordered()))

    def _ordered(self) -> Iterator[Group]:
        """Yield the groups by their first row, with the lines that belong to them."""
        for place, (number, _) in enumerate(self._lines):
            self.groups[number].lines.append(place)
        filled = [number for number, group in enumerate(self.groups) if group.rows]
        filled.sort(key=lambda number: min(self.groups[number].rows))
        order = {number: place for place, number in enumerate(filled)}
        for group in [self.groups[number] for number in filled]:
            group.parent = order.get(group.parent, -1)
            yield group


def read_whole(rows: Rows) -> Reading | None:
    """Return a reading in which the whole text is one group; None if the text is blank.

    Parameters
    ----------
    rows : Rows
    """
    lines = rows.batch.line_texts(0)
    return Reading(rows, lines, [Group("text", list(range(len(rows))), list(range(len(lines))))]) if lines else None
