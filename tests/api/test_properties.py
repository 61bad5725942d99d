"""Properties of any text, with numpy and with the numba kernels: no text is lost, probabilities are valid, batches do not matter."""

import itertools
import unicodedata
from collections.abc import Iterator

import numpy as np
import pytest
from helpers import ANY_TEXT, BREAKS, ZERO_WIDTH, random_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dechaff import LineBatch, LineModel, clean_array, clean_article, kernels
from dechaff.text import batching

RANDOM = random_model(seed=5)
CONTROLS = "".join(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x61C)))
UNASSIGNED = "".join(filter(lambda c: unicodedata.category(c) == "Cn", map(chr, (0x378, 0xFFFF, 0x10FFFE, 0x2FE0))))
SURROGATES = "\ud800\udbff\udc00\udfff"
#: Runs of what acts on a terminal, has no width, no meaning, or no place in UTF-8; and any other text.
RUNS = st.tuples(
    st.sampled_from([*CONTROLS, *UNASSIGNED, *SURROGATES, *ZERO_WIDTH, *BREAKS, "\0"]), st.integers(1, 40)
)
HOSTILE = st.lists(st.one_of(RUNS.map(lambda run: run[0] * run[1]), ANY_TEXT), max_size=8).map("".join)
#: One line of a million characters, or 200,000 lines: what may be in the hundred-fold of a page.
LARGE = {
    "words in a line": "word " * 200_000,
    "one word": "x" * 1_000_000,
    "ideographs": "漢" * 1_000_000,
    "marks": "!" * 1_000_000,
    "controls": (CONTROLS + SURROGATES + UNASSIGNED) * 60_000,
    "short lines": "a\n" * 200_000,
    "different lines": "\n".join(map(str, range(200_000))),
    "sentences": "The vote was held on Tuesday, said ₹900.\n" * 200_000,
    "blank lines": " \n" * 200_000,
    "all breaks": f"a{BREAKS}" * 20_000,
    "zero width": f"a{ZERO_WIDTH}\n" * 200_000,
    "zeros": "\0\n" * 200_000,
}
either_way = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True, params=[False, True], ids=["numpy", "compiled"])
def _functions(request: pytest.FixtureRequest) -> Iterator[None]:
    """Use numpy alone, or the numba kernels."""
    if request.param:
        pytest.importorskip("numba", reason="needs the fast extra: pip install 'dechaff[fast]'")
    with kernels.use_numba(request.param):
        yield


def check(text: str, judge: LineModel) -> None:
    """Check that kept and dropped segments make up the text, and that probabilities are finite and within [0, 1]."""
    article = clean_article(text, judge)
    batch = LineBatch.from_texts([text])
    segments = batch.segments(0) if batch.n_lines else [text]
    assert "".join(segments) == text
    kept = [line.label == "content" for line in article.lines] or [True]
    assert article.text == "".join(itertools.compress(segments, kept))
    probability = np.array([line.probability for line in article.lines])
    assert np.isfinite(probability).all()
    assert ((probability >= 0) & (probability <= 1)).all()


@given(HOSTILE)
@either_way
def test_any_text(text: str) -> None:
    """Kept and dropped segments make up the text, and every line has a probability."""
    check(text, RANDOM)


@given(st.lists(HOSTILE, max_size=6), st.randoms(use_true_random=False), st.sampled_from([1, 30, 1 << 20]))
@either_way
def test_any_batch(texts: list[str], chance: "object", block: int) -> None:
    """Neither the order of articles nor the batch size changes a result."""
    order = list(range(len(texts)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "_MOST_CODES", block)
        patch.setattr(batching, "_LEAST_CODES", max(block >> 10, 1))
        shuffled = RANDOM.predict_proba([texts[place] for place in order])
        cleaned = clean_array([texts[place] for place in order], RANDOM)
    parts = dict(
        zip(order, np.split(shuffled, np.cumsum([n_lines(texts[place]) for place in order])), strict=False)
    )
    straight = np.concatenate([np.zeros((0, 2)), *(parts[place] for place in range(len(texts)))])
    assert straight == pytest.approx(RANDOM.predict_proba(texts), abs=1e-9)
    assert cleaned == [clean_array([texts[place]], RANDOM)[0] for place in order]


def n_lines(text: str) -> int:
    """Count the lines that are not blank."""
    return LineBatch.from_texts([text]).n_lines


@pytest.mark.slow
@pytest.mark.parametrize("kind", LARGE)
def test_large_texts(kind: str, model: LineModel) -> None:
    """Lines of a million characters and articles of 200,000 lines are processed like any other."""
    check(LARGE[kind], model)
