"""The numba kernels compute what numpy computes."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable

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
def _numba() -> None:
    pytest.importorskip("numba", reason="needs the fast extra: pip install 'dechaff[fast]'")
    assert kernels.numba_available()


def both_ways(model: LineModel, texts: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Compute features and log-odds with numpy alone, then with the numba kernels."""
    results = []
    for wanted in (False, True):
        with kernels.use_numba(wanted):
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
    with kernels.use_numba(True):
        cleaned = clean_array(corpus.texts, model)
    assert clean_array(corpus.texts, model) == cleaned


@pytest.mark.usefixtures("_numba")
def test_more_phrases_than_words() -> None:
    """Phrases within phrases are all found, however many there are."""
    table = lexicon.phrase_table(tuple(("share", "qwzx " * n) for n in range(1, lexicon.MAX_WORDS + 1)))
    words = tokens.find_words(LineBatch.from_texts(["qwzx " * 40]))
    found = []
    for wanted in (False, True):
        with kernels.use_numba(wanted):
            hits = lexicon.find_phrases(words, table)
        found.append(set(zip(hits.words.tolist(), hits.lengths.tolist(), hits.families.tolist(), strict=True)))
    assert len(found[0]) == sum(40 - n for n in range(lexicon.MAX_WORDS))
    assert found[0] == found[1]


def test_constants_are_the_same() -> None:
    """Buffers and tables have the same sizes in the kernels and in numpy."""
    pytest.importorskip("numba", reason="needs the fast extra: pip install 'dechaff[fast]'")
    compiled = importlib.import_module("dechaff.kernels.compiled.words")
    assert compiled._FILTER_BITS == lexicon._FILTER_BITS
    assert compiled._MAY_BE == lexicon._MAY_BE
    assert compiled._INDEX_BITS == lexicon._INDEX_BITS
    assert compiled._BUCKET_BITS == tokens._BUCKET_BITS


WORK = """
import sys
from collections.abc import Callable
from dechaff import clean_array, keep_content
keep_content("The vote was held.")
few = "numba" in sys.modules
clean_array(["The vote was held."] * 1000)
print(few, "numba" in sys.modules)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("wanted", "loaded"), [("", "False True"), ("1", "True True"), ("0", "False False")])
def test_numba_is_loaded_for_many_articles_only(wanted: str, loaded: str) -> None:
    """A fresh process imports numba only for many articles; always with `DECHAFF_FAST=1`, never with 0."""
    pytest.importorskip("numba", reason="needs the fast extra: pip install 'dechaff[fast]'")
    environment = {**os.environ, "DECHAFF_FAST": wanted}
    run = subprocess.run([sys.executable, "-c", WORK], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == loaded


def test_without_numba_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without numba, numpy is used and nothing is raised."""
    monkeypatch.setitem(sys.modules, "numba", None)
    for name in [name for name in sys.modules if name.startswith("dechaff.kernels.compiled")]:
        monkeypatch.delitem(sys.modules, name)
    kernels._load_kernels.cache_clear()
    try:
        assert not kernels.numba_available()
        with kernels.use_numba(True):
            assert clean_array([""]) == [""]
    finally:
        kernels._load_kernels.cache_clear()


@pytest.mark.usefixtures("_numba")
def test_functions_compile_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a writable cache folder, kernels are compiled anew and work."""
    import numba

    from dechaff.kernels.compiled import jit

    compile_function = numba.njit

    def refuse(*functions: Callable[..., object], **options: bool) -> object:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return compile_function(*functions, **options)

    monkeypatch.setattr(numba, "njit", refuse)
    assert jit.compiled(lambda x: x + 1)(1) == 2


@pytest.mark.usefixtures("_numba")
@pytest.mark.parametrize(
    ("setting", "n_articles", "used"), [("", 999, None), ("", 1000, True), ("0", 1000, False), ("1", 1, None)]
)
def test_calls_with_many_articles(
    setting: str, n_articles: int, used: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call with 1,000 articles uses the kernels, unless `DECHAFF_FAST` is 0; with 1 they are used for any call."""
    monkeypatch.setenv("DECHAFF_FAST", setting)
    kernels.numba_forced.cache_clear()
    with kernels.for_batch(n_articles):
        assert kernels._in_use.get() == used
    assert kernels.numba_forced() == (setting == "1")
    kernels.numba_forced.cache_clear()


@pytest.mark.usefixtures("_numba")
def test_every_kernel_is_called(corpus: Corpus, model: LineModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kernel stands for a function that cleaning calls, and no other kernel is missing."""
    compiled = importlib.import_module("dechaff.kernels.compiled")
    called = set()
    for name in compiled.__all__:
        kernel = getattr(compiled, name)
        monkeypatch.setattr(compiled, name, lambda *args, n=name, k=kernel: called.add(n) or k(*args))
    with kernels.use_numba(True):
        clean_array(corpus.texts[:3], model)
    assert called == set(compiled.__all__)


@pytest.mark.usefixtures("_numba")
@pytest.mark.parametrize("outer", [False, True])
def test_the_inner_choice_ends_with_its_block(outer: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block's choice holds within it, for a call with many articles too, and the outer one holds again after it."""
    used: list[bool] = []
    monkeypatch.setattr(kernels, "MANY_ARTICLES", 1)
    with kernels.use_numba(outer):
        for wanted in (False, True):
            with kernels.use_numba(wanted), kernels.for_batch(1):
                used.append(bool(kernels._in_use.get()))
        used.append(bool(kernels._in_use.get()))
    assert used == [False, True, outer]
    with kernels.for_batch(1):
        assert kernels._in_use.get()
    assert kernels._in_use.get() is None
