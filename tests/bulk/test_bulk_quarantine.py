"""Bad records go to quarantine, and all others are cleaned."""

import base64
import json
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from bulk_corpora import compress, jsonl, read_jsonl, records, write_jsonl
from hypothesis import given
from hypothesis import strategies as st

from dechaff import InputError
from dechaff.bulk import Settings, clean_bulk
from dechaff.bulk.formats.jsonl import cut_lines, replace_text
from dechaff.bulk.formats.warc import cut_records
from dechaff.bulk.records import BadRecord, Chunk, DamageError
from dechaff.bulk.settings import CHUNK, MAX_RECORD

#: Broken records, each with a part of the reason in quarantine.
BROKEN = {
    b'{"id": "b", "text": "The vote': "not JSON",
    b'["The vote was held."]': "not a JSON object",
    b'{"id": "b", "body": "The vote was held."}': "no field 'text'",
    b'{"id": "b", "text": 5}': "a number, not a string",
    b'{"id": "b", "text": null}': "null, not a string",
    b'{"id": "b", "text": "Gr\xfc\xdfe"}': "not JSON: ",
    b'{"id": "b", "text": "half \\ud800 a pair"}': "not JSON: ",
    b'{"id": "b", "text": "a \0 in it"}': "not JSON: ",
}


