"""Features of blocks: stretches of probable content, lists of like lines, and records."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dechaff import LineBatch
from dechaff._typing import Columns
from dechaff.features import line_features
from dechaff.features.blocks import BLOCK_NAMES, block_features, find_blocks, measure_blocks
from dechaff.text.tokens import find_words

COMMENT = "Well said, and about time that somebody wrote it down for the council and for all others to read"
THREAD = [line for hours in (2, 5, 7, 9) for line in (COMMENT, f"{hours} hours ago")]
PARAGRAPHS = [
    f"On day {day} the ferry was cancelled, and nobody on the island or on the mainland knew why."
    for day in range(4)
]


def blocks_of(odds: list[float], *texts: str) -> Columns:
    """Compute the block features of articles, with the given log-odds of stage 1."""
    words = find_words(LineBatch.from_texts(texts))
    log_odds = np.array(odds, float)
    return block_features(words, line_features(words.batch, words), log_odds, 1 / (1 + np.exp(-log_odds)))


def test_blocks_by_hand() -> None:
    """Sure boilerplate divides an article into blocks; each is measured by its words, relative to all blocks."""
    odds, mass = np.array([1.0, -3, -3, 2, 2, -3, 1]), np.array([1.0, 9, 9, 3, 3, 9, 1])
    found = measure_blocks(odds, mass, np.array([0, 6, 7]))
    assert found["block_share"] == pytest.approx([1 / 7, 0, 0, 6 / 7, 6 / 7, 0, 1])
    assert found["block_to_largest"] == pytest.approx([1 / 6, 0, 0, 1, 1, 0, 1])
    assert found["share_before_block"] == pytest.approx([0, 1 / 7, 1 / 7, 1 / 7, 1 / 7, 1, 0])
    assert found["log_gap_before_block"] == pytest.approx(np.log1p([0, 1, 1, 2, 2, 2, 0]), abs=6e-5)
    assert found["log_block_lines"] == pytest.approx(np.log1p([1, 2, 2, 2, 2, 1, 1]), abs=6e-5)


@given(st.lists(st.lists(st.integers(0, 2), max_size=6), max_size=5))
def test_blocks_have_one_key_and_are_as_long_as_possible(parts: list[list[int]]) -> None:
    """Whatever the keys, blocks divide each part, and only neighbours of other parts may have the same key."""
    keys = np.array([key for part in parts for key in part], np.int64)
    offsets = np.concatenate(([0], np.cumsum([len(part) for part in parts]))).astype(np.int64)
    lines, blocks = find_blocks(keys, offsets)
    assert lines[blocks].tolist() == offsets.tolist()
    values = [keys[a:b].tolist() for a, b in pairwise(lines)]
    assert all(len(set(value)) == 1 for value in values)
    for first, last in pairwise(blocks):
        assert all(values[i] != values[i + 1] for i in range(first, last - 1))


def test_a_list_has_the_values_of_its_lines_and_of_its_introduction() -> None:
    """Three dates below "Tour dates:" are one list; its mean and largest log-odds stand at each of its lines."""
    found = blocks_of(
        [5, 2, 0, -1, 1], "\n".join([PARAGRAPHS[0], "Tour dates:", "3 May Leeds", "4 May York", "5 May Hull"])
    )
    lists = {name: found[name][2:].tolist() for name in BLOCK_NAMES if "list" in name and "records" not in name}
    assert lists.pop("log_list_lines") == pytest.approx([np.log1p(4)] * 3, abs=6e-5)  # with "Tour dates:"
    assert lists == {
        "list_mean_log_odds": [0.5] * 3,
        "list_largest_log_odds": [2] * 3,
        "log_odds_before_list": [5] * 3,
        "colon_before_list": [0] * 3,
    }


def test_a_line_that_comes_again_marks_records() -> None:
    """Comments between times are records, and know the log-odds of the times; paragraphs above are in no list."""
    odds = [3.0] * 4 + [1.0, -3.0] * 4
    found = blocks_of(odds, "\n".join([*PARAGRAPHS, *THREAD]))
    n_records = found["log_n_records_by_first_word"]
    assert n_records[:4].tolist() == [0] * 4
    assert n_records[4:11] == pytest.approx([np.log(4)] * 7, abs=1e-4)
    assert found["log_odds_of_records_by_shape"][4:11] == pytest.approx([-3] * 7, abs=1e-4)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["Reply"] * 5, id="one after the other"),
        pytest.param([COMMENT, "Reply"] * 2, id="only twice"),
        pytest.param(([COMMENT] * 30 + ["Reply"]) * 4, id="too far apart"),
    ],
)
def test_no_records(lines: list[str]) -> None:
    """Lines in sequence are a list, not records; neither are two like lines, nor lines far apart."""
    found = blocks_of([0.0] * len(lines), "\n".join(lines))
    assert not found["log_n_records_by_first_word"].any()


@given(st.lists(st.sampled_from([*THREAD, *PARAGRAPHS, "Share", ""]), max_size=30), st.integers(0, 30))
def test_articles_do_not_influence_each_other(lines: list[str], cut: int) -> None:
    """The features of two articles in one batch are those of each by itself."""
    texts = ["\n".join(lines[:cut]), "\n".join(lines[cut:])]
    counts = [LineBatch.from_texts([text]).n_lines for text in texts]
    odds: NDArray[np.float64] = np.linspace(-4, 4, sum(counts))
    together = blocks_of(odds.tolist(), *texts)
    alone = [blocks_of(odds[: counts[0]].tolist(), texts[0]), blocks_of(odds[counts[0] :].tolist(), texts[1])]
    assert tuple(together) == BLOCK_NAMES
    for name in BLOCK_NAMES:
        assert together[name] == pytest.approx(np.concatenate([each[name] for each in alone]), abs=6e-5), name
