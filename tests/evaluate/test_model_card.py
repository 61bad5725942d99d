"""The tables of the README and the model card."""

import json
from pathlib import Path
from typing import Any

import pytest

from dechaff import CorpusError
from dechaff_training.evaluate.evaluation import AFTER, BEFORE
from dechaff_training.evaluate.model_card import (
    READ_FIGURES,
    READ_SYSTEMS,
    ROOT,
    SUMMARY,
    add_history,
    benchmark_table,
    card_blocks,
    comparison_table,
    fill,
    history_row,
    read_table,
    summary_table,
    whole_read_table,
    write_reports,
)
from dechaff_training.evaluate.policy import FIGURES as READ_NAMES

EVALUATION = ROOT / "data" / "evaluation"
CARD = ROOT / "model" / "dechaff" / "artifacts" / "MODEL_CARD.md"
MODEL = CARD.with_name("default.joblib")
DESCRIPTION = {
    "metadata": {"versions": {"dechaff": "0.1.0"}, "git_commit": None, "data": {"n_articles": 3, "n_sites": 2}}
}


def text_row(system: str, extractor: str, f1: float, pages: str = "articles") -> dict[str, object]:
    """Return a row of the comparison's JSON."""
    estimate = {"value": f1, "low": f1 - 0.01, "high": None}
    names = ("precision", "recall", "f1", "difference")
    row = {"source": "scrapinghub", "pages": pages, "extractor": extractor, "system": system}
    return {**row, "n_pages": 3, "n_sites": 2, **dict.fromkeys(names, estimate)}


#: An evaluation: the shipped model's text F1 for one input, and the figures of all lines.
FIGURES = {
    "texts": [
        text_row(system, "resiliparse_all", 0.94, pages)
        for system in (BEFORE, AFTER)
        for pages in ("articles", "other pages")
    ],
    "lines": [
        {
            "by": "all",
            "lines": {
                "content_f1": {"value": 0.8, "low": None, "high": None},
                "calibration_error": {"value": None, "low": None, "high": None},
            },
        }
    ],
}


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
    for texts, times in ((rows[1:], speeds), (rows, speeds[1:])):
        with pytest.raises(CorpusError, match="no figures of 'resiliparse_all' from HTML: run 'make evaluate'"):
            summary_table({"texts": texts, "speeds": times})


def read_rows(**values: float | None) -> list[dict[str, Any]]:
    """Return rows of figures on lines labelled by reading; all figures but those given are .9."""
    figures = {
        name: {"value": value, "low": None, "high": None}
        for name, value in (dict.fromkeys(READ_FIGURES, 0.9) | values).items()
    }
    return [{"system": system, "n_pages": 3, "figures": figures} for system in READ_SYSTEMS]


def test_read_table() -> None:
    """Each system has a row by its name in the table; a figure without lines to measure it on is a dash."""
    head, _, *body = read_table(read_rows(short_kept=None), READ_FIGURES, READ_SYSTEMS).splitlines()
    assert head == f"|  | {' | '.join(READ_FIGURES.values())} |"
    assert body == [f"| {name} | .900 | .900 | .900 | – | .900 | .900 | .900 |" for name in READ_SYSTEMS.values()]


def test_whole_read_table() -> None:
    """Each figure has a row, and each system a column by its own name, with intervals."""
    estimate = {"value": 0.9, "low": 0.8, "high": 0.95}
    rows = [{"system": name, "n_pages": 3, "figures": dict.fromkeys(READ_NAMES, estimate)} for name in ("a", "b")]
    head, _, *body = whole_read_table(rows).splitlines()
    assert head == "|  | a | b |"
    assert body[0] == "| f1 | .900 [.800, .950] | .900 [.800, .950] |"
    assert len(body) == len(READ_NAMES)


def test_missing_figures_of_a_reader() -> None:
    """A system or a figure that was not measured is an error that says what to run."""
    with pytest.raises(CorpusError, match=r"no figures of 'trafilatura' .*: run 'make evaluate'"):
        read_table(read_rows()[1:], READ_FIGURES, READ_SYSTEMS)
    with pytest.raises(CorpusError, match="no figure 'bio_dropped' of 'trafilatura': run 'make evaluate'"):
        read_table(read_rows(), {"f1": "F1", "bio_dropped": "bio"}, READ_SYSTEMS)
    for read in ([], read_rows()[:2]):
        with pytest.raises(CorpusError, match=r"no figures of 'dechaff' .*: run 'make evaluate'"):
            history_row(MODEL, DESCRIPTION, FIGURES, read)


def test_columns_of_the_history() -> None:
    """A row has the model's provenance, text F1 on articles by input, and the figures of a reader; a missing figure is a dash."""
    row = history_row(MODEL, DESCRIPTION, FIGURES, read_rows(caption_dropped=None))
    assert list(row) == [
        *("version", "sha256", "commit", "articles", "sites", "content F1 of lines", "calibration error"),
        "scrapinghub, all text",
        *("f1 (read)", "headline kept (read)", "standfirst kept (read)", "short kept (read)"),
        *("caption dropped (read)", "comment dropped (read)", "related dropped (read)"),
    ]
    assert (row["commit"], row["content F1 of lines"], row["calibration error"]) == ("unknown", "0.8000", "–")
    assert (row["scrapinghub, all text"], row["f1 (read)"]) == ("0.9400", "0.9000")
    assert row["caption dropped (read)"] == "–"


@pytest.mark.parametrize(("count", "shown"), [({}, "unknown"), ({"n_read_articles": 1234}, "1,234")])
def test_the_card_counts_articles_labelled_by_a_reader(count: dict[str, int], shown: str) -> None:
    """The card has the number of articles labelled line by line, which older models do not record."""
    counts = ("articles_by_source", "articles_by_extractor", "articles_by_language")
    data = {
        "n_articles": 3,
        "n_sites": 2,
        "n_lines": 9,
        "n_silver_articles": 1,
        "digest": "ab",
        **{key: {} for key in counts},
    }
    metadata = {"data": data | count, "seed": 0, "versions": {}, "git_commit": None}
    description = {"version": 5, "specification": "cd", "threshold": 0.5, "metadata": metadata}
    facts = card_blocks(description, {"texts": [], "lines": []})["facts"]
    assert f"| of these labelled line by line by a reader | {shown} |" in facts.splitlines()


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
