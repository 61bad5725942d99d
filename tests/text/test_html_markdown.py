"""HTML pages that become Markdown: their structure, the same decisions as for text, and that it reads as it should."""

import time

import pytest
from helpers import constant_model, random_model
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("resiliparse", reason="needs the html extra: pip install 'dechaff[html]'")
pytest.importorskip("pyromark", reason="needs the extra: pip install 'dechaff[markdown]'")

from dechaff import InputError, clean_article, clean_html
from dechaff.text.lines import LineBatch
from dechaff.text.markup.blocks import parse
from dechaff.text.markup.html import read_page
from dechaff.text.markup.html_markdown import read_markdown_page
from dechaff.text.reading import Rows

ALL = constant_model(9.0)
MODELS = [random_model(seed=seed, n_bits=8, n_trees=3) for seed in range(4)]
PROSE = "The council voted on Tuesday to repair the old bridge, which had been closed since March."
SECOND = (
    "Its foundations need two years of work, which will cost the county some eight million pounds, engineers say."
)
OFFER = "Subscribe now for £9 a month"
TABLE = "<table><tr><th>Fare<th>Price<tr><td>Adult<td>£9 | £8<tr><td>Child<td><p>£5</table>"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<h1>The <em>bridge</em></h1><h3>Costs<br>of it</h3><p>A", "# The bridge\n\n### Costs of it\n\nA\n"),
        ("<p>A<br>B</p><div>C</div>D", "A  \nB\n\nC\n\nD\n"),
        ("<ul><li>A<ol><li>B<li>C<p>D</ol><li>E</ul><p>F", "- A\n\n  1. B\n  2. C\n\n     D\n- E\n\nF\n"),
        ("<ul><li><ul><li>A</ul><li>B</ul>", "- A\n- B\n"),
        ("<ul><li><h3>A</h3><p>B</ul>", "- ### A\n\n  B\n"),
        (TABLE, "| Fare | Price |\n| --- | --- |\n| Adult | £9 \\| £8 |\n| Child | £5 |\n"),
        ("<table><tr><td>A<td><h2>B</h2></table>", "A\n\n## B\n"),
        ("<table><tr><td>A<tr><td>B</table>", "A\n\nB\n"),
        ("<pre>a &lt; b\n\n  ```\n</pre>C", "````\na < b\n\n  ```\n````\n\nC\n"),
        ("<p>1. FC <b>*Union*</b> &amp;lt; <code>a_b</code>", "1\\. FC \\*Union\\* \\&lt; a_b\n"),
        ("<p>See <a href='/a b'>the report</a>.", "See the report.\n"),
        ("<h1>A</h1><p class=comment>B<p class=wp-caption>C<p>D", "# A\n\nD\n"),
        (" ", ""),
    ],
)
def test_structure(html: str, markdown: str) -> None:
    """Headings, line breaks, lists, tables and code become Markdown; what the page names comments is left out."""
    assert clean_html(html, model=ALL, output="markdown") == markdown


def test_links() -> None:
    """Links keep their addresses if that is asked for; scripts are no addresses."""
    html = "<p>See <a href='/a (b)'>the [new] report</a>, <a href='javascript:x()'>close</a></p><h2>T</h2>"
    found = clean_html(html, model=ALL, output="markdown", links=True)
    assert found == "See [the \\[new\\] report](/a%20%28b%29), close\n\n## T\n"


def test_decisions_are_those_of_the_text() -> None:
    """Rows go with the lines of the text; tables whole, and headings without anything below them."""
    page = (
        f"<title>Bridge</title><nav>Log in</nav><h1>Bridge</h1><p>{PROSE}</p><h2>Offers</h2><p>{OFFER}</p>"
        f"<h2>Prices</h2><p>{SECOND}</p>{TABLE}<p>{PROSE}</p>"
    )
    text, markdown = (clean_html(page, output=output) for output in ("text", "markdown"))
    assert (OFFER in text, OFFER in markdown) == (False, False)
    assert markdown.startswith(f"# Bridge\n\n{PROSE}\n\n## Prices\n\n{SECOND}\n\n")
    assert [row in markdown for row in ("| Fare | Price |", "| --- | --- |", "| Child | £5 |")] in (
        [True] * 3,
        [False] * 3,
    )


