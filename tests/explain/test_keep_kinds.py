"""Boilerplate of kinds that the user keeps: one meaning in all functions, bulk runs, datatrove and the commands."""

from pathlib import Path
from typing import Any

import pytest
from cli_process import dechaff
from helpers import ANY_TEXT, constant_model
from hypothesis import given
from hypothesis import strategies as st

from dechaff import (
    InputError,
    classify_lines,
    clean_array,
    clean_article,
    clean_html,
    clean_markdown,
    keep_content,
    label_array,
)
from dechaff.bulk import Settings, clean_bulk
from dechaff.explain.kinds import KINDS

PROSE = "The council voted on Tuesday to repair the old bridge, which had been closed since March."
CREDIT, DATE, OFFER = (
    "Photo: A. Smith / Agency",
    "Last updated: 12 March 2024, 10:15",
    "Subscribe for ₹900 per month",
)
ARTICLE = f"{PROSE}\n{CREDIT}\n{PROSE}\n\n{DATE}\n{OFFER}\n"
ALL_BOILERPLATE = constant_model(-3.0)
SOME_KINDS = st.lists(st.sampled_from(KINDS), unique=True)


@pytest.mark.parametrize(
    ("kinds", "dropped"),
    [
        ((), [CREDIT, DATE, OFFER]),
        (["credit"], [DATE, OFFER]),
        ("credit", [DATE, OFFER]),
        (("credit", "date"), [OFFER]),
        (iter(["offer", "date", "credit"]), []),
    ],
)
def test_lines_of_the_kinds_stay(kinds: Any, dropped: list[str]) -> None:
    """Lines of the kinds stay; the label says so, the probability and the flags do not change."""
    article, plain = clean_article(ARTICLE, keep_kinds=kinds), clean_article(ARTICLE)
    assert [line.text for line in article.lines if line.label == "boilerplate"] == dropped
    assert [line.text for line in plain.lines if line.text not in article.text] == dropped
    assert [line.probability for line in article.lines] == [line.probability for line in plain.lines]
    assert (article.flags, article.n_kept) == (plain.flags, article.n_lines - len(dropped))


@given(ANY_TEXT, SOME_KINDS)
def test_what_stays_is_what_had_the_kinds(text: str, kinds: list[str]) -> None:
    """For any text, exactly the boilerplate of the kinds stays beside the content, and other kinds do not change."""
    before = classify_lines(text, ALL_BOILERPLATE, 1.0)
    after = classify_lines(text, ALL_BOILERPLATE, 1.0, keep_kinds=kinds)
    assert [line.label == "content" for line in after] == [
        line.label == "content" or line.kind in kinds for line in before
    ]
    for old, new in zip(before, after, strict=True):
        assert new.kind == (None if new.label == "content" else old.kind)
        assert len(new.why(2)) == len(old.why(2))


@given(st.lists(st.none() | ANY_TEXT, max_size=4), SOME_KINDS)
def test_many_articles(texts: list[str | None], kinds: list[str]) -> None:
    """Arrays of articles are cleaned and labelled as one article after the other."""
    cleaned = clean_array(texts, ALL_BOILERPLATE, 0.9, keep_kinds=kinds)
    labels = label_array(texts, ALL_BOILERPLATE, 0.9, keep_kinds=kinds)
    for text, clean, found in zip(texts, cleaned, labels, strict=True):
        if text is None:
            assert clean is found is None
            continue
        assert clean == keep_content(text, ALL_BOILERPLATE, 0.9, keep_kinds=kinds)
        lines = classify_lines(text, ALL_BOILERPLATE, 0.9, keep_kinds=kinds)
        assert found["content"].tolist() == [line.label == "content" for line in lines]


def test_wrapped_text_and_markdown() -> None:
    """Text whose paragraphs are wrapped and Markdown keep groups of lines of the kinds."""
    pytest.importorskip("pyromark", reason="needs the markdown extra")
    article = f"{PROSE}\n\n*{CREDIT}*\n\n{OFFER}\n"
    assert CREDIT not in clean_markdown(article)
    assert clean_markdown(article, keep_kinds=["credit"]) == f"{PROSE}\n\n*{CREDIT}*\n\n"
    assert clean_article(ARTICLE, format="auto", keep_kinds=["date"]).text.count(DATE) == 1


