"""Labelled articles from each kind of file, and the errors for malformed ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import BODY, write_pages
from hypothesis import given
from hypothesis import strategies as st

from dechaff.errors import CorpusError
from dechaff.text.lines import split_lines
from dechaff_training.corpus import (
    KINDS,
    MASKED,
    Article,
    Corpus,
    check_paths,
    format_labelled,
    parse_labelled,
)
from dechaff_training.corpus.pages import read_html

ROOT = Path(__file__).parents[2]
CORPORA = ROOT / ".." / "shared" / "corpora"
EXAMPLE = ROOT / ".." / "shared" / "example" / "article.labels.jsonl"


def write(path: Path, text: str) -> Path:
    """Write a file, and make its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def page(**columns: Any) -> dict[str, Any]:
    """Return a row of a Parquet file of pages."""
    paragraphs = "".join(f"<p>{p}</p>" for p in BODY)
    html = f"<html lang=en><ul><li>Home<li>Sport</ul><h1>The mill</h1>{paragraphs}<p>Follow us</p></html>"
    row = {"id": "post/1", "source": "post", "site": "post.example", "language": "en", "page_type": "article"}
    return {
        **row,
        "title": "The mill",
        "html": html,
        "body": BODY,
        "present": None,
        "absent": None,
        **columns,
    }


line = st.text(st.characters(exclude_characters="\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), max_size=30)


@given(st.lists(st.tuples(line, st.sampled_from([1, 0, -1]), st.sampled_from(["", *KINDS])), max_size=20))
def test_what_format_writes_parse_reads(rows: list[tuple[str, int, str]]) -> None:
    """Texts, labels and kinds survive a round trip, with white space in lines and blank lines."""
    text = "\n".join(line if split_lines(line) else "" for line, _, _ in rows)
    marked = [(label, kind if label == 0 else "") for line, label, kind in rows if split_lines(line)]
    labels, kinds = [label for label, _ in marked], tuple(kind for _, kind in marked)
    read_text, read_labels, read_kinds = parse_labelled(format_labelled(text, labels, kinds))
    assert read_text.rstrip("\n") == text.rstrip("\n")
    assert (read_labels.tolist(), read_kinds) == (labels, kinds)
    assert len(split_lines(read_text)) == len(labels)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("+ One\nTwo", r"bote\.txt:2: no mark before 'Two': begin the line with '\+ '"),
        ("+ One\n\n-offers Two", r"bote\.txt:3: unknown mark '-offers': write .* offer, share"),
        ("+title One", r"bote\.txt:1: unknown mark '\+title'"),
        ("* One", r"bote\.txt:1: no mark"),
        ("-One", r"bote\.txt:1: no mark"),
        ("+ One\n- ", r"bote\.txt:2: a mark without text"),
        ("+", r"bote\.txt:1: a mark without text"),
        ("+ One\u2028two", r"bote\.txt:2: no mark"),
    ],
)
def test_a_line_without_a_known_mark_is_an_error_that_names_it(text: str, message: str) -> None:
    """The error names the file, the line and a remedy."""
    with pytest.raises(CorpusError, match=message):
        parse_labelled(text, "bote.txt")


def test_marks_are_read_with_their_kinds_and_blank_lines_stay() -> None:
    """All marks are read, with CRLF and with a bullet after the mark."""
    text, labels, kinds = parse_labelled("+ - One\r\n\r\n-legal © 2024\r\n? Two\n- |\n")
    assert text == "- One\n\n© 2024\nTwo\n|"
    assert labels.tolist() == [1, 0, -1, 0]
    assert kinds == ("", "legal", "", "")


@pytest.mark.parametrize(("labels", "kinds"), [([1], None), ([1, 0, 0], None), ([1, 0], [""])])
def test_labels_that_do_not_fit_the_lines_are_refused(labels: list[int], kinds: list[str] | None) -> None:
    """A text that could not be read back is not written."""
    with pytest.raises(CorpusError, match="2 lines"):
        format_labelled("One\n\nTwo", labels, kinds)


