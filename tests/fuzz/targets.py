"""Fuzz targets: each takes any bytes and fails only if a guarantee of dechaff is broken.

Readers may raise `DechaffError` for bad input; any other exception is a defect.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from helpers import naive_lines, random_model

from dechaff import (
    ArtifactError,
    DechaffError,
    LineBatch,
    classify_lines,
    clean_array,
    clean_article,
    clean_html,
    inspect_model,
    keep_content,
    load_model,
    split_lines,
)
from dechaff.bulk import Settings, clean_bulk
from dechaff.bulk.formats.warc import cut_records
from dechaff.bulk.records import BadRecord
from dechaff.kernels import use_numba
from dechaff.text.markup.blocks import parse
from dechaff.text.markup.html import looks_like_html, read_page
from dechaff.text.reading import Rows
from dechaff_training.corpus.corpus import Corpus

#: No weight is zero, so that nothing goes unseen.
MODEL: Final = random_model(seed=3, n_bits=8, n_trees=3)
CORPUS_SUFFIXES: Final = (".txt", ".jsonl", ".parquet")
BULK_NAMES: Final = ("a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet", "a.wet", "a.wet.gz")


def as_texts(data: bytes) -> list[str]:
    """Decode any bytes to articles; invalid UTF-8 becomes lone surrogates."""
    return [part.decode("utf-8", "surrogateescape") for part in data.split(b"\xff")]


def lines(data: bytes) -> None:
    """Check that lines are those of `str.splitlines`, each stripped, and that the segments make up the text."""
    for text in as_texts(data):
        assert [text[start:end] for start, end in split_lines(text)] == naive_lines(text)
        batch = LineBatch.from_texts([text])
        assert "".join(batch.segments(0)) == (text if batch.n_lines else "")


def labels(data: bytes) -> None:
    """Check that probabilities are within [0, 1], that batches do not matter, and that kept and dropped make up the input."""
    texts = as_texts(data)
    cleaned = clean_array(texts, MODEL)
    for text, kept in zip(texts, cleaned, strict=True):
        assert keep_content(text, MODEL) == kept
        labelled = classify_lines(text, MODEL)
        assert all(0 <= line.probability <= 1 for line in labelled)
        assert [text[line.start : line.end] for line in labelled] == [line.text for line in labelled]
        assert _is_subsequence(kept, text)


def markdown(data: bytes) -> None:
    """Check that the blocks that come out of Markdown went in, and that every line has a label."""
    for text in as_texts(data):
        article = clean_article(text, MODEL, format="markdown")
        assert [(line.start, line.end) for line in article.lines] == split_lines(text)
        before, after = (_block_kinds(each) for each in (text, article.text))
        assert before is None or (after is not None and _is_subsequence(after, before))


def _block_kinds(text: str) -> list[str] | None:
    parsed = parse(Rows.of(text, markdown=True))
    return None if parsed is None else [block.kind for block in parsed.blocks]


def _is_subsequence(part: Sequence[str], whole: Sequence[str]) -> bool:
    rest = iter(whole)
    return all(character in rest for character in part)


def kernels(data: bytes) -> None:
    """Check that the numba kernels compute what numpy computes."""
    batch = LineBatch.from_texts(as_texts(data))
    with use_numba(False):
        expected = MODEL.log_odds(batch)
    with use_numba(True):
        found = MODEL.log_odds(LineBatch.from_texts(as_texts(data)))
    assert np.allclose(found, expected, rtol=0, atol=1e-6)


def artefact(data: bytes) -> None:
    """Check that a model file is read or refused, raw and compressed, and that a model that was read can be used."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.joblib"
        for raw in (data, zlib.compress(data, 1)):
            path.write_bytes(raw)
            with suppress(ArtifactError):
                inspect_model(path)
                probability = load_model(path).predict_proba(["The vote was held.\nShare"])
                assert ((probability >= 0) & (probability <= 1)).all()


def corpus(data: bytes) -> None:
    """Check that a labelled file is read or refused, with a label for every line."""
    if not data:
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a{CORPUS_SUFFIXES[data[0] % len(CORPUS_SUFFIXES)]}"
        path.write_bytes(data[1:])
        with suppress(DechaffError):
            for article in Corpus.read(path):
                assert len(article.labels) == LineBatch.from_texts([article.text]).n_lines


def bulk(data: bytes) -> None:
    """Check that every record of a file is cleaned or in quarantine, and that the output can be read."""
    if not data:
        return
    with TemporaryDirectory() as folder:
        name = BULK_NAMES[data[0] % len(BULK_NAMES)]
        # Every other time the compressed content is fuzzed, not the compression.
        content = gzip.compress(data[1:], 1) if data[0] & 0x80 and name.endswith(".gz") else data[1:]
        source, out = Path(folder) / name, Path(folder) / "out"
        source.write_bytes(content)
        with suppress(DechaffError):
            tally = clean_bulk([source], out, Settings(dropped=True), workers=1).counts
            rows = _quarantined(out / "_quarantine")
            assert sum(row["n_records"] for row in rows) == tally.n_bad
            assert _count_records(out / name) in {None, tally.n_documents}


def _quarantined(folder: Path) -> list[dict[str, int]]:
    return [json.loads(line) for path in folder.glob("*") for line in path.read_text().splitlines()]


def _count_records(path: Path) -> int | None:
    """Count the records of JSON Lines without blank ones; for WET, where some records pass through, check that they can be read."""
    if path.suffix == ".jsonl" and path.exists():
        return len([json.loads(line) for line in path.read_bytes().split(b"\n") if line.strip()])
    if path.suffix == ".wet" and path.exists():
        assert not [each for each in cut_records(iter([path.read_bytes()])) if isinstance(each, BadRecord)]
    return None


def html(data: bytes) -> None:
    """Check that any bytes are read as a page, whatever their encoding, and that the kept text is part of its text."""
    for page in (data, data.decode("utf-8", "surrogateescape")):
        text, title = read_page(page)
        assert title is None or title == " ".join(title.split()) != ""
        assert _is_subsequence(clean_html(page, model=MODEL), text)
    looks_like_html(data.decode("latin-1"))


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    target.__name__: target for target in (lines, labels, markdown, kernels, artefact, corpus, bulk, html)
}
