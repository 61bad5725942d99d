"""The blocks of Markdown, by pyromark, and whether they are still the same when rows are left out."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

from dechaff._typing import Flags
from dechaff.extras import load
from dechaff.text.marked import markup_bits
from dechaff.text.reading import Rows

#: Deeper nesting is no Markdown that somebody wrote.
_DEEPEST: Final = 50
_BLOCKS: Final = {
    "Paragraph": "paragraph",
    "Heading": "heading",
    "CodeBlock": "code",
    "HtmlBlock": "html",
    "Table": "table",
    "Item": "item",
    "BlockQuote": "quote",
    "FootnoteDefinition": "footnote",
}
_LINKS: Final = ("Link", "Image")
_INLINE: Final = (*_LINKS, "Emphasis", "Strong", "Strikethrough")
_LINKED: Final = markup_bits(["link"])
_CODE: Final = markup_bits(["code"])
_INLINE_BITS: Final = dict.fromkeys(_LINKS, _LINKED) | {
    "Emphasis": markup_bits(["emphasis"]),
    "Strong": markup_bits(["strong"]),
}
OWNERS: Final = ("item", "footnote")
_CONTAINERS: Final = (*OWNERS, "quote")
# YAML or TOML, or the lines that readers of web pages put above the text.
HEADER: Final = re.compile(
    r"---[ \t]*\r?\n(?=[ \t]*[\w\"'-]+[ \t]*:)(?:(?!---|\.\.\.).*\n)*(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)"
    r"|\+\+\+[ \t]*\r?\n(?:(?!\+\+\+).*\n)*\+\+\+[ \t]*(?:\r?\n|\Z)"
    r"|Title:.*\n(?:\s*\n)?URL Source:.*\n(?:.*\n){0,6}?Markdown Content:[ \t]*(?:\r?\n|\Z)"
)
# html2text wraps lines where Markdown does not allow it: addresses behind hyphens, texts of links whose next line
# looks like another block, and headings. It writes no fences.
_WRAPPED_ADDRESS: Final = re.compile(r"\]\((?:[^()\s]*-\r?\n)+(?=[^()\s]*[)\s])")
_WRAPPED_LINK: Final = re.compile(r"\[(?:[^\[\]\n]|\n(?!\s)){1,600}(?=\]\()")
_WRAPPED_HEADING: Final = re.compile(
    r"^\#{1,6}[ \t]+\S.*(?:\n(?![\s>#*+|<-]|\d+[.)]|\[[^\]\n]*\]:).+)+", re.MULTILINE
)
_FENCE: Final = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_WORD: Final = re.compile(r"\S+")
# Its lines are not longer, unless they are one word.
_WRAP_WIDTH: Final = 78


class Piece(NamedTuple):
    """A piece of text in a block: its row, and its markup as from `markup_bits`."""

    row: int
    text: str
    bits: int = 0

    @property
    def linked(self) -> bool:
        """Return whether it is a link or an image."""
        return bool(self.bits & _LINKED)


@dataclass(slots=True)
class Block:
    """One block of Markdown.

    Attributes
    ----------
    kind : str
    first, last : int
        Its rows, both included.
    parent : int
        The block around; -1 if there is none.
    level : int
        The level of a heading.
    pieces : list of Piece
    """

    kind: str
    first: int
    last: int
    parent: int = -1
    level: int = 0
    pieces: list[Piece] = field(default_factory=list)

    @property
    def rows(self) -> list[int]:
        """Return its rows."""
        return list(range(self.first, self.last + 1))


@dataclass(frozen=True, eq=False)
class Parsed:
    """The blocks of a text in document order, and its definitions.

    Attributes
    ----------
    blocks : list of Block
    definitions : dict of str to list of int
        The rows of each link definition, by its label.
    users : dict of str to list of int
        The rows that use each label; those of footnotes begin with "^".
    breaks : set of int
        The rows that end with a line break that stays one.
    glued : set of int
        The rows that end inside of a link, emphasis, code or another mark.
    """

    blocks: list[Block]
    definitions: dict[str, list[int]]
    users: dict[str, list[int]]
    breaks: set[int]
    glued: set[int]

    def outline(self) -> list[tuple[str, int, int]]:
        """Return the kind, first and last row of each block."""
        return [(block.kind, block.first, block.last) for block in self.blocks]


def parse(rows: Rows) -> Parsed | None:
    """Return the blocks of Markdown; None if it is nested too deeply.

    Parameters
    ----------
    rows : Rows
    """
    pyromark = load("pyromark", "markdown")
    options = pyromark.Options
    chosen = (
        options.ENABLE_TABLES | options.ENABLE_STRIKETHROUGH | options.ENABLE_TASKLISTS | options.ENABLE_FOOTNOTES
    )
    # Lone surrogates are not in UTF-8; one byte stands for each.
    text = _unwrap(rows.text.encode("utf-8", "replace").decode())
    header = HEADER.match(text)
    begin = header.end() if header else 0
    offset = len(text[:begin].encode())
    starts = _byte_begins(rows, text)
    walk = _Walk(starts, offset)
    if header:
        walk.add("header", 0, offset - 1)
    for event, span in pyromark.events_with_range(text[begin:], options=chosen):
        walk.take(event, span["start"] + offset, span["end"] + offset)
        if len(walk.stack) > _DEEPEST:
            return None
    found = pyromark.reference_definitions(text[begin:], options=chosen)
    spans = {label: (each["span"]["start"], each["span"]["end"]) for label, each in found.items()}
    definitions = {
        fold(label): list(range(walk.row(start + offset), walk.row(end + offset - 1) + 1))
        for label, (start, end) in spans.items()
    }
    return Parsed(walk.blocks, definitions, walk.users, walk.breaks, walk.glued)


def _unwrap(text: str) -> str:
    """Return Markdown with the addresses, texts of links and headings on one line that were wrapped.

    Each line break becomes as many characters, so that all else stays in its place.
    """
    if _FENCE.search(text):
        return text
    joined = _WRAPPED_ADDRESS.sub(lambda wrapped: wrapped[0].replace("\r", "-").replace("\n", "-"), text)
    join = partial(_join_wrapped, text)
    return _WRAPPED_HEADING.sub(join, _WRAPPED_LINK.sub(join, joined))


def _join_wrapped(text: str, found: re.Match[str]) -> str:
    """Return some lines as one, up to the first that was not wrapped: the next word would have had room in it."""
    for line_break in re.finditer("\n", found[0]):
        place = found.start() + line_break.start()
        length, word = place - text.rfind("\n", 0, place) - 1, _WORD.match(text, place + 1)
        if length > _WRAP_WIDTH or length + (len(word[0]) if word else 0) < _WRAP_WIDTH:
            end = line_break.start()
            return found[0][:end].replace("\n", " ") + found[0][end:]
    return found[0].replace("\n", " ")


def _byte_begins(rows: Rows, text: str) -> list[int]:
    """Return where each row begins in UTF-8."""
    begins: list[int] = rows.begins.tolist()
    if text.isascii():
        return begins
    lengths = (len(text[a:b].encode()) for a, b in pairwise(begins))
    return list(accumulate(lengths, initial=0))[: len(begins)]


def fold(label: str) -> str:
    """Return a label in the form in which labels are compared."""
    return " ".join(label.split()).casefold()


class _Walk:
    """Collects blocks from the parser's events.

    Items of tight lists hold their text without a paragraph: one is added, so that both kinds of lists are alike.
    """

    def __init__(self, begins: list[int], offset: int) -> None:
        self._begins = begins
        self._offset = offset
        self.blocks: list[Block] = []
        self.stack: list[int] = []
        self.users: dict[str, list[int]] = {}
        self.breaks: set[int] = set()
        self.glued: set[int] = set()
        self._inline: list[int] = []  # the markup inside of each open mark

    def row(self, place: int) -> int:
        """Return the row of a byte."""
        return max(bisect_right(self._begins, place) - 1, 0)

    def take(self, event: Any, start: int, end: int) -> None:
        """Take one event."""
        name: str
        value: Any
        name, value = (event, None) if isinstance(event, str) else next(iter(event.items()))
        if name == "Start":
            self._start(*_name_of(value), start, end)
        elif name == "End":
            self._end(_name_of(value)[0], end)
        elif name in ("Text", "Html"):
            self._text(self.row(start), value)
        elif name in ("Code", "InlineHtml"):
            self._text(self.row(start), value if name == "Code" else "", _CODE)
            self._glue(start, end)
        elif name in ("HardBreak", "SoftBreak"):
            self._break(self.row(start), hard=name == "HardBreak")
        elif name == "Rule":
            self.add("rule", start, end - 1)
        elif name == "FootnoteReference":
            self._use("^" + value, self.row(start))

    def add(self, kind: str, start: int, last: int) -> None:
        """Add a block without text."""
        self._open(kind, start)
        self._close(self.row(last))

    def _start(self, name: str, value: Any, start: int, end: int) -> None:
        if name in _BLOCKS or name == "List":
            self._close_implicit()
        if name in _BLOCKS:
            level = int(value["level"][1:]) if name == "Heading" else 0
            self._open(_BLOCKS[name], start, level, label=value if name == "FootnoteDefinition" else None)
        elif name == "TableCell":
            self._text(self.row(start), " ")
        elif name in _INLINE:
            self._text(self.row(start), "")
            self._glue(start, end)
            self._inline.append(_INLINE_BITS.get(name, 0) | (self._inline[-1] if self._inline else 0))
            if name in _LINKS and value["id"]:
                self._use(value["id"], self.row(start))

    def _end(self, name: str, end: int) -> None:
        if name in _BLOCKS:
            self._close_implicit(unless=name == "Paragraph")
            leaf = _BLOCKS[name] not in _CONTAINERS
            self._close(self.row(end - 1) if leaf else 0)
        elif name in _INLINE:
            self._inline.pop()
        elif name == "List":
            self._close_implicit()

    def _open(self, kind: str, start: int, level: int = 0, label: str | None = None) -> None:
        row = self.row(start)
        self.blocks.append(Block(kind, row, row, self.stack[-1] if self.stack else -1, level))
        self.stack.append(len(self.blocks) - 1)
        if label is not None:
            self.blocks[-1].pieces.append(Piece(row, "^" + label, _LINKED))

    def _close(self, last: int) -> None:
        block = self.blocks[self.stack.pop()]
        block.last = max(block.last, last)
        if block.parent >= 0:
            around = self.blocks[block.parent]
            around.last = max(around.last, block.last)

    def _close_implicit(self, *, unless: bool = False) -> None:
        """Close a paragraph that was added to an item."""
        if self.stack and not unless and self._top.kind == "paragraph" and self._top.level < 0:
            self._close(0)

    @property
    def _top(self) -> Block:
        return self.blocks[self.stack[-1]]

    def _text(self, row: int, text: str, bits: int = 0) -> None:
        if self._top.kind in _CONTAINERS:
            self._open("paragraph", self._begins[row], level=-1)
        self._top.last = max(self._top.last, row)
        self._top.pieces.append(Piece(row, text, bits | (self._inline[-1] if self._inline else 0)))

    def _break(self, row: int, *, hard: bool) -> None:
        self._text(row, " ")
        if hard:
            self.breaks.add(row)

    def _glue(self, start: int, end: int) -> None:
        """Note that no row ends within the outermost mark."""
        if not self._inline:
            self.glued.update(range(self.row(start), self.row(end - 1)))

    def _use(self, label: str, row: int) -> None:
        self.users.setdefault(fold(label), []).append(row)


def _name_of(value: Any) -> tuple[str, Any]:
    """Return the name of a tag and what it carries."""
    if isinstance(value, Mapping):
        name, inner = next(iter(value.items()))
        return str(name), inner
    return str(value), None


def changed_rows(parsed: Parsed, rows: Rows, kept: Flags) -> list[int] | None:
    """Return the rows at which the kept rows have other blocks than in the whole text.

    Blocks that are left out altogether are no change, and neither are lists that become one.

    Parameters
    ----------
    parsed : Parsed
        The blocks of the whole text.
    rows : Rows
        The rows of the whole text.
    kept : ndarray of bool, shape (n_rows,)

    Returns
    -------
    list of int, or None
        The rows, none if the blocks are the same; None if the kept rows no longer divide as they did.
    """
    before = [0, *accumulate(kept.astype(int).tolist())]
    expected = [
        (kind, before[first], before[last + 1] - 1)
        for kind, first, last in parsed.outline()
        if before[last + 1] > before[first]
    ]
    left = Rows.of(rows.select(kept), markdown=True)
    found = parse(left)
    if found is None or len(left) != before[-1]:
        return None
    places = kept.nonzero()[0].tolist()
    wanted, given = Counter(expected), Counter(found.outline())
    wrong = (wanted - given) + (given - wanted)
    return sorted({places[row] for _, first, last in wrong for row in (first, last)})
