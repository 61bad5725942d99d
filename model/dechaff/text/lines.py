"""Text to lines: many articles become one buffer of code points and arrays of offsets.

A line is the text between two line breaks, without the white space at its ends. Blank lines have no label, but they
stay in the text: a line's *segment* reaches from its start to the start of the next non-blank line, so the segments
of an article, joined in order, are the article.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np

from dechaff._typing import Classes, Codes, Flags, Indices
from dechaff.errors import InputError
from dechaff.kernels import accelerated
from dechaff.text.characters import LINE_BREAK, SPACE, class_table
from dechaff.text.marked import MarkedText
from dechaff.text.ragged import Ragged

#: An article with more lines is divided into parts of at most this many lines, to bound the memory; each part is
#: labelled as if it were an article.
MOST_LINES: Final = 1 << 15


@dataclass(frozen=True, eq=False)
class LineBatch:
    """Articles as one buffer of code points, with the spans of their non-blank lines.

    Attributes
    ----------
    texts : list of str
        The articles, unchanged.
    codes : ndarray of uint32, shape (n_codes,)
        The code points of all articles in order, with a line feed after each article.
    classes : ndarray of uint8, shape (n_codes,)
        The class bits of each code point; the constants in `dechaff.text.characters` name the bits.
    breaks : ndarray of int64, shape (n_breaks,)
        The positions of the line breaks in `codes`; for a CRLF, the position of the LF.
    starts, ends : ndarray of int64, shape (n_lines,)
        The span of each line in `codes`, without the white space at its ends.
    article_codes : ndarray of int64, shape (n_articles + 1,)
        Where each article begins in `codes`.
    article_lines : ndarray of int64, shape (n_articles + 1,)
        Where each article's lines begin among all lines.
    part_lines : ndarray of int64, shape (n_parts + 1,)
        Where each part's lines begin. A part is an article, or one piece of an article that has more than
        `MOST_LINES` lines.
    """

    texts: list[str]
    codes: Codes
    classes: Classes
    breaks: Indices
    starts: Indices
    ends: Indices
    article_codes: Indices
    article_lines: Indices
    part_lines: Indices

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> "LineBatch":
        r"""Find the lines of every article.

        Parameters
        ----------
        texts : sequence of str
            One article each, with any line endings and in any script; lone surrogates are allowed.

        Returns
        -------
        LineBatch

        Raises
        ------
        InputError
            If an element is not a string.

        Examples
        --------
        >>> batch = LineBatch.from_texts(["Title\r\n\r\n Body. ", "Other"])
        >>> batch.line_texts(0), batch.line_texts(1)
        (['Title', 'Body.'], ['Other'])
        """
        for i, text in enumerate(texts):
            if not isinstance(text, str):
                raise InputError(f"text {i} is {type(text).__name__}, not str: decode it first")
        joined = "\n".join([*texts, ""])
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
        article_codes = Ragged.of_counts(lengths).offsets
        classes, breaks, starts, ends = find_lines(codes, class_table())
        article_lines = starts.searchsorted(article_codes)
        part_lines = _cut_articles(article_lines)
        return cls(list(texts), codes, classes, breaks, starts, ends, article_codes, article_lines, part_lines)

    @property
    def n_lines(self) -> int:
        """Return the number of non-blank lines of all articles."""
        return len(self.starts)

    @property
    def n_articles(self) -> int:
        """Return the number of articles."""
        return len(self.texts)

    @cached_property
    def articles(self) -> Ragged:
        """Return the lines of each article as ragged rows."""
        return Ragged(self.article_lines)

    @property
    def line_articles(self) -> Indices:
        """Return the index of each line's article, shape (n_lines,)."""
        return self.articles.numbers

    @cached_property
    def parts(self) -> Ragged:
        """Return the lines of each part as ragged rows, which are mostly those of the articles."""
        return self.articles if self.part_lines is self.article_lines else Ragged(self.part_lines)

    @property
    def line_parts(self) -> Indices:
        """Return the index of each line's part, shape (n_lines,)."""
        return self.parts.numbers

    def lines_with(self, flags: Flags) -> Flags:
        r"""Return which lines hold a flagged code point.

        Parameters
        ----------
        flags : ndarray of bool, shape (n_codes,)

        Returns
        -------
        ndarray of bool, shape (n_lines,)

        Examples
        --------
        >>> batch = LineBatch.from_texts(["One\n* * *"])
        >>> batch.lines_with(batch.codes == ord("*")).tolist()
        [False, True]
        """
        n_flagged = flags.cumsum(dtype=np.int32)
        return np.asarray(n_flagged[self.ends - 1] > n_flagged[self.starts] - flags[self.starts], np.bool_)

    def sections(self) -> Iterator["LineBatch"]:
        r"""Yield the batch as batches of at most `MOST_LINES` lines, in which each part counts as an article.

        The lines of all sections are the lines of the batch, in order. A batch with at most `MOST_LINES` lines is
        yielded unchanged.

        Yields
        ------
        LineBatch

        Examples
        --------
        >>> [section.n_lines for section in LineBatch.from_texts(["a\nb", "c"]).sections()]
        [3]
        """
        if self.n_lines <= MOST_LINES:
            yield self
            return
        offsets, first = self.part_lines, 0
        while first < len(offsets) - 1:
            last = int(np.searchsorted(offsets, offsets[first] + MOST_LINES, side="right")) - 1
            yield LineBatch.from_texts([self._part_text(part) for part in range(first, last)])
            first = last

    def _part_text(self, part: int) -> str:
        """Return the text of a part, including the indentation of its first line."""
        begin, end = self.part_lines[part : part + 2].tolist()
        if begin == end:
            return ""
        article = int(self.line_articles[begin])
        first = int(self.article_codes[article])
        n_breaks = int(np.searchsorted(self.breaks, self.starts[begin]))
        start = int(self.breaks[n_breaks - 1]) + 1 if n_breaks else first
        text, start, end = self.texts[article], start - first, int(self.ends[end - 1]) - first
        return text.part(start, end) if isinstance(text, MarkedText) else text[start:end]

    def spans(self, article: int) -> list[tuple[int, int]]:
        """Return the spans of one article's lines as (start, end) within the article's text.

        Parameters
        ----------
        article : int
            The article's index in the batch.

        Returns
        -------
        list of tuple of int
        """
        lines = slice(*self.article_lines[article : article + 2])
        offset = self.article_codes[article]
        return list(zip((self.starts[lines] - offset).tolist(), (self.ends[lines] - offset).tolist(), strict=True))

    def line_texts(self, article: int) -> list[str]:
        """Return the lines of one article as strings.

        Parameters
        ----------
        article : int
            The article's index in the batch.

        Returns
        -------
        list of str
        """
        text = self.texts[article]
        return [text[start:end] for start, end in self.spans(article)]

    def segments(self, article: int) -> list[str]:
        """Return one article's segments, one for each line; joined, they are the article.

        The first segment begins at the start of the article, each other segment at the start of its line. Blank
        lines belong to the segment of the line before them. An article without lines has no segments.

        Parameters
        ----------
        article : int
            The article's index in the batch.

        Returns
        -------
        list of str
        """
        starts = [start for start, _ in self.spans(article)]
        text = self.texts[article]
        bounds = [0, *starts[1:], len(text)] if starts else []
        return [text[a:b] for a, b in pairwise(bounds)]


