"""Marks for the elements of a page, before each piece of its text."""

import copy
import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dechaff.text.marked import MARKS, MARKUP, MarkedText, as_markdown, markup_bits, without_marks
from dechaff.text.markup.elements import mark_elements
from dechaff.text.markup.html import read_page
from dechaff_training.corpus.extraction import EXTRACTORS, extract_marked

TAGS = (
    "p",
    "a",
    "div class='nav'",
    "h1",
    "li",
    "b",
    "span",
    "table",
    "tr",
    "td",
    "br",
    "img alt='The mill at noon'",
)
ODD = (
    "<",
    ">",
    "</",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "<!doctype html>",
    "&nbsp;",
    "&#32;",
    '<a title="',
    "'",
    "\n",
    "x",
)
PIECES = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag.split()[0]}>" for tag in TAGS]), st.sampled_from(ODD)
)


def markup_of(html: str) -> list[tuple[str, list[str]]]:
    """Return each piece of a page's text with its markup."""
    text = read_page(html).text
    assert isinstance(text, MarkedText)
    bounds = [*text.begins.tolist(), len(text)]
    pieces = zip(
        [text[a:b].strip(" \n\t•") for a, b in pairwise(bounds)],
        text.bits.tolist(),
        strict=True,
    )
    return [(piece, [name for place, name in enumerate(MARKUP) if bits >> place & 1]) for piece, bits in pieces]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<nav><a href=/>Home</a></nav><p>Old.", [("Home", ["link", "nav"]), ("Old.", ["paragraph"])]),
        (
            "<p>One<p>two<h2>Three</h2>four",
            [("One", ["paragraph"]), ("two", ["paragraph"]), ("Three", ["h2"]), ("four", [])],
        ),
        (
            "<ul><li>One<li>two<ul><li>three</ul></ul>x",
            [("One", ["item"]), ("two", ["item"]), ("three", ["item"]), ("x", [])],
        ),
        ("<table><tr><td>One<td>two</table><b>x</b>", [("One", ["table"]), ("two", ["table"]), ("x", ["strong"])]),
        ("<p>A <b>bold <i>word</b> here</i>.", None),
        ("<a href=/><div>Card</div></a>x", [("Card", ["link"]), ("x", [])]),
        (
            "<DIV CLASS=Entry-Meta>Monday</DIV>x",
            [("Monday", ["named_byline", "named_meta", "named_body"]), ("x", [])],
        ),
        ("<div class='wp-caption-text'>Mill</div>x", [("x", [])]),
        ("<div class=imgText>Mill</div>x", [("Mill", ["named_image_text"]), ("x", [])]),
        ("<script>if (a<b) '<nav>'</script>One<!-- <nav> -->two", [("One", []), ("two", [])]),
        (
            "One<img src=a.jpg>two<p>three",
            [("One", ["before_image"]), ("two", ["after_image"]), ("three", ["paragraph"])],
        ),
        (
            "<img alt='The old mill in 1903'><p>The old mill in 1903",
            [("The old mill in 1903", ["paragraph", "after_image", "image_text"])],
        ),
        ("</nav></p>One</div>", [("One", [])]),
        ("<p><a href=/><div>Card</div></a>x<p><b><div>y</div>", [("Card", ["link"]), ("x", []), ("y", ["strong"])]),
        (
            "<a name=x>One</a><a href=/>two<a href=/>three</a>x",
            [("One", []), ("two", ["link"]), ("three", ["link"]), ("x", [])],
        ),
        ("<div data-role=footer data-id='comment-3'>One", [("One", [])]),
        ("<nav>One" + "<i>" * 70 + "</nav><p>two", [("One", ["nav"]), ("two", ["paragraph"])]),
        ("One &lt;nav&gt; two", [("One <nav> two", [])]),
    ],
)
def test_the_markup_of_each_piece(html: str, expected: list[tuple[str, list[str]]] | None) -> None:
    """Elements hold for what is in them, also without end tags; names of classes, and images close by, for their text."""
    found = markup_of(html)
    if expected is None:  # an end tag that is not the innermost ends its own element
        assert found[-1] == (".", ["paragraph"])
        assert ("word", ["paragraph", "strong", "emphasis"]) in found
    else:
        assert found == expected


@pytest.mark.parametrize(
    "unseen",
    [
        "<svg class=x />",
        "<svg><path></svg-icon></svg>",
        "<svg></SVG>",
        "<script>1</Script>",
        "<SCRIPT>1</SCRIPT>",
        "<!-- <script src=x> -->",
        "<!-- <nav><script>1</script></nav><nav> -->",
        "<!-->",
        "<!-- x --!>",
        "<svg-icon></svg-icon>",
        "<title>x</title>",
    ],
)
def test_what_is_not_printed_ends_where_parsers_end_it(unseen: str) -> None:
    """Text behind a comment, a script or a drawing has the markup of its own place."""
    assert markup_of(f"<nav>One</nav>{unseen}<p>two")[-1] == ("two", ["paragraph"])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_marks_are_all_that_is_added(html: str) -> None:
    """Whatever the page, it is the same page without its marks."""
    assert without_marks(mark_elements(html)[0]) == html


@given(
    st.lists(
        st.sampled_from([f"<{tag}>" for tag in TAGS] + ["</p>", "</a>", "</div>", " ", "&#32;", "One ", "two"]),
        max_size=30,
    ).map("".join)
)
def test_marks_do_not_change_the_text(html: str) -> None:
    """The text of a page is the same with marks."""
    marked = extract_marked(html, "resiliparse_all")
    assert (marked or "") == EXTRACTORS["resiliparse_all"](html if html.strip() else "<p>")


def test_a_page_cannot_write_marks() -> None:
    """Characters that are marks, and references to them, become spaces."""
    assert read_page(f"<p>One{MARKS[0]}&#xfdd4;&#64980;two").text == "One two"


def test_pages_with_too_many_kinds_of_markup() -> None:
    """Of a page with more kinds of markup than there are marks, the rest of the text has none."""
    names = (
        "bio",
        "byline",
        "comment",
        "share",
        "related",
        "teaser",
        "nav",
        "lead",
        "title",
        "sronly",
        "body",
        "meta",
    )
    classes = (
        " ".join(name for place, name in enumerate(names) if number >> place & 1) for number in range(1 << 10)
    )
    html = "".join(f"<div class='{each}'>Line {number}</div>" for number, each in enumerate(classes))
    marked, marks = mark_elements(html)
    bits = marks.take(marked).bits.tolist()
    assert len(bits) == 1 << 10
    assert len(set(bits)) == len(MARKS) ** 2 - 1
    assert set(bits[len(MARKS) ** 2 - 1 :]) == {0}


def test_texts_with_markup_can_be_pickled() -> None:
    """A text keeps its markup on the way to another process, and in a copy."""
    text = read_page("<nav>Home</nav><p>Old.").text
    assert isinstance(text, MarkedText)
    for again in (pickle.loads(pickle.dumps(text)), copy.deepcopy(text)):  # noqa: S301
        assert (again, again.begins.tolist(), again.bits.tolist()) == (
            text,
            text.begins.tolist(),
            text.bits.tolist(),
        )


def test_markdown_has_less_markup() -> None:
    """As Markdown, a text keeps the markup of links, and loses that of elements that Markdown lacks."""
    text = extract_marked("<nav><a href=/>Home</a></nav>", "resiliparse_all")
    assert text is not None
    assert as_markdown(text).bits.tolist() == [markup_bits(["link", "markdown"])]
