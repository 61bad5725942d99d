"""HTML pages: what is read of them, in any encoding, and that hostile ones take linear time."""

import time

import pytest

pytest.importorskip("resiliparse", reason="needs the html extra: pip install 'dechaff[html]'")

from dechaff import InputError, clean_article, clean_html
from dechaff.text.markup.html import decode_html, looks_like_html, read_page

PROSE = "The council voted on Tuesday to repair the old bridge, which had been closed since March."
WORDS = {"koi8-r": "мост", "shift_jis": "東京", "iso-2022-jp": "東京", "gb18030": "北京"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252", "iso-8859-15", *WORDS])
def test_encodings(encoding: str) -> None:
    """Bytes are decoded by their first bytes or their meta element."""
    word = WORDS.get(encoding, "Grüße")
    page = f'<html><head><meta charset="{encoding.removesuffix("-sig")}"></head><body><p>{word}</p>'
    assert read_page(page.encode(encoding)).text == word


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("<p>Grüße aus Köln, schöne Straße, Übermut".encode("windows-1252"), "Köln"),
        ('<meta charset="windows-1252"><p>Grüße aus Köln'.encode(), "Köln"),
        (b'<meta charset="utf-8"><p>A price of \xa39', "A price of"),
        (b'<meta charset="x-unknown"><p>\xff\xfea', "a"),
    ],
)
def test_wrong_or_missing_declarations(data: bytes, word: str) -> None:
    """UTF-8 that is valid counts more than a declaration, and undeclared or invalid bytes are no error."""
    assert word in decode_html(data)


DATA = '<script type="application/ld+json">'
TITLES = [
    ("<title>The mill | Post</title>", "The mill | Post"),
    ('<title>A</title><meta property="og:title" content="The mill">', "The mill"),
    ('<title>The mill</title><meta property="og:title" content="Shared"><h1>The mill</h1>', "The mill"),
    ('<script type="application/ld+json">{"@graph":[{"headline":"The\\nmill"}]}</script>', "The mill"),
    ('<script type="application/ld+json">{"headline": 5, broken</script><h1>The <b>mill</b></h1>', "The mill"),
    (
        "<title>The old mill shuts | Post</title><h1>Post</h1><h2>The old mill shuts</h2>",
        "The old mill shuts | Post",
    ),
    (
        f'{DATA}{{}}</script>{DATA}{{"headline": "The mill"}}</script><title>Post</title>',
        "The mill",
    ),
    (f'{DATA}[{{"headline": "The mill"}}, {{"headline": "The weir"}}]</script><title>Post</title>', "Post"),
    ("<title> </title>", None),
]


@pytest.mark.parametrize(("head", "title"), TITLES)
def test_titles(head: str, title: str | None) -> None:
    """The title is the first of four sources that, without the site's name, is a line of the text, or else the first."""
    assert read_page(f"{head}<p>{PROSE}</p>").title == title


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("<h1>A</h1><div class='post-Comments'>B</div><p>C", ["A", "C"]),
        ("<h1>A</h1><p id=wp-caption-1>B</p><div class=author-box>C</div><p class=bio>D</p><p>E", ["A", "E"]),
        ("<body class=no-comments><p>A", ["A"]),
        ("<main class=with-comments><h1>A</h1><p>B</main>", ["A", "B"]),
        ("<p class=biology>A</p><p class=recommended>B", ["A", "B"]),
    ],
)
def test_names_of_elements(html: str, lines: list[str]) -> None:
    """Comments, captions and biographies are left out by class and id, but never the body or a headline."""
    assert read_page(html).text.split() == lines


def test_title_is_evidence() -> None:
    """The page's title makes its headline more likely; a title that is given counts instead."""
    page = f"<title>Signed</title><p>Log in</p><h1>Signed</h1><p>{PROSE}</p><p>{PROSE}</p>"
    own, given = (clean_article(page, title=title, format="html").lines[1] for title in (None, "Another one"))
    assert own.text == "Signed"
    assert own.probability > given.probability


def test_formats() -> None:
    """`clean_article` reads the same as `clean_html`, from text and bytes, and recognises a page."""
    page = f"<!doctype html><h1>The bridge</h1><p>{PROSE}</p><p>Subscribe now for £9 a month</p>"
    expected = clean_html(page)
    assert PROSE in expected
    assert "Subscribe" not in expected
    for source, form in ((page, "html"), (page.encode(), "html"), (page, "auto")):
        assert clean_article(source, format=form).text == expected


def test_wrong_arguments() -> None:
    """A value that is no page, and an unknown extractor, are refused by name."""
    with pytest.raises(InputError, match="the HTML is NoneType"):
        clean_html(None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no extractor 'lynx': choose one of resiliparse"):
        clean_html("<p>", extractor="lynx")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<html><p>A", True),
        ("\ufeff \n<!-- a --><!DOCTYPE html>", True),
        ("<?xml version='1.0'?><html xmlns='x'>", True),
        ("<p>A</p><p>B</p>", True),
        ("<b>A</b> was <i>here</i>", False),
        ("A <p> tag</p>", False),
        ("<Unnamed> said </p>", False),
        ("", False),
    ],
)
def test_texts_that_look_like_html(text: str, expected: bool) -> None:
    """A page or a fragment of blocks begins with a tag; text that mentions tags does not."""
    assert looks_like_html(text) is expected


HOSTILE = {
    "divs": "<div>",
    "comments": "<div class=comment>",
    "lists": "<ul><li>x",
    "fonts": "<font color=%d>x",
    "bold": "<b><p>",
    "links": "<a href=x>y</a>\n",
    "cells": "<table><tr><td>",
    "headings": "<div><h1>x",
    "entities": "&#0;&#xD800;&",
    "data": '<script type="application/ld+json">[[[[',
    "comment marks": "<!--",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages(name: str) -> None:
    """A page of 100,000 tags that are nested or never closed takes seconds at most, and no stack overflows."""
    unit = HOSTILE[name]
    page = "".join(unit % n for n in range(100_000)) if "%d" in unit else unit * 100_000
    start = time.process_time()
    text, _ = read_page(page)
    looks_like_html(page)
    assert time.process_time() - start < 15
    assert len(text) < 100 * len(page)
