"""Labels by reading: how they are read, carried over to other texts of a page, and replace other labels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dechaff import CorpusError
from dechaff.text.marked import MarkedText, markup_bits
from dechaff_training.corpus import BOILERPLATE, CONTENT, MASKED, Article, Corpus
from dechaff_training.corpus.policy_labels import (
    carry_over,
    digest_line,
    has_read_labels,
    read_labels,
    source_lines,
)

pa = pytest.importorskip("pyarrow", reason="needs the bulk extra: pip install 'dechaff[bulk]'")
parquet = pytest.importorskip("pyarrow.parquet")

LINES = ("Home", "The mill shuts", "The mill closed on Monday, its owner said.", "Photo: Ann Lee", "Read more")
LABELS = ("boilerplate", "content", "content", "boilerplate", "boilerplate")
KINDS = ("navigation", None, None, "caption", "related")
ROLES = (None, "headline", "lead", None, None)


def page_row(**changes: Any) -> dict[str, Any]:
    """Return a page as the file has it, its last line in doubt."""
    text, lines, start = "\n".join(LINES), [], 0
    for line, label, kind, role in zip(LINES, LABELS, KINDS, ROLES, strict=True):
        doubt = line == "Read more"
        lines.append(
            {"start": start, "end": start + len(line), "label": label, "kind": kind, "role": role, "doubt": doubt}
        )
        start += len(line) + 1
    row = {"id": "post/1", "site": "post.example", "language": "en", "title": LINES[1], "page_kind": "article"}
    return row | {"text": text, "lines": lines} | changes


def write(path: Path, *rows: dict[str, Any]) -> Path:
    """Write pages as Parquet."""
    parquet.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


@pytest.fixture
def page(tmp_path: Path) -> Article:
    """Read the page."""
    return read_labels(write(tmp_path / "read.parquet", page_row()))[0]


def test_reading(page: Article) -> None:
    """Labels, kinds and roles are those of the file; a line in doubt is masked."""
    assert page.labels.tolist() == [BOILERPLATE, CONTENT, CONTENT, BOILERPLATE, MASKED]
    assert page.policy_kinds == ("navigation", "", "", "caption", "related")
    assert page.kinds == ("related", "", "", "credit", "")
    assert page.roles == ("", "headline", "lead", "", "")
    assert (page.id, page.site, page.page_type, page.extractor) == (
        "post/1", "post.example", "article", "resiliparse_all",
    )  # fmt: skip


def test_lines_with_zero_width_characters(tmp_path: Path) -> None:
    """A labelled span may hold zero-width characters that the library strips, and a blank line of them."""
    lines = [
        {"start": 0, "end": 5, "label": "content", "kind": None, "role": None, "doubt": False},
        {"start": 6, "end": 7, "label": "boilerplate", "kind": None, "role": None, "doubt": False},
        {"start": 8, "end": 9, "label": "boilerplate", "kind": None, "role": None, "doubt": False},
    ]
    row = page_row(text="\u200bMill\n\u200b\nX", lines=lines)
    assert read_labels(write(tmp_path / "read.parquet", row))[0].labels.tolist() == [CONTENT, BOILERPLATE]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": "One\nTwo", "lines": page_row()["lines"][:1]}, "row 1: no label for the line at"),
        ({"lines": [page_row()["lines"][0] | {"label": "maybe"}]}, "row 1: unknown label 'maybe'"),
        ({"lines": None}, "row 1: not a page with labelled lines"),
        ({"text": None, "lines": []}, "row 1: id, site and text must be strings"),
        ({"lines": [{"start": 0}]}, "row 1: not a page with labelled lines"),
    ],
)
def test_malformed_pages(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    """A line without a label, with an unknown one, or no list of lines at all, is an error with the row."""
    with pytest.raises(CorpusError, match=message):
        read_labels(write(tmp_path / "read.parquet", page_row(**changes)))


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("\n".join(LINES), [BOILERPLATE, CONTENT, CONTENT, BOILERPLATE, MASKED]),
        ("\n".join(["Skip", *LINES[:2], *LINES[3:]]), [MASKED, BOILERPLATE, CONTENT, BOILERPLATE, MASKED]),
        ("Nothing of it", [MASKED]),
    ],
    ids=["same", "other lines", "another page"],
)
def test_labels_without_text(text: str, labels: list[int], tmp_path: Path) -> None:
    """Labels by digest find the lines of the page's text; lines that were not read are masked."""
    row = page_row()
    del row["text"]
    for line, place in zip(LINES, row["lines"], strict=True):
        place["digest"] = digest_line(line)
        del place["start"], place["end"]
    path = write(tmp_path / "read.parquet", row)
    assert has_read_labels(path)
    assert read_labels(path) == []
    assert [page.labels.tolist() for page in read_labels(path, {row["id"]: text})] == [labels]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("\n".join(LINES), [0, 1, 1, 0, -1]),
        ("The mill shuts\nThe mill closed on Monday,\nits owner said.", [1, 1, 1]),
        ("The mill shuts The mill closed on Monday, its owner said.", [1]),
        ("Home The mill shuts", [-1]),
        ("• The mill shuts\nSomething else entirely", [1, -1]),
        ("Photo: Ann Lee\nHome", [0, 0]),
        ("", []),
    ],
    ids=["same", "split", "joined", "mixed", "bullet", "moved", "empty"],
)
def test_carrying_over(text: str, labels: list[int], page: Article) -> None:
    """A line that is a labelled line, lies in one or holds several of one label takes it; others are masked."""
    article = Article(text, np.zeros(len(labels), np.int8), page.site, page.id, "post", extractor="other")
    carried = carry_over(page, article)
    assert carried.labels.tolist() == labels
    assert (carried.text, carried.extractor, carried.silver) == (text, "other", False)
    assert carried.roles is not None
    assert len(carried.roles) == len(labels)


