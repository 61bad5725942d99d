"""Markdown: its blocks, by pyromark, and what the model reads of them.

Fences, tables, code and list items are groups that are kept or dropped whole. The model reads their words without
marks and addresses; code it does not read, because `# Comments` in code ends no article.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate
from typing import Any, Final, NamedTuple

from dechaff._typing import Flags
from dechaff.extras import load
from dechaff.text.reading import Reader, Reading, Rows, read_whole

#: Deeper nesting is no Markdown that somebody wrote.
_DEEPEST: Final = 50
# Nobody wraps lines as long as this.
_LONGEST_WRAPPED: Final = 160
# Signs are searched in so many characters.
_LOOK_AT: Final = 100_000
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
_OWNERS: Final = ("item", "footnote")
_CONTAINERS: Final = (*_OWNERS, "quote")
# YAML or TOML, or the lines that readers of web pages put above the text.
_HEADER: Final = re.compile(
    r"---[ \t]*\r?\n(?=[ \t]*[\w\"'-]+[ \t]*:)(?:(?!---|\.\.\.).*\n)*(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)"
    r"|\+\+\+[ \t]*\r?\n(?:(?!\+\+\+).*\n)*\+\+\+[ \t]*(?:\r?\n|\Z)"
    r"|Title:.*\n(?:\s*\n)?URL Source:.*\n(?:.*\n){0,6}?Markdown Content:[ \t]*(?:\r?\n|\Z)"
)
_MARKUP: Final = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE)
#: Signs of Markdown with their weights; a text with a sum of two is Markdown.
_SIGNS: Final = (
    (2, re.compile(r"\A(?:" + _HEADER.pattern + ")")),
    (2, re.compile(r"\[[^\[\]\n]{0,300}\]\((?:https?:|mailto:|[/#.?]|[\w-]{1,60}\.\w)[^\s()]{0,999}")),
    (2, re.compile(r"^ {0,3}(?:```|~~~)[^`\n]{0,40}\n", re.MULTILINE)),
    (2, re.compile(r"^ {0,3}\|?[ \t]*:?-{2,}:?[ \t]*\|[-| :\t]*$", re.MULTILINE)),
    (2, re.compile(r"^ {0,3}\[[^\[\]\n]{1,200}\]:[ \t]+<?(?:https?:|[/#.])", re.MULTILINE)),
    (1, re.compile(r"(?:\A|\n\r?\n)#{1,6}[ \t]+\S.*(?:\r?\n[ \t]*\r?\n|\r?\n?\Z)")),
    (1, re.compile(r"(?:\A|\n\r?\n)#{2,6}[ \t]+\S")),
    (1, re.compile(r"\n[^\s=-].{0,200}\n(?:={3,}|-{3,})[ \t]*\r?\n")),
    (1, re.compile(r"(?:^|[\s(])(?:\*\*|__)\w[^*_\n]{0,200}(?:\*\*|__)(?!\w)", re.MULTILINE)),
    (1, re.compile(r"^ {0,3}> \S", re.MULTILINE)),
    (1, re.compile(r"^ {0,3}[*+-] \S.*\n(?:\r?\n)? {0,3}[*+-] \S", re.MULTILINE)),
    (1, re.compile(r"(?<![`\w])`[^`\n]{1,200}`(?![`\w])")),
)
_ENOUGH: Final = 2


class Piece(NamedTuple):
    """A piece of text in a block: its row, and whether it is a link or an image."""

    row: int
    text: str
    linked: bool


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


def is_markdown(text: str) -> bool:
    """Return whether a text has signs of Markdown: links, fences, tables, or two of headings, lists, emphasis and others.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> is_markdown("See [the report](https://example.org/report)."), is_markdown("- See the report.")
    (True, False)
    """
    head, found = text[:_LOOK_AT], 0
    for weight, sign in _SIGNS:
        found += weight if sign.search(head) else 0
        if found >= _ENOUGH:
            return True
    return False


def read_markdown(text: str) -> Reading | None:
    r"""Return what the model reads of Markdown; None if it is blank or nested too deeply.

    Parameters
    ----------
    text : str

    Raises
    ------
    MissingExtraError
        If pyromark is not installed.

    Examples
    --------
    >>> read_markdown("# The *vote*\n\nRead\n[more](/more).\n\n```\nx = 1\n```\n").lines
    ['The vote', 'Read', 'more.']
    """
    rows = Rows.of(text, markdown=True)
    parsed = parse(rows)
    if parsed is None:
        return None
    reading = _Grouping(rows, parsed).reading()
    if not reading.lines:
        return read_whole(rows)
    return replace(reading, changed=partial(changed_rows, parsed, rows))


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
    chosen = options.ENABLE_TABLES | options.ENABLE_STRIKETHROUGH | options.ENABLE_TASKLISTS | options.ENABLE_FOOTNOTES
    # Lone surrogates are not in UTF-8; one byte stands for each.
    text = rows.text.encode("utf-8", "replace").decode()
    header = _HEADER.match(text)
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
        _fold(label): list(range(walk.row(start + offset), walk.row(end + offset - 1) + 1))
        for label, (start, end) in spans.items()
    }
    return Parsed(walk.blocks, definitions, walk.users, walk.breaks, walk.glued)


def _byte_begins(rows: Rows, text: str) -> list[int]:
    """Return where each row begins in UTF-8."""
    if text.isascii():
        return rows.begins.tolist()
    begins = rows.begins.tolist()
    lengths = (len(text[a:b].encode()) for a, b in zip(begins, begins[1:], strict=False))
    return list(accumulate(lengths, initial=0))[: len(begins)]


def _fold(label: str) -> str:
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
        self._links = self._inline = 0

    def row(self, place: int) -> int:
        """Return the row of a byte."""
        return max(bisect_right(self._begins, place) - 1, 0)

    def take(self, event: Any, start: int, end: int) -> None:
        """Take one event."""
        name, value = (event, None) if isinstance(event, str) else next(iter(event.items()))
        if name == "Start":
            self._start(*_name_of(value), start, end)
        elif name == "End":
            self._end(_name_of(value)[0], end)
        elif name in ("Text", "Html"):
            self._text(self.row(start), value)
        elif name in ("Code", "InlineHtml"):
            self._text(self.row(start), value if name == "Code" else "")
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
            self._links += name in _LINKS
            self._text(self.row(start), "")
            self._glue(start, end)
            self._inline += 1
            if name in _LINKS and value["id"]:
                self._use(value["id"], self.row(start))

    def _end(self, name: str, end: int) -> None:
        if name in _BLOCKS:
            self._close_implicit(unless=name == "Paragraph")
            leaf = _BLOCKS[name] not in _CONTAINERS
            self._close(self.row(end - 1) if leaf else 0)
        elif name in _INLINE:
            self._inline -= 1
            self._links -= name in _LINKS
        elif name == "List":
            self._close_implicit()

    def _open(self, kind: str, start: int, level: int = 0, label: str | None = None) -> None:
        row = self.row(start)
        self.blocks.append(Block(kind, row, row, self.stack[-1] if self.stack else -1, level))
        self.stack.append(len(self.blocks) - 1)
        if label is not None:
            self.blocks[-1].pieces.append(Piece(row, "^" + label, linked=True))

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

    def _text(self, row: int, text: str) -> None:
        if self._top.kind in _CONTAINERS:
            self._open("paragraph", self._begins[row], level=-1)
        self._top.last = max(self._top.last, row)
        self._top.pieces.append(Piece(row, text, linked=self._links > 0))

    def _break(self, row: int, *, hard: bool) -> None:
        self._text(row, " ")
        if hard:
            self.breaks.add(row)

    def _glue(self, start: int, end: int) -> None:
        """Note that no row ends within the outermost mark."""
        if not self._inline:
            self.glued.update(range(self.row(start), self.row(end - 1)))

    def _use(self, label: str, row: int) -> None:
        self.users.setdefault(_fold(label), []).append(row)


def _name_of(value: Any) -> tuple[str, Any]:
    """Return the name of a tag and what it carries."""
    if isinstance(value, Mapping):
        name, inner = next(iter(value.items()))
        return str(name), inner
    return str(value), None


class _Grouping:
    """Makes groups of rows from blocks."""

    def __init__(self, rows: Rows, parsed: Parsed) -> None:
        self._rows, self._parsed = rows, parsed
        self._reader = Reader(rows)
        self._of_row: dict[int, int] = {}
        self._of_owner: dict[int, int] = {}

    def reading(self) -> Reading:
        """Return the reading."""
        owners: list[int] = []
        for place, block in enumerate(self._parsed.blocks):
            owner = -1 if block.parent < 0 else owners[block.parent]
            owners.append(place if block.kind in _OWNERS else owner)
            group = self._of_owner.get(owner, -1)
            if block.kind in _OWNERS:
                self._own(place, block, group)
            elif block.kind != "quote":
                self._add_leaf(block, group)
        self._add_definitions()
        return self._reader.finish()

    def _own(self, place: int, block: Block, parent: int) -> None:
        """Make a group for an item, or take the one that its row is in."""
        taken = self._of_row.get(block.first)
        self._of_owner[place] = self._group("text", [block.first], parent=parent) if taken is None else taken
        if block.kind == "footnote" and taken is None:
            label = block.pieces[0].text
            self._reader.groups[self._of_owner[place]].users = self._parsed.users.get(_fold(label), [])

    def _group(self, kind: str, rows: list[int], level: int = 0, parent: int = -1) -> int:
        """Make a group of rows that are in none yet; if the first one is in a group, add to that."""
        group = self._of_row.get(rows[0])
        if group is None:
            group = self._reader.add(kind, [], level, parent)
        self._join(group, rows)
        return group

    def _join(self, group: int, rows: list[int]) -> None:
        for row in rows:
            if self._of_row.setdefault(row, group) == group and row not in self._reader.groups[group].rows[-1:]:
                self._reader.groups[group].rows.append(row)

    def _add_leaf(self, block: Block, owner: int) -> None:
        if block.kind == "paragraph":
            self._add_paragraph(block, owner)
            return
        kind = {"heading": "heading", "table": "table", "code": "code", "header": "header", "rule": "mark"}
        group = owner
        if owner >= 0:
            self._join(owner, block.rows)
        else:
            group = self._group(kind.get(block.kind, "text"), block.rows, block.level)
        for line in _block_lines(block):
            self._reader.read(group, line)

    def _add_paragraph(self, block: Block, owner: int) -> None:
        for rows, text in self._parts(block):
            if owner >= 0:
                self._join(owner, rows)
            group = owner if owner >= 0 else self._group("text", rows)
            self._reader.read(group, text)

    def _parts(self, block: Block) -> Iterator[tuple[list[int], str]]:
        """Yield the rows of a paragraph that are read as one line, with their text."""
        by_row: dict[int, list[Piece]] = {row: [] for row in block.rows}
        for piece in block.pieces:
            by_row[piece.row].append(piece)
        rows: list[int] = []
        for row in block.rows:
            if rows and self._is_apart(by_row, rows[-1], row):
                yield rows, "".join(piece.text for each in rows for piece in by_row[each])
                rows = []
            rows.append(row)
        yield rows, "".join(piece.text for each in rows for piece in by_row[each])

    def _is_apart(self, by_row: Mapping[int, list[Piece]], row: int, following: int) -> bool:
        """Return whether the break between two rows of a paragraph is one that readers see."""
        return row not in self._parsed.glued and (
            row in self._parsed.breaks
            or len(self._rows.texts[row]) > _LONGEST_WRAPPED
            or _is_link(by_row[row])
            or _is_link(by_row[following])
        )

    def _add_definitions(self) -> None:
        for label, rows in self._parsed.definitions.items():
            free = [row for row in rows if row not in self._of_row]
            if free:
                group = self._group("definition", free)
                self._reader.groups[group].users = self._parsed.users.get(label, [])


def _is_link(pieces: list[Piece]) -> bool:
    """Return whether a row of a paragraph is nothing but links and images."""
    return any(piece.linked for piece in pieces) and not any(
        character.isalnum() for piece in pieces if not piece.linked for character in piece.text
    )


def _block_lines(block: Block) -> list[str]:
    """Return the lines that are read of a heading, a table or HTML; none of code."""
    if block.kind == "html":
        return _MARKUP.sub(" ", "".join(piece.text for piece in block.pieces)).splitlines()
    if block.kind == "heading":
        return ["".join(piece.text for piece in block.pieces)]
    if block.kind != "table":
        return []
    rows: dict[int, str] = {}
    for piece in block.pieces:
        rows[piece.row] = rows.get(piece.row, "") + piece.text
    return list(rows.values())


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