def test_a_folder_of_labelled_files_is_read_in_the_order_of_names_with_its_languages(tmp_path: Path) -> None:
    """A folder is a site, files are read in the order of names, and `sites.tsv` gives the languages."""
    write(tmp_path / "sites.tsv", "site\tlanguage\tdescription\nbote\tde\tNews\n")
    write(tmp_path / "bote" / "b.txt", "+ Zwei\n- Teilen\n")
    write(tmp_path / "bote" / "a.txt", "\ufeff+ Eins\n-share Teilen\n")
    write(tmp_path / "post" / "c.txt", "+ Three\n- Share\n")
    corpus = Corpus.read(tmp_path)
    assert [(a.id, a.site, a.language) for a in corpus] == [
        ("bote/a", "bote", "de"),
        ("bote/b", "bote", "de"),
        ("post/c", "post", None),
    ]
    assert corpus.texts[0] == "Eins\nTeilen"
    assert corpus.articles[0].kinds == ("", "share")
    assert (corpus.n_lines, corpus.groups) == (6, ["bote", "bote", "post"])


def test_jsonl_holds_an_article_a_line(tmp_path: Path) -> None:
    """Each JSON line is an article, with kinds and a language where present."""
    lines = [
        {"text": "One\u2028", "label": "content"},
        {"text": "Share", "label": "boilerplate", "kind": "share"},
    ]
    record = {"id": "post/1", "site": "post", "language": "en", "lines": lines}
    other = {"id": "post/2", "site": "post", "lines": []}
    path = write(tmp_path / "a.jsonl", "\n".join(json.dumps(r, ensure_ascii=False) for r in (record, other)))
    first, second = Corpus.read(path)
    assert (first.labels.tolist(), first.kinds, first.language) == ([1, 0], ("", "share"), "en")
    assert (second.id, second.text, len(second.labels)) == ("post/2", "", 0)


def test_jsonl_of_lines_is_one_article_named_after_the_file(tmp_path: Path) -> None:
    """JSON lines of single lines, as in the example of the mission, are one article named after the file."""
    rows = [{"text": "One", "label": "content"}, {"text": "Two", "label": "masked"}]
    path = write(tmp_path / "story.labels.jsonl", "\n".join(map(json.dumps, rows)))
    (article,) = Corpus.read(path)
    assert (article.id, article.text, article.labels.tolist()) == ("story", "One\nTwo", [1, -1])


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("{", "2: not valid JSON: .* at column 2"),
        ("[1]", "2: not a JSON object"),
        ('{"site": "post", "lines": []}', '2: no string "id"'),
        ('{"id": "1", "site": "post"}', '2: no list "lines"'),
        ('{"id": "1", "site": "post", "lines": [1]}', '2: a line is not an object with strings "text" and "label"'),
        ('{"id": "1", "site": "post", "lines": [{"text": "a", "label": "good"}]}', "unknown label 'good'"),
        ('{"id": "1", "site": "post", "lines": [{"text": "a"}]}', "unknown label None"),
        ('{"id": "1", "site": "post", "lines": [{"text": "a", "label": [1]}]}', "unknown label"),
        ('{"id": "1", "site": "post", "lines": [{"text": "a\\nb", "label": "content"}]}', "is not one line"),
        ('{"id": "1", "site": "post", "lines": [{"text": " ", "label": "content"}]}', "is not one line"),
        (
            '{"id": "1", "site": "p", "lines": [{"text": "a", "label": "boilerplate", "kind": "ad"}]}',
            "unknown kind 'ad'",
        ),
    ],
)
def test_bad_records_are_errors_that_name_their_line(tmp_path: Path, record: str, message: str) -> None:
    """The error names the file, the line and a remedy."""
    path = write(tmp_path / "a.jsonl", '{"id": "0", "site": "post", "lines": []}\n' + record)
    with pytest.raises(CorpusError, match=rf"a\.jsonl:.*{message}"):
        Corpus.read(path)


def test_what_is_no_corpus_is_refused(tmp_path: Path) -> None:
    """A missing path, another kind of file, invalid UTF-8, invalid Parquet and a table of no pages are refused."""
    binary = tmp_path / "site" / "a.txt"
    write(binary, "").write_bytes(b"+ caf\xe9")
    for path, message in (
        (tmp_path / "nowhere", "no such file or folder"),
        (write(tmp_path / "a.html", "<p>"), "not a corpus"),
        (binary, "not UTF-8 at byte 5"),
        (write(tmp_path / "a.parquet", "no"), "cannot be read as a Parquet file"),
        (write_pages(tmp_path / "b.parquet", {"id": "1", "html": "<p>"}), "missing columns: site"),
    ):
        with pytest.raises(CorpusError, match=message):
            Corpus.read(path)


