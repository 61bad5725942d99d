"""Markdown: its signs, and what the model reads of it.

Fences, tables, code and list items are groups that are kept or dropped whole. The model reads their words without
marks and addresses; code it does not read, because `# Comments` in code ends no article.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, pairwise
from typing import Final

from dechaff.text.marked import Marks, has_marks, markup_bits, without_marks
from dechaff.text.markup.blocks import HEADER, OWNERS, Block, Parsed, Piece, changed_rows, fold, parse
from dechaff.text.reading import Reader, Reading, Rows, read_whole

# Nobody wraps lines as long as this.
_LONGEST_WRAPPED: Final = 160
# Signs are searched in so many characters.
_LOOK_AT: Final = 100_000
_MARKUP: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE
)
#: Signs of Markdown with their weights; a text with a sum of two is Markdown.
_SIGNS: Final = (
    (2, re.compile(r"\A(?:" + HEADER.pattern + ")")),
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
_MARKDOWN: Final = markup_bits(["markdown"])
_BLOCK_BITS: Final = {kind: markup_bits([kind]) for kind in ("paragraph", "table", "item", "quote")}
# Levels below the third are alike.
_HEADING_BITS: Final = tuple(markup_bits([f"h{level}"]) for level in (1, 2, 3, 3, 3, 3))


def is_markdown(text: str) -> bool:
    """Return whether a text has signs of Markdown.

    A link, a fence or a table is enough; of headings, lists, emphasis and others it takes two.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool

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
    marks = None if has_marks(text) else Marks()
    reading = _Grouping(rows, parsed, marks).reading()
    if not reading.lines:
        return read_whole(rows)
    source = _space(reading)
    return replace(
        reading,
        lines=[without_marks(line) for line in reading.lines] if marks else reading.lines,
        changed=partial(changed_rows, parsed, rows),
        source=marks.take(source) if marks else source,
    )


def _space(reading: Reading) -> str:
    """Return the lines of a reading with a blank line between groups, as in most texts that models learn from."""
    groups = reading.of_lines.tolist()
    breaks = ("\n" if group == following else "\n\n" for group, following in pairwise(groups))
    return "".join(chain.from_iterable(zip(reading.lines, (*breaks, ""), strict=True)))


class _Grouping:
    """Makes groups of rows from blocks; with marks, lines have them for their markup."""

    def __init__(self, rows: Rows, parsed: Parsed, marks: Marks | None) -> None:
        self._rows, self._parsed, self._marks = rows, parsed, marks
        self._bits: list[int] = []  # the markup of each block with that of the blocks around it
        levels = [block.level for block in parsed.blocks if block.kind == "heading"]
        first = next((place for place, block in enumerate(parsed.blocks) if block.level == 1), 0)
        has_text_before = any(block.kind in ("paragraph", "item", "table") for block in parsed.blocks[:first])
        # Where text stands before the first of several first-level headings, they are no headlines.
        self._highest = 2 if levels.count(1) > 1 and has_text_before else 1
        self._reader = Reader(rows)
        self._of_row: dict[int, int] = {}
        self._of_owner: dict[int, int] = {}

    def reading(self) -> Reading:
        """Return the reading."""
        owners: list[int] = []
        for place, block in enumerate(self._parsed.blocks):
            owner = -1 if block.parent < 0 else owners[block.parent]
            around = _MARKDOWN if block.parent < 0 else self._bits[block.parent]
            self._bits.append(self._own_bits(block) | around)
            owners.append(place if block.kind in OWNERS else owner)
            group = self._of_owner.get(owner, -1)
            if block.kind in OWNERS:
                self._own(place, block, group)
            elif block.kind != "quote":
                self._add_leaf(block, group, self._bits[place])
        self._add_definitions()
        return self._reader.finish()

    def _own_bits(self, block: Block) -> int:
        """Return the markup of a block itself."""
        if block.kind == "heading":
            return _HEADING_BITS[max(block.level, self._highest) - 1]
        # A paragraph that was added to an item has none of its own.
        return 0 if block.level < 0 else _BLOCK_BITS.get(block.kind, 0)

    def _own(self, place: int, block: Block, parent: int) -> None:
        """Make a group for an item, or take the one that its row is in."""
        taken = self._of_row.get(block.first)
        self._of_owner[place] = self._group("text", [block.first], parent=parent) if taken is None else taken
        if block.kind == "footnote" and taken is None:
            label = block.pieces[0].text
            self._reader.groups[self._of_owner[place]].users = self._parsed.users.get(fold(label), [])

    def _group(self, kind: str, rows: list[int], level: int = 0, parent: int = -1) -> int:
        """Make a group of rows that are in none yet; if the first one is in a group, add to that."""
        group = self._of_row.get(rows[0])
        if group is None:
            group = self._reader.add(kind, [], level, parent)
        self._take(group, rows)
        return group

    def _take(self, group: int, rows: list[int]) -> None:
        for row in rows:
            if self._of_row.setdefault(row, group) == group and row not in self._reader.groups[group].rows[-1:]:
                self._reader.groups[group].rows.append(row)

    def _add_leaf(self, block: Block, owner: int, bits: int) -> None:
        if block.kind == "paragraph":
            self._add_paragraph(block, owner, bits)
            return
        kind = {"heading": "heading", "table": "table", "code": "code", "header": "header", "rule": "mark"}
        group = owner
        if owner >= 0:
            self._take(owner, block.rows)
        else:
            group = self._group(kind.get(block.kind, "text"), block.rows, block.level)
        for line in self._block_lines(block, bits):
            self._reader.read(group, line)

    def _add_paragraph(self, block: Block, owner: int, bits: int) -> None:
        for rows, pieces in self._parts(block):
            if owner >= 0:
                self._take(owner, rows)
            group = owner if owner >= 0 else self._group("text", rows)
            self._reader.read(group, self._join(pieces, bits))

    def _block_lines(self, block: Block, bits: int) -> list[str]:
        """Return the lines that are read of a heading, a table or HTML; none of code."""
        if block.kind == "html":
            source = _MARKUP.sub(" ", "".join(piece.text for piece in block.pieces))
            return [self._join([Piece(block.first, line)], bits) for line in source.splitlines()]
        if block.kind == "heading":
            return [self._join(block.pieces, bits)]
        if block.kind != "table":
            return []
        rows: dict[int, list[Piece]] = {}
        for piece in block.pieces:
            rows.setdefault(piece.row, []).append(piece)
        return [self._join(pieces, bits) for pieces in rows.values()]

    def _join(self, pieces: Sequence[Piece], bits: int) -> str:
        """Return the text of pieces as one line, with a mark before each piece; marks stand behind spaces."""
        if self._marks is None:
            return "".join(piece.text for piece in pieces)
        found: list[str] = []
        for piece in pieces:
            text = piece.text.lstrip()
            found += (
                piece.text[: len(piece.text) - len(text)],
                self._marks.of(bits | piece.bits) if text else "",
                text,
            )
        return "".join(found)

    def _parts(self, block: Block) -> Iterator[tuple[list[int], list[Piece]]]:
        """Yield the rows of a paragraph that are read as one line, with their pieces."""
        by_row: dict[int, list[Piece]] = {row: [] for row in block.rows}
        for piece in block.pieces:
            by_row[piece.row].append(piece)
        rows: list[int] = []
        for row in block.rows:
            if rows and self._is_apart(by_row, rows[-1], row):
                yield rows, [piece for each in rows for piece in by_row[each]]
                rows = []
            rows.append(row)
        yield rows, [piece for each in rows for piece in by_row[each]]

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
