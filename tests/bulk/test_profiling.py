"""Site profiles of folders: every format, interrupted passes, and cleaning with them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from test_bulk_checkpoints import Stopper

from dechaff import ArtifactError, InputError, SiteProfile
from dechaff.bulk import Settings, clean_bulk, profiling
from dechaff.bulk.formats import jsonl
from dechaff.bulk.profiling import ProfileSummary, profile_bulk

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
N = 300
TEASER = "Why the harbour is full of empty boats again, and who will have to pay for it"


def records(n: int = N) -> list[dict[str, str]]:
    """Make documents of three sites whose pages share a line, and whose other lines are their own."""
    numbers = ["number" + str(place).translate(str.maketrans("0123456789", "abcdefghij")) for place in range(n)]
    return [
        {
            "text": f"The council voted on {number} to repair it.\n{TEASER} {place % 3 * 'x'}\n",
            "url": f"https://www.site{place % 3}.example/{place}",
        }
        for place, number in enumerate(numbers)
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write documents in the format of the name."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.name.endswith(".wet.gz"):
        bodies = ((row["url"], row["text"].encode()) for row in rows)
        heads = (
            (
                f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: {url}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n".encode(),
                body,
            )
            for url, body in bodies
        )
        path.write_bytes(b"".join(gzip.compress(head + body + b"\r\n\r\n") for head, body in heads))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut small files into many chunks, with a checkpoint after every third."""
    monkeypatch.setattr(jsonl, "CHUNK", 1 << 12)
    monkeypatch.setattr("dechaff.bulk.formats.compression._PIECE", 1 << 12)
    monkeypatch.setattr(profiling, "CHECKPOINT_PARTS", 3)


@pytest.fixture
def expected(tmp_path: Path) -> bytes:
    """Return the file of the profile of all documents."""
    profile = SiteProfile()
    rows = records()
    profile.count([row["text"] for row in rows], [f"site{place % 3}.example" for place in range(N)])
    profile.save(tmp_path / "expected")
    return (tmp_path / "expected").read_bytes()


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "a.wet.gz"])
def test_formats(tmp_path: Path, name: str, expected: bytes) -> None:
    """The profile of a file is that of its documents, whatever its format."""
    summary = profile_bulk([write(tmp_path / name, records())], tmp_path / "sites.dechaff")
    assert (summary.n_documents, summary.n_bad, summary.n_without_site, summary.n_lost) == (N, 0, 0, 0)
    assert summary.n_lines > N
    assert (tmp_path / "sites.dechaff").read_bytes() == expected


def test_order_and_parts_do_not_matter(tmp_path: Path, expected: bytes) -> None:
    """Inputs in any order, and merged profiles of them in any order, give the same bytes."""
    rows, path = records(), tmp_path / "sites.dechaff"
    files = [write(tmp_path / f"{n}.jsonl", rows[n * 100 : n * 100 + 100]) for n in range(3)]
    parts = []
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        profile_bulk([files[n] for n in order], path)
        assert path.read_bytes() == expected
        profile_bulk([files[order[0]]], tmp_path / f"{order[0]}.dechaff")
        parts.append(tmp_path / f"{order[0]}.dechaff")
    for turn in range(3):
        SiteProfile.merge(map(SiteProfile.load, parts[turn:] + parts[:turn])).save(path)
        assert path.read_bytes() == expected


@pytest.mark.parametrize("after", [1, 3, 4, 7, 11])
def test_an_interrupted_pass_goes_on(tmp_path: Path, after: int, expected: bytes) -> None:
    """A pass that is stopped goes on from its last checkpoint, to the same bytes, and leaves nothing beside them."""
    rows, path = records(), tmp_path / "out" / "sites.dechaff"
    files = [write(tmp_path / f"{n}.jsonl", rows[n * 150 : n * 150 + 150]) for n in range(2)]
    with pytest.raises(KeyboardInterrupt):
        profile_bulk(files, path, listener=Stopper(after))
    assert not path.exists()
    rest = Stopper()
    summary = profile_bulk(files, path, listener=rest)
    assert (summary.n_documents, summary.n_inputs) == (N, 2)
    assert (rest.n_documents < N) == any("going on after" in each for each in rest.messages) == (after > 3)
    assert path.read_bytes() == expected
    assert [each.name for each in path.parent.iterdir()] == ["sites.dechaff"]


def test_other_inputs_start_over(tmp_path: Path) -> None:
    """A checkpoint of other inputs, of other settings or a damaged one is not used."""
    path, file = tmp_path / "sites.dechaff", write(tmp_path / "a.jsonl", records())
    unfinished = tmp_path / "sites.dechaff.unfinished"
    with pytest.raises(KeyboardInterrupt):
        profile_bulk([file], path, listener=Stopper(7))
    for change in ("settings", "damage", "input"):
        before = unfinished.read_bytes()
        if change == "damage":
            unfinished.write_bytes(before[:100])
        if change == "input":
            write(file, records(N + 1))
        listener = Stopper()
        profile_bulk([file], path, Settings(url_column="url" if change == "settings" else None), listener=listener)
        assert listener.n_documents >= N
        assert not unfinished.exists()
        unfinished.write_bytes(before)


