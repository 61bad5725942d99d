"""Features of kinds: what a line, and the lines before and after it, look like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dechaff.explain.kinds import KINDS
from dechaff.features.context import KIND_NAMES, LEARNT_KINDS, UNLIKELY, kind_features
from dechaff.text.ragged import Ragged

SURE = 20.0


def comments(*flags: int) -> np.ndarray:
    """Return the log-odds of lines of which some are surely comments and none is of another kind."""
    odds = np.full((len(LEARNT_KINDS), len(flags)), -SURE)
    odds[LEARNT_KINDS.index("comment")] = np.where(flags, SURE, -SURE)
    return odds


def test_learnt_kinds_are_kinds() -> None:
    """Each kind with a regression is one that labelled files name."""
    assert set(LEARNT_KINDS) <= set(KINDS)


def test_lines_before_and_after_are_counted_within_the_part() -> None:
    """Comments are counted in the part; on each side of a line their number is divided by the reach."""
    found = kind_features(comments(1, 1, 0, 0, 1, 1), Ragged(np.array([0, 5, 6])))
    expected = {
        "share_comment_within_6_before": [0, 1 / 6, 2 / 6, 2 / 6, 2 / 6, 0],
        "share_comment_within_6_after": [2 / 6, 1 / 6, 1 / 6, 1 / 6, 0, 0],
        "share_comment_within_25_before": [0, 1 / 25, 2 / 25, 2 / 25, 2 / 25, 0],
        "log_comment_lines": np.log1p([3, 3, 3, 3, 3, 1]),
        "log_odds_of_comment": [-UNLIKELY, -UNLIKELY, UNLIKELY, UNLIKELY, -UNLIKELY, -UNLIKELY],
    }
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, abs=0.005), name
    others = [name for name in KIND_NAMES if "comment" not in name and not name.startswith("log_odds")]
    assert max(found[name].max() for name in others) < 0.005


@given(st.lists(st.lists(st.floats(-9, 9), min_size=1, max_size=40), min_size=1, max_size=4))
def test_features_do_not_depend_on_other_parts(parts: list[list[float]]) -> None:
    """Each part has the same features alone and together with others, to the last bit."""
    rows = Ragged(np.append(0, np.cumsum([len(part) for part in parts])))
    scales = np.linspace(-1, 1, len(LEARNT_KINDS))[:, None]
    together = kind_features(scales * np.concatenate(parts), rows)
    assert tuple(together) == KIND_NAMES
    for part, first, last in zip(parts, rows.offsets[:-1], rows.offsets[1:], strict=True):
        alone = kind_features(scales * np.array(part), Ragged(np.array([0, len(part)])))
        for name in KIND_NAMES:
            assert np.array_equal(alone[name], together[name][first:last]), name