@given(st.lists(st.sampled_from([*LINES, "a b", "b", ""]), max_size=12))
def test_a_text_is_its_own_source(lines: list[str]) -> None:
    """Aligned with itself, every token of a text comes from its own line."""
    found = source_lines(lines, lines)
    assert [set(sources) for sources in found] == [{n} if sources else set() for n, sources in enumerate(found)]


def test_labels_by_reading_replace_others(tmp_path: Path) -> None:
    """`Corpus.read` puts labels by reading in the place of a gold's, for each extractor; pages of no other file join."""
    html = "<html><body><p>Home</p><p>The mill shuts</p><p>The mill closed on Monday, its owner said.</p></body></html>"
    gold = {"id": "post/1", "site": "post.example", "html": html, "body": [LINES[2]], "title": LINES[1]}
    pages = write(tmp_path / "pages.parquet", gold)
    read = write(tmp_path / "read.parquet", page_row(), page_row(id="post/2"))
    assert has_read_labels(read)
    assert not has_read_labels(pages)
    corpus = Corpus.read(
        pages, read, extractors=("resiliparse_all", "html_text"), cache=tmp_path / "cache", n_jobs=1
    )
    assert [(article.id, article.extractor) for article in corpus] == [
        ("post/1", "resiliparse_all"), ("post/1", "html_text"), ("post/2", "resiliparse_all"),
    ]  # fmt: skip
    for article in corpus.articles[:2]:
        assert article.labels.tolist() == [BOILERPLATE, CONTENT, CONTENT]  # by the gold, the headline is masked
        assert not article.silver


def test_only_pages_that_were_read_have_markup(tmp_path: Path) -> None:
    """`Corpus.read` adds markup to the texts of pages with labels by reading, by extractors that bring it through."""
    html = "<html><body><a href=/>Home</a><p>The mill shuts</p></body></html>"
    rows = ({"id": f"post/{number}", "site": "post.example", "html": html, "body": [LINES[1]]} for number in (1, 2))
    pages, labels = write(tmp_path / "pages.parquet", *rows), write(tmp_path / "read.parquet", page_row())
    how: Any = {"extractors": ("resiliparse_all", "html_text"), "cache": tmp_path / "cache", "n_jobs": 1}
    marked = {(each.id, each.extractor): each.marked_text for each in Corpus.read(pages, labels, **how)}
    text = marked.pop(("post/1", "resiliparse_all"))
    assert isinstance(text, MarkedText)
    assert text.bits.tolist() == [markup_bits(["link"]), markup_bits(["paragraph"])]
    assert {type(other) for other in marked.values()} == {str}
    assert all(each.markup is None for each in Corpus.read(pages, **how))
