"""Markdown: what the model reads, what is kept whole, and that what comes out is Markdown again."""

import pytest
from helpers import ANY_TEXT, constant_model, random_model
from hypothesis import example, given
from hypothesis import strategies as st

pytest.importorskip("pyromark", reason="needs the extra: pip install 'dechaff[markdown]'")

from dechaff import InputError, classify_lines, clean_article, clean_markdown, is_markdown, keep_content
from dechaff.text.marked import MarkedText, markup_bits
from dechaff.text.markup.blocks import parse
from dechaff.text.markup.markdown import read_markdown
from dechaff.text.reading import Reading, Rows

MODELS = [random_model(seed=seed, n_bits=8, n_trees=3) for seed in range(4)]
SEEDS = st.integers(0, 3)
SENTENCE = "The council voted on Tuesday to repair the old bridge, which had been closed since March."
SECOND = (
    "Its foundations need two years of work, which will cost the county some eight million pounds, engineers say."
)
OFFER = "[Subscribe now for ₹900 per month](/offers)"
PIECES = st.sampled_from(
    [
        *(
            "# ",
            "## ",
            "- ",
            "* ",
            "1. ",
            "2) ",
            "> ",
            "    ",
            "  ",
            "\t",
            "```",
            "~~~",
            "```py\n",
            "|",
            "|-|-|\n",
            "---",
            "===",
        ),
        *(
            "\n",
            "\n\n",
            "\r\n",
            "\r",
            "\f",
            "\u2028",
            "\u200b",
            "\\",
            "  \n",
            "a",
            "b c",
            "<div>",
            "</div>",
            "<!--",
            "-->",
        ),
        *(
            "![",
            "[",
            "](",
            ")",
            "](x)",
            "[x]",
            "[x]: /u\n",
            "[^x]",
            "[^x]: ",
            "*",
            "_",
            "`",
            "Share",
            "Subscribe",
            SENTENCE,
            "1",
        ),
        *("+++\n", "---\na: b\n---\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "\ud800", "é"),
    ]
)
MARKDOWN = st.one_of(st.lists(PIECES, max_size=30).map("".join), ANY_TEXT)


def read(text: str) -> Reading:
    """Return what the model reads of Markdown that is neither blank nor nested too deeply."""
    reading = read_markdown(text)
    assert reading is not None
    return reading


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# The *vote*\n", ["The vote"]),
        ("The vote\n========\n", ["The vote"]),
        ('See [the\nreport](/a "b").', ["See the report."]),
        ("![A bridge](a.png)\n[Log in](/b)\nThe vote\nwas held.", ["A bridge", "Log in", "The vote was held."]),
        ("one  \ntwo\\\nthree", ["one", "two", "three"]),
        ("- one\n  two\n\n  three\n  - four\n", ["one two", "three", "four"]),
        ("> one\n> two\n>\n> three", ["one two", "three"]),
        ("| a | b |\n|---|---|\n| 1 | `2` |\n\nx", ["a b", "1 2", "x"]),
        ("x\n\n```\n# Comments\n```\n\n    y = 1\n", ["x"]),
        ("---\ntitle: x\n---\ntext", ["text"]),
        ("<p align='center'>A <b>bridge</b><!-- no -->\n</p>\n", ["A bridge"]),
        ("a [b][c] d[^1]\n\n[c]: /e 'f'\n\n[^1]: g", ["a b d", "g"]),
        ("***\n\nx\n\n* * *", ["x"]),
    ],
)
def test_what_is_read(text: str, lines: list[str]) -> None:
    """The model reads words without marks and addresses, and the lines of a paragraph as one; it reads no code."""
    reading = read(text)
    assert reading.lines == lines


LONG = "The council votes on Tuesday to repair the old bridge over the weir at the"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"### {LONG}\nlower mill\n\nx", [f"{LONG} lower mill", "x"]),
        (f"# {LONG}\nlower mill\nx", [f"{LONG} lower mill", "x"]),
        ("# The vote\nIt was held.", ["The vote", "It was held."]),
        (f"# {LONG} lower mill\nIt was held.", [f"{LONG} lower mill", "It was held."]),
        (f"# {LONG}\n[a]: /b\n\n[a]", [LONG, "a"]),
        (f"~~~\n# {LONG}\nx = 1\n~~~\n\ny", ["y"]),
        ("[The vote](/the-long-\naddress-\nof-it) x", ["The vote x"]),
        (f"![{LONG} x\n- lower mill](/a.png)", [f"{LONG} x - lower mill"]),
        ("x [note\n- one\n- two](/u)", ["x [note", "one", "two](/u)"]),
        ("# One\r\n\r\ntwo\r\n", ["One", "two"]),
        ("# One\n\xa0\ntwo", ["One", "two"]),
        ("[one\n](/a) two", ["one two"]),
    ],
)
def test_lines_that_html2text_wraps(text: str, lines: list[str]) -> None:
    """Headings, texts and addresses of links are read on one line if they were wrapped at 78 characters, and only then."""
    reading = read(text)
    assert reading.lines == lines
    assert reading.rows.text == text


