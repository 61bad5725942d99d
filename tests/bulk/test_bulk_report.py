"""The samples of a bulk run, and the page of `dechaff bulk --report`."""

import json
import re
from pathlib import Path

import pytest
from bulk_corpora import records, write_jsonl
from cli_process import PROSE, dechaff

from dechaff import clean_article
from dechaff.bulk import Settings, clean_bulk
from dechaff.bulk.samples import N_DOCUMENTS, N_LINES, Samples

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Write two files, with documents of boilerplate alone among the others."""
    nothing = [
        {"id": f"{HOSTILE}none-{n}", "text": "Log in\nSubscribe for £2\nOur shop is closed on Mondays\nShare"}
        for n in range(3)
    ]
    write_jsonl(tmp_path / "in" / "a.jsonl", [*records(30), *nothing])
    write_jsonl(tmp_path / "in" / "b.jsonl", records(20))
    return tmp_path


def test_samples(inputs: Path) -> None:
    """Flagged documents and lines of every kind are sampled, the same with any workers and after a resumed run."""
    settings = Settings(samples=True)
    counts = [clean_bulk([inputs / "in"], inputs / f"out{n}", settings, workers=n).counts for n in (1, 2, 1)]
    first = counts[0].samples
    assert first is not None
    assert counts[1].samples == counts[2].samples == first
    found = {row["id"] for row in first.documents}
    assert {f"{HOSTILE}none-{n}" for n in range(3)} <= found
    assert len(first.documents) == min(counts[0].n_flagged, N_DOCUMENTS)
    assert {len(rows) for rows in first.lines.values()} <= set(range(1, N_LINES + 1))
    assert {row["file"] for rows in first.lines.values() for row in rows} <= {
        str(p) for p in (inputs / "in").iterdir()
    }
    assert clean_bulk([inputs / "in"], inputs / "out", Settings()).counts.samples is None


def test_equal_files(tmp_path: Path) -> None:
    """Of files with equal contents, other records are sampled, since the names of files seed the samples."""
    for name in "abcd":
        write_jsonl(tmp_path / "in" / f"{name}.jsonl", records(30))
    samples = clean_bulk([tmp_path / "in"], tmp_path / "out", Settings(samples=True)).counts.samples
    assert samples is not None
    keys = [row["key"] for rows in samples.lines.values() for row in rows]
    assert len(set(keys)) == len(keys)


def test_markdown(tmp_path: Path) -> None:
    """Markdown is sampled with its marks, and with the same flags and kinds as the labels of its lines."""
    pytest.importorskip("pyromark")
    offer = "- [Subscribe now for £2 per month](https://example.org/offer)"
    text = "\n\n".join(["# The bridge", *PROSE, offer])
    nothing = "Log in\n\n- [Share](/share)\n- [Subscribe](/offers)\n"
    rows = [{"id": "bridge", "text": text}, {"id": "none", "text": nothing}]
    write_jsonl(tmp_path / "in" / "a.jsonl", rows)
    dechaff("bulk", "in", "-o", "out", "--format", "markdown", "--report", "report.html", cwd=tmp_path)
    assert offer in (tmp_path / "report.html").read_text("utf-8")
    settings = Settings(samples=True, format="markdown")
    samples = [
        clean_bulk([tmp_path / "in"], tmp_path / f"out{n}", settings, workers=n).counts.samples for n in (1, 2)
    ]
    assert samples[0] is not None
    assert samples[0] == samples[1]
    found = {(row["id"], row["text"], kind) for kind, rows in samples[0].lines.items() for row in rows}
    articles = {row["id"]: clean_article(row["text"], format="markdown") for row in rows}
    assert found == {
        (name, line.text, line.kind)
        for name, article in articles.items()
        for line in article.lines
        if line.label == "boilerplate"
    }
    assert [(row["id"], row["flags"], row["n_kept"]) for row in samples[0].documents] == [
        (name, [*article.flags], article.n_kept) for name, article in articles.items() if article.flags
    ]


def test_adding_samples() -> None:
    """Those with the lowest keys stay, in whatever order samples are added."""
    parts = [
        Samples([{"key": n % 7 + n / 1000}], {"offer": [{"key": -n, "text": f"Offer {n}"}]})
        for n in range(3 * N_DOCUMENTS)
    ]
    whole, reverse = Samples(), Samples()
    for part, other in zip(parts, reversed(parts), strict=True):
        whole.add(part)
        reverse.add(other)
    assert whole == reverse
    assert len(whole.documents) == N_DOCUMENTS
    assert [row["key"] for row in whole.lines["offer"]] == list(range(1 - len(parts), 1 - len(parts) + N_LINES))


def test_shared_lines(tmp_path: Path) -> None:
    """A line that many documents share takes one place of its kind, and the page says how often it was dropped."""
    rows = [
        {"id": str(n), "text": "\n".join([*PROSE, "Subscribe for £2", f"Subscribe for £{n + 3} a month"])}
        for n in range(40)
    ]
    for name in "ab":
        write_jsonl(tmp_path / "in" / f"{name}.jsonl", rows)
    settings = Settings(samples=True)
    samples = [
        clean_bulk([tmp_path / "in"], tmp_path / f"out{n}", settings, workers=n).counts.samples for n in (1, 2)
    ]
    assert samples[0] is not None
    assert samples[0] == samples[1]
    texts = [row["text"] for row in samples[0].lines["offer"]]
    assert len(texts) == len(set(texts)) == N_LINES
    assert "Subscribe for £2" in texts
    dechaff("bulk", "in", "-o", "out", "--report", "report.html", cwd=tmp_path)
    page = re.sub(r"\s+", " ", (tmp_path / "report.html").read_text("utf-8"))
    assert re.search(r'<td class="number">80</td> ?<td class="text" dir="auto">Subscribe for £2</td>', page)


def test_the_page(inputs: Path) -> None:
    """The page lists flagged documents with reasons and dropped lines by kind; text in it is escaped; inputs stay."""
    dechaff("bulk", "in", "-o", "out", "--report", "report.html", cwd=inputs)
    page = (inputs / "report.html").read_text("utf-8")
    assert "none-2" in page
    assert "kept by the guard: no line reached the threshold" in page
    assert "<caption>offer</caption>" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    dechaff("bulk", "in", "-o", "out", "--report", "again.html", "--quiet", cwd=inputs)  # all files are finished
    assert "none-2" in (inputs / "again.html").read_text("utf-8")
    summary = json.loads(dechaff("bulk", "in", "-o", "out", "--json", "--quiet", cwd=inputs).stdout)
    assert summary["n_skipped"] == 2
    assert "samples" not in summary
    refused = dechaff("bulk", "in", "-o", "new", "--report", "in/a.jsonl", cwd=inputs, code=1)
    assert "would be overwritten" in refused.stderr
    assert not (inputs / "new").exists()
