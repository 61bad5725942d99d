"""Models by the names that the command line uses: a file, or the model that dechaff ships with."""

from collections.abc import Iterable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

from dechaff.linear.artifact import default_model, inspect_model, load_model
from dechaff.linear.line_model import LineModel

#: The name of the model that dechaff ships with.
DEFAULT: Final = "default"


def named_model(name: str) -> Path | None:
    """Return the path of a model file, or None for `default`, the model that dechaff ships with."""
    return None if name == DEFAULT else Path(name)


def load(path: Path | None, keywords: Mapping[str, Iterable[str]] | None = None) -> LineModel:
    """Load a model file, for None the model that dechaff ships with, and add the user's own phrases by family."""
    model = default_model() if path is None else load_model(path)
    return model.with_keywords(keywords) if keywords else model


def describe_model(path: Path | None, limit: int) -> dict[str, Any]:
    """Describe a model file as `inspect_model` does; None stands for the model that dechaff ships with."""
    if path is not None:
        return inspect_model(path, limit)
    with as_file(files("dechaff").joinpath("artifacts", "default.joblib")) as shipped:
        return inspect_model(shipped, limit)