def test_the_markup_of_what_is_read() -> None:
    """Links, headings, lists and the like are the markup of what is read; texts that hold marks have none."""
    reading = read("# One\n\n- [two](/a)\n\n> **three**\n\n| a |\n|---|\n| `b` |\n")
    assert isinstance(reading.text, MarkedText)
    expected = [["h1"], ["item", "link"], ["quote", "paragraph", "strong"], ["table"], ["table", "code"]]
    assert reading.text.bits.tolist() == [markup_bits([*each, "markdown"]) for each in expected]
    plain = read("One \ufdd4 two")
    assert (type(plain.text), plain.lines) == (str, ["One \ufdd4 two"])


@pytest.mark.parametrize(
    ("text", "is_first"),
    [
        ("text\n\n# One\n\nx", True),
        ("# One\n\nx\n\n# Two\n\ny", True),
        ("---\na: b\n---\n\n# One\n\nx\n\n# Two", True),
        ("text\n\n# One\n\nx\n\n# Two\n\ny", False),
        ("## Menu\n\ntext\n\n# One\n\nx\n\n# Two", False),
    ],
)
def test_which_headings_may_be_headlines(text: str, is_first: bool) -> None:
    """First-level headings count as such, unless there are several with text before them."""
    reading = read(text)
    assert isinstance(reading.text, MarkedText)
    place = reading.text.begins.tolist().index(reading.text.index("One"))
    assert reading.text.bits[place] == markup_bits(["h1" if is_first else "h2", "markdown"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{SENTENCE}\n\n```\n# Comments\nShare\n```\n\n{SECOND}\n", None),
        (f"{SENTENCE}\n\n- {OFFER}\n\n  ```\n  x = 1\n  ```\n\n{SECOND}\n", f"{SENTENCE}\n\n{SECOND}\n"),
        (
            f"{SENTENCE}\n\n## Share\n\n{OFFER}\n\n## The cost\n\n{SECOND}\n",
            f"{SENTENCE}\n\n## The cost\n\n{SECOND}\n",
        ),
        (
            f"{SENTENCE} [1]\n\n{SECOND}\n\n{OFFER} [2]\n\n[1]: /a\n[2]: /b\n",
            f"{SENTENCE} [1]\n\n{SECOND}\n\n[1]: /a\n",
        ),
        (f"---\ntitle: x\n---\n{SENTENCE}\n\n{OFFER}\n", f"---\ntitle: x\n---\n{SENTENCE}\n\n"),
        (f"{SENTENCE}\n# Share\n\n{OFFER}\n\n# Cost\n{SECOND}\n", f"{SENTENCE}\n\n# Cost\n{SECOND}\n"),
        (f"{SENTENCE}\n\n---\n\n{SECOND}\n\n{OFFER}\n\n---\n\n{OFFER}\n", f"{SENTENCE}\n\n---\n\n{SECOND}\n\n"),
    ],
)
def test_what_is_kept(text: str, expected: str | None) -> None:
    """Code stays with the text around it, items go whole, headings with what is below, definitions with their links."""
    assert clean_markdown(text) == (text if expected is None else expected)


def test_blank_lines_between_blocks() -> None:
    """The model reads blocks, and rows behind a line break that stays, apart; the rows of a table it reads together."""
    reading = read_markdown("# Fares\nAdult  \nChild\n- £9\n- £5\n")
    assert reading is not None
    assert reading.text == "Fares\n\nAdult\n\nChild\n\n£9\n\n£5"
    table = read_markdown("| a | b |\n|---|---|\n| c | d |\n")
    assert table is not None
    assert table.text == "a b\nc d"


@given(MARKDOWN, SEEDS)
@example("```py\n# ", 0)
@example("- a\n\npara\n\n    code", 0)
@example("a\n# b\nc", 1)
@example("a\n---\nb: c\n---\n", 2)
def test_markdown_stays_markdown(text: str, seed: int) -> None:
    """The blocks that come out are among those that went in, in order; tables and fences with all of their rows."""
    before, after = (outline(each) for each in (text, clean_markdown(text, MODELS[seed])))
    assert is_subsequence(after, before)


