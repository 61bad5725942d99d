"""Dolma documents in JSON Lines and their attributes, as `dechaff bulk --attributes` writes them."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dechaff.bulk.cleaner import ATTRIBUTE
from dechaff.bulk.formats import format_of
from dechaff.bulk.formats.compression import read_pieces
from dechaff.bulk.records import DamageError
from dechaff.errors import CorpusError
from dechaff_training.corpus import Article
from dechaff_training.corpus.articles import parse_records
from dechaff_training.exchange.spans import Span, check_span, label_lines, line_spans

#: The folder of attribute files, beside the documents.
ATTRIBUTES_FOLDER = "_attributes"
# Bulk runs write probabilities as `dechaff__content`; kinds and masked lines are further attributes.
_PREFIX, _MASKED, _BOILERPLATE = "dechaff__", "masked", "boilerplate"
_THRESHOLD = 0.5


def to_documents(articles: Iterable[Article]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    r"""Yield each article as a document and its attributes.

    Parameters
    ----------
    articles : iterable of Article

    Examples
    --------
    >>> import numpy as np
    >>> article = Article("Tweet\n", np.array([0], np.int8), "bote", "bote/weir", "articles", kinds=("share",))
    >>> [(document, attributes)] = to_documents([article])
    >>> attributes["attributes"]
    {'dechaff__content': [[0, 5, 0.0]], 'dechaff__share': [[0, 5, 1.0]]}
    """
    for article in articles:
        head = {"id": article.id, "source": article.source}
        yield {**head, "text": article.text}, {**head, "attributes": _attributes(article)}


def _attributes(article: Article) -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = {ATTRIBUTE: []}
    for span in line_spans(article):
        name, _, kind = span.name.partition("/")
        if name != _MASKED:
            found[ATTRIBUTE].append([span.start, span.end, float(name != _BOILERPLATE)])
        if kind or name == _MASKED:
            found.setdefault(_PREFIX + (kind or name), []).append([span.start, span.end, 1.0])
    return found


def from_documents(documents: Path, attributes: Path | None = None) -> Iterator[Article]:
    """Read documents with their attributes, in the order of the documents.

    Parameters
    ----------
    documents : Path
        The JSON Lines file of documents, which may be compressed.
    attributes : Path, optional
        The attributes file; by default the one of the same name in the folder `_attributes` beside the documents.
        Attributes of other documents are ignored.

    Raises
    ------
    CorpusError
        If a file is malformed, a document has no attributes, or a line has no span or conflicting ones.
    """
    attributes = attributes or documents.parent / ATTRIBUTES_FOLDER / documents.name
    found = dict(_read_field(attributes, "attributes", dict))
    for identity, text in _read_field(documents, "text", str):
        where = f"{documents}: document {identity}"
        if identity not in found:
            raise CorpusError(f"{where}: no attributes in {attributes}: give the file for these documents")
        labels, kinds = label_lines(text, _spans(found[identity], where), where)
        yield Article(text, labels, "", identity, "articles", kinds=kinds)


def _read_field(path: Path, field: str, type_: type) -> Iterator[tuple[str, Any]]:
    """Yield each record's id, which must be unique, with the value of a field."""
    seen = set()
    for number, record in parse_records(_read(path), str(path)):
        identity = record.get("id", f"{path.name}:{number}")
        identity = identity if isinstance(identity, str) else json.dumps(identity)
        if not isinstance(record.get(field), type_):
            expected = "string" if type_ is str else "object"
            raise CorpusError(f'{path}:{number}: no {expected} "{field}": give the documents, then the attributes')
        if identity in seen:
            raise CorpusError(f"{path}:{number}: the id {identity!r} is not unique: give each document its own id")
        seen.add(identity)
        yield identity, record[field]


def _read(path: Path) -> str:
    name, compression = format_of(path.name) or ("", "")
    if name != "jsonl":
        raise CorpusError(f"{path}: not a JSON Lines file: its name must end in .jsonl, .jsonl.gz or .jsonl.zst")
    try:
        with path.open("rb") as file:
            return b"".join(read_pieces(file, compression)).decode("utf-8-sig")
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    except (DamageError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: {error}") from error


def _spans(attributes: dict[str, Any], where: str) -> Iterator[Span]:
    """Yield the labelled spans of a document's attributes; a kind replaces the plain label of its span."""
    named: dict[tuple[int, int], set[str]] = {}
    for name, start, end, score in _rows(attributes, where):
        own = name.removeprefix(_PREFIX)
        if name == ATTRIBUTE:
            own = "content" if score >= _THRESHOLD else _BOILERPLATE
        elif own != _MASKED:
            own = f"{_BOILERPLATE}/{own}"
        span = check_span(start, end, own, where)
        named.setdefault((span.start, span.end), set()).add(own)
    for place, names in named.items():
        if any(name.startswith(f"{_BOILERPLATE}/") for name in names):
            names.discard(_BOILERPLATE)
        yield from (Span(*place, name) for name in sorted(names))


def _rows(attributes: dict[str, Any], where: str) -> Iterator[tuple[str, Any, Any, float]]:
    """Yield name, start, end and score of every row of dechaff's attributes; other attributes are skipped."""
    for name, rows in attributes.items():
        if not name.startswith(_PREFIX):
            continue
        if not isinstance(rows, list):
            raise CorpusError(f"{where}: {name} is not a list of [start, end, score] rows")
        for row in rows:
            if (
                not isinstance(row, list)
                or len(row) != 3
                or type(row[2]) not in (int, float)
                or not 0 <= row[2] <= 1
            ):
                raise CorpusError(f"{where}: {name}: {row!r} is not [start, end, score between 0 and 1]")
            yield name, *row
