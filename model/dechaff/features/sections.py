"""What a line comes after, before and among: markers of comments, of related matter, of the end; like lines.

A teaser or a comment in full sentences looks like the article. What tells it is what stands before it on the page:
the heading of the comments, "Related articles", a row of share buttons. Defuddle and trafilatura cut at such
markers; here the distance to them is a feature.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff.features.shape import Columns
from dechaff.lines import LineBatch
from dechaff.runs import places_since, places_until, spread, sum_before, sum_runs, sum_window
from dechaff.tokens import Words

_MARKERS: Final = ("comment", "end_of_article", "related", "share", "date")
# A line is a marker if phrases of the family make up so much of its words.
_MARKER_SHARE: Final = 0.4
_FAR: Final = 80
_WINDOW: Final = 12


def section_features(batch: LineBatch, _: Words, columns: Columns) -> Columns:
    """Measure the distance from each family's markers, count them before and after, and find runs of like lines."""
    offsets = batch.article_lines
    found: Columns = {}
    for name in _MARKERS:
        is_marker = columns[f"share_{name}_phrases"] >= _MARKER_SHARE
        marks = is_marker.astype(np.float64)
        before, total = sum_before(marks, offsets), spread(sum_runs(marks, offsets), offsets)
        found[f"log_lines_since_{name}_marker"] = np.log1p(places_since(is_marker, offsets, _FAR))
        found[f"log_lines_until_{name}_marker"] = np.log1p(places_until(is_marker, offsets, _FAR))
        found[f"log_{name}_markers_before"] = np.log1p(before)
        found[f"log_{name}_markers_after"] = np.log1p(total - before - marks)
    for name in ("is_prose", "begins_with_bullet"):
        found[f"log_run_of_{name}"] = np.log1p(_run_lengths(columns[name] > 0, offsets))
    flags = np.array((np.ones(batch.n_lines), columns["n_comma"] > 0, columns["has_digit"]), np.float64)
    n_lines, n_with_comma, n_with_digit = sum_window(flags, offsets, _WINDOW)
    found[f"share_with_comma_within_{_WINDOW}_lines"] = n_with_comma / n_lines
    found[f"share_with_digit_within_{_WINDOW}_lines"] = n_with_digit / n_lines
    return found


def _run_lengths(flags: NDArray[np.bool_], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give each flagged line the length of its run of flagged lines, at most twice the limit; 0 to the others."""
    places = np.arange(len(flags))
    to_start, to_end = places + 1 - spread(offsets[:-1], offsets), spread(offsets[1:], offsets) - places
    before = np.minimum(places_since(~flags, offsets, _FAR), to_start)
    after = np.minimum(places_until(~flags, offsets, _FAR), to_end)
    return np.where(flags, before + after - 1, 0.0)
