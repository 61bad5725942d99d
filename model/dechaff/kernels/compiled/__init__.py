"""The compiled twins: each does in one pass what the function of its name does in numpy, where it is described.

Importing this package imports numba. What is compiled is kept on disk for the next process.
"""

from dechaff.kernels.compiled.articles import best_segment, find_copies, lend_ratios, sum_stage
from dechaff.kernels.compiled.runs import (
    places_since,
    places_until,
    round_column,
    shift,
    sum_before,
    sum_rows,
    sum_windows,
    take_logarithms,
)
from dechaff.kernels.compiled.text import count_kinds, find_lines, hash_words
from dechaff.kernels.compiled.words import (
    count_copies,
    count_recurring,
    count_word_shapes,
    match_phrases,
    measure_cohesion,
    sum_terms,
    weigh_families,
)

__all__ = [
    "best_segment",
    "count_copies",
    "count_kinds",
    "count_recurring",
    "count_word_shapes",
    "find_copies",
    "find_lines",
    "hash_words",
    "lend_ratios",
    "match_phrases",
    "measure_cohesion",
    "places_since",
    "places_until",
    "round_column",
    "shift",
    "sum_before",
    "sum_rows",
    "sum_stage",
    "sum_terms",
    "sum_windows",
    "take_logarithms",
    "weigh_families",
]