@pytest.mark.slow
def test_workers_do_not_matter(tmp_path: Path, expected: bytes) -> None:
    """Two processes write the bytes of one."""
    profile_bulk([write(tmp_path / "a.jsonl", records())], tmp_path / "sites.dechaff", workers=2)
    assert (tmp_path / "sites.dechaff").read_bytes() == expected


def test_cleaning_with_a_profile(tmp_path: Path) -> None:
    """A bulk run with a profile, by addresses or a column of sites, drops what a site repeats, and says why."""
    rows = [row | {"source": f"paper {place % 3}"} for place, row in enumerate(records(30))]
    file, path = write(tmp_path / "a.jsonl", rows), tmp_path / "sites.dechaff"
    clean_bulk([file], tmp_path / "without", Settings(threshold=0.2))
    for name, column in (("url", None), ("source", "source")):
        settings = Settings(site_column=column, url_column="" if column else None)
        summary = profile_bulk([file], path, settings)
        assert summary.n_without_site == 0
        own = Settings(site_column=column, sites=path, dropped=True, attributes=True, threshold=0.2)
        clean_bulk([file], tmp_path / name, own)
        kept = (tmp_path / name / "a.jsonl").read_text()
        assert kept.count("harbour") <= (tmp_path / "without" / "a.jsonl").read_text().count("harbour")
        assert kept.count("council") == 30
        dropped = [json.loads(line) for line in (tmp_path / name / "_dropped" / "a.jsonl").read_text().splitlines()]
        assert all(line["reasons"] for line in dropped)
    with pytest.raises(InputError, match="sites was"):
        clean_bulk([file], tmp_path / "url", Settings(dropped=True, attributes=True, threshold=0.2))


@pytest.mark.parametrize(("form", "line"), [("markdown", "[{}](/{})"), ("html", "<p>{}<a href='/{}'></a></p>")])
def test_cleaning_markup_with_a_profile(tmp_path: Path, form: Any, line: str) -> None:
    """A profile counts what the model reads of Markdown and pages: links with other addresses are the same line."""
    prose = "The council voted on {} to repair the old bridge, which had been closed since March, its leader said."
    rows = [{"text": f"{prose.format(row['text'].split()[4])}\n\n{line.format(TEASER, place)}\n", "url": row["url"]}
            for place, row in enumerate(records(30))]  # fmt: skip
    file, path = write(tmp_path / "a.jsonl", rows), tmp_path / "sites.dechaff"
    profile_bulk([file], path, Settings(format=form))
    assert SiteProfile.load(path).n_documents(TEASER, "site0.example") > 5
    scores = []
    for sites in (None, path):
        out = tmp_path / f"out {len(scores)}"
        clean_bulk([file], out, Settings(format=form, sites=sites, attributes=True))
        found = map(json.loads, (out / "_attributes" / "a.jsonl").read_text().splitlines())
        scores.append([row["attributes"]["dechaff__content"][-1][2] for row in found])
    assert len(scores[0]) == 30
    assert all(after < before for before, after in zip(*scores, strict=True))


def test_documents_without_a_site_and_bad_records(tmp_path: Path) -> None:
    """Documents without an address count over all sites; bad records are counted, or stop the pass."""
    rows = [
        *records(3),
        {"text": TEASER, "url": ""},
        {"text": 5, "url": ""},
        {"text": "", "url": "https://a.example/"},
    ]
    file, path = write(tmp_path / "a.jsonl", rows), tmp_path / "sites.dechaff"
    summary = profile_bulk([file], path)
    assert (summary.n_documents, summary.n_without_site, summary.n_bad) == (5, 1, 1)
    with pytest.raises(InputError, match="record 5"):
        profile_bulk([file], path, Settings(strict=True))


def test_errors(tmp_path: Path) -> None:
    """Documents without addresses, an output that is an input, and a missing profile are errors of one line."""
    file = write(tmp_path / "a.jsonl", [{"text": "a"}])
    with pytest.raises(InputError, match="no file has addresses"):
        profile_bulk([file], tmp_path / "sites.dechaff")
    with pytest.raises(InputError, match="an input, which would be overwritten"):
        profile_bulk([write(tmp_path / "b.jsonl", records(3))], tmp_path / "b.jsonl")
    with pytest.raises(ArtifactError, match="cannot read the site profile"):
        clean_bulk([file], tmp_path / "out", Settings(sites=tmp_path / "none.dechaff"))
    assert not (tmp_path / "out").exists()


def test_hostile_records(tmp_path: Path) -> None:
    """A thousand documents of many lines, without words, of one long line or from empty sites are counted as any."""
    odd = [
        "",
        "\n\n",
        "---",
        "a" * 300_000,
        "\n".join(f"line {chr(97 + n % 26)}{chr(97 + n // 26 % 26)} x{chr(97 + n // 676)}" for n in range(9000)),
    ]
    urls = ["", "https://", "https://[", "x" * 5000, "https://a.example/"]
    rows = [{"text": text, "url": url} for text in odd for url in urls] * 4
    summary: ProfileSummary = profile_bulk([write(tmp_path / "a.jsonl", rows)], tmp_path / "sites.dechaff")
    assert summary.n_documents == len(rows)
    assert summary.n_lines < 10_000
