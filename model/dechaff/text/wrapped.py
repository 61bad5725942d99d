"""Plain text that is more than lines: hard-wrapped (mail, RFCs, old e-books, `fold -w 72`), or with code in it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from dechaff._typing import Flags, Indices
from dechaff.text.characters import IDEOGRAPH, SPACE, class_table
from dechaff.text.code_blocks import find_code
from dechaff.text.lines import LineBatch
from dechaff.text.reading import Reader, Reading, Rows

# Nobody wraps at more columns.
_WIDEST: Final = 130
_NARROWEST: Final = 20
# The width is that of the longest lines, without so large a share of the characters in even longer ones.
_LONGER: Final = 0.02
# In wrapped text, so large a share of the lines longer than half the width end where the next word does not fit.
_FULL: Final = 0.6
# And so large a share of the characters is in such lines.
_WRAPPED: Final = 0.2
_LEAST_FULL: Final = 3
# If nearly all of those lines have the very width, words are divided.
_CUT: Final = 0.9
_BULLETS: Final = "-*+•·–—‣◦▪"


@dataclass(frozen=True, eq=False)
class Wrapping:
    """Where lines go on.

    Attributes
    ----------
    goes_on : ndarray of bool, shape (n_lines,)
        Whether the next line belongs to the same paragraph.
    cut : bool
        Whether words are divided at the ends of lines.
    """

    goes_on: Flags
    cut: bool


def find_wrapping(batch: LineBatch) -> Wrapping | None:
    """Return which lines go on in the next one; None if the text is not wrapped.

    A line goes on if the first word of the next line would not have fitted.

    Parameters
    ----------
    batch : LineBatch
        One article.
    """
    if batch.n_lines <= _LEAST_FULL:
        return None
    number = np.searchsorted(batch.breaks, batch.starts)
    begins = np.append(0, batch.breaks + 1)[number]
    widths = batch.ends - begins
    width = _common_width(widths)
    if not _NARROWEST <= width <= _WIDEST:
        return None
    is_next = np.diff(number, append=-1) == 1
    fills = is_next & (widths + 1 + np.append(_first_words(batch)[1:], 0) > width)
    long = is_next & (widths > width / 2) & (widths <= width)
    full = fills & long
    if full.sum() < max(_LEAST_FULL, _FULL * long.sum()) or widths[full].sum() < _WRAPPED * widths.sum():
        return None
    whole = batch.breaks[np.minimum(number, len(batch.breaks) - 1)] - begins
    cut = float((whole[full] == width).mean()) >= _CUT
    return Wrapping(_same_paragraph(batch, begins) & (is_next & (whole == width) if cut else full), cut)


def _common_width(widths: Indices) -> int:
    """Return the width of the longest lines, but for a few."""
    ordered = np.sort(widths)
    shares = np.cumsum(ordered) / max(int(ordered.sum()), 1)
    return int(ordered[np.searchsorted(shares, 1 - _LONGER)])


def _first_words(batch: LineBatch) -> Indices:
    """Return the length of the first word of each line; in scripts without spaces that of a character."""
    spaces = np.flatnonzero(batch.classes & SPACE)
    ends = np.minimum(spaces[np.searchsorted(spaces, batch.starts)], batch.ends)
    return np.where(batch.classes[batch.starts] & IDEOGRAPH, 1, ends - batch.starts)


def _same_paragraph(batch: LineBatch, begins: Indices) -> Flags:
    """Return whether a line may belong to the same paragraph as the next one, by bullets and indentation."""
    indents = batch.starts - begins
    firsts, seconds = batch.codes[batch.starts], batch.classes[np.minimum(batch.starts + 1, len(batch.codes) - 1)]
    is_bullet = np.isin(firsts, [ord(bullet) for bullet in _BULLETS]) & (seconds & SPACE > 0)
    deeper = np.diff(indents, append=0) > 0
    return ~np.append(is_bullet[1:], True) & (~deeper | is_bullet)


def read_plain(text: str) -> Reading | None:
    r"""Return what the model reads of text that is wrapped or holds code; None if that is the text itself.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> text = "The council voted on\nTuesday to repair the\nbridge, which had been\nclosed since May.\n\nShare"
    >>> read_plain(text).lines
    ['The council voted on Tuesday to repair the bridge, which had been closed since May.', 'Share']
    """
    rows = Rows.of(text)
    wrapping, is_code = find_wrapping(rows.batch), find_code(rows)
    if wrapping is None and not is_code.any():
        return None
    goes_on = is_code[:-1] & is_code[1:]
    if wrapping is not None:
        goes_on |= wrapping.goes_on[:-1] & ~is_code[:-1] & ~is_code[1:]
    reader = Reader(rows)
    for members in np.split(np.arange(len(rows)), np.flatnonzero(~goes_on) + 1):
        group = reader.add("code" if is_code[members[0]] else "text", members.tolist())
        if not is_code[members[0]]:
            reader.read(group, _join(rows, members.tolist(), cut=wrapping is not None and wrapping.cut))
    reading = reader.finish()
    return reading if reading.lines else None


def _join(rows: Rows, members: list[int], *, cut: bool) -> str:
    """Return the text of some rows as one line."""
    lines = [rows.texts[member].strip("\r\n" if cut else None) for member in members]
    gap = "" if cut or _is_unspaced("".join(line[:1] for line in lines)) else " "
    return gap.join(lines)


def _is_unspaced(characters: str) -> bool:
    """Return whether most of some characters are of scripts without spaces."""
    classes = class_table()[[ord(character) for character in characters]]
    return bool((classes & IDEOGRAPH > 0).mean() > 1 / 2)
