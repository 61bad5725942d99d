"""Model files: round trips, inspection, and the shipped model."""

import json
import pickle
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import joblib
import numpy as np
import pytest
from golden.record import RECORD, digest, probabilities
from helpers import SMALL_MODEL

from dechaff import (
    ArtifactError,
    LineModel,
    classify_lines,
    default_model,
    inspect_model,
    load_model,
    save_model,
)
from dechaff.features import specification
from dechaff.features.context import LEARNT_KINDS
from dechaff.features.stage3 import stage3_names
from dechaff.linear.line_model import kind_log_odds, stage_names
from dechaff_training.corpus.corpus import Corpus

SHIPPED = Path(str(files("dechaff").joinpath("artifacts", "default.joblib")))
GOLDEN = Path(__file__).parents[1] / "golden"


def test_round_trip(saved: Path, corpus: Corpus) -> None:
    """A saved and loaded model gives the same probabilities, threshold, names and metadata."""
    loaded = load_model(saved)
    assert loaded.predict_proba(corpus.texts[:9]) == pytest.approx(
        SMALL_MODEL.predict_proba(corpus.texts[:9]), abs=1e-9
    )
    assert (loaded.threshold, loaded.metadata, loaded.n_bits) == (
        SMALL_MODEL.threshold,
        SMALL_MODEL.metadata,
        SMALL_MODEL.n_bits,
    )
    assert (loaded.stage1.names, loaded.stage2.names) == stage_names()
    assert loaded.stage3 is not None
    assert loaded.stage3.names == stage3_names()


def test_regressions_of_kinds(saved: Path, tmp_path: Path) -> None:
    """Regressions of kinds survive a round trip and are described by kind; a model may have none, but not some."""
    matrix = np.random.default_rng(0).normal(size=(len(stage_names()[0]), 5)).astype(np.float32)
    odds = kind_log_odds(SMALL_MODEL.kinds, matrix)
    assert odds.shape == (len(LEARNT_KINDS), 5)
    assert np.array_equal(kind_log_odds(load_model(saved).kinds, matrix), odds)
    described = [name for name in inspect_model(saved)["weights"] if name.startswith("kind ")]
    assert described == [f"kind {kind}" for kind in LEARNT_KINDS]
    save_model(replace(SMALL_MODEL, kinds=()), tmp_path / "none.joblib")
    assert load_model(tmp_path / "none.joblib").kinds == ()
    save_model(replace(SMALL_MODEL, kinds=SMALL_MODEL.kinds[:2]), tmp_path / "some.joblib")
    with pytest.raises(ArtifactError, match="regressions for 2 kinds"):
        load_model(tmp_path / "some.joblib")


def test_a_model_without_stage_3(tmp_path: Path) -> None:
    """A model without stage 3 survives a round trip."""
    save_model(replace(SMALL_MODEL, stage3=None), tmp_path / "m.joblib")
    assert load_model(tmp_path / "m.joblib").stage3 is None
    assert inspect_model(tmp_path / "m.joblib")["weights"]["decoder"] == []


def test_round_trip_of_weights_between_float16(tmp_path: Path, corpus: Corpus) -> None:
    """Word weights are stored as float16: probabilities change by less than a thousandth."""
    words = np.random.default_rng(0).normal(scale=0.3, size=1 << 10).astype(np.float32)
    model = LineModel(SMALL_MODEL.stage1, SMALL_MODEL.stage2, words)
    save_model(model, tmp_path / "m.joblib")
    difference = load_model(tmp_path / "m.joblib").predict_proba(corpus.texts) - model.predict_proba(corpus.texts)
    # Crosses may tip over at a threshold: for few lines only.
    assert np.quantile(np.abs(difference), 0.99) < 1e-3