def test_columns_of_pages_that_hold_something_else_are_refused(tmp_path: Path) -> None:
    """Columns of a wrong type, with nulls where a value is required, or with a repeated name are refused."""
    pa = pytest.importorskip("pyarrow", reason="needs the bulk extra: pip install 'dechaff[bulk]'")
    parquet, path = pytest.importorskip("pyarrow.parquet"), tmp_path / "a.parquet"
    columns = {"id": pa.array(["1", "2"]), "site": pa.array(["a", "b"]), "html": pa.array(["<p>A", "<p>B"])}
    for changed, message in (
        ({"title": pa.array([["a"], ["b"]])}, "column title is list<.*>, not strings"),
        ({"body": pa.array(["a", "b"])}, "column body is string, not lists of strings"),
        ({"body": pa.array([[b"a"], [b"\xff"]])}, "column body is list<.*>, not lists of strings"),
        ({"body": pa.array([["a"], [None]], pa.list_(pa.string()))}, "row 2: body is empty"),
        ({"site": pa.array(["a", None])}, "row 2: site is empty"),
    ):
        parquet.write_table(pa.table(columns | changed), path)
        with pytest.raises(CorpusError, match=message):
            Corpus.read(path)
    parquet.write_table(pa.Table.from_arrays([*columns.values(), columns["id"]], [*columns, "id"]), path)
    with pytest.raises(CorpusError, match=r"Multiple matches for FieldRef.Name\(id\)"):
        Corpus.read(path)


def test_numbers_for_ids_of_pages_are_taken_as_they_are_written(tmp_path: Path) -> None:
    """A column of numbers in place of strings is read as the numbers' text."""
    pa = pytest.importorskip("pyarrow", reason="needs the bulk extra: pip install 'dechaff[bulk]'")
    columns = {
        "id": pa.array([7]),
        "site": pa.array(["a"]),
        "html": pa.array(["<p>The vote was held on Tuesday.</p>"]),
    }
    pytest.importorskip("pyarrow.parquet").write_table(pa.table(columns), tmp_path / "a.parquet")
    [(article, html)] = read_html(tmp_path / "a.parquet")
    assert (article.id, article.site, html) == ("7", "a", "<p>The vote was held on Tuesday.</p>")


def test_pages_become_an_article_by_each_extractor_and_the_next_time_come_from_the_cache(
    tmp_path: Path,
) -> None:
    """Each extractor gives an article with labels from the gold body and its headline; the cache gives the same."""
    path = write_pages(tmp_path / "pages.parquet", page())
    extractors = ("resiliparse_all", "html_text", "trafilatura")
    cache = tmp_path / "cache"
    first = Corpus.read(path, extractors=extractors, cache=cache)
    files = {file: file.stat().st_mtime_ns for file in cache.iterdir()}
    second = Corpus.read(path, extractors=extractors, cache=cache)
    assert [a.extractor for a in first] == list(extractors)
    assert first.labels[0].tolist() == [0, 0, 1, 1, 1, 1, 0]
    assert first.articles[0].body == tuple(BODY)
    assert first.digest == second.digest
    assert {file: file.stat().st_mtime_ns for file in cache.iterdir()} == files


def test_a_page_without_its_gold_is_masked(tmp_path: Path) -> None:
    """If less than half of the gold body is in the page's text, every line is masked, but the page is still measured."""
    other = page(
        id="post/2", body=["Of something else altogether, which stands nowhere on the page, is told here."]
    )
    corpus = Corpus.read(write_pages(tmp_path / "a.parquet", page(), other), cache=tmp_path / "cache", n_jobs=1)
    teaches = {article.id: bool((article.labels != MASKED).any()) for article in corpus}
    assert teaches == {"post/1": True, "post/2": False}


def test_pages_without_gold_get_silver_labels_and_snippets_overrule_them(tmp_path: Path) -> None:
    """Pages without a gold body are labelled by a vote that snippets overrule; a page without votes is left out."""
    prose = "".join(f"<p>{' '.join(BODY)} It is said a {i}th time by the same neighbours.</p>" for i in range(4, 9))
    html = f"<html lang=en><ul><li>Home</ul><article><h1>The mill</h1>{prose}</article><p>Accept all</p></html>"
    rows = [
        page(html=html, body=None, present=["the same neighbours"], absent=["Accept all"]),
        page(id="post/2", html="<p>Nothing", body=None),
    ]
    path = write_pages(tmp_path / "a.parquet", *rows)
    corpus = Corpus.read(path, extractors=("resiliparse_all",), cache=tmp_path / "cache")
    (article,) = corpus
    assert article.silver
    assert article.body is None
    assert article.labels.tolist() == [0, 1, 1, 1, 1, 1, 1, 0]


