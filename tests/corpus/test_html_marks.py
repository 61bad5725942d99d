"""Marks of a page's own HTML, and the labels made from them."""

import numpy as np
import pytest

from dechaff_training.corpus.html_marks import PageMarks, find_marks
from dechaff_training.corpus.mark_labels import apply_marks

HEAD = """<title>The mill shuts | Post</title><meta property="og:title" content="The mill shuts">
<meta name="description" content="After ninety years the wheel stops."><script type="application/ld+json">
{"@graph": [{"@type": "NewsArticle", "headline": "Mill to shut", "description": "It was old."}]}</script>"""
BODY = "The mill at the weir will close in March, its owner said on Tuesday."


@pytest.mark.parametrize(
    ("html", "mark"),
    [
        ("<figcaption>The mill</figcaption>", "caption"),
        ("<p class='wp-caption-text'>The mill</p>", "caption"),
        ("<aside><p>The mill</p></aside>", "aside"),
        ("<nav><ul><li>The mill</ul></nav>", "navigation"),
        ("<div class='share-buttons'><span>The mill</span></div>", "share"),
        ("<div id=related-posts><h3>The mill</h3></div>", "related"),
        ("<div class='author-bio'>The mill</div>", "bio"),
        ("<p><time>The mill</time></p>", "byline"),
        ("<span itemprop='datePublished'>The mill</span>", "byline"),
        ("<section class=comments><p>The mill</p></section>", "comment"),
        ("<form class=newsletter>The mill</form>", "offer"),
        ("<footer><figure><figcaption>The mill</figcaption></figure></footer>", "caption"),
        ("<div class=adapter>The mill</div>", ""),
        ("<main class=related>The mill</main>", ""),
        ("<p>The <b class=share>mill</b></p>", ""),
    ],
)
def test_marks_of_blocks(html: str, mark: str) -> None:
    """A block has the mark of its innermost marked element, by tag, item property or whole words of class names."""
    assert find_marks(f"<html><body>{html}</body></html>").blocks == [(mark, "The mill")]


def test_titles_and_descriptions() -> None:
    """Titles and descriptions come from headings, metadata and JSON-LD."""
    marks = find_marks(f"<html><head>{HEAD}</head><body><h1>The mill <i>shuts</i></h1></body></html>")
    assert set(marks.titles) == {"The mill shuts | Post", "The mill shuts", "Mill to shut"}
    assert marks.descriptions == ["After ninety years the wheel stops.", "It was old."]


@pytest.mark.parametrize("html", ["", "<!-- -->", "<script type='application/ld+json'>{</script>", "<p>"])
def test_pages_without_marks(html: str) -> None:
    """Empty and broken pages have no marks."""
    assert find_marks(html) == PageMarks()


def test_text_of_blocks_is_complete() -> None:
    """Scripts and styles are no text, inline elements do not divide a block, and text after a block is kept."""
    marks = find_marks("<body>One <a>two</a><script>x</script> three<p>four</p>five<style>y</style> six</body>")
    assert [text for _, text in marks.blocks] == ["One two three", "four", "five six"]


def test_marks_survive_json() -> None:
    """Marks in the cache are those of the page."""
    marks = find_marks(f"{HEAD}<body><nav>Größe</nav></body>")
    again = PageMarks.from_json(marks.to_json())
    assert vars(again) == {**vars(marks), "blocks": [list(block) for block in marks.blocks]}


@pytest.mark.parametrize(
    ("lines", "labels", "expected"),
    [
        # The last title above the body is the headline; copies above it are boilerplate.
        (["The mill shuts", "News", "The mill shuts", BODY], [-1, 0, -1, 1], [0, 0, 1, 1]),
        # With the site's name; and a gold that has the headline itself.
        (["The mill shuts | Post", BODY], [-1, 1], [1, 1]),
        (["The mill shuts", BODY], [1, 1], [1, 1]),
        # A description below the headline is the standfirst; other long lines there are doubtful.
        (["The mill shuts", "After ninety years the wheel stops.", BODY], [-1, 0, 1], [1, 1, 1]),
        (["The mill shuts", "Nobody in the valley had seen this coming at all", BODY], [-1, 0, 1], [1, -1, 1]),
        (["After ninety years the wheel stops.", "The mill shuts", BODY], [0, -1, 1], [0, 1, 1]),
        # Marked blocks: some are boilerplate against the gold, others are doubtful then.
        ([BODY, "The mill in May", "Nice mill!", BODY], [1, 1, 1, 1], [1, 0, -1, 1]),
        ([BODY, "The mill in May", "Nice mill!", BODY], [1, -1, 0, 1], [1, 0, 0, 1]),
        # Without a body nothing is known.
        (["The mill shuts", "News"], [-1, 0], [-1, 0]),
        ([], [], []),
    ],
)
def test_labels_by_marks(lines: list[str], labels: list[int], expected: list[int]) -> None:
    """Headline, copies, standfirst and marked blocks get the labels of the policy."""
    marks = PageMarks(
        ["The mill shuts | Post"],
        ["After ninety years the wheel stops."],
        [("caption", "The mill in May"), ("comment", "Nice mill!")],
    )
    assert apply_marks("\n".join(lines), np.array(labels, np.int8), marks).tolist() == expected


def test_marks_that_are_not_trusted() -> None:
    """A text that also stands unmarked keeps its label, and so does a mark on much of the content."""
    twice = PageMarks(blocks=[("caption", "The mill in May"), ("", "The mill in May")])
    assert apply_marks(f"{BODY}\nThe mill in May", np.array([1, 1], np.int8), twice).tolist() == [1, 1]
    template = PageMarks(blocks=[("related", BODY)])
    assert apply_marks(BODY, np.array([1], np.int8), template).tolist() == [1]
