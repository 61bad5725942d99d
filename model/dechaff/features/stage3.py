"""Features of stage 3: the stage-2 log-odds of a line, of the lines around it and of the block that it is in.

A teaser or a comment in full sentences looks like the article to stage 2, line by line. As blocks they differ: the
article is one large block early on the page, teasers are small ones behind it, with sure boilerplate between them.
Two-state smoothing is used as in Web2Text.
"""

from typing import Final

import numpy as np

from dechaff._typing import Columns, Indices, Values
from dechaff.features.blocks import measure_blocks
from dechaff.features.head import find_head, leads
from dechaff.features.smoothing import smooth_log_odds
from dechaff.text.ragged import round_columns

_CLIP: Final = 8.0
_STAY: Final = 0.9
# The lead of the best line of the head is clipped to this value.
_LEAD: Final = 3.0
_OF_BLOCK: Final = ("block_share", "block_to_largest", "share_before_block", "log_gap_before_block")

STAGE3_NAMES: Final = (
    "decided_log_odds",
    "decided_smooth_log_odds",
    "decided_is_in_head",
    "decided_is_best_of_head",
    "decided_lead_of_best",
    "decided_log_odds_of_best",
    *(f"decided_{name}" for name in _OF_BLOCK),
)


def stage3_features(log_odds: Values, n_words: Indices, offsets: Indices) -> Columns:
    """Compute the features that depend on the log-odds of stage 2.

    Parameters
    ----------
    log_odds : ndarray of float64, shape (n_lines,)
        The log-odds of stage 2.
    n_words : ndarray of int64, shape (n_lines,)
        The number of words of each line.
    offsets : ndarray of int64, shape (n_parts + 1,)
        Where each part's lines begin.

    Returns
    -------
    dict of str to ndarray of float32, shape (n_lines,)
        The features by name.

    Examples
    --------
    >>> odds = np.array([6.0, -0.5, 6.0])
    >>> stage3_features(odds, np.array([9, 2, 9]), np.array([0, 3]))["decided_smooth_log_odds"]
    array([7.2301, 3.8509, 7.2301], dtype=float32)
    """
    odds = np.clip(log_odds, -_CLIP, _CLIP)
    probability = 1 / (1 + np.exp(-odds))
    in_head, _ = find_head(probability, n_words, offsets)
    lead, _ = leads(odds, in_head, offsets)
    is_best = lead > 0
    blocks = measure_blocks(odds, probability * np.maximum(n_words, 1), offsets)
    columns = {
        "decided_log_odds": odds,
        "decided_smooth_log_odds": smooth_log_odds(odds, offsets, _STAY),
        "decided_is_in_head": in_head,
        "decided_is_best_of_head": is_best,
        "decided_lead_of_best": np.clip(lead, 0, _LEAD),
        "decided_log_odds_of_best": is_best * np.clip(odds, -4, 2),
        **{f"decided_{name}": blocks[name] for name in _OF_BLOCK},
    }
    return round_columns(columns)


def stage3_names() -> tuple[str, ...]:
    """Return the names of the features of `stage3_features`, in order."""
    return STAGE3_NAMES
