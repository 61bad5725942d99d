"""The versions of the model format."""

import json
from pathlib import Path

import joblib
import pytest
from model_files import write_content
from record_format import GOLDEN, probabilities

from dechaff import ArtifactError, load_model, save_model
from dechaff.features import specification
from dechaff.linear.artifact import VERSION

FILES = sorted(GOLDEN.glob("format-*.joblib"))
ARRAY = {"dtype": "str", "shape": "list", "data": "bytes"}
CROSSES = dict.fromkeys(("features", "thresholds", "leaves", "weights"), ARRAY)
STAGE = {"means": ARRAY, "scales": ARRAY, "coefficients": ARRAY, "intercept": "float", "crosses": CROSSES}
#: What stands where in the file; another layout is another version.
LAYOUT = {
    "format": "str",
    "version": "int",
    "specification": "str",
    "threshold": "float",
    "word_weights": ARRAY,
    "first": STAGE,
    "second": STAGE,
    "decoder": STAGE,
    "headline": "NoneType",
    "kinds": "list",
    "markup": STAGE,
    "keywords": "list",
    "metadata": {"made": "str"},
}


def layout(value: object) -> object:
    return {key: layout(each) for key, each in value.items()} if isinstance(value, dict) else type(value).__name__


def test_the_layout_belongs_to_the_version(saved: Path) -> None:
    """A saved file has the layout of format 1, and a file of every former format is kept."""
    assert layout(joblib.load(saved)) == LAYOUT
    assert VERSION == 1, "another version: describe its layout, keep the old file, and record the new one"
    assert [path.name for path in FILES] == [f"format-{number}.joblib" for number in range(1, VERSION + 1)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_format_stays_readable(path: Path, tmp_path: Path) -> None:
    """A file of each format has the recorded probabilities, or reports that it was made for other features."""
    record = json.loads(path.with_suffix(".json").read_text("utf-8"))
    if record["specification"] != specification():
        with pytest.raises(ArtifactError, match="made for the features"):
            load_model(path)
        if path == FILES[-1]:
            pytest.fail("the features are others than when the file was kept: run 'python tests/record_format.py'")
        return
    model = load_model(path)
    assert probabilities(model) == pytest.approx(record["probabilities"], abs=1e-6)
    save_model(model, tmp_path / "again.joblib")
    assert probabilities(load_model(tmp_path / "again.joblib")) == probabilities(model)


def test_a_file_from_before_keywords(tmp_path: Path) -> None:
    """A file of format 1 without keywords is read as one with an empty list."""
    path = write_content(tmp_path / "m.joblib", FILES[0], lambda content: content.pop("keywords"))
    assert load_model(path).keywords == ()
