"""Texts that know the markup of their pieces: the elements of HTML that they stand in, or marks of Markdown."""

import re
from collections.abc import Iterable
from itertools import product
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Indices

#: What may be known of a piece of text: the elements that it stands in, what the class names of these say, and
#: whether an image stands right before or behind it, or has it as its alternative text. Each piece of Markdown has
#: "markdown".
MARKUP: Final = (
    "link", "h1", "h2", "h3", "paragraph", "item", "definition", "nav", "header", "footer", "aside", "form",
    "button", "label", "table", "quote", "figure", "figcaption", "time", "article", "main", "section", "strong",
    "emphasis", "small", "code", "named_caption", "named_image_text", "named_bio", "named_byline", "named_meta",
    "named_comment", "named_share", "named_related", "named_teaser", "named_offer", "named_navigation",
    "named_hidden", "named_body", "named_title", "named_lead", "after_image", "before_image", "image_text",
    "markdown",
)  # fmt: skip
_BITS: Final = {name: 1 << place for place, name in enumerate(MARKUP)}

#: Noncharacters of Unicode, which are in hardly any text; a mark is two of them. `html_markdown` uses those before.
MARKS: Final = "".join(map(chr, range(0xFDD4, 0xFDF0)))
_ANY_MARK: Final = re.compile(f"[{MARKS[0]}-{MARKS[-1]}]+")
_PAIRS: Final = tuple("".join(pair) for pair in product(MARKS, repeat=2))

Bits = NDArray[np.int64]


def markup_bits(names: Iterable[str]) -> int:
    """Return the bits of names in `MARKUP`.

    Examples
    --------
    >>> markup_bits(["link", "h2"])
    5
    """
    return sum(_BITS[name] for name in names)


class MarkedText(str):
    """A text with the markup of its pieces; strings that are made of it, such as its slices, have none.

    Attributes
    ----------
    begins : ndarray of int64, shape (n_pieces,)
        Where each piece begins; what stands before the first one has no markup.
    bits : ndarray of int64, shape (n_pieces,)
        The markup of each piece, as bits of `MARKUP`.
    """

    begins: Indices
    bits: Bits

    @classmethod
    def of(cls, text: str, begins: Indices, bits: Bits) -> Self:
        """Return a text with its pieces."""
        marked = cls(text)
        marked.begins, marked.bits = begins, bits
        return marked

    def part(self, start: int, end: int) -> Self:
        """Return a part of the text, with the markup of its pieces."""
        first, last = self.begins.searchsorted((start, end), side="right")
        first = max(first - 1, 0)
        begins = np.maximum(self.begins[first:last] - start, 0)
        return self.of(self[start:end], begins, self.bits[first:last])


class Marks:
    """Marks that stand in a text for the markup of what follows, so that it survives what is done to the text.

    Examples
    --------
    >>> marks = Marks()
    >>> text = marks.of(markup_bits(["link"])) + "Home"
    >>> marks.take(text.upper()), marks.take(text).bits.tolist()
    ('HOME', [1])
    """

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def of(self, bits: int) -> str:
        """Return the mark of some markup; kinds beyond the 783rd have no markup."""
        return _PAIRS[min(self._numbers.setdefault(bits, len(self._numbers)), len(_PAIRS) - 1)]

    def take(self, text: str) -> MarkedText:
        """Return a text without its marks, which become its markup."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        values = codes - ord(MARKS[0])  # below zero is beyond the last mark
        places = np.flatnonzero(values < len(MARKS))
        places = places[: len(places) // 2 * 2]
        numbers = values[places[::2]] * len(MARKS) + values[places[1::2]]
        bits = np.zeros(len(_PAIRS), np.int64)
        known = list(self._numbers)[: len(_PAIRS) - 1]
        bits[: len(known)] = known
        return MarkedText.of(without_marks(text), places[::2] - 2 * np.arange(len(numbers)), bits[numbers])


def has_marks(text: str) -> bool:
    """Return whether a text has characters that are marks here."""
    return _ANY_MARK.search(text) is not None


def without_marks(text: str) -> str:
    """Return a text without marks."""
    return _ANY_MARK.sub("", text)


_IN_MARKDOWN: Final = markup_bits(
    ("link", "h1", "h2", "h3", "paragraph", "item", "table", "quote", "strong", "emphasis", "code")
)


def as_markdown(text: MarkedText) -> MarkedText:
    """Return the text of a page with the markup that is left in Markdown."""
    return MarkedText.of(text, text.begins, text.bits & _IN_MARKDOWN | markup_bits(["markdown"]))
