"""Features of lines whose markup is known."""

import numpy as np
import pytest
from helpers import SMALL_MODEL, random_model
from hypothesis import given
from hypothesis import strategies as st

from dechaff import LineBatch
from dechaff.features.markup import MARKUP_NAMES, markup_features
from dechaff.text.lines import MOST_LINES
from dechaff.text.marked import MARKUP, MarkedText, markup_bits

LINKED = markup_bits(["link"])
TEXT = "Home\nThe mill shuts.\n\nIt was old"


def marked(text: str, *pieces: tuple[int, list[str]]) -> MarkedText:
    """Return a text with pieces, each from a place on."""
    begins, names = zip(*pieces, strict=True)
    return MarkedText.of(text, np.array(begins), np.array([markup_bits(each) for each in names]))


def test_shares_of_each_line() -> None:
    """A line's share counts letters and digits from where a piece begins to where the next one does."""
    text = marked(TEXT, (0, ["nav", "link"]), (5, []), (9, ["link"]), (13, []), (22, ["h2"]))
    is_marked, columns = markup_features(LineBatch.from_texts([text]))
    assert is_marked.all()
    assert columns["markup_link"].tolist() == pytest.approx([1, 4 / 12, 0])
    assert columns["markup_nav"].tolist() == [1, 0, 0]
    assert columns["markup_h2"].tolist() == [0, 0, 1]
    assert columns["markup_link_before"].tolist() == pytest.approx([0, 1 / 3, (1 + 4 / 12) / 3], abs=1e-3)
    assert columns["markup_link_after"].tolist() == pytest.approx([(4 / 12) / 3, 0, 0], abs=1e-3)


def test_texts_without_markup() -> None:
    """Without markup there are no columns, and a text before its first piece has none."""
    is_marked, columns = markup_features(LineBatch.from_texts([TEXT, ""]))
    assert (is_marked.tolist(), columns) == ([False] * 3, {})
    _, columns = markup_features(LineBatch.from_texts([marked(TEXT, (22, ["link"]))]))
    assert columns["markup_link"].tolist() == [0, 0, 1]
    assert tuple(columns) == MARKUP_NAMES


def test_lines_without_letters_or_lines() -> None:
    """Lines of signs alone have no shares, and a marked text may be blank."""
    is_marked, columns = markup_features(
        LineBatch.from_texts([marked("* * *", (0, ["link"])), marked("", (0, ["link"]))])
    )
    assert (is_marked.tolist(), columns["markup_link"].tolist()) == ([True], [0.0])


@st.composite
def any_marked(draw: st.DrawFn) -> MarkedText:
    """Draw a text with pieces at any places."""
    text = draw(st.text(alphabet="ab \n*é中", max_size=60))
    begins = sorted(draw(st.sets(st.integers(0, max(len(text) - 1, 0)), max_size=8)))
    bits = draw(st.lists(st.integers(0, (1 << len(MARKUP)) - 1), min_size=len(begins), max_size=len(begins)))
    return MarkedText.of(text, np.array(begins, np.int64), np.array(bits, np.int64))


@given(st.lists(st.one_of(any_marked(), st.text(alphabet="ab \n", max_size=20)), min_size=1, max_size=4))
def test_texts_in_a_batch_do_not_mix(texts: list[str]) -> None:
    """Each text has the log-odds in a batch that it has alone, marked or not, and shares are between 0 and 1."""
    together = SMALL_MODEL.log_odds(LineBatch.from_texts(texts))
    alone = [SMALL_MODEL.log_odds(LineBatch.from_texts([text])) for text in texts]
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-4)
    columns = markup_features(LineBatch.from_texts(texts))[1]
    assert all(((column >= 0) & (column <= 1 + 1e-3)).all() for column in columns.values())


def test_only_marked_lines_have_another_regression() -> None:
    """The log-odds of texts without markup are those of stage 3, beside a text with markup too."""
    model = random_model()
    plain = model.log_odds(LineBatch.from_texts([TEXT]))
    both = model.log_odds(LineBatch.from_texts([TEXT, marked(TEXT, (0, []))]))
    np.testing.assert_allclose(both[:3], plain, atol=1e-4)
    assert not np.allclose(both[3:], plain, atol=1e-2)


def test_huge_texts_keep_their_markup() -> None:
    """A text that is divided into parts has in each of them the markup of its pieces, also of one that is cut."""
    n_lines = MOST_LINES + 1000
    text = marked(
        "Home of the mill\n" * n_lines, (0, ["link"]), (100, []), (17 * 1000, ["nav"]), (17 * 30_000 + 5, ["link"])
    )
    whole = markup_features(LineBatch.from_texts([text]))[1]
    parts = [markup_features(part)[1] for part in LineBatch.from_texts([text]).sections()]
    assert len(parts) == 2
    for name in ("markup_link", "markup_nav"):
        assert np.array_equal(np.concatenate([part[name] for part in parts]), whole[name])
