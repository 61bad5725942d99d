"""Site duplicates: lines that other articles of the same site have too."""

import math

import numpy as np
import pytest
from helpers import ANY_TEXTS, SMALL_MODEL, constant_model
from hypothesis import given
from hypothesis import strategies as st

from dechaff import InputError, LineBatch, LineModel, clean_array
from dechaff.decisions.site_lines import SITE_DUPLICATE_LOG_ODDS, find_site_duplicates, lower_site_duplicates

PROSE = ("The council voted on Tuesday to repair the old bridge, which had been closed since March.",
         "Rain fell on the whole of the county, and the river rose by two feet in a day.",
         "The mill at the weir will close in the spring, its owner said after forty years.")  # fmt: skip
TEASER = "Why the harbour is full of empty boats again, and who will have to pay for it"


@given(ANY_TEXTS, st.data())
def test_site_duplicates_by_hand(texts: list[str], data: st.DataObject) -> None:
    """A line is a site duplicate if a line in another article of its group has the same words in any order."""
    groups = data.draw(st.lists(st.sampled_from(["a", "b", None]), min_size=len(texts), max_size=len(texts)))
    lines = [LineBatch.from_texts([text]).line_texts(0) for text in texts]
    alone = [[find_site_duplicates(["\n".join([line, "x"]), line], ["s", "s"])[0] for line in own] for own in lines]
    expected = []
    for place, own in enumerate(lines):
        others = [
            k for k in range(len(texts)) if k != place and groups[k] is not None and groups[k] == groups[place]
        ]
        for number, line in enumerate(own):
            pairs = ([line, other] for k in others for other in lines[k])
            expected.append(
                bool(alone[place][number]) and any(find_site_duplicates(pair, ["s", "s"]).all() for pair in pairs)
            )
    assert find_site_duplicates(texts, groups).tolist() == expected


@pytest.mark.parametrize(
    ("texts", "groups", "duplicates"),
    [
        (["Share\nShare", "x"], ["a", "a"], [0, 0, 0]),
        (["Share", "SHARE!"], ["a", "a"], [1, 1]),
        (["12 comments", "7 comments"], ["a", "a"], [0, 0]),
        (["12 comments", "35 comments"], ["a", "a"], [1, 1]),
        (["Share", "Share"], ["a", "b"], [0, 0]),
        (["Share", "Share"], [None, None], [0, 0]),
        (["Share", "Share"], [math.nan, math.nan], [0, 0]),
        (["Man bites dog", "Dog bites man"], ["a", "a"], [1, 1]),
        (["|", "|"], ["a", "a"], [0, 0]),
        (["", "Share", "\n\n", "Share"], ["a"] * 4, [1, 1]),
        ([], [], []),
    ],
)
def test_site_duplicates(texts: list[str], groups: list[str | None], duplicates: list[int]) -> None:
    """Lines repeated within an article, on another site, without words or without a group are no site duplicates."""
    assert find_site_duplicates(texts, groups).tolist() == list(map(bool, duplicates))


def test_site_duplicates_lower_the_log_odds() -> None:
    """A site duplicate loses a fixed amount of log-odds, but not on a page whose whole content is elsewhere."""
    batch = LineBatch.from_texts([f"{PROSE[0]}\n{TEASER}", f"{PROSE[1]}\n{TEASER}", PROSE[1]])
    odds = np.array([3.0, 1.0, 3.0, 1.0, 3.0])
    duplicates = np.array([False, True, True, True, True])
    lowered = lower_site_duplicates(batch, odds, duplicates)
    assert (lowered - odds).tolist() == [0.0, SITE_DUPLICATE_LOG_ODDS, 0.0, 0.0, 0.0]


def test_a_line_that_only_its_site_gives_away() -> None:
    """A line kept in a single page is dropped if all pages of its site have it and groups are given."""
    texts = [f"{line}\n{TEASER}" for line in PROSE]
    model = constant_model(1.0)
    assert clean_array(texts, model) == texts
    assert clean_array(texts, model, groups=["site"] * 3) == [f"{line}\n" for line in PROSE]
    assert clean_array(texts, model, groups=["a", "b", None]) == texts
    array = np.array([texts[0], None, texts[1]], object)
    assert clean_array(array, model, groups=["a", None, "a"]).tolist() == [f"{PROSE[0]}\n", None, f"{PROSE[1]}\n"]


@given(ANY_TEXTS)
def test_single_articles_keep_their_result(texts: list[str]) -> None:
    """With one group an article, the result is that without groups."""
    assert clean_array(texts, SMALL_MODEL, groups=range(len(texts))) == clean_array(texts, SMALL_MODEL)


def test_groups_may_span_batches(model: LineModel) -> None:
    """Articles of one site count for each other across batches."""
    filler = [f"{PROSE[0]} Number {place} of many." for place in range(1500)]
    texts = [f"{PROSE[1]}\n{TEASER}", *filler, f"{PROSE[2]}\n{TEASER}"]
    groups = ["far", *[None] * len(filler), "far"]
    duplicates = find_site_duplicates(texts, groups)
    assert np.flatnonzero(duplicates).tolist() == [1, len(duplicates) - 1]
    assert len(clean_array(texts, model, groups=groups)) == len(texts)


def test_as_many_groups_as_texts() -> None:
    """Too few or too many groups are refused with both numbers."""
    for groups in (["a"], ["a"] * 3):
        with pytest.raises(InputError, match=f"2 texts, but {len(groups)} groups"):
            clean_array(["a", None], SMALL_MODEL, groups=groups)
    with pytest.raises(InputError, match="cannot be compared"):
        clean_array(["a", "b"], SMALL_MODEL, groups=[["x"], ["x"]])