def test_corpora_add_up_select_and_have_a_digest_of_their_content() -> None:
    """Corpora can be added and filtered; any change of text, label, site or order changes the digest."""
    one = Article("One\nTwo", np.array([1, 0], np.int8), "post", "post/1", "articles", "en")
    two = Article("One\nTwo", np.array([1, 1], np.int8), "post", "post/1", "articles", "en")
    three = Article("One\nTwo", np.array([1, 0], np.int8), "bote", "post/1", "articles", "de")
    corpus = Corpus([one]) + Corpus([two, three])
    assert (len(corpus), list(corpus)) == (3, [one, two, three])
    assert corpus.select(lambda a: a.language == "de").articles == [three]
    orders = ([one], [two], [three], [one, two], [two, one])
    assert len({Corpus(articles).digest for articles in orders}) == len(orders)


def test_check_finds_every_mistake_with_its_line(tmp_path: Path) -> None:
    """Errors and warnings are reported in the order of files and lines."""
    write(tmp_path / "bote" / "bad.txt", "+ Eins\nZwei\n-nonsense Drei\n")
    write(tmp_path / "bote" / "both.txt", "+ Titel\n- Teilen\n+ Teilen\n- Titel\n")
    write(tmp_path / "bote" / "empty.txt", "\n")
    write(tmp_path / "post" / "one.txt", "+ One\n+ Two\n")
    write(tmp_path / "mail" / "two.txt", "- One\n\n- Two\n")
    write(tmp_path / "mail" / "x.jsonl", "{")
    found = [(f.path.name, f.line, f.severity, f.message) for f in check_paths([tmp_path])]
    assert [(name, number, severity) for name, number, severity, _ in found] == [
        ("bad.txt", 2, "error"),
        ("bad.txt", 3, "error"),
        ("both.txt", 3, "warning"),
        ("empty.txt", 0, "error"),
        ("two.txt", 0, "warning"),
        ("x.jsonl", 1, "error"),
        ("one.txt", 0, "warning"),
        ("one.txt", 0, "error"),
    ]
    messages = " ".join(message for *_, message in found)
    for part in ("no mark before 'Zwei'", "at line 2", "bote/empty has no lines", "has the same text as mail/two"):
        assert part in messages


def test_check_finds_a_line_labelled_both_ways_on_one_site(tmp_path: Path) -> None:
    """A line with both labels in two articles of one site is reported; on two sites it is not."""
    write(tmp_path / "bote" / "a.txt", "+ Titel\n\n- Lesen Sie auch\n")
    write(tmp_path / "bote" / "b.txt", "+ Anderer\n+ Lesen Sie auch\n- Ende\n")
    write(tmp_path / "post" / "c.txt", "+ Other\n- Ende\n+ Lesen Sie auch\n")
    (finding,) = check_paths([str(tmp_path)])
    assert (finding.path.name, finding.line, finding.severity) == ("b.txt", 2, "warning")
    assert "a.txt:3" in finding.message


def test_the_articles_of_the_project_are_without_errors() -> None:
    """`dechaff check data/articles` reports warnings at most."""
    assert [f for f in check_paths([ROOT / "data" / "articles"]) if f.severity == "error"] == []


@pytest.mark.skipif(not EXAMPLE.is_file(), reason="needs ../shared/example: the text belongs to its publisher")
def test_the_example_of_the_mission_is_one_article_of_56_lines() -> None:
    """The mission's example, one JSON object a line, is read as one article."""
    (article,) = Corpus.read(EXAMPLE)
    assert len(article.labels) == 56


@pytest.mark.skipif(not CORPORA.is_dir(), reason="needs ../shared/corpora: real pages that are not in the project")
def test_no_site_of_articles_stands_in_both_training_and_test_pages() -> None:
    """No site of the project's articles is among the test pages, except docs.github.com with one page on either side."""
    parquet = pytest.importorskip("pyarrow.parquet")
    train, test = (
        {
            site
            for file in (CORPORA / part).glob("*.parquet")
            for site in parquet.read_table(file)["site"].to_pylist()
        }
        for part in ("train", "test")
    )
    assert train & test <= {"docs.github.com"}
