"""Bulk runs warn of documents unlike those of training."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bulk_corpora import records, write_jsonl

from dechaff import LineModel, load_model, save_model
from dechaff.bulk import Settings, clean_bulk
from dechaff.bulk.drift import KEY, NO_PROFILE, FeatureHistogram, Profile, choose_lines, make_profile
from dechaff.text.batching import batches
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.report.rendering import model_report


@pytest.fixture(scope="module")
def profiled(tmp_path_factory: pytest.TempPathFactory, model: LineModel) -> Path:
    """Save the model that ships with a profile of some documents."""
    path = tmp_path_factory.mktemp("model") / "profiled.joblib"
    profile = make_profile(model, [row["text"] for row in records(210, lines=24)])
    save_model(replace(model, metadata={KEY: profile}), path)
    return path


def test_the_same_kind_of_documents(profiled: Path, tmp_path: Path) -> None:
    """Documents like those of training give no warning."""
    path = write_jsonl(tmp_path / "a.jsonl", records(2100, lines=24))
    assert clean_bulk([path], tmp_path / "out", Settings(model=profiled)).notes == []


def test_another_kind_of_documents(profiled: Path, tmp_path: Path) -> None:
    """Documents of another kind give a warning with the features, and one with the share of dropped lines."""
    rows = [{"text": "\n".join(f"{n} {k} €9.99" for k in range(60))} for n in range(1000)]
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    first, second = clean_bulk([path], tmp_path / "out", Settings(model=profiled)).notes
    assert first.startswith("Warning: these texts differ from those that the model learnt from, most in their ")
    assert "features are shifted, by population stability index above 0.25: " in first
    assert "of the lines were dropped, but" in second


def test_lines_are_counted_by_deciles(profiled: Path, corpus: Corpus) -> None:
    """One line in twenty is counted for each feature, in the decile of the profile that it falls into."""
    model = load_model(profiled)
    profile = Profile.of(model)
    assert profile is not None
    histogram = FeatureHistogram(profile, model.stage1.names)
    seen = []
    for batch in batches(corpus.texts):
        seen.append(model.features(batch))
        histogram.count(seen[-1])
    lines = np.concatenate(seen, axis=1)
    sample = lines[:, choose_lines(1, lines.shape[1])]
    assert sample.shape[1] == pytest.approx(lines.shape[1] / 20, abs=2)
    for (name, edges), counts in zip(profile.edges.items(), histogram.counts, strict=True):
        places = np.searchsorted(edges, sample[model.stage1.names.index(name)].astype(np.float64))
        assert counts.tolist() == np.bincount(places, minlength=10).tolist(), name


def test_profiles_may_have_any_number_of_edges() -> None:
    """Profiles with more edges than deciles, or with a single edge, count each line in the right bin."""
    edges = {"a": np.arange(12) / 12, "b": np.array([0.5])}
    histogram = FeatureHistogram(
        Profile(edges, {name: np.ones(len(own) + 1) for name, own in edges.items()}, 0.5), ["b", "c", "a"]
    )
    matrix = np.random.default_rng(0).random((3, 1000), np.float32)
    for part in (matrix[:, :7], matrix[:, 7:7], matrix[:, 7:]):
        histogram.count(part)
    sample = matrix[:, choose_lines(1, 1000)]
    for counts, row, own in zip(histogram.counts, (2, 0), edges.values(), strict=True):
        assert counts.tolist() == np.bincount(np.searchsorted(own, sample[row]), minlength=13).tolist()


def test_few_documents_prove_nothing(profiled: Path, tmp_path: Path) -> None:
    """Too few documents give no warning, whatever they contain."""
    path = write_jsonl(tmp_path / "a.jsonl", [{"text": "€9.99"}] * 30)
    assert clean_bulk([path], tmp_path / "out", Settings(model=profiled)).notes == []


def test_a_model_without_profile(saved: Path, tmp_path: Path) -> None:
    """For a model without a profile, a note reports that drift is not checked."""
    path = write_jsonl(tmp_path / "a.jsonl", records(3))
    assert clean_bulk([path], tmp_path / "out", Settings(model=saved)).notes == [NO_PROFILE]


BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no features": lambda profile: profile.update(features={}),
    "features of another type": lambda profile: profile.update(features=[1]),
    "edges that fall": lambda profile: profile["features"]["n_words"].update(edges=[2.0, 1.0]),
    "edges that are none": lambda profile: profile["features"]["n_words"].update(edges="many"),
    "shares that are none": lambda profile: profile["features"]["n_words"].update(shares=[-1.0] * 9),
    "a share above one": lambda profile: profile.update(share_dropped=7),
    "no share": lambda profile: profile.pop("share_dropped"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_an_unsound_profile_is_none(name: str, profiled: Path) -> None:
    """A damaged profile is treated as missing."""
    model = load_model(profiled)
    assert Profile.of(model) is not None
    first = next(iter(model.metadata[KEY]["features"]))
    model.metadata[KEY]["features"]["n_words"] = model.metadata[KEY]["features"].pop(first)
    BREAKS[name](model.metadata[KEY])
    names = ("n_words", *model.stage1.names[1:])
    assert Profile.of(replace(model, stage1=replace(model.stage1, names=names))) is None


def test_training_writes_a_profile(trained: Path) -> None:
    """Training stores a profile in the model; `inspect` does not print it."""
    model = load_model(trained)
    profile = Profile.of(model)
    assert profile is not None
    assert set(profile.edges) == set(model.stage1.names)
    assert all(share.sum() == pytest.approx(1, abs=1e-4) for share in profile.shares.values())
    description = {"weights": {}, "metadata": model.metadata}
    assert "edges" not in str([column._cells for column in next(iter(model_report(description))).columns])
