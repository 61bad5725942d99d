"""Features of the two lines before and the two lines after a line, and comparisons of their lengths."""

from itertools import chain
from typing import Final

import numpy as np

from dechaff._typing import Columns
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import shift, sum_windows
from dechaff.text.scaling import round_column
from dechaff.text.tokens import Words

_COPIED: Final = (
    "log_n_chars",
    "is_prose",
    "ends_with_sentence",
    "share_capitalised_words",
    "share_furniture_phrases",
    "begins_with_bullet",
    "ends_with_colon",
    "share_end_of_article_phrases",
)
_PLACES: Final = {"second_before": -2, "before": -1, "after": 1, "second_after": 2}

NEIGHBOUR_NAMES: Final = (
    *(f"{name}_{place}" for place in _PLACES for name in _COPIED),
    "length_difference_before",
    "length_difference_after",
    "mean_length_within_3_lines",
    "length_above_neighbours",
)


def neighbour_features(batch: LineBatch, _: Words, columns: Columns) -> Columns:
    """Copy features from the two lines before and after each line, and compare the lengths of the lines."""
    chosen = np.array([columns[name] for name in _COPIED], np.float32)
    rows = chain.from_iterable(shift(chosen, batch.parts, by) for by in _PLACES.values())
    found: Columns = dict(zip(NEIGHBOUR_NAMES, rows, strict=False))
    length = columns["log_n_chars"]
    for place in ("before", "after"):
        found[f"length_difference_{place}"] = np.abs(length - shift(length, batch.parts, _PLACES[place]))
    # Lines of similar length often form a list, a menu or a table.
    [total], [n_lines] = sum_windows(length, batch.parts, [3])
    mean = total / n_lines
    found["mean_length_within_3_lines"] = round_column(mean)
    found["length_above_neighbours"] = round_column(length - mean)
    return found
