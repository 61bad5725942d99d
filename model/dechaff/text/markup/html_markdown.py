"""HTML pages as Markdown, with the lines of the page's text that each row of the Markdown holds.

Resiliparse prints a page twice: as the text that the model reads, and with tags for headings, paragraphs, lists and
code, from which Markdown is written. Both have the same lines, so a row is kept if its lines are.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import accumulate
from typing import Any, Final

import numpy as np

from dechaff._typing import Indices
from dechaff.text.lines import LineBatch
from dechaff.text.markup.escapes import escape, escape_end, format_code, format_table, link
from dechaff.text.markup.html import EXTRACTORS, Page, decode_html, page_title, parse_page, print_page
from dechaff.text.reading import Group, Reading, Rows

# Noncharacters of Unicode, which no text has, mark cells of tables: the first one of a table and of a row, others.
_TABLE, _ROW, _CELL, _END = _MARKS = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
_ANY_MARK: Final = re.compile(f"[{''.join(_MARKS)}]")
_TOKEN: Final = re.compile(
    rf'<(/?)(h[1-6]|p|ul|ol|li|pre|br|a)(?: href="([^"]*)")?>|([\n{"".join(_MARKS)}])|([^<\n{"".join(_MARKS)}]+|<)'
)
_END_OF_CODE: Final = "</pre>"
_TAG: Final = re.compile(r"<[^<>]*>")
# Characters without width, which no line of the text begins or ends with.
_UNSEEN: Final = re.compile("[\u200b\u200e\u200f\u2060\ufeff]")
_SPACES: Final = re.compile(r"\s+")
_BULLET: Final = re.compile(r"(?:•|\d+\.)")
# A table with such elements, or another table, in it divides the page rather than data.
_LAYOUT: Final = "h1, h2, h3, h4, h5, h6, ul, ol, dl, pre, form, article, section"
# Tables of pages with more are printed as text: each is searched for others in it.
_MOST_TABLES: Final = 100
_TABLE_TAG: Final = re.compile("<table", re.IGNORECASE)
# Deeper lists are printed as continuations of the item around them.
_MAX_DEPTH: Final = 20


def read_markdown_page(
    html: str | bytes, extractor: str = EXTRACTORS[0], *, keep_kinds: Container[str] = (), links: bool = False
) -> tuple[Page, Reading | None]:
    r"""Return the text and the title of a page, and its Markdown with the lines of that text as a reading.

    Parameters
    ----------
    html : str or bytes
    extractor : str
    keep_kinds : container of str
        See `dechaff.text.markup.html.read_page`.
    links : bool
        Whether links keep their addresses.

    Returns
    -------
    page : Page
    reading : Reading or None
        None if the page has no text.

    Raises
    ------
    InputError
        In the same cases as `read_page`.
    MissingExtraError
        If Resiliparse is not installed.

    Examples
    --------
    >>> page, reading = read_markdown_page("<h2>Mills</h2><ul><li>Old</li><li>New<ul><li>Steel</li></ul></li></ul>")
    >>> reading.rows.text
    '## Mills\n\n- Old\n- New\n  - Steel\n'
    """
    html = decode_html(html) if isinstance(html, bytes) else html
    parsed = parse_page(html, extractor)
    if parsed is None:
        return Page(""), None
    text = print_page(parsed, extractor, keep_kinds)
    page = Page(text, page_title(parsed.tree, text))
    if len(_TABLE_TAG.findall(html)) <= _MOST_TABLES:
        _mark_tables(parsed.tree)
    options = {"preserve_formatting": "minimal_html", "links": links}
    writer = _Writer()
    writer.read(print_page(parsed, extractor, keep_kinds, options))
    return page, writer.reading(text)


def _rows(table: Any) -> Iterator[Any]:
    """Yield the rows of a table."""
    for part in _children(table):
        if part.tag == "tr":
            yield part
        elif part.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in _children(part) if row.tag == "tr")


def _children(node: Any) -> Iterator[Any]:
    """Yield a node's children one by one; over collections of nodes, Resiliparse takes quadratic time."""
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def _mark_tables(tree: Any) -> None:
    """Write marks around the cells of tables that hold data."""
    for table in tree.document.get_elements_by_tag_name("table"):
        if len(table.get_elements_by_tag_name("table")) or table.query_selector(_LAYOUT) is not None:
            continue
        mark = _TABLE
        for row in _rows(table):
            for cell in (each for each in _children(row) if each.tag in ("td", "th")):
                node, first = tree.create_text_node(mark), cell.first_child
                cell.append_child(node) if first is None else cell.insert_before(node, first)
                cell.append_child(tree.create_text_node(_END))
                mark = _CELL
            mark = _ROW


@dataclass(slots=True)
class _List:
    """A list that is open, with the number of its latest item."""

    is_ordered: bool
    number: int = 0


