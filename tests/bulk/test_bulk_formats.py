"""Round trips through every format that bulk runs read and write."""

import hashlib
import io
from base64 import b32encode
from pathlib import Path
from typing import Any

import pytest
from bulk_corpora import compress, jsonl, read_bytes, read_jsonl, records, texts, tree, write_jsonl
from fastwarc.stream_io import GzipWriter
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from dechaff import LineModel, clean_array, clean_markdown, load_model, split_lines
from dechaff.bulk import Settings, clean_bulk

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def cleaned(rows: list[dict[str, Any]], column: str = "text") -> list[dict[str, Any]]:
    """Clean rows with the library, as the reference for bulk runs."""
    return [{**row, column: text} for row, text in zip(rows, clean_array([r[column] for r in rows]), strict=True)]


def lines_of(text: str) -> list[str]:
    """Return the lines that are not blank."""
    return [text[start:end] for start, end in split_lines(text)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json.gz", "a.ndjson.zst", "a.jsonl.zstd"])
def test_jsonl_round_trip(name: str, tmp_path: Path) -> None:
    """JSON Lines keep their format, compression and other fields, and have clean texts."""
    rows = records(400)
    path = tmp_path / name
    path.write_bytes(write_jsonl(tmp_path / name.replace("zstd", "zst"), rows).read_bytes())
    summary = clean_bulk([path], tmp_path / "out", workers=1)
    (tmp_path / "out" / name).rename(tmp_path / "out" / name.replace("zstd", "zst"))
    assert read_jsonl(tmp_path / "out" / name.replace("zstd", "zst")) == cleaned(rows)
    assert summary.counts.n_documents == len(rows)


def test_bytes_around_the_text_stay(tmp_path: Path) -> None:
    """Numbers, spaces, escapes, order, repeated keys, blank lines and a byte order mark stay: only the text changes."""
    around = [
        ('\ufeff{ "n":12345678901234567890123.10 ,"text" : ', ',"x":"\\/\\u00e9" }\r\n'),
        ('{"text":"first","a":["text",{"text":"deep"}],"text":', "}\n"),
        ('\n  \n{"b":"text","te\\u0078t":', ',"c":1E5}'),
    ]
    body = '"The vote was held on Monday, and the council will meet again in May.\\nShare\\n"'
    (tmp_path / "a.jsonl").write_text("".join(f"{a}{body}{b}" for a, b in around), newline="")
    clean_bulk([tmp_path / "a.jsonl"], tmp_path / "out")
    clean = body.replace("Share\\n", "")
    wanted = "".join(f"{a}{clean}{b}" for a, b in around)
    assert read_bytes(tmp_path / "out" / "a.jsonl").decode() == wanted


def test_ascii_stays_ascii(tmp_path: Path) -> None:
    """A line that escapes all non-ASCII characters still does."""
    line = (
        b'{"text": "Die Br\\u00fccke wird im Fr\\u00fchjahr repariert, sagte die B\\u00fcrgermeisterin.\\nShare"}\n'
    )
    (tmp_path / "a.jsonl").write_bytes(line)
    clean_bulk([tmp_path / "a.jsonl"], tmp_path / "out")
    assert (tmp_path / "out" / "a.jsonl").read_bytes() == line.replace(b"Share", b"")


def test_kept_and_dropped_are_the_input(tmp_path: Path) -> None:
    """Each line is either in the clean text or among the dropped lines with its place; the scores cover both."""
    rows = records(150, lines=40)
    write_jsonl(tmp_path / "a.jsonl.zst", rows)
    clean_bulk([tmp_path / "a.jsonl.zst"], tmp_path / "out", Settings(dropped=True, attributes=True))
    kept = {row["id"]: lines_of(row["text"]) for row in read_jsonl(tmp_path / "out" / "a.jsonl.zst")}
    dropped: dict[str, dict[int, str]] = {}
    for line in read_jsonl(tmp_path / "out" / "_dropped" / "a.jsonl.zst"):
        dropped.setdefault(line["id"], {})[line["line"]] = line["text"]
        assert set(line) == {"id", "line", "start", "end", "text", "probability", "kind", "reasons"}
        assert 1 <= len(line["reasons"]) <= 3
    attributes = read_jsonl(tmp_path / "out" / "_attributes" / "a.jsonl.zst")
    for row, scores in zip(rows, attributes, strict=True):
        there, lines = iter(kept[row["id"]]), lines_of(row["text"])
        gone = dropped.get(row["id"], {})
        assert lines == [gone[n] if n in gone else next(there) for n in range(len(lines))]
        assert (scores["id"], scores["source"]) == (row["id"], "a.jsonl.zst")
        spans = scores["attributes"]["dechaff__content"]
        assert [row["text"][start:end] for start, end, _ in spans] == lines
        assert all(0 <= score <= 1 for _, _, score in spans)


MARKDOWN = "# Article {n}\n\n{text}\n\n- Share\n- [Log in](/login)\n\n```py\n# Share\nx = {n}\n```\n\n| a | b |\n|---|---|\n| 1 | {n} |\n"


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.parquet"])
def test_markdown(name: str, tmp_path: Path) -> None:
    """Markdown in records is cleaned as by `clean_markdown`; kept and dropped lines make up the input."""
    pytest.importorskip("pyromark", reason="needs the extra: pip install 'dechaff[markdown]'")
    rows = [{"id": f"d{n}", "text": MARKDOWN.format(n=n, text=text)} for n, text in enumerate(texts(40))]
    rows += [{"id": "blank", "text": " \n"}, {"id": "deep", "text": "> " * 100 + "a\nShare\n"}]
    path = tmp_path / name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        write_jsonl(path, rows)
    settings = Settings(dropped=True, attributes=True, format="markdown")
    summary = clean_bulk([path], tmp_path / "out", settings, workers=1)
    out, suffix = tmp_path / "out", ".jsonl.zst" if name.endswith(".parquet") else ""
    found = pq.read_table(out / name).to_pylist() if suffix else read_jsonl(out / name)
    assert found == [{**row, "text": clean_markdown(row["text"])} for row in rows]
    dropped: dict[str, dict[int, str]] = {}
    for line in read_jsonl(out / "_dropped" / f"{name}{suffix}"):
        dropped.setdefault(line["id"], {})[line["line"]] = line["text"]
    attributes = read_jsonl(out / "_attributes" / f"{name}{suffix}")
    for row, clean, scores in zip(rows, found, attributes, strict=True):
        there, gone, lines = iter(lines_of(clean["text"])), dropped.get(row["id"], {}), lines_of(row["text"])
        assert lines == [gone[n] if n in gone else next(there) for n in range(len(lines))]
        assert [row["text"][a:b] for a, b, _ in scores["attributes"]["dechaff__content"]] == lines
    assert summary.counts.n_lines == sum(len(lines_of(row["text"])) for row in rows)
    assert summary.counts.n_dropped_lines == sum(map(len, dropped.values())) > 0


@pytest.mark.parametrize(("kind", "codec"), [("string", "zstd"), ("large_string", "none"), ("dictionary", "gzip")])
def test_parquet_round_trip(kind: str, codec: str, tmp_path: Path) -> None:
    """Parquet keeps its schema, metadata, codecs, rows and other columns."""
    types = {
        "string": pa.string(),
        "large_string": pa.large_string(),
        "dictionary": pa.dictionary(pa.int32(), pa.string()),
    }
    rows = [
        {"doc_id": n, "content": row["text"], "when": None, "tags": ["a", "b"]} for n, row in enumerate(records(90))
    ]
    schema = pa.schema(
        [("doc_id", pa.int64()), ("content", types[kind]), ("when", pa.timestamp("us", "UTC")), ("tags", pa.list_(pa.string()))],
        {"made": "by hand"},
    )  # fmt: skip
    table = pa.table([pa.array([r[n] for r in rows]).cast(schema.field(n).type) for n in schema.names], schema)
    pq.write_table(table, tmp_path / "a.parquet", compression=codec, row_group_size=20)
    clean_bulk([tmp_path / "a.parquet"], tmp_path / "out", Settings(dropped=True))
    result = pq.read_table(tmp_path / "out" / "a.parquet")
    written = pq.read_table(tmp_path / "a.parquet").schema
    assert result.schema.equals(written, check_metadata=True)
    assert result.to_pylist() == cleaned(rows, "content")
    described = pq.ParquetFile(tmp_path / "out" / "a.parquet").metadata.row_group(0).column(1)
    assert described.compression == {"none": "UNCOMPRESSED"}.get(codec, codec.upper())
    assert {line["id"] for line in read_jsonl(tmp_path / "out" / "_dropped" / "a.parquet.jsonl.zst")} <= set(
        range(90)
    )


def test_parquet_without_rows(tmp_path: Path) -> None:
    """A table without rows stays empty."""
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "a.parquet")
    clean_bulk([tmp_path / "a.parquet"], tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "a.parquet").num_rows == 0


