"""One model in many threads and processes: each computes the results of a single thread."""

import multiprocessing
import sys
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from dechaff import LineModel, clean_array, default_model, kernels
from dechaff_training.corpus.corpus import Corpus

N_THREADS = 16
_shared: list[LineModel] = []


@pytest.fixture(params=[False, True], ids=["numpy", "compiled"])
def compiled(request: pytest.FixtureRequest) -> bool:
    """Use numpy alone, or the numba kernels."""
    if request.param:
        pytest.importorskip("numba", reason="needs the fast extra: pip install 'dechaff[fast]'")
    return bool(request.param)


@pytest.fixture(scope="module")
def tasks(corpus: Corpus) -> list[list[str]]:
    """Split the articles into 32 batches of several sizes, one with a long article."""
    texts = [*corpus.texts, "x" * 100_000, "\n".join(corpus.texts)]
    return [texts[number :: 2 + number] for number in range(32)]


def judge(texts: list[str], compiled: bool, model: LineModel | None = None) -> NDArray[np.float64]:
    """Compute the probabilities with the given model, or with the one that the process started with."""
    with kernels.use_numba(compiled):
        return (model or _shared[0]).predict_proba(texts)


def share(model: LineModel) -> None:
    """Store the model that a process received or was forked with."""
    _shared.append(model)


def check(
    pool: Executor, tasks: list[list[str]], judge_one: "partial[NDArray[np.float64]]", compiled: bool
) -> None:
    """Compare a pool's results for all tasks with those of this thread, bit for bit."""
    alone = [judge(texts, compiled, default_model()) for texts in tasks]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        together = list(pool.map(judge_one, tasks))
    finally:
        sys.setswitchinterval(before)
    assert all(map(np.array_equal, together, alone))


def test_threads(tasks: list[list[str]], compiled: bool) -> None:
    """Sixteen threads that share one model and switch very often compute the same results."""
    with ThreadPoolExecutor(N_THREADS) as pool:
        check(pool, tasks, partial(judge, compiled=compiled, model=default_model()), compiled)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes(method: str, tasks: list[list[str]], compiled: bool) -> None:
    """Processes that were forked with the model, or spawned and sent it, compute the same results."""
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {method}")
    with ProcessPoolExecutor(2, multiprocessing.get_context(method), share, (default_model(),)) as pool:
        check(pool, tasks[:8], partial(judge, compiled=compiled), compiled)


def test_threads_with_and_without_kernels(
    tasks: list[list[str]], model: LineModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads whose calls are large enough for the numba kernels do not affect the other ones."""
    pytest.importorskip("numba", reason="needs the fast extra: pip install 'dechaff[fast]'")
    monkeypatch.setattr(kernels, "MANY_ARTICLES", 10)
    alone = [clean_array(texts, model) for texts in tasks]
    with ThreadPoolExecutor(N_THREADS) as pool:
        assert list(pool.map(partial(clean_array, model=model), tasks)) == alone


def test_threads_that_make_models() -> None:
    """Threads that load the shipped model at once and add their own phrases do not affect each other."""

    def clean(number: int) -> str:
        own = default_model().with_keywords({"subscribe": [f"phrase {number}"]})
        return own.keywords[-1][1]

    default_model.cache_clear()
    with ThreadPoolExecutor(N_THREADS) as pool:
        assert list(pool.map(clean, range(64))) == [f"phrase {number}" for number in range(64)]