def quarantine(out: Path, name: str) -> list[dict[str, Any]]:
    """Read the quarantined records of a file."""
    return [json.loads(line) for line in (out / "_quarantine" / f"{name}.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_one_in_a_hundred(tmp_path: Path) -> None:
    """Of many records of which one in a hundred is broken, exactly the broken ones are in quarantine, complete, and all others are cleaned."""
    rows = records(10_000, lines=4)
    lines = jsonl(rows).splitlines()
    broken = {number: list(BROKEN)[number // 100 % len(BROKEN)] for number in range(42, 10_000, 100)}
    for number, line in broken.items():
        lines[number] = line
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(compress(b"\n".join(lines), path))
    summary = clean_bulk([path], tmp_path / "out", workers=2)
    found = quarantine(tmp_path / "out", "a.jsonl.gz")
    assert {row["record"] - 1: base64.b64decode(row["raw"]) for row in found} == broken
    assert all(BROKEN[base64.b64decode(row["raw"])] in row["reason"] for row in found)
    assert {row["file"] for row in found} == {str(path)}
    kept = [row["id"] for row in read_jsonl(tmp_path / "out" / "a.jsonl.gz")]
    assert kept == [row["id"] for number, row in enumerate(rows) if number not in broken]
    assert (summary.counts.n_bad, summary.counts.n_documents) == (100, 9_900)


@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_strict(n: int, tmp_path: Path) -> None:
    """A strict run ends at the first bad record and names it; files finished before stay."""
    write_jsonl(tmp_path / "a.jsonl", records(20))
    bad = jsonl(records(30)) + b"{\n" + jsonl(records(30)) + b"[]\n"
    (tmp_path / "b.jsonl").write_bytes(bad)
    with pytest.raises(InputError, match=r"b\.jsonl: record 31: not JSON"):
        clean_bulk([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], tmp_path / "out", Settings(strict=True), workers=n)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["_manifest.jsonl", "a.jsonl"]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.wet.gz"])
def test_a_file_that_breaks_off(name: str, tmp_path: Path) -> None:
    """All complete records of a truncated compressed file are cleaned, and the run goes on."""
    path = tmp_path / name
    record = (
        b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n"
    )
    rows = records(2000)
    bodies = [row["text"].encode() for row in rows]
    data = b"".join(record % (len(body), body) for body in bodies) if "wet" in name else jsonl(rows)
    whole = compress(data, path)
    path.write_bytes(whole[: len(whole) * 2 // 3])
    write_jsonl(tmp_path / "b.jsonl", records(3))
    summary = clean_bulk([path, tmp_path / "b.jsonl"], tmp_path / "out")
    found = quarantine(tmp_path / "out", name)
    assert len(found) == 1
    assert "the file ends too early" in found[0]["reason"]
    assert found[0]["record"] == summary.counts.n_documents - 3 + 1
    assert 3 < summary.counts.n_documents < 2003
    assert len(read_jsonl(tmp_path / "out" / "b.jsonl")) == 3


def test_a_file_that_is_no_such_file(tmp_path: Path) -> None:
    """A file whose content does not match its name goes to quarantine as a whole, and the others are cleaned."""
    for name in ("a.jsonl.gz", "b.jsonl.zst", "c.parquet", "d.wet"):
        (tmp_path / name).write_bytes(b"nothing of the kind\n" * 9)
    write_jsonl(tmp_path / "e.jsonl", records(3))
    summary = clean_bulk(sorted(tmp_path.glob("*.*")), tmp_path / "out")
    assert (summary.counts.n_bad, summary.counts.n_documents) == (4, 3)
    assert len(list((tmp_path / "out" / "_quarantine").iterdir())) == 4


def test_damaged_parquet(tmp_path: Path) -> None:
    """An unreadable row group and a row without text go to quarantine; the other rows are cleaned."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [{"id": n, "text": row["text"] if n != 250 else None} for n, row in enumerate(records(300))]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=100, compression="zstd")
    damaged = bytearray(path.read_bytes())
    column = pq.ParquetFile(path).metadata.row_group(1).column(1)
    start = column.dictionary_page_offset or column.data_page_offset
    damaged[start : start + column.total_compressed_size] = bytes(column.total_compressed_size)
    path.write_bytes(damaged)
    summary = clean_bulk([path], tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "a.parquet")["id"].to_pylist() == [
        *range(100),
        *range(200, 250),
        *range(251, 300),
    ]
    group, row = quarantine(tmp_path / "out", "a.parquet")
    assert (group["record"], group["n_records"], summary.counts.n_bad) == (101, 100, 101)
    assert "row group 1" in group["reason"]
    assert (row["record"], row["reason"]) == (251, "the text is null")
    assert pa.ipc.open_stream(base64.b64decode(row["raw"])).read_all().to_pylist() == [rows[250]]


def test_damaged_wet(tmp_path: Path) -> None:
    """Records with a wrong length or invalid text go to quarantine; reading goes on at the next record."""
    record = (
        b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n"
    )
    good = record % (18, b"The vote was held.")
    wrong, short = record % (5, b"The vote was held."), record % (4000, b"The vote was held.")
    data = (
        good
        + wrong
        + good
        + record % (3, b"\xff\xfe\xfd")
        + good
        + b"WARC/1.0\r\nNo-Length: 1\r\n\r\n"
        + good
        + short
    )
    (tmp_path / "a.wet").write_bytes(data)
    clean_bulk([tmp_path / "a.wet"], tmp_path / "out")
    assert (tmp_path / "out" / "a.wet").read_bytes() == good * 4
    found = {row["record"]: row["reason"] for row in quarantine(tmp_path / "out", "a.wet")}
    assert sorted(found) == [2, 4, 6, 8]
    assert "length is wrong" in found[2]
    assert "invalid UTF-8" in found[4]


@pytest.mark.slow
def test_a_record_that_is_too_long(tmp_path: Path) -> None:
    """A line beyond the size limit is not held in memory, and the records after it are cleaned."""
    rows = jsonl(records(3))
    (tmp_path / "a.jsonl").write_bytes(rows + b'{"text": "' + b"x" * (MAX_RECORD + 5 * CHUNK) + b'"}\n' + rows)
    clean_bulk([tmp_path / "a.jsonl"], tmp_path / "out")
    (found,) = quarantine(tmp_path / "out", "a.jsonl")
    assert (found["record"], found["n_bytes"]) == (4, MAX_RECORD + 5 * CHUNK + 12)
    assert len(base64.b64decode(found["raw"])) < CHUNK
    assert len(read_jsonl(tmp_path / "out" / "a.jsonl")) == 6


@given(st.binary(max_size=300), st.lists(st.integers(1, 40)), st.booleans())
def test_cutting_lines_loses_nothing(data: bytes, sizes: list[int], breaks: bool) -> None:
    """However a stream is chunked, its lines are complete, in order and numbered, even if it breaks off."""

    def pieces() -> Any:
        place = 0
        for size in [*sizes, len(data) + 1]:
            yield data[place : place + size]
            place += size
        if breaks:
            raise DamageError("broken")

    parts = list(cut_lines(pieces()))
    raw = [part.data if isinstance(part, Chunk) else part.raw for part in parts]
    assert b"".join(raw) == data
    numbers = [part.first if isinstance(part, Chunk) else part.number for part in parts]
    assert numbers == [1 + sum(piece.count(b"\n") for piece in raw[:place]) for place in range(len(raw))]
    assert any(isinstance(part, BadRecord) for part in parts) == breaks


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "a", '"', "\\"]), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), JSON, max_size=4),
    st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")), st.booleans(), st.booleans(),
)  # fmt: skip
def test_only_the_text_is_replaced(
    fields: dict[str, Any], old: str, new: str, ascii_only: bool, wide: bool
) -> None:
    """In any record, only the text is replaced; all other bytes stay."""
    colon, comma = (" :\t", " ,  ") if wide else (":", ",")
    dump = partial(json.dumps, ensure_ascii=ascii_only, separators=(comma, colon))
    before = f"{dump(fields)[:-1]}{comma if fields else ''}{dump('text')}{colon}".encode()
    line = before + dump(old).encode() + b', "last" : 1.50 }\n'
    replaced = replace_text(line, "text", old, new)
    assert replaced.startswith(before)
    assert replaced.endswith(b', "last" : 1.50 }\n')
    assert json.loads(replaced) == {**fields, "text": new, "last": 1.5}
    assert replaced.isascii() or not line.isascii()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (rb'{"a": {"text": "old"}, "text": "old"}', rb'{"a": {"text": "old"}, "text": "new"}'),
        (rb'{"old": "old", "text": "old"}', rb'{"old": "old", "text": "new"}'),
        (rb'{"text": "old", "text": "old"}', rb'{"text": "old", "text": "new"}'),
        (rb'{"a": "say \"old\"", "text": "old"}', rb'{"a": "say \"old\"", "text": "new"}'),
        (rb'{"a": {"text": "old"}, "t\u0065xt": "\u006fld"}', rb'{"a": {"text": "old"}, "t\u0065xt": "new"}'),
        (rb'{"text": "\u006fld", "old" : "new"}', rb'{"text": "new", "old" : "new"}'),
        (rb'{"text": "\u006fld", "b": "old"}', rb'{"text": "new", "b": "old"}'),
    ],
)
def test_the_same_string_elsewhere(line: bytes, expected: bytes) -> None:
    """Occurrences of the text in other fields, keys or strings, or in escaped form, stay."""
    assert replace_text(line, "text", "old", "new") == expected


@given(st.lists(st.binary(max_size=30), max_size=6), st.lists(st.integers(1, 50)), st.binary(max_size=20))
def test_cutting_warc_loses_nothing(bodies: list[bytes], sizes: list[int], behind: bytes) -> None:
    """However a stream is chunked, each record is complete, and trailing bytes are reported as bad."""
    data = b"".join(b"WARC/1.1\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(body), body) for body in bodies)
    edges = [0, *sizes]
    cuts = [sum(edges[: n + 1]) for n in range(len(edges))] + [len(data) + len(behind) + sum(sizes)]
    stream = data + behind
    parts = list(cut_records(stream[a:b] for a, b in pairwise(cuts) if stream[a:b]))
    raw = b"".join(part.data if isinstance(part, Chunk) else part.raw for part in parts)
    assert raw == stream


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view"])
@pytest.mark.parametrize(
    "texts", [["The vote was held.", None, "Share"], [None, None, "The vote was held."], [None]]
)
def test_null_rows_of_any_type(texts: list[str | None], kind: str, tmp_path: Path) -> None:
    """Rows without a text are removed from a Parquet file for any string type and position; two columns of one name stay."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = [pa.array(texts, getattr(pa, kind)()), *[pa.array(range(len(texts)))] * 2]
    parquet.write_table(pa.Table.from_arrays(columns, ["text", "source", "source"]), tmp_path / "a.parquet")
    clean_bulk([tmp_path / "a.parquet"], tmp_path / "out")
    rows = parquet.ParquetFile(tmp_path / "out" / "a.parquet").read()
    assert rows.column(1).to_pylist() == [place for place, text in enumerate(texts) if text is not None]
    assert [bad["record"] for bad in quarantine(tmp_path / "out", "a.parquet")] == [
        place + 1 for place, text in enumerate(texts) if text is None
    ]


@pytest.mark.parametrize("before", [[b"\r\n"], [b"\n", b"\r\n\r\n"], [b"\n"] * 20, []])
def test_blank_lines_before_the_first_record(before: list[bytes]) -> None:
    """Line breaks before the first WARC record are skipped."""
    record = b"WARC/1.0\r\nContent-Length: 2\r\n\r\nab\r\n\r\n"
    assert [chunk.data for chunk in cut_records([*before, record]) if isinstance(chunk, Chunk)] == [record]
    assert not [bad for bad in cut_records([*before, record]) if isinstance(bad, BadRecord)]
    assert not list(cut_records(before))
