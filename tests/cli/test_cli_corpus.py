"""The commands `train`, `evaluate`, `annotate`, `check` and `inspect`."""

import json
import re
from inspect import signature
from pathlib import Path

import pytest
from cli_process import DATA, OFFER, PROSE, SITES, SMALL, dechaff, on_terminal

from dechaff import load_model
from dechaff_training.cli.train import train
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.evaluate.line_records import LineRecords
from dechaff_training.fit.estimator import LineClassifier


@pytest.fixture(scope="session")
def model(trained: Path) -> Path:
    """Return the path of a small model."""
    return trained


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Make a page, and a gold body that is not on it."""
    (tmp_path / "page.html").write_text("<p>Something else entirely stands here.</p>")
    (tmp_path / "gold.txt").write_text("\n".join(PROSE))
    return tmp_path


def test_train(trained: Path, tmp_path: Path) -> None:
    """The command writes the file that the library writes with the same seed, and the metadata records the origin."""
    done = dechaff("train", *SITES, *SMALL, "--seed", "1", "-o", "a.joblib", cwd=tmp_path)
    assert "dechaff: stage 2" in done.stderr
    assert (tmp_path / "a.joblib").read_bytes() == trained.read_bytes()
    metadata = load_model(trained).metadata
    assert metadata["seed"] == metadata["classifier"]["random_state"] == 1
    assert metadata["data"]["digest"] == Corpus.read(*SITES).digest
    assert metadata["data"]["articles_by_source"] == {"articles": len(Corpus.read(*SITES))}
    assert set(metadata["versions"]) >= {"dechaff", "numpy", "scikit-learn"}


def test_train_with_metrics(tmp_path: Path) -> None:
    """Given figures are kept in the model's metadata."""
    (tmp_path / "figures.json").write_text('{"f1": 0.5}')
    options = ("--trees", "0", "--folds", "2", "--metrics", "figures.json")
    dechaff("train", *SITES, *options, "-o", "a.joblib", cwd=tmp_path)
    assert load_model(tmp_path / "a.joblib").metadata["metrics"] == {"f1": 0.5}


def test_evaluate(model: Path, tmp_path: Path) -> None:
    """Figures are printed as tables and written as JSON."""
    files = ("--json", tmp_path / "figures.json", "--lines", tmp_path / "lines.npz")
    done = dechaff("evaluate", *SITES, "-m", model, *files)
    rows = [row.rstrip() for row in done.stdout.decode().splitlines()]
    table = rows.index("Lines")
    assert [rows[table + 1].split()[0], rows[table + 2].split()[0]] == ["group", "all"]
    assert any(row.startswith("recall: share of the content lines") for row in rows)
    assert max(map(len, rows[1:])) <= 80
    full = dechaff("evaluate", *SITES, "-m", model, "--full").stdout.decode()
    assert "boilerplate AP" in full
    assert max(map(len, full.splitlines()[1:])) <= 80
    assert len(LineRecords.read(tmp_path / "lines.npz").label) == Corpus.read(*SITES).n_lines
    printed = dechaff("evaluate", *SITES, "-m", model, "--json", "-").stdout
    assert json.loads(printed) == json.loads((tmp_path / "figures.json").read_bytes())


@pytest.mark.parametrize("columns", [40, 80, 300])
def test_evaluate_fits_terminal(columns: int, model: Path) -> None:
    """Tables too wide for the terminal become lists; nothing is cut."""
    printed = on_terminal("evaluate", *SITES, "-m", model, "--full", columns=columns, NO_COLOR="1")
    rows = re.sub("\x1b\\[[0-9;]*m", "", printed).splitlines()
    assert max(map(len, rows)) <= columns
    assert "…" not in printed
    assert "boilerplate F1" in printed


def test_annotate(inputs: Path) -> None:
    """A page and its gold body give a labelled file that can be trained on."""
    pytest.importorskip("resiliparse", reason="needs the extra [html]")
    paragraphs = "".join(f"<p>{text}</p>" for text in (PROSE[0], OFFER, *PROSE[1:], "Share"))
    (inputs / "page.html").write_text(f"<html><body>{paragraphs}</body></html>")
    dechaff("annotate", "page.html", "--gold", "gold.txt", "-o", "new.txt", cwd=inputs)
    labelled = [line for line in (inputs / "new.txt").read_text().splitlines() if line]
    assert labelled == [f"+ {PROSE[0]}", f"- {OFFER}", f"+ {PROSE[1]}", f"+ {PROSE[2]}", "- Share"]
    assert Corpus.read(inputs / "new.txt").n_lines == 5


def test_annotate_wrong_gold(inputs: Path) -> None:
    """A gold body that is not on the page is refused."""
    pytest.importorskip("resiliparse", reason="needs the extra [html]")
    done = dechaff("annotate", "page.html", "--gold", "gold.txt", cwd=inputs, code=1)
    assert "% of gold.txt" in done.stderr
    assert done.stdout == b""


def test_check(inputs: Path) -> None:
    """A wrong mark is an error with file and line; the project's own articles have no errors."""
    (inputs / "wrong.txt").write_text("+ Right\n* Wrong\n")
    done = dechaff("check", "wrong.txt", cwd=inputs, code=1)
    assert "wrong.txt:2: error: " in done.stdout.decode()
    record = json.loads(dechaff("check", "wrong.txt", "--json", cwd=inputs, code=1).stdout.splitlines()[0])
    assert (record["path"], record["line"], record["severity"]) == ("wrong.txt", 2, "error")
    assert "dechaff: 0 errors" in dechaff("check", DATA).stderr


def test_inspect(model: Path) -> None:
    """A model is described by its metadata and its strongest weights, as text and as JSON."""
    printed = dechaff("inspect", model, "--limit", "3").stdout.decode()
    assert "classifier · n_folds" in printed
    described = json.loads(dechaff("inspect", model, "--json", "--limit", "3").stdout)
    assert described["metadata"]["classifier"]["n_folds"] == 2
    # In these articles nobody has marked headlines, and they have no markup.
    assert (described["weights"].pop("headline"), described["weights"].pop("markup")) == ([], [])
    assert {len(weights) for weights in described["weights"].values()} == {3}


def test_defaults_of_train_are_those_of_the_classifier() -> None:
    """The defaults of `train` are those of `LineClassifier`."""
    options = {"seed": "random_state", "trees": "n_trees", "folds": "n_folds", "c": "C", "c_context": "C_context"}
    defaults = {name: parameter.default for name, parameter in signature(train).parameters.items()}
    classifier = LineClassifier().get_params()
    names = {**options, "threshold": "threshold"}
    assert {option: defaults[option] for option in names} == {o: classifier[name] for o, name in names.items()}
