"""Fixtures for all tests: the project's own articles and the model that ships."""

from pathlib import Path

import pytest
from helpers import SMALL_MODEL
from hypothesis import settings

from dechaff import LineModel, default_model, save_model
from dechaff_training.corpus.corpus import Corpus

ARTICLES = Path(__file__).parents[1] / "data" / "articles"

settings.register_profile("dechaff", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("dechaff")


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
