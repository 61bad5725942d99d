"""The tables of the README and the model card."""

import json
from pathlib import Path

import pytest

from dechaff import CorpusError
from dechaff_training.evaluate.model_card import (
    ROOT,
    SUMMARY,
    add_history,
    benchmark_table,
    card_blocks,
    comparison_table,
    fill,
    summary_table,
    write_reports,
)

EVALUATION = ROOT / "data" / "evaluation"
CARD = ROOT / "model" / "dechaff" / "artifacts" / "MODEL_CARD.md"
MODEL = CARD.with_name("default.joblib")


def text_row(system: str, extractor: str, f1: float, pages: str = "articles") -> dict[str, object]:
    """Return a row of the comparison's JSON."""
    estimate = {"value": f1, "low": f1 - 0.01, "high": None}
    names = ("precision", "recall", "f1", "difference")
    row = {"source": "scrapinghub", "pages": pages, "extractor": extractor, "system": system}
    return {**row, "n_pages": 3, "n_sites": 2, **dict.fromkeys(names, estimate)}


def test_comparison_table() -> None:
    """Each system has a row and each input a column; other pages are left out, and a missing figure is a dash."""
    rows = [
        text_row("keep all", "resiliparse_all", 0.689),
        text_row("keep all", "trafilatura", 0.964),
        text_row("rules", "trafilatura", 0.5),
        text_row("rules", "trafilatura", 0.1, pages="other pages"),
    ]
    head, _, keep, rules = comparison_table(rows).splitlines()
    assert head == "| system | scrapinghub, all text | scrapinghub, trafilatura |"
    assert keep.startswith("| keep all | .689 [.679, –] | .964 ")
    assert rules.startswith("| rules | – | .500 ")


def test_benchmark_table() -> None:
    """Each system has a row, in the order of the speeds, and each source two columns; other pages are left out."""
    rows = [
        text_row("trafilatura", "all", 0.964),
        text_row("justext", "all", 0.8),
        text_row("justext", "all", 0.1, pages="other pages"),
    ]
    speeds = [{"system": name, "pages_per_second": 44.6} for name in ("justext", "trafilatura")]
    table = benchmark_table({"texts": rows, "speeds": speeds, "settings": {"reference": "trafilatura"}})
    head, _, first, second = table.splitlines()
    assert head == "| system | scrapinghub | less trafilatura | pages/s |"
    assert first == "| justext | .800 [.790, –] | .800 [.790, –] | 45 |"
    assert second.startswith("| trafilatura | .964 ")


def test_summary_table() -> None:
    """The README's systems have a row each, by their names there, with text F1 on articles and speed alone."""
    rows = [text_row(system, "none", 0.9) for system in SUMMARY]
    rows += [text_row("justext", "none", 0.8), text_row("trafilatura", "none", 0.1, pages="other pages")]
    speeds = [{"system": name, "pages_per_second": 44.6} for name in (*SUMMARY, "justext")]
    head, _, *body = summary_table({"texts": rows, "speeds": speeds}).splitlines()
    assert head == "|  | scrapinghub | pages/s |"
    assert body == [f"| {name} | .900 [.890, –] | 45 |" for name in SUMMARY.values()]


def test_a_missing_marker() -> None:
    """A file without a marker for a table is an error that says what to insert."""
    with pytest.raises(CorpusError, match="<!-- begin x -->"):
        fill("no markers", {"x": "table"})


def test_history(tmp_path: Path) -> None:
    """A model has one row however often it is measured, and a new figure adds a column."""
    path = tmp_path / "history.csv"
    for row in (
        {"sha256": "a", "F1": ".8"},
        {"sha256": "b", "F1": ".9"},
        {"sha256": "a", "F1": ".85", "ECE": ".02"},
    ):
        add_history(path, row)
    assert path.read_text().splitlines() == ["sha256,F1,ECE", "b,.9,", "a,.85,.02"]


def test_the_documents_show_what_was_measured(tmp_path: Path) -> None:
    """Filled in again from the recorded figures, README, accuracy page, model card and history do not change."""
    (tmp_path / "data").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "data" / "evaluation").symlink_to(EVALUATION)
    (tmp_path / MODEL.name).write_bytes(MODEL.read_bytes())
    copies = {Path(name): ROOT / name for name in ("README.md", "docs/accuracy.md", "data/history.csv")}
    copies[Path(CARD.name)] = CARD
    for name, path in copies.items():
        (tmp_path / name).write_bytes(path.read_bytes())
    write_reports(tmp_path, tmp_path / MODEL.name)
    for name, path in copies.items():
        assert (tmp_path / name).read_bytes() == path.read_bytes()


def test_the_card_names_the_shipped_model() -> None:
    """The card's facts and figures are those of the shipped model."""
    from dechaff import inspect_model

    blocks = card_blocks(inspect_model(MODEL), json.loads((EVALUATION / "test.json").read_text("utf-8")))
    assert blocks["facts"] in CARD.read_text("utf-8")
    assert "| scrapinghub | articles | resiliparse_all | after |" in blocks["texts"]
