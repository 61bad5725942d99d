"""Numba kernels: each computes the result of a numpy function in one pass. That function documents it.

Importing this package imports numba. Compiled code is cached on disk for the next process.
"""

from dechaff.kernels.compiled.articles import best_segment, find_copies, forward_messages, sum_stage
from dechaff.kernels.compiled.text import count_classes, find_lines, hash_words
from dechaff.kernels.compiled.words import (
    count_copies,
    count_recurring,
    match_phrases,
    measure_cohesion,
    measure_families,
    sum_terms,
)

__all__ = [
    "best_segment",
    "count_classes",
    "count_copies",
    "count_recurring",
    "find_copies",
    "find_lines",
    "forward_messages",
    "hash_words",
    "match_phrases",
    "measure_cohesion",
    "measure_families",
    "sum_stage",
    "sum_terms",
]
