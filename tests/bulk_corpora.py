"""Document files for the tests of bulk runs, made of the project's own articles, and readers for them."""

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from dechaff_training.corpus.corpus import Corpus

zstandard = pytest.importorskip("zstandard", reason="needs the bulk extra: pip install 'dechaff[bulk]'")
ARTICLES = Path(__file__).parents[1] / "data" / "articles"


def texts(n: int, lines: int = 12) -> Iterator[str]:
    """Yield excerpts of the project's articles in a cycle, each with a unique last line."""
    articles = _articles()
    for number in range(n):
        article = articles[number % len(articles)]
        first = number // len(articles) % 3 * lines // 2
        yield "\n".join([*article[first : first + lines], f"Number {number} of the series ends here."])


@cache
def _articles() -> list[list[str]]:
    return [text.split("\n") for text in Corpus.read(ARTICLES).texts]


def records(n: int, lines: int = 12) -> list[dict[str, Any]]:
    """Return documents with other fields around the text."""
    return [
        {
            "id": f"d{number}",
            "url": f"https://example.org/{number}",
            "text": text,
            "meta": {"n": number, "text": "no"},
        }
        for number, text in enumerate(texts(n, lines))
    ]


def jsonl(rows: Iterable[Any]) -> bytes:
    """Return rows as JSON Lines."""
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def compress(data: bytes, path: Path) -> bytes:
    """Compress data by the ending of a file's name."""
    if path.name.endswith(".gz"):
        return gzip.compress(data)
    return zstandard.compress(data) if path.name.endswith(".zst") else data


def write_jsonl(path: Path, rows: Iterable[Any]) -> Path:
    """Write JSON Lines, compressed by the ending of the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(compress(jsonl(rows), path))
    return path


def read_bytes(path: Path) -> bytes:
    """Read a file and decompress it as most programs do: the first Zstandard frame only."""
    data = path.read_bytes()
    if path.name.endswith(".gz"):
        return gzip.decompress(data)
    return (
        zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read() if path.name.endswith(".zst") else data
    )


def read_jsonl(path: Path) -> list[Any]:
    """Read JSON Lines with another parser than the one that wrote them."""
    return [json.loads(line) for line in read_bytes(path).decode().splitlines() if line]


def tree(folder: Path) -> dict[str, bytes]:
    """Return the content of all files in a folder, hidden ones included, by relative path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
