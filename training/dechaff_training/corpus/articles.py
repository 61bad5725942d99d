"""Labelled articles and their two formats: text with a mark before each line, and JSONL."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Indices
from dechaff.errors import CorpusError
from dechaff.explain.kinds import KINDS
from dechaff.text.characters import SPACE, class_table
from dechaff.text.lines import split_lines
from dechaff.text.marked import Bits, MarkedText

#: Label codes in training.
CONTENT, BOILERPLATE, MASKED = 1, 0, -1
_MARK = re.compile(r"(\+|\?|-)([a-z]*)(?: (.*))?", re.DOTALL)
#: The label of each mark in labelled text.
LABELS = {"+": CONTENT, "-": BOILERPLATE, "?": MASKED}
MARKS = {label: mark for mark, label in LABELS.items()}
_NAMES = {"content": CONTENT, "boilerplate": BOILERPLATE, "masked": MASKED}


@dataclass(frozen=True, eq=False)
class Article:
    """A text with a label for each of its lines, and its origin.

    Attributes
    ----------
    text : str
    labels : ndarray of int8
        CONTENT, BOILERPLATE or MASKED for each line of `split_lines`, which leaves out blank lines.
    site : str
        The publisher. Splits keep all articles of a site together.
    id : str
        The identifier, unique among the articles of one extractor.
    source : str
        The collection that the article comes from; "articles" for labelled files.
    language : str, optional
        The two-letter language code.
    page_type : str
    extractor : str
        The extractor of the text; "none" if it was not HTML.
    kinds : tuple of str, optional
        The kind of each line of a labelled file; "" for lines without a kind.
    body : tuple of str, optional
        The gold paragraphs: the article's text, extracted by a person.
    title : str, optional
    silver : bool
        Whether the labels are silver: from a vote of extractors instead of a gold body.
    corrected : bool
        Whether a model that sees the markup has corrected these labels (`correct_unread`).
    roles, policy_kinds : tuple of str, optional
        For pages whose lines a reader labelled one by one (labels are not derived from a gold text): the role of
        each content line (headline, standfirst, lead), and the kind of each boilerplate line; "" for none.
    markup : tuple of ndarray, optional
        The begins and the bits of the pieces of the text, as in `MarkedText`.
    """

    text: str
    labels: NDArray[np.int8]
    site: str
    id: str
    source: str
    language: str | None = None
    page_type: str = "article"
    extractor: str = "none"
    kinds: tuple[str, ...] | None = None
    body: tuple[str, ...] | None = None
    title: str | None = None
    silver: bool = False
    corrected: bool = False
    roles: tuple[str, ...] | None = None
    policy_kinds: tuple[str, ...] | None = None
    markup: tuple[Indices, Bits] | None = None

    @property
    def is_vote(self) -> bool:
        """Return whether the labels come from a vote of extractors alone."""
        return self.silver and not self.corrected

    @property
    def marked_text(self) -> str:
        """Return the text with its markup, if that is known."""
        return self.text if self.markup is None else MarkedText.of(self.text, *self.markup)


class MalformedError(CorpusError):
    """A malformed line of a labelled file.

    Parameters
    ----------
    where : str
        The name of the file.
    line : int
        The line number, from 1.
    problem : str
        The mistake, and how to correct it.
    """

    def __init__(self, where: str, line: int, problem: str) -> None:
        super().__init__(f"{where}:{line}: {problem}")
        self.line, self.problem = line, problem


@dataclass(frozen=True)
class _MarkedLine:
    number: int
    text: str
    label: int
    kind: str


def parse_labelled(text: str, where: str = "text") -> tuple[str, NDArray[np.int8], tuple[str, ...]]:
    r"""Parse labelled text, which has a mark before each line that is not blank.

    Parameters
    ----------
    text : str
        The labelled text: `+ ` marks content, `- ` or `-kind ` boilerplate, `? ` masked lines.
    where : str
        The file's name, for errors.

    Returns
    -------
    text : str
        The text without the marks; its lines are joined by line feeds.
    labels : ndarray of int8
    kinds : tuple of str
        The kind of each line; "" for content, and for boilerplate without a kind.

    Raises
    ------
    CorpusError
        If a line has no mark or an unknown one, or no text after the mark.

    Examples
    --------
    >>> parse_labelled("+ The weir\n\n-share Tweet\n")
    ('The weir\n\nTweet', array([1, 0], dtype=int8), ('', 'share'))
    """
    problems = [item for item in scan_labelled(text, where) if isinstance(item, MalformedError)]
    if problems:
        raise problems[0]
    marked = {item.number: item for item in scan_labelled(text, where) if isinstance(item, _MarkedLine)}
    lines = [marked[i].text if i in marked else "" for i in range(1, len(text.splitlines()) + 1)]
    labels = np.array([line.label for line in marked.values()], np.int8)
    return "\n".join(lines), labels, tuple(line.kind for line in marked.values())


def scan_labelled(text: str, where: str) -> Iterator[_MarkedLine | MalformedError]:
    """Yield the marked lines of labelled text, and an error for each malformed one."""
    for number, raw in enumerate(text.splitlines(), 1):
        if _is_blank(raw):
            continue
        found = _MARK.fullmatch(raw)
        if found is None:
            problem = f"no mark before {raw[:30]!r}: begin the line with '+ ', '- ', '-kind ' or '? '"
        elif found[2] and (found[1] != "-" or found[2] not in KINDS):
            problem = (
                f"unknown mark {found[1] + found[2]!r}: write '+', '-' or '-kind' with a kind of {', '.join(KINDS)}"
            )
        elif _is_blank(found[3] or ""):
            problem = "a mark without text: write the line's text after it, or leave the line empty"
        else:
            yield _MarkedLine(number, found[3], LABELS[found[1]], found[2])
            continue
        yield MalformedError(where, number, problem)


def format_labelled(text: str, labels: Sequence[int] | NDArray[np.int8], kinds: Sequence[str] | None = None) -> str:
    r"""Return a text with a mark before each line that is not blank, as `parse_labelled` reads it.

    Parameters
    ----------
    text : str
        The article's text; its line breaks become line feeds.
    labels : sequence of int, length n_lines
        The label of each line that is not blank.
    kinds : sequence of str, length n_lines, optional

    Raises
    ------
    CorpusError
        If the number of labels differs from the number of lines that are not blank.

    Examples
    --------
    >>> print(format_labelled("The weir\r\n\r\nTweet", [1, 0], ["", "share"]), end="")
    + The weir
    <BLANKLINE>
    -share Tweet
    """
    n_lines = len(split_lines(text))
    if n_lines != len(labels) or (kinds is not None and len(kinds) != n_lines):
        raise CorpusError(f"{n_lines} lines, but {len(labels)} labels: give one label for each non-blank line")
    marks = iter(zip(labels, kinds or [""] * n_lines, strict=True))
    return "".join("\n" if _is_blank(line) else f"{_mark(*next(marks))} {line}\n" for line in text.splitlines())


def _is_blank(line: str) -> bool:
    """Return whether `split_lines` leaves out a line: it has only white space or zero-width characters."""
    classes = class_table()
    return all(classes[ord(character)] & SPACE for character in line)


def _mark(label: int, kind: str) -> str:
    return MARKS[int(label)] + (kind if label == BOILERPLATE else "")


def read_labelled(path: Path) -> Article:
    """Read a labelled file `<site>/<slug>.txt`, and the site's language from `sites.tsv` beside the folder.

    Raises
    ------
    CorpusError
        If the file is malformed.
    """
    text, labels, kinds = parse_labelled(read_file(path), str(path))
    site = path.resolve().parent.name
    language = _site_languages(path.resolve().parent.parent / "sites.tsv").get(site)
    return Article(text, labels, site, f"{site}/{path.stem}", "articles", language, kinds=kinds)


def read_jsonl(path: Path) -> list[Article]:
    """Read articles from JSON Lines: one article per record, or one line of a single article per record.

    An article is `{"id", "site", "lines": [{"text", "label", "kind"?}], "language"?, "source"?}`. Records with
    `text` and `label` are the lines of one article, named after the file.

    Raises
    ------
    CorpusError
        If a record is malformed.
    """
    records = list(parse_records(read_file(path), str(path)))
    if records and "lines" not in records[0][1]:
        lines = [_check_line(record, path, number) for number, record in records]
        name = path.name.removesuffix(".jsonl").removesuffix(".labels")
        return [_from_lines({"id": name, "site": name}, lines)]
    return [_from_record(record, path, number) for number, record in records]


def read_file(path: Path) -> str:
    """Read a UTF-8 file without converting its line breaks.

    Raises
    ------
    CorpusError
        If the file cannot be read, or is not valid UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8 at byte {error.start}: save the file as UTF-8") from error