def test_the_same_model_has_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    """Saving twice, or saving a loaded model, writes the same file."""
    save_model(SMALL_MODEL, tmp_path / "again.joblib")
    save_model(load_model(saved), tmp_path / "loaded.joblib")
    assert (tmp_path / "again.joblib").read_bytes() == saved.read_bytes()
    assert (tmp_path / "loaded.joblib").read_bytes() == saved.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.joblib", "loaded.joblib"]


def test_joblib_reads_plain_values(saved: Path) -> None:
    """`joblib.load` of the file returns a dictionary of numbers, strings, lists and bytes only."""

    def kinds(value: object) -> set[type]:
        if isinstance(value, dict):
            return {dict}.union(*map(kinds, value), *map(kinds, value.values()))
        if isinstance(value, list | tuple):
            return {type(value)}.union(*map(kinds, value))
        return {type(value)}

    for path in (saved, SHIPPED):
        assert kinds(joblib.load(path)) <= {dict, list, str, bytes, int, float, bool, type(None)}


def test_saving_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """If saving fails, nothing is left behind and the old file stays."""
    path = tmp_path / "model.joblib"
    save_model(SMALL_MODEL, path)
    before = path.read_bytes()
    broken = LineModel(
        SMALL_MODEL.stage1, SMALL_MODEL.stage2, SMALL_MODEL.word_weights, 0.5, {"cannot be written": lambda: None}
    )
    with pytest.raises((pickle.PicklingError, AttributeError)):
        save_model(broken, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.joblib"]


def test_inspecting(saved: Path) -> None:
    """Inspection lists the strongest weights in order, and the metadata, as plain values."""
    found = inspect_model(saved, limit=4)
    assert (found["metadata"], found["threshold"], found["n_crosses"]) == (SMALL_MODEL.metadata, 0.5, 2)
    assert found["specification"] == specification()
    assert found["weights"].pop("headline") == []
    for part, weights in found["weights"].items():
        strengths = [abs(weight) for _, weight in weights]
        assert (len(weights), strengths) == (4, sorted(strengths, reverse=True)), part
    name, weight = found["weights"]["first look"][0]
    place = SMALL_MODEL.stage1.names.index(name)
    assert weight == pytest.approx(
        float(np.abs(SMALL_MODEL.stage1.coefficients).max()) * np.sign(SMALL_MODEL.stage1.coefficients[place])
    )
    json.dumps(found)


def test_the_shipped_model_loads() -> None:
    """The shipped model has this version's format, at most 2 MB, and its origin in the metadata."""
    assert SHIPPED.stat().st_size <= 2_000_000
    model = default_model()
    assert 0 < model.threshold < 1
    assert model is default_model()
    assert {"classifier", "seed", "data"} <= set(model.metadata)


def test_the_shipped_model_says_what_was_recorded(model: LineModel) -> None:
    """On the recorded articles the shipped model has the recorded probabilities, to four decimals."""
    if not RECORD.exists():
        pytest.fail("no record of the shipped model: run 'python tests/golden/record.py'")
    record = json.loads(RECORD.read_text("utf-8"))
    assert record["sha256"] == digest(SHIPPED), "another model ships: run 'python tests/golden/record.py'"
    found = probabilities(model)
    assert list(found) == list(record["probabilities"])
    for name, expected in record["probabilities"].items():
        assert found[name] == pytest.approx(expected, abs=2e-4), name


def test_golden_lines(model: LineModel) -> None:
    """Obvious lines in many languages, each within the same small article, are labelled correctly."""
    template = (GOLDEN / "template.txt").read_text("utf-8")
    rows = [line.split("\t") for line in (GOLDEN / "lines.tsv").read_text("utf-8").splitlines()[1:]]
    assert len(rows) >= 60
    wrong = []
    for label, line in rows:
        found = {said.text: said for said in classify_lines(template.replace("{line}", line), model)}
        if found[line].label != label:
            wrong.append((label, line, round(found[line].probability, 3)))
    assert len(wrong) <= len(rows) // 20, wrong