@dataclass(slots=True)
class _Item:
    """An item that is open; before its first row, it has no group."""

    around: _List | None
    width: int = 0
    group: int = -1


class _Writer:
    """Writes Markdown from Resiliparse's reduced HTML."""

    def __init__(self) -> None:
        self._groups: list[Group] = []
        self._pieces: list[str] = []
        self._piece_groups: list[int] = []
        self._lines: list[tuple[str, int]] = []
        self._stack: list[_List | _Item] = []
        self._row: list[tuple[str, str]] = []  # what stands in the present row: tags of links, and texts
        self._line: list[str] = []  # the present line of the text that the model reads
        self._pending: list[str] = []  # lines whose group is not known yet
        self._table: list[list[list[str]]] = []
        self._in_cell = self._in_list = False
        self._breaks = self._continues = False  # whether a line break is in the present row, or was in the last
        self._level = 0

    def read(self, source: str) -> None:
        """Read reduced HTML."""
        place = 0
        while found := _TOKEN.match(source, place):
            place = found.end()
            closing, tag, address, mark, text = found.groups()
            if text is not None:
                self._take_text(_UNSEEN.sub("", unescape(text)))
            elif mark == "\n":
                self._end_line()
            elif mark:
                self._take_mark(mark)
            elif tag == "pre" and not closing:
                end = source.find(_END_OF_CODE, place)
                end = len(source) if end < 0 else end
                self._take_code(source[place:end])
                place = end
            else:
                self._take_tag(tag, closing, address)
        self._end_line()
        self._end_row()
        self._end_table()

    def _take_text(self, text: str) -> None:
        self._line.append(text)
        if self._in_cell:
            self._table[-1][-1].append(text)
        elif text.strip():
            self._end_table()
            self._row.append(("", text))
        elif self._row:
            self._row.append(("", " "))

    def _take_mark(self, mark: str) -> None:
        if mark == _TABLE:
            self._end_table()
        if mark in (_TABLE, _ROW):
            self._end_row()
            self._table.append([[]])
        elif mark == _CELL and self._table:
            self._table[-1].append([])
        self._in_cell = mark != _END and bool(self._table)

    def _take_tag(self, tag: str, closing: str, address: str | None) -> None:
        if tag == "br":
            self._breaks = True
        elif self._in_cell:
            return
        elif tag == "a":
            self._row.append((closing + "a", unescape(address or "")))
        else:
            self._end_row()
            self._level = int(tag[1]) if tag[0] == "h" and not closing else 0
            self._breaks = self._continues = False
            if tag in ("ul", "ol", "li"):
                self._end_table()
                self._take_list(tag, closing)

    def _take_list(self, tag: str, closing: str) -> None:
        is_item = tag == "li"
        if closing or (is_item and self._stack and isinstance(self._stack[-1], _Item)):
            while self._stack:
                last = self._stack.pop()
                if isinstance(last, _Item) == is_item:
                    break
        if is_item and not closing:
            around = self._stack[-1] if self._stack else None
            self._stack.append(_Item(around if isinstance(around, _List) else None))
        elif not closing:
            self._stack.append(_List(tag == "ol"))

    def _take_code(self, source: str) -> None:
        self._end_row()
        self._end_table()
        code = unescape(_TAG.sub("", _ANY_MARK.sub("", source.replace("<br>", "\n"))))
        self._close_line()
        self._pending += LineBatch.from_texts([code]).line_texts(0)
        if code.strip():
            self._write(format_code(code), "code")

    def _close_line(self) -> bool:
        """End a line of the text that the model reads, and return whether anything stands in it."""
        line = "".join(self._line).strip()
        self._line.clear()
        self._pending += [line] * bool(line)
        return bool(line)

    def _end_line(self) -> None:
        """End a line, and with it the row unless it is a heading or in a cell."""
        is_blank = not self._close_line()
        if self._in_cell:
            self._table[-1][-1].append(" ")
        elif self._level and self._row:
            self._row.append(("", " "))
        else:
            self._end_row()
        if is_blank:
            self._breaks = self._continues = False

    def _end_row(self) -> None:
        """Write the present row."""
        row, self._row = self._row, []
        if not any(text.strip() for tag, text in row if not tag):
            return
        self._close_line()
        text = _inline(row, at_start=not self._level)
        if self._level:
            text = f"{'#' * self._level} {escape_end(text)}"
        self._write([text], "heading" if self._level else "text", self._level)

    def _end_table(self) -> None:
        """Write the present table, or its lines if it is but one row or column."""
        if not self._table:
            return
        table, self._table, self._in_cell = self._table, [], False
        rows = format_table([["".join(cell) for cell in row] for row in table])
        if rows:
            self._write(rows, "table")
        else:
            lines, self._pending = self._pending, []
            for line in lines:
                self._pending = [line]
                self._write([escape(" ".join(line.split()), at_start=True)], "text")

    def _write(self, rows: Sequence[str], kind: str, level: int = 0) -> None:
        """Write rows of one block, where the present items are."""
        items = [each for each in self._stack if isinstance(each, _Item)][:_MAX_DEPTH]
        opened = [item for item in items if item.group >= 0]
        indent = " " * sum(item.width for item in opened)
        marker, group = "", opened[-1].group if opened else -1
        if items and items[-1].group < 0:
            marker, group = self._open(items[-1], group)
        elif not items:
            group = self._add(Group(kind, level=level))
        self._separate(marker)
        first, *others = rows
        inner = indent + " " * len(marker)
        self._pieces.append("\n".join([indent + marker + first, *((inner + row).rstrip() for row in others)]))
        self._piece_groups.append(group)
        self._lines += [(line, group) for line in self._pending]
        self._pending = []
        self._in_list, self._continues, self._breaks = bool(items), self._breaks, False

    def _open(self, item: _Item, parent: int) -> tuple[str, int]:
        """Begin an item, and return its marker and its group."""
        marker = "- "
        if item.around is not None:
            item.around.number += 1
            marker = f"{item.around.number}. " if item.around.is_ordered else marker
        item.width, item.group = len(marker), self._add(Group("text", parent=parent))
        return marker, item.group

    def _add(self, group: Group) -> int:
        self._groups.append(group)
        return len(self._groups) - 1

    def _separate(self, marker: str) -> None:
        """Write what divides the next row from the one before, and belongs to that."""
        if not self._pieces:
            return
        if self._continues and not marker and not self._level:
            divider = "  \n"
        # Without a blank line before it, an ordered list is none if its first item is dropped.
        elif marker and self._in_list and marker != "1. ":
            divider = "\n"
        else:
            divider = "\n\n"
        self._pieces[-1] += divider

    def reading(self, text: str) -> Reading | None:
        """Return the Markdown with the lines of the text; None if there are none."""
        if not self._lines:
            return None
        rows = Rows.of("".join([*self._pieces, "\n"]), markdown=True)
        starts = list(accumulate(map(len, self._pieces), initial=0))[:-1]
        of_rows = np.searchsorted(starts, rows.begins, side="right") - 1
        for row, piece in enumerate(of_rows.tolist()):
            self._groups[self._piece_groups[piece]].rows.append(row)
        batch = LineBatch.from_texts([text])
        found = _align(batch.line_texts(0), self._lines)
        if found is None:  # rare: then the model reads the lines of the Markdown, without markup
            text, found = _join(self._lines)
        for line, group in enumerate(found):
            self._groups[group].lines.append(line)
        return Reading(rows, LineBatch.from_texts([text]).line_texts(0), self._groups, source=text)