def split_lines(text: str) -> list[tuple[int, int]]:
    r"""Find the non-blank lines of one text.

    Parameters
    ----------
    text : str
        A text with the line breaks of `str.splitlines`: LF, CRLF, CR, form feeds, U+2028 and others.

    Returns
    -------
    list of (start, end)
        The span of each line in `text`, without the white space at its ends.

    Examples
    --------
    >>> text = "One\r\n\n  two\u2028three"
    >>> [text[start:end] for start, end in split_lines(text)]
    ['One', 'two', 'three']
    """
    return LineBatch.from_texts([text]).spans(0)


def _cut_articles(article_lines: Indices) -> Indices:
    """Return where the lines of each part begin; articles with too many lines become parts of similar length."""
    n_lines = article_lines[1:] - article_lines[:-1]
    if n_lines.max(initial=0) <= MOST_LINES:
        return article_lines
    n_parts = np.maximum(-(-n_lines // MOST_LINES), 1)
    bounds = [
        np.linspace(first, last, n, endpoint=False).astype(np.int64)
        for first, last, n in zip(article_lines[:-1], article_lines[1:], n_parts, strict=True)
    ]
    return np.concatenate((*bounds, article_lines[-1:]))


@accelerated
def find_lines(codes: Codes, table: Classes) -> tuple[Classes, Indices, Indices, Indices]:
    """Find the class of each code point, the line breaks, and the spans of the non-blank lines.

    Parameters
    ----------
    codes : ndarray of uint32, shape (n_codes,)
        The last one is a line break.
    table : ndarray of uint8
        The class bits of every code point.

    Returns
    -------
    classes : ndarray of uint8, shape (n_codes,)
    breaks : ndarray of int64, shape (n_breaks,)
    starts, ends : ndarray of int64, shape (n_lines,)
    """
    classes = table.take(codes)
    breaks = _find_breaks(codes, classes)
    return classes, breaks, *_find_spans(classes, breaks)


def _find_breaks(codes: Codes, classes: Classes) -> Indices:
    breaks = (classes >= LINE_BREAK).nonzero()[0]  # the highest bit; Booleans are searched faster than numbers
    after = np.minimum(breaks + 1, len(codes) - 1)
    in_crlf = (codes[breaks] == 0x0D) & (codes[after] == 0x0A) & (after > breaks)
    return np.asarray(breaks[~in_crlf], np.int64)


def _find_spans(classes: Classes, breaks: Indices) -> tuple[Indices, Indices]:
    """Return the spans of the lines: from the first visible code point to the one after the last visible one."""
    visible = np.zeros(len(classes) + 2, np.bool_)
    np.equal(classes & SPACE, 0, out=visible[1:-1])
    edges = (visible[1:] != visible[:-1]).nonzero()[0]
    run_starts, run_ends = edges[::2], edges[1::2]
    runs = Ragged(np.concatenate(([0], run_starts.searchsorted(breaks), [len(run_starts)])))
    return run_starts[runs.firsts], run_ends[runs.lasts]