def outline(text: str) -> list[tuple[str, str]]:
    """Return the kind of each block, with its text if it is kept or dropped whole."""
    rows = Rows.of(text, markdown=True)
    parsed = parse(rows)
    assert parsed is not None
    whole = ("code", "table", "heading")
    return [
        (block.kind, "".join(rows.texts[block.first : block.last + 1]).split() if block.kind in whole else "")
        for block in parsed.blocks
        if block.last < len(rows)
    ]


def is_subsequence(part: list[object], whole: list[object]) -> bool:
    """Return whether a list is another one with elements left out."""
    rest = iter(whole)
    return all(each in rest for each in part)


@given(MARKDOWN, SEEDS)
def test_lines_are_those_of_the_text(text: str, seed: int) -> None:
    """Every line has a label and its own span; the lines that are content make up the text that is kept."""
    article = clean_article(text, MODELS[seed], format="markdown")
    assert [(line.start, line.end) for line in article.lines] == [
        (line.start, line.end) for line in classify_lines(text, MODELS[seed])
    ]
    assert all(text[line.start : line.end] == line.text for line in article.lines)
    kept = [line.text for line in article.lines if line.label == "content"]
    assert kept == [line.text for line in classify_lines(article.text, MODELS[seed])] or not article.lines
    assert article.n_kept == len(kept)
    assert all(line.kind is None for line in article.lines if line.label == "content")
    assert all(line.reasons() for line in article.lines)


@given(ANY_TEXT, SEEDS)
def test_text_without_signs_is_cleaned_as_text(text: str, seed: int) -> None:
    """A text without signs of Markdown is cleaned as it always was."""
    if not is_markdown(text):
        assert clean_article(text, MODELS[seed], format="auto") == clean_article(text, MODELS[seed])
        assert clean_article(text, MODELS[seed]).text == keep_content(text, MODELS[seed])


@pytest.mark.parametrize("log_odds", [-5.0, 5.0])
def test_all_or_nothing(log_odds: float) -> None:
    """A model that keeps all keeps every character."""
    text = f"# A\n\n{SENTENCE}\n\n- x\n\n```\ny\n```\n"
    kept = clean_markdown(text, constant_model(log_odds))
    assert kept == text if log_odds > 0 else kept in text


HOSTILE = {
    "nested quotes": "> " * 5_000_000 + "a\n",
    "nested lists": "- " * 5_000_000 + "a\n",
    "nested items": ("- " * 45 + "a\n\n\n") * 3_000,
    "links": "[a](b) " * 100_000,
    "brackets": "[" * 200_000,
    "open links": "[a](" * 50_000,
    "definitions": "".join(f"[a{k}]: b\n" for k in range(50_000)) + "[a1] " * 50_000,
    "open fence": "```\n" + "a\n" * 50_000,
    "open comments": "<!--" * 500_000,
    "open tags": "<a " * 100_000,
    "open scripts": "<script>\n" * 100_000,
    "cells": "|a" * 20_000 + "\n" + "|-" * 20_000 + "\n" + "|a\n" * 20_000,
    "headings": "".join("#" * (k % 6 + 1) + " a\n" for k in range(10_000)),
    "front matter": "---\na: b\n" + "c: d\n" * 100_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_markdown(kind: str) -> None:
    """Deep nesting, many links and what is never closed are cleaned like any other Markdown."""
    text = HOSTILE[kind]
    is_markdown(text)
    article = clean_article(text, MODELS[0], format="markdown")
    assert len(article.text) <= len(text)
    assert article.n_lines >= article.n_kept


def test_wrong_formats_are_refused() -> None:
    """A format that does not exist is an error that lists the formats."""
    with pytest.raises(InputError, match="use one of text, markdown, html, auto"):
        clean_article("a", format="pdf")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Title\n\nText\n\n## More\n\nText", True),
        ("Text\n\n```sh\nls\n```\n", True),
        ("| a | b |\n|---|---|\n| 1 | 2 |", True),
        ("Some **bold** words\n\n- one\n- two\n", True),
        ("![](/a.png)", True),
        ("The vote was held.\nShare\n- one\n- two", False),
        ("# Comments\nx = 1\n# More\ny = a[1](2)", False),
        ("1 * 2 * 3 = 6, a_b_c, [sic] (as he said)", False),
        ("", False),
    ],
)
def test_signs(text: str, expected: bool) -> None:
    """Links, fences and tables are signs; a list or a comment in code alone is none."""
    assert is_markdown(text) == expected
