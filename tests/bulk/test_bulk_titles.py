"""Titles and addresses in the records of bulk runs and of datatrove's documents."""

from pathlib import Path
from typing import Any

import pytest
from bulk_corpora import read_jsonl, write_jsonl

from dechaff import clean_array
from dechaff.bulk import Settings, Summary, clean_bulk

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

TITLE = "Photos of the year"
BODY = "The council voted on Tuesday to repair the old bridge, which had been closed to traffic since March."
TEXT = f"Home\nSport\n{TITLE}\nShare\n{BODY}\nRead more: {TITLE}\nSubscribe now for ₹900 per month\n"
SLUG = "https://example.org/news/photos-of-the-year.html"
# The fields of a record, the settings, and whether the headline is helped by title or address.
CASES = [
    ({"title": TITLE, "url": SLUG}, {}, "title"),
    ({"headline": TITLE}, {}, "title"),
    ({"uri": SLUG}, {}, "url"),
    ({"title": None, "link": SLUG}, {}, "url"),
    ({"title": "", "url": SLUG}, {}, "url"),
    ({"name": TITLE}, {"title_column": "name"}, "title"),
    ({"where": SLUG}, {"url_column": "where"}, "url"),
    ({"title": TITLE, "url": SLUG}, {"title_column": ""}, "url"),
    ({"title": TITLE, "url": SLUG}, {"title_column": "", "url_column": ""}, ""),
    ({"title": 7, "url": ["x"]}, {}, ""),
    ({"name": TITLE}, {}, ""),
]


def wanted(help_by: str) -> list[str]:
    """Return the clean text with a title, with an address, or with neither."""
    given: dict[str, Any] = {"title": {"titles": [TITLE]}, "url": {"urls": [SLUG]}, "": {}}[help_by]
    return clean_array([TEXT], **given)


def count_pages(summary: Summary) -> tuple[int, int]:
    """Return the numbers of documents with a title, and with an address alone."""
    return summary.counts.n_titled, summary.counts.n_addressed


@pytest.mark.parametrize(("fields", "settings", "help_by"), CASES, ids=str)
def test_fields_of_json_lines(
    fields: dict[str, Any], settings: dict[str, str], help_by: str, tmp_path: Path
) -> None:
    """Title and address come from the named or usual fields, with the effect of `titles=` and `urls=`."""
    path = write_jsonl(tmp_path / "a.jsonl", [{"text": TEXT, **fields}])
    summary = clean_bulk([path], tmp_path / "out", Settings(**settings))
    assert [read_jsonl(tmp_path / "out" / "a.jsonl")[0]["text"]] == wanted(help_by)
    assert summary.counts.n_titled == int(help_by == "title")
    assert count_pages(clean_bulk([path], tmp_path / "out", Settings(**settings))) == count_pages(summary)


def test_the_headline_is_helped() -> None:
    """A title and an address each keep a headline that the text alone does not."""
    kept = [TITLE in wanted(by)[0].splitlines() for by in ("title", "url", "")]
    assert kept == [True, True, False]


def test_fields_of_parquet(tmp_path: Path) -> None:
    """In Parquet too; rows differ, and the summary names the columns."""
    rows = [{"text": TEXT, "title": t, "url": u} for t, u in ((TITLE, None), (None, SLUG), (None, None))]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    summary = clean_bulk([tmp_path / "a.parquet"], tmp_path / "out")
    texts = pq.read_table(tmp_path / "out" / "a.parquet")["text"].to_pylist()
    assert texts == [wanted(by)[0] for by in ("title", "url", "")]
    assert count_pages(summary) == (1, 1)
    assert summary.columns == ["text from 'text', id from 'url', title from 'title', address from 'url'"]


@pytest.mark.parametrize(("settings", "help_by"), [({}, "url"), ({"url_column": ""}, "")], ids=str)
def test_address_of_wet(settings: dict[str, str], help_by: str, tmp_path: Path) -> None:
    """The address of a WET record is its target."""
    body = TEXT.encode()
    head = f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: {SLUG}\r\nContent-Type: text/plain\r\n"
    (tmp_path / "a.wet").write_bytes(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body + b"\r\n\r\n")
    summary = clean_bulk([tmp_path / "a.wet"], tmp_path / "out", Settings(**settings))
    text = (tmp_path / "out" / "a.wet").read_bytes().partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")
    assert [text.decode()] == wanted(help_by)
    assert count_pages(summary) == (0, int(help_by == "url"))


@pytest.mark.parametrize(("fields", "settings", "help_by"), CASES, ids=str)
def test_metadata_of_datatrove(fields: dict[str, Any], settings: dict[str, str], help_by: str) -> None:
    """`LineCleaner` takes both from a document's metadata, and counts the titles."""
    data = pytest.importorskip("datatrove.data", reason="needs the datatrove extra")
    from dechaff.integrations.datatrove import LineCleaner

    step = LineCleaner(**settings)
    assert [d.text for d in step.run([data.Document(TEXT, "1", metadata=dict(fields))])] == wanted(help_by)
    assert step.stats["titled"].total == int(help_by == "title")