@pytest.mark.parametrize(
    ("kind", "element"),
    [
        ("credit", f"<p class=caption>{CREDIT}</p>"),
        ("comment", "<div class=comments><p>Leave a comment</p></div>"),
    ],
)
def test_html(kind: str, element: str) -> None:
    """Elements that a page names captions or comments are read if their kind is kept."""
    pytest.importorskip("resiliparse", reason="needs the html extra")
    page = f"<html><body><p>{PROSE}</p>{element}<p>{OFFER}</p></body></html>"
    words = element.split("<p")[1].split(">")[1].split("<")[0]
    assert clean_html(page).strip() == PROSE
    assert clean_html(page, keep_kinds=[kind]).split() == f"{PROSE} {words}".split()


@pytest.mark.parametrize("kinds", [["caption"], "caption", ["credit", "Date"]])
def test_unknown_kinds(kinds: Any, tmp_path: Path) -> None:
    """An unknown kind is an error that lists the kinds, for missing and empty texts too."""
    functions: dict[str, Any] = {
        "one": lambda: keep_content("", keep_kinds=kinds),
        "lines": lambda: classify_lines("", keep_kinds=kinds),
        "html": lambda: clean_html("", keep_kinds=kinds),
        "many": lambda: clean_array([None], keep_kinds=kinds),
        "bulk": lambda: clean_bulk([tmp_path], tmp_path / "out", Settings(keep_kinds=kinds)),
    }
    for function in functions.values():
        with pytest.raises(
            InputError,
            match=r"no kind '(caption|Date)' of boilerplate: choose from offer, .*credit \(captions\), date \(bylines\)",
        ):
            function()


def test_bulk(tmp_path: Path) -> None:
    """A bulk run keeps the kinds and does not list their lines as dropped; another choice is another setting."""
    orjson = pytest.importorskip("orjson", reason="needs the bulk extra")
    texts = [ARTICLE, f"{CREDIT}\n{PROSE}\n{OFFER}"]
    (tmp_path / "a.jsonl").write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
    clean_bulk([tmp_path / "a.jsonl"], tmp_path / "out", Settings(keep_kinds=("credit",), dropped=True), workers=1)
    rows = [orjson.loads(row) for row in (tmp_path / "out" / "a.jsonl").read_bytes().splitlines()]
    assert [row["text"] for row in rows] == clean_array(texts, keep_kinds=["credit"])
    dropped = [orjson.loads(row) for row in (tmp_path / "out" / "_dropped" / "a.jsonl").read_bytes().splitlines()]
    assert {row["kind"] for row in dropped} == {"date", "offer"}
    assert clean_bulk(
        [tmp_path / "a.jsonl"], tmp_path / "out", Settings(keep_kinds="credit", dropped=True)
    ).n_skipped
    with pytest.raises(InputError, match="keep_kinds was"):
        clean_bulk([tmp_path / "a.jsonl"], tmp_path / "out", Settings(dropped=True))


def test_datatrove() -> None:
    """The step of datatrove keeps the kinds."""
    document = pytest.importorskip("datatrove.data", reason="needs the datatrove extra").Document
    from dechaff.integrations.datatrove import LineCleaner

    (cleaned,) = LineCleaner(keep_kinds=["date"]).run([document(ARTICLE, "1")])
    assert cleaned.text == keep_content(ARTICLE, keep_kinds=["date"])
    with pytest.raises(InputError, match="no kind 'x'"):
        LineCleaner(keep_kinds=["x"])


def test_commands(tmp_path: Path) -> None:
    """`clean` and `bulk` take the option several times, and answer an unknown kind with the kinds there are."""
    (tmp_path / "a.txt").write_text(ARTICLE, encoding="utf-8")
    run = dechaff("clean", "a.txt", "--keep-kind", "credit", "--keep-kind", "date", cwd=tmp_path)
    assert run.stdout == keep_content(ARTICLE, keep_kinds=("credit", "date")).encode()
    for command in (["clean", "a.txt"], ["bulk", "a.txt", "-o", "out"]):
        run = dechaff(*command, "--keep-kind", "caption", cwd=tmp_path, code=2)
        assert "no kind 'caption'" in run.stderr
