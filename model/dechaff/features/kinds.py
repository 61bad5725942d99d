"""Features of stage 2 from the log-odds of kinds of boilerplate: what a line, and the lines around it, look like.

A comment or a teaser in full sentences looks like the article; names, dates and "Reply" around it do not. A
regression for each kind, on the features of stage 1, recognises these lines, as in stacked sequential learning with
more than two labels (Cohen and Carvalho 2005).
"""

from typing import Final

import numpy as np

from dechaff._typing import Columns, Values
from dechaff.text.ragged import Ragged, repeat_rows, sum_rows, sum_sides

#: The kinds of boilerplate of `dechaff.explain.kinds.KINDS` that a model has a regression for.
LEARNT_KINDS: Final = ("comment", "related", "credit", "date", "other")
#: The log-odds of each kind in a model that was fitted without kinds.
UNLIKELY: Final = -8.0

_REACHES: Final = (6, 25)
_UNITS: Final = 1 << 16
_OF_KIND: Final = (
    "log_odds_of_{}",
    *(f"share_{{}}_within_{reach}_{side}" for reach in _REACHES for side in ("before", "after")),
    "log_{}_lines",
)
KIND_NAMES: Final = tuple(name.format(kind) for name in _OF_KIND for kind in LEARNT_KINDS)


def kind_features(log_odds: Values, parts: Ragged) -> Columns:
    """Compute the features in `KIND_NAMES`, each of shape (n_lines,).

    For each kind these are the log-odds of the line; the expected number of lines of the kind among the 6 or 25
    lines before or after it, divided by 6 or 25 even where the part has fewer; and log(1 + the expected number of
    such lines in the part).

    Parameters
    ----------
    log_odds : ndarray of float64, shape (n_kinds, n_lines)
        The log-odds that a line is of each of `LEARNT_KINDS`.
    parts : Ragged
        The lines of each part.

    Examples
    --------
    >>> log_odds = np.full((len(LEARNT_KINDS), 4), -9.0)
    >>> log_odds[LEARNT_KINDS.index("comment"), 2:] = 9
    >>> found = kind_features(log_odds, Ragged(np.array([0, 4])))
    >>> (6 * found["share_comment_within_6_after"]).round(1).tolist()
    [2.0, 2.0, 1.0, 0.0]
    """
    odds = log_odds.clip(UNLIKELY, -UNLIKELY)
    likely = np.rint(_UNITS / (1 + np.exp(-odds)))  # sums of whole numbers are exact
    sides = (side / (_UNITS * reach) for reach in _REACHES for side in sum_sides(likely, parts, reach))
    n_lines = repeat_rows(np.log1p(sum_rows(likely, parts) / _UNITS), parts)
    found = np.array((odds, *sides, n_lines))
    return dict(zip(KIND_NAMES, found.reshape(len(KIND_NAMES), -1), strict=True))
