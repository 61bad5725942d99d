"""From the lines that the model read to the rows of a text: which groups of rows are kept.

A group is kept or dropped as a whole, by the mean log-odds of its lines. Code, rules and other rows without words
follow their neighbours, headings what is left below them, link definitions the links.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dechaff._typing import Flags, Indices, Values
from dechaff.decisions.decide import Decision
from dechaff.text.reading import Group, Reading

# Log-odds and thresholds beyond this are as good as certain.
_CERTAIN: Final = 30.0
_LEVELS: Final = 6
#: Added to the log-odds of all lines of Markdown that holds code and is mostly content. The model learnt from news
#: and rates documentation too low; pages with menus around them are not mostly content.
CODE_LOG_ODDS: Final = 2.0
# Log-odds beyond this count as this in the mean of a text.
_CLEAR: Final = 3.0
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
    groups = keep_groups(reading, decision, threshold)
    if not groups.any():
        groups[reading.of_lines[decision.kept]] = True
    groups = _mend(reading, groups)
    lines = groups[reading.of_lines]
    return RowDecision(
        replace(decision, kept=lines), groups[reading.of_rows], _lines_of_rows(reading, groups, lines)
    )


def _margins(decision: Decision, threshold: float) -> Values:
    """Return by how much the log-odds of each line exceed the threshold; their sign is the decision."""
    with np.errstate(divide="ignore"):
        odds, cut = (
            np.clip(np.log(p) - np.log1p(-p), -_CERTAIN, _CERTAIN)
            for p in (decision.probability, np.float64(threshold))
        )
    margins = odds - cut
    found: Values = np.where(decision.kept, np.maximum(margins, 0), np.minimum(margins, -1e-9))
    return found


def keep_groups(reading: Reading, decision: Decision, threshold: float) -> Flags:
    """Return which groups are kept by their lines and by each other, shape (n_groups,).

    Parameters
    ----------
    reading : Reading
    decision : Decision
    threshold : float
    """
    groups, n_groups = reading.groups, len(reading.groups)
    margins = _margins(decision, threshold)
    widths = (decision.batch.ends - decision.batch.starts).astype(np.float64)
    total = np.bincount(reading.of_lines, widths, n_groups)
    own = np.bincount(reading.of_lines, margins * widths, n_groups) / np.maximum(total, 1)
    has_code = any(group.kind == "code" for group in groups)
    if reading.changed and has_code and np.clip(margins, -_CLEAR, _CLEAR).mean() > 0:
        own += CODE_LOG_ODDS
    kept = own >= 0
    _follow_neighbours(groups, total > 0, kept)
    for group, keep in zip(groups[::-1], kept[::-1].tolist(), strict=True):
        if keep and group.parent >= 0:
            kept[group.parent] = True
    _drop_headings(groups, kept)
    _keep_used(reading, kept)
    return kept


def _follow_neighbours(groups: list[Group], has_words: Flags, kept: Flags) -> None:
    """Set groups without words to the answer that their neighbours agree on, or that of most in the section."""
    sections = np.cumsum([group.kind == "heading" for group in groups])
    worded, silent = np.flatnonzero(has_words), np.flatnonzero(~has_words)
    place = np.searchsorted(worded, silent)
    before, after = worded[np.maximum(place - 1, 0)], worded[np.minimum(place, len(worded) - 1)]
    totals = np.bincount(sections[worded], kept[worded] - 0.5, sections[-1] + 1)
    kept[silent] = np.where(kept[before] == kept[after], kept[before], totals[sections[silent]] >= 0)


def _drop_headings(groups: list[Group], kept: Flags) -> None:
    """Drop the headings below which nothing is left, unless nothing was there."""
    left, found = [False] * _LEVELS, [False] * _LEVELS
    for number in range(len(groups) - 1, -1, -1):
        level = groups[number].level
        if not level:
            left, found = ([True] * _LEVELS if kept[number] else left), [True] * _LEVELS
            continue
        kept[number] &= left[level - 1] or not found[level - 1]
        # The sections of lower headings, from here up, end here.
        left[level - 1 :] = found[level - 1 :] = [False] * (_LEVELS - level + 1)


def _keep_used(reading: Reading, kept: Flags) -> None:
    """Keep the header and the definitions that a kept row uses; drop those that only dropped rows use."""
    for number, group in enumerate(reading.groups):
        if group.kind == "header":
            kept[number] = True
        elif group.users:
            kept[number] = bool(kept[reading.of_rows[group.users]].any())


def _mend(reading: Reading, kept: Flags) -> Flags:
    """Restore groups until the kept rows have the blocks that they have in the text."""
    if reading.changed is None:
        return kept
    kept = kept.copy()
    for turn in range(_MENDS):
        rows = kept[reading.of_rows]
        changed = [] if rows.all() or not rows.any() else reading.changed(rows)
        if not changed:
            return kept if changed is not None else np.ones_like(kept)
        for row in changed:
            number = int(reading.of_rows[row])
            for numbers in (range(number, -1, -1), range(number, len(kept))):
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
    """Return for each row the first line of its group, or else the nearest line above with the same answer."""
    found = np.zeros(len(reading.rows), np.int64)
    same = {answer: np.flatnonzero(kept == answer) for answer in (False, True)}
    latest = -1
    for group, keep in zip(reading.groups, groups.tolist(), strict=True):
        latest = max(latest, *group.lines, -1)
        line = group.lines[0] if group.lines else max(latest, 0)
        if not group.lines and len(same[keep]):
            line = same[keep][max(int(np.searchsorted(same[keep], latest, side="right")) - 1, 0)]
        found[group.rows] = line
    return found