@cache
def _site_languages(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    rows = [row.split("\t") for row in read_file(path).splitlines()[1:]]
    return {row[0]: row[1] for row in rows if len(row) >= 2}


def parse_records(text: str, where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of JSON Lines with their line numbers; blank lines are skipped.

    Parameters
    ----------
    text : str
    where : str
        The file's name, for errors.

    Raises
    ------
    CorpusError
        If a line is not a JSON object.
    """
    # Only line feeds end a record: JSON strings may contain other line breaks unescaped.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise MalformedError(where, number, f"not valid JSON: {error.msg} at column {error.colno}") from error
        if not isinstance(record, dict):
            raise MalformedError(where, number, "not a JSON object: write one object per line")
        yield number, record


def _from_record(record: dict[str, Any], path: Path, number: int) -> Article:
    for key in ("id", "site"):
        if not isinstance(record.get(key), str):
            raise MalformedError(str(path), number, f'no string "{key}": give each article an id and a site')
    if not isinstance(record.get("lines"), list):
        raise MalformedError(str(path), number, 'no list "lines": give a list of objects with "text" and "label"')
    return _from_lines(record, [_check_line(line, path, number) for line in record["lines"]])


def _check_line(line: Any, path: Path, number: int) -> tuple[str, int, str]:
    """Return a line's text, label and kind from its record."""
    if not isinstance(line, dict) or not isinstance(line.get("text"), str):
        raise MalformedError(str(path), number, 'a line is not an object with strings "text" and "label"')
    label = line.get("label")
    if not isinstance(label, str) or label not in _NAMES:
        problem = f"unknown label {label!r}: write one of {', '.join(_NAMES)}"
        raise MalformedError(str(path), number, problem)
    if len(split_lines(line["text"])) != 1:
        problem = f"{line['text'][:30]!r} is not one line: leave out blank lines, and split the others"
        raise MalformedError(str(path), number, problem)
    kind = line.get("kind") or ""
    if kind and kind not in KINDS:
        raise MalformedError(str(path), number, f"unknown kind {kind!r}: write one of {', '.join(KINDS)}")
    return line["text"], _NAMES[label], kind


def _from_lines(record: dict[str, Any], lines: list[tuple[str, int, str]]) -> Article:
    texts, labels, kinds = zip(*lines, strict=True) if lines else ((), (), ())
    return Article(
        "\n".join(texts),
        np.array(labels, np.int8),
        record["site"],
        record["id"],
        record.get("source") or "articles",
        record.get("language"),
        kinds=tuple(kinds),
    )