@pytest.mark.parametrize("n", range(4))
def test_lines(n: int) -> None:
    """Every row of the whole Markdown has a label, and those that are content make up the result."""
    page = f"<h1>Bridge</h1>{TABLE}<ul><li>{OFFER}<li>{PROSE}</ul><pre>x = 1</pre><p>{OFFER}<br>{PROSE}"
    article = clean_article(page, MODELS[n], format="html", output="markdown")
    reading = read_markdown_page(page)[1]
    assert reading is not None
    assert all(reading.rows.text[line.start : line.end] == line.text for line in article.lines)
    kept = [line.text for line in article.lines if line.label == "content"]
    assert kept == LineBatch.from_texts([article.text]).line_texts(0)


WORDS = st.text(st.sampled_from("ab1 .)#*_`~<>[]()|\\&;:-+=!\"'é\u200b"), max_size=12).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;")
)
TAGS = st.sampled_from(
    [
        "<p>",
        "<br>",
        "<h1>",
        "</h1>",
        "<h3>",
        "</h3>",
        "<ul>",
        "</ul>",
        "<ol>",
        "</ol>",
        "<li>",
        "</li>",
        "<pre>",
        "</pre>",
        "<div>",
        "</div>",
        "<table>",
        "<tr>",
        "<td>",
        "</table>",
        "<a\thref=x>",
        "</a>",
        "<b>",
    ]
).map(lambda tag: tag.replace("\t", " "))
PAGES = st.lists(st.one_of(WORDS, TAGS), max_size=25).map("".join)


@given(PAGES)
def test_words_stay(html: str) -> None:
    """Markdown of any page has the words of its text, in order, and its escapes and marks read as no other ones."""
    page, reading = read_markdown_page(html)
    assert page == read_page(html)
    if reading is None:
        return
    parsed = parse(reading.rows)
    assert parsed is not None
    found = "".join(piece.text for block in parsed.blocks for piece in block.pieces)
    lines = "".join(line for line in reading.lines)
    assert letters(found) == letters(lines)


def letters(text: str) -> str:
    """Return the letters of a text; numbers may be those of lists."""
    return "".join(filter(str.isalpha, text))


@given(PAGES, st.integers(0, 3))
def test_blocks_stay(html: str, seed: int) -> None:
    """The blocks of the cleaned Markdown are among those of the whole page, in order."""
    _, reading = read_markdown_page(html)
    if reading is None:
        return
    before, after = (outline(each) for each in (reading.rows.text, cleaned(html, seed)))
    rest = iter(before)
    assert all(each in rest for each in after)


def cleaned(html: str, seed: int) -> str:
    return clean_html(html, model=MODELS[seed], output="markdown")


def outline(text: str) -> list[tuple[str, str]]:
    """Return the kind of each block that is a heading, code or a table, with its words, and of others the kind."""
    parsed = parse(Rows.of(text, markdown=True))
    assert parsed is not None
    whole = ("code", "table", "heading")
    return [
        (block.kind, "".join(piece.text for piece in block.pieces).strip() if block.kind in whole else "")
        for block in parsed.blocks
    ]


def test_wrong_outputs() -> None:
    """Another output, and Markdown of what is no HTML, are refused with what to do."""
    with pytest.raises(InputError, match="output 'pdf': use one of text, markdown"):
        clean_html("<p>A", output="pdf")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="only HTML becomes Markdown"):
        clean_article("A", output="markdown")


HOSTILE = {
    "divs": "<div>",
    "lists": "<ul><li>x",
    "numbers": "<ol><li>",
    "cells": "<table><tr><td>x",
    "rows": "<tr><td>x<td>",
    "headings": "<div><h1>x",
    "links": "<a href=x>y</a> ",
    "breaks": "x<br>",
    "code": "<pre>x",
    "marks": "*_`[](x)<",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages(name: str) -> None:
    """Time grows with the size of a page, whatever is nested or never closed in it."""
    seconds = []
    for n in (5_000, 20_000):
        page = "<table>" * (name == "rows") + HOSTILE[name] * n
        start = time.process_time()
        markdown = clean_html(page, model=MODELS[0], output="markdown", links=True)
        seconds.append(time.process_time() - start)
        assert len(markdown) < 100 * len(page)
    assert seconds[1] < 8 * seconds[0] + 2


@pytest.mark.parametrize("mark", ["&#xFDD0;", "&#64978;", "&#x0fdd2", "\ufdd2", "&#xfdd0;&#xfdd1;&#xfdd2;"])
def test_marks_in_the_page(mark: str) -> None:
    """Characters that mark tables internally are no text, however the page writes them."""
    page = f"<p>{PROSE}</p><p>{mark}x<pre>code()</pre>{SECOND} {mark}</p>"
    markdown = clean_html(page, output="markdown")
    assert PROSE in markdown
    assert not set(markdown) & set("\ufdd0\ufdd1\ufdd2\ufdd3")