def _inline(row: Sequence[tuple[str, str]], *, at_start: bool) -> str:
    """Return a row as Markdown: its text escaped, and its links."""
    pieces: list[str] = []
    opened: list[tuple[int, str]] = []
    for tag, text in row:
        if tag == "a":
            opened.append((len(pieces), text))
        elif tag and opened:
            place, address = opened.pop()
            pieces[place:] = [link("".join(pieces[place:]), address)]
        elif not tag:
            pieces.append(escape(_SPACES.sub(" ", text), at_start=at_start))
            at_start = at_start and not text.strip()
    return "".join(pieces).strip()


def _align(texts: Sequence[str], lines: Sequence[tuple[str, int]]) -> list[int] | None:
    """Return the group of each line of a text; None if its lines are others but for bullets and numbers."""
    found: list[int] = []
    place = 0
    for text in (" ".join(_UNSEEN.sub("", each).split()) for each in texts):
        line, group = lines[min(place, len(lines) - 1)]
        line = " ".join(_UNSEEN.sub("", line).split())
        if place < len(lines) and _is_line(text, line):
            place += 1
        elif not _BULLET.fullmatch(text):
            return None
        found.append(group)
    return found if place == len(lines) else None


def _is_line(text: str, line: str) -> bool:
    """Return whether a line of a text is a line of HTML, perhaps with a bullet or a number before it."""
    return text == line or (text.endswith(line) and bool(_BULLET.fullmatch(text[: len(text) - len(line)].strip())))


def _join(lines: Sequence[tuple[str, int]]) -> tuple[str, list[int]]:
    """Return a text of some lines, and the group of each line that a batch finds in it."""
    starts = list(accumulate((len(line) + 2 for line, _ in lines), initial=0))[:-1]
    text = "\n\n".join(line for line, _ in lines)
    batch_starts: Indices = LineBatch.from_texts([text]).starts
    places = np.searchsorted(starts, batch_starts, side="right") - 1
    return text, [lines[place][1] for place in places.tolist()]
