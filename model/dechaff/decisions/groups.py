"""From the lines that the model read to the rows of a text: which groups of rows are kept.

A group is kept or dropped as a whole, by the mean log-odds of its lines. Code, rules and other rows without words
follow their neighbours, headings what is left below them, link definitions the links.
"""

from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Final

import numpy as np

from dechaff._typing import Flags, Indices, Values
from dechaff.decisions.decide import Decision
from dechaff.text.reading import Group, Reading

# Log-odds and thresholds beyond this are as good as certain.
_CERTAIN: Final = 30.0
# How often neighbours of a changed block are restored before everything dropped around it is.
_SMALL_MENDS: Final = 4
_MENDS: Final = 12


@dataclass(frozen=True, eq=False)
class RowDecision:
    """Which rows of a text are kept.

    Attributes
    ----------
    decision : Decision
        The decision on the lines that the model read, with the answers of their groups.
    kept : ndarray of bool, shape (n_rows,)
    lines : ndarray of int64, shape (n_rows,)
        The line that the model read for each row: of its group, or the nearest one with the same answer.
    """

    decision: Decision
    kept: Flags
    lines: Indices


def decide_rows(reading: Reading, decision: Decision, threshold: float) -> RowDecision:
    """Decide on the rows of a text.

    Parameters
    ----------
    reading : Reading
    decision : Decision
        The decision on a batch of the lines of the reading.
    threshold : float
        The threshold of that decision.
    """
    margins = _margins(decision, threshold)
    groups = _keep_groups(reading.groups, margins, np.diff(np.append(decision.batch.starts, 0)))
    if not groups.any():
        groups = np.array([bool(decision.kept[group.lines].any()) for group in reading.groups])
    groups = _mend(reading, groups)
    lines = decision.kept.copy()
    for group, keep in zip(reading.groups, groups.tolist(), strict=True):
        lines[group.lines] = keep
    return RowDecision(replace(decision, kept=lines), reading.spread(groups), _lines_of_rows(reading, groups, lines))


def _margins(decision: Decision, threshold: float) -> Values:
    """Return by how much the log-odds of each line exceed the threshold; their sign is the decision."""
    with np.errstate(divide="ignore"):
        odds, cut = (
            np.clip(np.log(p) - np.log1p(-p), -_CERTAIN, _CERTAIN) for p in (decision.probability, np.float64(threshold))
        )
    margins = odds - cut
    return np.where(decision.kept, np.maximum(margins, 0), np.minimum(margins, -1e-9))


def _keep_groups(groups: list[Group], margins: Values, widths: Indices) -> Flags:
    own = np.array([margins[group.lines].mean() if group.lines else np.nan for group in groups])
    kept = np.nan_to_num(own, nan=-1.0) >= 0
    return kept


def _mend(reading: Reading, kept: Flags) -> Flags:
    """Restore groups until the kept rows have the blocks that they have in the text."""
    if reading.changed is None:
        return kept
    kept = kept.copy()
    of_row = {row: number for number, group in enumerate(reading.groups) for row in group.rows}
    for turn in range(_MENDS):
        rows = reading.spread(kept)
        changed = [] if rows.all() or not rows.any() else reading.changed(rows)
        if not changed:
            return kept if changed is not None else np.ones_like(kept)
        for row in changed:
            for numbers in (range(of_row[row], -1, -1), range(of_row[row], len(kept))):
                _restore(kept, numbers, only_nearest=turn < _SMALL_MENDS)
    return np.ones_like(kept)


def _restore(kept: Flags, numbers: range, *, only_nearest: bool) -> None:
    """Keep the first dropped group of some, or all that follow each other."""
    places = iter(numbers)
    nearest = next((number for number in places if not kept[number]), None)
    if nearest is None:
        return
    kept[nearest] = True
    for number in () if only_nearest else places:
        if kept[number]:
            return
        kept[number] = True


def _lines_of_rows(reading: Reading, groups: Flags, kept: Flags) -> Indices:
    """Return for each row a line of its group, or else the nearest line with the same answer."""
    found = np.zeros(len(reading.rows), np.int64)
    before = accumulate((group.lines[-1] if group.lines else -1 for group in reading.groups), max)
    for group, keep, latest in zip(reading.groups, groups.tolist(), before, strict=True):
        same = np.flatnonzero(kept == keep)
        if group.lines:
            found[group.rows] = group.lines[0]
        elif len(same):
            found[group.rows] = same[np.abs(same - latest).argmin()]
        else:
            found[group.rows] = max(latest, 0)
    return found
