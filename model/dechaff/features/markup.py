"""Features of lines whose markup is known: what stands in links, headings or navigation, and in elements so named.

The share of linked text is the strongest feature of extractors that see HTML (Kohlschütter et al. 2010); a text
alone does not show it. Lines without markup are labelled by another regression, without these features.
"""

from typing import Final

import numpy as np

from dechaff._typing import Columns, Flags, Indices, Values
from dechaff.text.characters import WORD
from dechaff.text.lines import LineBatch
from dechaff.text.marked import MARKUP, Bits, MarkedText
from dechaff.text.ragged import Ragged, repeat_rows, sum_rows, sum_sides

# So many lines before a line, and after it, count as beside it.
_REACH: Final = 3
# Shares are rounded to this fraction, so that sums of them are exact.
_UNITS: Final = 1024.0
# The last kind of markup is on all lines of Markdown.
_VARIED: Final = MARKUP[:-1]

MARKUP_NAMES: Final = (
    *(f"markup_{name}" for name in MARKUP),
    *(f"markup_{name}_{place}" for place in ("before", "after") for name in _VARIED),
)


def markup_features(batch: LineBatch) -> tuple[Flags, Columns]:
    r"""Compute which lines have markup, and the features in `MARKUP_NAMES`.

    For each kind of markup these are the share of the line's letters and digits that have it, and the mean share of
    the three lines before it, and of those after it; beyond the ends of the article it is 0.

    Parameters
    ----------
    batch : LineBatch

    Returns
    -------
    is_marked : ndarray of bool, shape (n_lines,)
        True for the lines of articles that are `MarkedText`.
    columns : dict of str to ndarray of float32, shape (n_lines,)
        The features by name; none if no line has markup.

    Examples
    --------
    >>> from dechaff.text.marked import markup_bits
    >>> text = MarkedText.of("Home\nIt was old.", np.array([0, 12]), np.array([markup_bits(["link"]), 0]))
    >>> columns = markup_features(LineBatch.from_texts([text]))[1]
    >>> columns["markup_link"].tolist(), round(columns["markup_link_before"].tolist()[1] * 3, 2)
    ([1.0, 0.625], 1.0)
    """
    has_markup = np.array([isinstance(text, MarkedText) for text in batch.texts], np.bool_)
    is_marked = repeat_rows(has_markup, batch.articles)
    if not is_marked.any():
        return is_marked, {}
    shares = _shares(batch)
    before, after = sum_sides(np.rint(shares[: len(_VARIED)] * _UNITS), batch.parts, [_REACH])
    beside = np.concatenate((before, after))[:, 0] / (_UNITS * _REACH)
    return is_marked, dict(zip(MARKUP_NAMES, np.concatenate((shares, beside)).astype(np.float32), strict=True))


def _shares(batch: LineBatch) -> Values:
    """Compute the share of each line's letters and digits with each kind of markup, shape (n_kinds, n_lines)."""
    begins, bits = _pieces(batch)
    # Lines are cut where pieces begin in them.
    line = batch.starts.searchsorted(begins, side="right") - 1
    inside = (line >= 0) & (begins < batch.ends[line])
    cuts = np.union1d(batch.starts, begins[inside])
    lines = Ragged(cuts.searchsorted(np.append(batch.starts, len(batch.codes))))
    ends = np.minimum(np.append(cuts[1:], len(batch.codes)), repeat_rows(batch.ends, lines))
    n_words = np.append(0, (batch.classes & WORD > 0).cumsum())
    n_chars = (n_words[ends] - n_words[cuts]).astype(np.float64)
    has_mark = bits[begins.searchsorted(cuts, side="right") - 1] >> np.arange(len(MARKUP))[:, None] & 1
    shares: Values = sum_rows(has_mark * n_chars, lines) / np.maximum(sum_rows(n_chars, lines), 1)
    return shares


def _pieces(batch: LineBatch) -> tuple[Indices, Bits]:
    """Return where in the batch the pieces of its texts begin, and their markup; one without any stands first."""
    begins: list[Indices] = []
    bits: list[Bits] = []
    for text, start in zip(batch.texts, batch.article_codes.tolist(), strict=False):
        begins.append(np.array([start]))
        bits.append(np.zeros(1, np.int64))
        if isinstance(text, MarkedText):
            begins.append(text.begins + start)
            bits.append(text.bits)
    return np.concatenate(begins), np.concatenate(bits)
