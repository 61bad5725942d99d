"""The numba kernels compute what numpy computes."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from helpers import ANY_TEXTS, random_model
from hypothesis import given

from dechaff import LineBatch, LineModel, clean_array, kernels
from dechaff.features import lexicon
from dechaff.linear.line_model import stage_names
from dechaff.text import tokens
from dechaff_training.corpus.corpus import Corpus

RANDOM = random_model()
SCRIPTS = [
    "Subscribe now for ₹900 per month\n\nThe vote was held on Tuesday.\nShare\nShare",
    "今日は晴れです。\n続きを読む\n関連記事：世界\n1,200円 ％",
    "구독하기\n기사 원문\nसमाचार पढ़ें।\nالمزيد من الأخبار ٣٠٪\nЧитать далее…",
    "x" * 70_000 + "\n" + "word " * 9_000 + "\n" + "A1 % " * 150,
    "\r\n\r\r\u2028 \x0c\n",
    "",
]


@pytest.fixture(scope="module")
def _numba() -> Iterator[None]:
    pytest.importorskip("numba", reason="needs the fast extra: pip install 'dechaff[fast]'")
    assert kernels.use_compiled()
    yield
    kernels.use_compiled(False)


def both_ways(model: LineModel, texts: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Compute features and log-odds with numpy alone, then with the numba kernels."""
    results = []
    for wanted in (False, True):
        assert kernels.use_compiled(wanted) == wanted
        batch = LineBatch.from_texts(texts)
        results.append((model.features(batch), model.log_odds(batch)))
    return results


@pytest.mark.usefixtures("_numba")
@given(ANY_TEXTS)
def test_any_text_gives_the_same_numbers(texts: list[str]) -> None:
    """For any text, the numba kernels compute the features and log-odds of numpy."""
    (features, odds), (compiled_features, compiled_odds) = both_ways(RANDOM, texts)
    assert compiled_features == pytest.approx(features, abs=1e-6)
    assert compiled_odds == pytest.approx(odds, abs=1e-6)


@pytest.mark.usefixtures("_numba")
@pytest.mark.parametrize("texts", [SCRIPTS, SCRIPTS[:1], SCRIPTS[-2:], []])
def test_scripts_and_long_lines_give_the_same_numbers(texts: list[str]) -> None:
    """Many scripts, lines longer than any buffer, blank articles and none give the same numbers."""
    (features, odds), (compiled_features, compiled_odds) = both_ways(RANDOM, texts)
    for name, row, compiled_row in zip(stage_names()[1], features, compiled_features, strict=True):
        assert compiled_row == pytest.approx(row, abs=1e-6), name
    assert compiled_odds == pytest.approx(odds, abs=1e-6)


@pytest.mark.usefixtures("_numba")
def test_real_articles_give_the_same_numbers(model: LineModel, corpus: Corpus) -> None:
    """Real articles have the same features, log-odds and clean text with the shipped model."""
    (features, odds), (compiled_features, compiled_odds) = both_ways(model, corpus.texts)
    assert compiled_features == pytest.approx(features, abs=1e-6)
    assert compiled_odds == pytest.approx(odds, abs=1e-6)
    cleaned = clean_array(corpus.texts, model)
    kernels.use_compiled(False)
    assert clean_array(corpus.texts, model) == cleaned


def test_constants_are_the_same() -> None:
    """Buffers and tables have the same sizes in the kernels and in numpy."""
    pytest.importorskip("numba", reason="needs the fast extra: pip install 'dechaff[fast]'")
    compiled = importlib.import_module("dechaff.kernels.compiled.words")
    assert compiled._MAX_WORDS == lexicon.MAX_WORDS
    assert compiled._FILTER_BITS == lexicon._FILTER_BITS
    assert compiled._MAY_BE == lexicon._MAY_BE
    assert compiled._BUCKET_BITS == tokens._BUCKET_BITS


WORK = """
import sys
from dechaff import clean_array, keep_content
keep_content("The vote was held.")
few = "numba" in sys.modules
clean_array(["The vote was held.\\n" * 1000] * 300)
print(few, "numba" in sys.modules)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("wanted", "loaded"), [("1", "False True"), ("0", "False False")])
def test_numba_is_loaded_for_much_text_only(wanted: str, loaded: str) -> None:
    """A fresh process imports numba only for much text, and never with `DECHAFF_FAST=0`."""
    pytest.importorskip("numba", reason="needs the fast extra: pip install 'dechaff[fast]'")
    environment = {**os.environ, "DECHAFF_FAST": wanted}
    run = subprocess.run([sys.executable, "-c", WORK], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == loaded


def test_without_numba_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without numba, numpy is used and nothing is raised."""
    monkeypatch.setitem(sys.modules, "numba", None)
    for name in [name for name in sys.modules if name.startswith("dechaff.kernels.compiled")]:
        monkeypatch.delitem(sys.modules, name)
    assert not kernels.use_compiled()
    assert clean_array([""]) == [""]


@pytest.mark.usefixtures("_numba")
def test_functions_compile_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a writable cache folder, kernels are compiled anew and work."""
    import numba

    from dechaff.kernels.compiled import jit

    compile_function = numba.njit

    def refuse(**options: bool) -> object:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return compile_function(**options)

    monkeypatch.setattr(numba, "njit", refuse)
    assert jit.compiled(lambda x: x + 1)(1) == 2


@pytest.mark.usefixtures("_numba")
@pytest.mark.parametrize("before", [False, True])
def test_compiled_for_a_while(before: bool) -> None:
    """`using_compiled` restores the former choice, compiled or not."""
    kernels.use_compiled(before)
    for wanted in (False, True):
        with kernels.using_compiled(wanted):
            assert kernels.is_compiled() == wanted
        assert kernels.is_compiled() == before
    kernels.use_compiled(True)
