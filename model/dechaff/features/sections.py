"""Features of marker lines before and after a line (such as a heading of comments), and of sequences of like lines.

A teaser or a comment in full sentences looks like the article. Only lines before it on the page show the
difference: the heading of the comments, "Related articles", a row of share buttons. Defuddle and trafilatura cut at
such markers; here the distance to a marker is a feature.
"""

from itertools import chain
from typing import Final

import numpy as np

from dechaff._typing import Columns, Flags, Indices
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import Ragged, places_since, places_until, repeat_rows, sum_before, sum_rows, sum_windows
from dechaff.text.scaling import log1p_counts
from dechaff.text.tokens import Words

MARKERS: Final = ("comment", "end_of_article", "related", "share", "date")
_RUNS: Final = ("is_prose", "begins_with_bullet")
# A line is a marker of a family if phrases of the family make up at least this share of its words.
MARKER_SHARE: Final = 0.4
_FAR: Final = 80
_WINDOW: Final = 12
_BY_MARKER: Final = (
    "log_lines_since_{}_marker",
    "log_lines_until_{}_marker",
    "log_{}_markers_before",
    "log_{}_markers_after",
)

SECTION_NAMES: Final = (
    *(name.format(marker) for marker in MARKERS for name in _BY_MARKER),
    *(f"log_run_of_{name}" for name in _RUNS),
    f"share_with_comma_within_{_WINDOW}_lines",
    f"share_with_digit_within_{_WINDOW}_lines",
)


def section_features(batch: LineBatch, _: Words, columns: Columns) -> Columns:
    """Compute each line's distance to the markers of each family, and the numbers of markers before and after it.

    Further features are the lengths of sequences of prose or bullet lines, and the shares of nearby lines with a
    comma or a digit.
    """
    parts = batch.parts
    is_marker = np.array([columns[f"share_{name}_phrases"] for name in MARKERS]) >= MARKER_SHARE
    marks = is_marker.astype(np.int64)
    is_run = np.array([columns[name] for name in _RUNS])
    sought = np.concatenate((is_marker, ~is_run))
    since, until = places_since(sought, parts, _FAR), places_until(sought, parts, _FAR)
    before = sum_before(marks, parts)
    after = repeat_rows(sum_rows(marks, parts), parts) - before - marks
    n_markers = len(MARKERS)
    logarithms = log1p_counts(np.array((since[:n_markers], until[:n_markers], before, after)))
    found: Columns = dict(zip(SECTION_NAMES, chain.from_iterable(logarithms.swapaxes(0, 1)), strict=False))
    runs = log1p_counts(_run_lengths(is_run, since[n_markers:], until[n_markers:], parts))
    found |= {f"log_run_of_{name}": run for name, run in zip(_RUNS, runs, strict=True)}
    flags = np.array((columns["n_comma"] > 0, columns["has_digit"]), np.int64)
    n_with, n_lines = sum_windows(flags, parts, [_WINDOW])
    return found | dict(zip(SECTION_NAMES[-len(flags) :], (n_with / n_lines)[:, 0], strict=True))


def _run_lengths(flags: Flags, since: Indices, until: Indices, parts: Ragged) -> Indices:
    """Return for each flagged line the length of its sequence of flagged lines (bounded), and 0 for other lines.

    `since` and `until` are the distances to the nearest lines without a flag.
    """
    before = np.minimum(since, parts.places + 1 - parts.begins)
    after = np.minimum(until, parts.ends - parts.places)
    return np.where(flags, before + after - 1, 0)