def write_wet(path: Path, bodies: list[str]) -> None:
    """Write a WET file as Common Crawl does: one gzip member a record if compressed, and one record that is no text."""
    with path.open("wb") as file:
        stream = GzipWriter(file) if path.name.endswith(".gz") else file
        for number, body in enumerate(["Software-Info: test\r\n", *bodies]):
            record = WarcRecord()
            record.init_headers(WarcRecordType.conversion if number else WarcRecordType.warcinfo)
            record.headers["Content-Type"] = "text/plain" if number else "application/warc-fields"
            record.headers["WARC-Target-URI"] = f"https://example.org/{number}"
            record.headers["WARC-Record-ID"] = f"<urn:uuid:{number:036d}>"
            record.headers["WARC-Date"] = "2026-01-01T00:00:00Z"
            record.set_bytes_content(body.encode())
            record.write(stream, checksum_data=True)
        if stream is not file:
            stream.close()


def read_wet(path: Path) -> list[tuple[dict[str, str], bytes]]:
    """Read all records with their headers in order, and check their digests."""
    found = []
    for record in ArchiveIterator(path.open("rb"), parse_http=False):
        assert record.verify_block_digest()
        found.append((dict(record.headers.to_tuples()), record.reader.read()))
    return found


@pytest.mark.parametrize("name", ["a.warc.wet.gz", "a.wet"])
def test_wet_round_trip(name: str, tmp_path: Path) -> None:
    """Each WET conversion record gets its clean body, length and digest; everything else stays."""
    bodies = list(texts(1000 if name.endswith(".gz") else 100, lines=3))
    write_wet(tmp_path / name, bodies)
    summary = clean_bulk([tmp_path / name], tmp_path / "out", Settings(attributes=True), workers=1)
    before, after = read_wet(tmp_path / name), read_wet(tmp_path / "out" / name)
    assert [body.decode() for _, body in after] == ["Software-Info: test\r\n", *clean_array(bodies)]
    assert after[0] == before[0]
    for (old, _), (new, body) in zip(before, after, strict=True):
        changed = {name for name in old if old[name] != new[name]}
        assert list(old) == list(new)
        assert changed <= {"Content-Length", "WARC-Block-Digest", "WARC-Payload-Digest"}
        assert (
            new["WARC-Block-Digest"]
            == "sha1:" + b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()
        )
    assert summary.counts.n_documents == len(bodies)
    side = tmp_path / "out" / "_attributes" / (name + (".jsonl.gz" if name.endswith(".gz") else ".jsonl"))
    assert [row["id"] for row in read_jsonl(side)] == [headers["WARC-Record-ID"] for headers, _ in before[1:]]


