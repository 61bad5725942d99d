"""Text, links, code and tables written as Markdown."""

import re
from collections.abc import Sequence
from typing import Final

# Characters that are marks where they stand.
_MARKS: Final = re.compile(
    r"\\(?=[!-/:-@\[-`{-~]|\Z)|`|\*(?!\s)|(?<!\s)\*|(?<![^\W_])_|_(?![^\W_])|~(?!\s)"
    r"|<(?=[A-Za-z/!?])|&(?=#?\w{1,31};)|\](?=\(|\Z)"
)
_ANY_MARK: Final = re.compile(r"[\\`*_~<&\]]")
# What begins a block at the start of a row.
_START: Final = re.compile(r"\s*(?:\d{1,9}(?=[.)](?:\s|\Z))|(?=#{1,6}(?:\s|\Z)|[-+](?:[-+\s]|\Z)|[>=|\[]|:-))")
_CLOSING: Final = re.compile(r"(?<!\S)#+\Z")
_SAFE_ADDRESS: Final = re.compile(r"(?:https?:|mailto:|[/#?.]|[\w-]+(?:[/.?#]|\Z))", re.IGNORECASE)
_NOT_IN_ADDRESS: Final = re.compile(r"[\s<>()\\]")
_FENCE: Final = re.compile(r"`{3,}")
# A cell of more characters is a column of a page, not of a table.
_LONGEST_CELL: Final = 300
# A hostile table of one long row and many short ones would grow with the square of its size.
_MOST_CELLS: Final = 100_000


def escape(text: str, *, at_start: bool = False) -> str:
    r"""Return text as Markdown that reads as that text.

    Parameters
    ----------
    text : str
    at_start : bool
        Whether it begins a row, where numbers, dashes and others are marks of a block.

    Examples
    --------
    >>> print(escape("2 * 3 in *snake_case*"), escape("1. FC Union", at_start=True), escape("- 5", at_start=True))
    2 * 3 in \*snake_case\* 1\. FC Union \- 5
    """
    escaped = _MARKS.sub(r"\\\g<0>", text) if _ANY_MARK.search(text) else text
    found = _START.match(escaped) if at_start else None
    return f"{escaped[: found.end()]}\\{escaped[found.end() :]}" if found else escaped


def escape_end(text: str) -> str:
    r"""Return the text of a heading, whose last number signs would be a mark.

    Examples
    --------
    >>> print(escape_end("In C#"), escape_end("Number #"))
    In C# Number \#
    """
    return _CLOSING.sub(r"\\\g<0>", text)


def link(text: str, address: str) -> str:
    """Return a link, or its text alone if that is blank or the address leads nowhere.

    Examples
    --------
    >>> link("the report ", "/report (1)"), link("Close", "javascript:close()")
    ('[the report](/report%20%281%29) ', 'Close')
    """
    inner = text.strip()
    if not inner or not _SAFE_ADDRESS.match(address):
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    address = _NOT_IN_ADDRESS.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address)
    inner = re.sub(r"(?<!\\)[\[\]]", r"\\\g<0>", inner)
    return f"{before}[{inner}]({address}){after}"


def format_code(code: str) -> list[str]:
    """Return code in a fence, by rows."""
    longest = max((len(found) for found in _FENCE.findall(code)), default=2)
    fence = "`" * (longest + 1)
    rows = re.split(r"\r\n?|\n", code)
    filled = [number for number, row in enumerate(rows) if row.strip()]
    return [fence, *(row.rstrip() for row in rows[filled[0] : filled[-1] + 1]), fence]


def format_table(table: Sequence[Sequence[str]]) -> list[str]:
    """Return a table by rows, without its empty columns; none if it is a single row or column, or has long cells.

    Examples
    --------
    >>> format_table([["Fare", "", "Price"], ["Adult", "", "£9"]])
    ['| Fare | Price |', '| --- | --- |', '| Adult | £9 |']
    >>> format_table([["One"], ["Two"]])
    []
    """
    cells = [[" ".join(cell.split()) for cell in row] for row in table if any(map(str.strip, row))]
    width = max(map(len, cells), default=0)
    filled = sorted({column for row in cells for column, cell in enumerate(row) if cell})
    longest = max((len(cell) for row in cells for cell in row), default=0)
    if len(cells) < 2 or len(filled) < 2 or longest > _LONGEST_CELL or width * len(cells) > _MOST_CELLS:
        return []
    rows = [[escape(cell).replace("|", "\\|") for cell in row + [""] * (width - len(row))] for row in cells]
    rows.insert(1, ["---"] * width)
    return [f"| {' | '.join(row[column] for column in filled)} |" for row in rows]
