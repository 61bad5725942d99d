import pytest

from dechaff import LineBatch
from dechaff.text.batching import batches
from dechaff.text.lines import MOST_LINES

SHORT_LINES = [each.join(["abc"] * 30_000) for each in ("\n", "\r", "\u2028")]


@pytest.mark.parametrize("texts", [SHORT_LINES, ["a\n" * 1_000] * 100, [*SHORT_LINES[:1], "b\n" * 40_000, "c"]])
def test_batches_have_a_bounded_number_of_lines(texts: list[str]) -> None:
    """Whatever breaks the lines: no batch of several articles has more than `MOST_LINES`; none is lost or moved."""
    cut = list(batches(texts))
    assert all(batch.n_lines <= MOST_LINES or batch.n_articles == 1 for batch in cut)
    assert [text for batch in cut for text in batch.texts] == texts
    assert sum(batch.n_lines for batch in cut) == LineBatch.from_texts(texts).n_lines
