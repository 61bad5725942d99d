"""Warnings when a model is evaluated on what it has learnt from."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli_process import DATA, SITES, dechaff
from helpers import SMALL_MODEL

from dechaff import LineModel, load_model
from dechaff_training.corpus import Corpus
from dechaff_training.evaluate.overlap import FINE_TUNINGS, overlap_warning

OTHER = DATA / "salt-and-milestone"


def with_origin(**data: Any) -> LineModel:
    """Make a model whose file records this origin."""
    return replace(SMALL_MODEL, metadata={"data": data})


@pytest.mark.parametrize(
    ("paths", "warning"),
    [
        (SITES, "Warning: the model has learnt from exactly these articles"),
        (SITES[:2], "Warning: the model has learnt from 2 of these 2 sites (deccan-ledger, solderpoint)"),
        ([SITES[0], OTHER], "Warning: the model has learnt from 1 of these 2 sites (deccan-ledger)"),
        (SITES[:1], "Warning: the model has learnt from this site (deccan-ledger): the figures for it are"),
        ([OTHER], ""),
    ],
    ids=["all", "some", "one", "the only one", "none"],
)
def test_first_line_of_evaluate(paths: list[Path], warning: str, trained: Path, tmp_path: Path) -> None:
    """`evaluate` begins with the warning, also beside JSON; there is none on new sites."""
    done = dechaff("evaluate", *paths, "-m", trained, "--json", tmp_path / "figures.json")
    first = done.stdout.decode().splitlines()[0]
    assert first.startswith(warning or "Lines")
    assert json.loads((tmp_path / "figures.json").read_text())["settings"]["warning"] == (first if warning else "")
    done = dechaff("evaluate", *paths, "-m", trained, "--json", "-")
    assert done.stderr.startswith(warning)
    assert bool(done.stderr) == bool(warning)
    assert json.loads(done.stdout)["settings"]["warning"] == done.stderr.removesuffix("\n")


def test_fine_tuning_counts(few: Corpus, trained: Path) -> None:
    """Articles of an earlier fine-tuning are known too."""
    entry = {"data": {"digest": few.digest, "site_digests": sorted(set(few.site_digests))}}
    model = replace(SMALL_MODEL, metadata={"data": {"site_digests": []}, FINE_TUNINGS: [entry]})
    assert "exactly these" in overlap_warning(model, few)
    assert "2 of these 2 sites" in overlap_warning(model, Corpus.read(*SITES[1:]))
    assert overlap_warning(load_model(trained), Corpus.read(OTHER)) == ""


def test_models_without_a_list_of_sites(few: Corpus, model: LineModel, corpus: Corpus) -> None:
    """Without a list, equal numbers of articles by source are a warning; otherwise a note says that it is unknown."""
    data = {name: value for name, value in model.metadata["data"].items() if name != "site_digests"}
    unlisted = replace(model, metadata={**model.metadata, "data": data})
    assert "250 of 'articles'), so probably from these" in overlap_warning(unlisted, corpus)
    assert overlap_warning(unlisted, few).startswith("Note: the model's file does not list its sites")
    assert "exactly" in overlap_warning(with_origin(digest=few.digest), few)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"data": 5},
        {"data": {"site_digests": 5}},
        {FINE_TUNINGS: 5},
        {FINE_TUNINGS: [5, {"data": []}]},
        {"data": {}},
    ],
    ids=str,
)
def test_damaged_metadata(metadata: dict[str, Any], few: Corpus) -> None:
    """Metadata of any form are no error."""
    assert overlap_warning(replace(SMALL_MODEL, metadata=metadata), few).startswith("Note")
