"""Fixtures and settings for all tests: articles, models, and the two tiers."""

import fcntl
import gc
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from cli_process import SITES
from helpers import SMALL_MODEL
from hypothesis import settings

from dechaff import LineModel, default_model, save_model
from dechaff_training.corpus.corpus import Corpus

ARTICLES = Path(__file__).parents[1] / "data" / "articles"

settings.register_profile("fast", deadline=None, derandomize=True, max_examples=20)
settings.register_profile("thorough", settings.get_profile("fast"), max_examples=200)
settings.load_profile("fast")

N_SLOW = pytest.StashKey[int]()


def pytest_collection_finish() -> None:
    """Exempt all that is imported from garbage collection, which a benchmark runs before each timing."""
    gc.freeze()


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count the slow tests that are left out."""
    if all(item.get_closest_marker("slow") for item in items):
        items[0].config.stash[N_SLOW] = len(items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the count from a worker of pytest-xdist to the process that reports."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["n_slow"] = session.config.stash.get(N_SLOW, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Receive the count of a worker; it is the same in each."""
    node.config.stash[N_SLOW] = getattr(node, "workeroutput", {}).get("n_slow", 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report how many slow tests were left out and how to run them."""
    if n_slow := config.stash.get(N_SLOW, 0):
        terminalreporter.write_line(f"{n_slow} slow tests left out: 'make test-all' or 'pytest -m slow' runs them")


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """Read data/articles."""
    return Corpus.read(ARTICLES)


@pytest.fixture(scope="session")
def model() -> LineModel:
    """Load the model that ships."""
    return default_model()


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a small model of random weights."""
    path = tmp_path_factory.mktemp("model") / "small.joblib"
    save_model(SMALL_MODEL, path)
    return path


@pytest.fixture(scope="session")
def few() -> Corpus:
    """Read the articles of three sites."""
    return Corpus.read(*SITES)


@pytest.fixture(scope="session")
def trained(few: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a small model, once for all workers; its classifier is beside it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    path = folder / "trained.joblib"
    with (folder / "trained.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            from dechaff_training.fit.estimator import LineClassifier
            from dechaff_training.fit.training import train_model

            classifier = LineClassifier(n_trees=2, n_folds=2, random_state=1)
            model = train_model(few, classifier)
            path.with_suffix(".pickle").write_bytes(pickle.dumps(classifier))
            save_model(model, path)
    return path


@pytest.fixture(scope="session")
def fitted(trained: Path) -> Any:
    """Load the classifier of the small model."""
    return pickle.loads(trained.with_suffix(".pickle").read_bytes())  # noqa: S301