def test_each_wet_record_is_a_gzip_member(tmp_path: Path) -> None:
    """Each record can be read from its own offset in the compressed file."""
    write_wet(tmp_path / "a.wet.gz", list(texts(20)))
    clean_bulk([tmp_path / "a.wet.gz"], tmp_path / "out")
    path = tmp_path / "out" / "a.wet.gz"
    places = [record.stream_pos for record in ArchiveIterator(path.open("rb"), parse_http=False)]
    assert len(set(places)) == 21
    later = ArchiveIterator(io.BytesIO(path.read_bytes()[places[7] :]), parse_http=False)
    assert next(iter(later)).headers["WARC-Target-URI"] == "https://example.org/7"


@pytest.mark.slow
def test_workers_do_not_change_a_byte(tmp_path: Path) -> None:
    """One process and two write the same files, within one input and over several."""
    write_jsonl(tmp_path / "in" / "a.jsonl.zst", records(2500))
    write_jsonl(tmp_path / "in" / "b.jsonl.gz", records(300))
    write_wet(tmp_path / "in" / "c.wet.gz", list(texts(10_000, lines=3)))
    table = pa.Table.from_pylist(records(1000))
    pq.write_table(table, tmp_path / "in" / "d.parquet")
    for n in (1, 2):
        clean_bulk([tmp_path / "in"], tmp_path / f"out{n}", Settings(attributes=True), workers=n)
    assert tree(tmp_path / "out1") == tree(tmp_path / "out2")


def test_empty_files(tmp_path: Path) -> None:
    """A file without records gives an empty file of the same format."""
    for name in ("a.jsonl", "b.jsonl.gz", "c.jsonl.zst", "d.wet.gz"):
        (tmp_path / name).write_bytes(compress(b"", tmp_path / name))
    (tmp_path / "e.jsonl.gz").touch()
    clean_bulk(sorted(tmp_path.glob("*.*")), tmp_path / "out")
    assert [read_bytes(path) for path in sorted((tmp_path / "out").glob("[a-e]*"))] == [b""] * 5


def test_more_gzip_members_and_zstandard_frames_than_one(tmp_path: Path) -> None:
    """Files of several gzip members or Zstandard frames are read to the end and written as one."""
    rows = records(30)
    for name in ("a.jsonl.gz", "a.jsonl.zst"):
        path = tmp_path / name
        path.write_bytes(b"".join(compress(jsonl([row]), path) for row in rows))
    clean_bulk(sorted(tmp_path.glob("a.*")), tmp_path / "out")
    for name in ("a.jsonl.gz", "a.jsonl.zst"):
        assert read_jsonl(tmp_path / "out" / name) == cleaned(rows)


def test_the_model_and_the_threshold_count(tmp_path: Path, saved: Path, model: LineModel) -> None:
    """A model, a threshold, a preset or keywords have the same effect as in the library."""
    rows = records(60, lines=40)
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    plain = [row["text"] for row in rows]
    keywords = {"subscribe": ["of the series ends here"]}
    cases = {
        "model": (Settings(model=saved), clean_array(plain, load_model(saved))),
        "number": (Settings(threshold=0.9), clean_array(plain, model, 0.9)),
        "preset": (Settings(threshold="precision"), clean_array(plain, model, "precision")),
        "keywords": (Settings(keywords=keywords), clean_array(plain, model.with_keywords(keywords))),
    }
    for name, (settings, wanted) in cases.items():
        clean_bulk([path], tmp_path / name, settings)
        assert [row["text"] for row in read_jsonl(tmp_path / name / "a.jsonl")] == wanted
