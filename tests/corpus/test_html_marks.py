"""Marks of a page's own HTML, and the labels made from them."""

from pathlib import Path

import numpy as np
import pytest

from dechaff_training.corpus.html_marks import PageMarks, find_marks
from dechaff_training.corpus.mark_labels import apply_marks
from dechaff_training.corpus.pages import read_pages

pytest.importorskip("lxml", reason="needs the peers extra: pip install 'dechaff[peers]'")

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
        # A paragraph has an inline element's mark only if all its words are in such elements.
        ("<p>The <b class=share>mill</b></p>", ""),
        ("<p><b class=share>The</b> mill</p>", ""),
        ("<p><a class=related-link>The</a> mill</p>", ""),
        ("<p class=caption><a class=related-link>The</a> mill</p>", "caption"),
        ("<footer><p><time>The</time> mill</p></footer>", "navigation"),
        ("<p> <time>The</time> <span class=author>mill</span></p>", "byline"),
        ("<div class=share><p>One</p></div><p>The mill</p>", ""),
        # Item properties and links have several names; class names are more exact than `aside`.
        ("<p itemprop='headline caption'>The mill</p>", "caption"),
        ("<p><a rel='nofollow author'>The mill</a></p>", "byline"),
        ("<aside class=comments><p>The mill</p></aside>", "comment"),
        ("<div class=article__teaser>The mill</div>", "teaser"),
    ],
)
def test_marks_of_blocks(html: str, mark: str) -> None:
    """A block has the mark of its innermost marked element, by tag, item property or whole words of class names."""
    assert find_marks(f"<html><body>{html}</body></html>").blocks[-1] == (mark, "The mill")


def test_titles_and_descriptions() -> None:
    """Titles and descriptions come from headings, metadata and JSON-LD."""
    marks = find_marks(f"<html><head>{HEAD}</head><body><h1>The mill <i>shuts</i></h1></body></html>")
    assert set(marks.titles) == {"The mill shuts | Post", "The mill shuts", "Mill to shut"}
    assert marks.descriptions == ["After ninety years the wheel stops.", "It was old."]


@pytest.mark.parametrize(
    ("values", "titles"),
    [
        ('{"mainEntity": {"headline": "A", "video": {"headline": "B"}}}', ["A"]),
        ('[{"headline": "A"}, {"headline": "B"}]', []),
        ('[{"headline": "A"}, {"headline": "A"}]', ["A", "A"]),
        ('[{"headline": ["A"]}, [{"headline": null}], 1]', []),
        (f'{{"headline": "A", "n": {"1" * 5000}}}', []),
        ("[" * 100_000, []),
        ("{", []),
    ],
)
def test_headline_of_linked_data(values: str, titles: list[str]) -> None:
    """Only the outermost article counts, none if there are several; what JSON cannot read is ignored."""
    assert find_marks(f"<script type='application/ld+json'>{values}</script><p>x").titles == titles


@pytest.mark.parametrize(
    "html", ["", " ", "<!-- -->", "<?xml version='1.0' encoding='utf-8'?>", "<p>", "\x00", "\ud83d"]
)
def test_pages_without_marks(html: str) -> None:
    """Empty and broken pages have no marks."""
    assert find_marks(html) == PageMarks()


def test_text_of_blocks_is_complete() -> None:
    """Scripts and styles are no text, inline elements do not divide a block, and text after a block is kept."""
    marks = find_marks("<body>One <a>two</a><script>x</script> three<p>four</p>five<style>y</style> six</body>")
    assert [text for _, text in marks.blocks] == ["One two three", "four", "five six"]
    words = "".join(f"<{tag}>{tag}</{tag}> " for tag in ("time", "label", "button", "del", "data", "dfn", "samp"))
    marks = find_marks(f"<body><p>One {words}<ruby>two<rt>three</rt></ruby></p>")
    assert [text for _, text in marks.blocks] == ["One time label button del data dfn samp twothree"]


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("<p>One <!-- c --> two</p>", ["One two"]),
        ("<p>One <?php c ?> two</p>", ["One two"]),
        ("<?xml version='1.0' encoding='iso-8859-1'?><meta charset=gbk><p>Größe</p>", ["Größe"]),
        ("\ufeff<?xml version='1.0' encoding='utf-8'?><html><body><p>One</p></body></html>", ["One"]),
        ("<p>One\x00</p><p>two\ud83d</p>", ["One", "two"]),
    ],
)
def test_text_of_odd_pages(html: str, blocks: list[str]) -> None:
    """Comments, XML declarations and characters that parsers refuse lose no text."""
    assert [text for _, text in find_marks(html).blocks] == blocks


def test_marks_survive_json() -> None:
    """Marks in the cache are those of the page, even if a headline is cut within an emoji."""
    cut = '<script type="application/ld+json">{"headline": "Größe \\ud83d"}</script>'
    marks = find_marks(f"<title>Post</title>{cut}<body><nav>Größe</nav></body>")
    assert marks.titles == ["Post", "Größe \ud83d"]
    marks.to_json().encode()
    assert PageMarks.from_json(marks.to_json()) == marks


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


@pytest.mark.parametrize(
    ("titles", "lines", "headline"),
    [
        # The site's name is no headline, neither as a part of the title nor as a heading.
        (["The mill shuts | Valley Post"], ["The mill shuts", "Valley Post", "3 May"], 0),
        (["Mill shuts | Valley Post"], ["Mill shuts", "Valley Post"], None),
        (["The mill shuts at last | Post", "Post"], ["The mill shuts at last", "Post"], 0),
        (["Post"], ["News", "Post"], 1),
        # A headline may be much shorter than its copy with the site's name, and than other titles.
        (
            ["The mill | The Post of the whole valley", "The mill"],
            ["The mill | The Post of the whole valley", "The mill"],
            1,
        ),
        (["東京の水車が止まる | ポスト"], ["東京の水車が止まる", "ポスト"], 0),
    ],
)
def test_headlines_and_names_of_sites(titles: list[str], lines: list[str], headline: int | None) -> None:
    """The headline is a title or a long part of one, not the name of the site below it."""
    labels = np.array([-1] * len(lines) + [1], np.int8)
    labelled = apply_marks("\n".join([*lines, BODY]), labels, PageMarks(titles)).tolist()
    assert [line for line, label in enumerate(labelled[:-1]) if label == 1] == (
        [] if headline is None else [headline]
    )


@pytest.mark.parametrize(("mark", "expected"), [("related", [1, 0, 0, 1]), ("teaser", [0, 1, 1, 1])])
def test_headline_in_marked_block(mark: str, expected: list[int]) -> None:
    """Lines in marked blocks are neither headline nor standfirst, except in teasers, as some sites call the latter."""
    description = "After ninety years the wheel stops."
    marks = PageMarks(["The mill shuts", "The mill shuts at last"], [description])
    marks.blocks = [(mark, "The mill shuts at last"), (mark, description)]
    text = "\n".join(["The mill shuts", "The mill shuts at last", description, BODY])
    assert apply_marks(text, np.array([-1, -1, 0, 1], np.int8), marks).tolist() == expected


@pytest.mark.parametrize("labels", [[], [1], [1, 1, 1]])
def test_wrong_number_of_labels(labels: list[int]) -> None:
    """There must be one label for each line."""
    with pytest.raises(ValueError, match=f"2 lines, but {len(labels)} labels"):
        apply_marks("One\ntwo", np.array(labels, np.int8), PageMarks())


def test_marked_labels_are_read_alone(tmp_path: Path) -> None:
    """Once labels are cached, nothing that they were made from is computed again, for any extractor."""
    pytest.importorskip("resiliparse", reason="needs the html extra: pip install 'dechaff[html]'")
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    html = f"<title>The mill shuts</title><body><h1>The mill shuts</h1><p>{BODY}</p>"
    row = {"id": "1", "site": "post.example", "html": html, "title": "The mill shuts", "body": [BODY]}
    cache = tmp_path / "cache"
    parquet.write_table(arrow.Table.from_pylist([row]), tmp_path / "pages.parquet")
    read = [read_pages(tmp_path / "pages.parquet", ["resiliparse_all", "html_text"], cache, n_jobs=1)]
    kept = [
        path
        for path in cache.iterdir()
        if any(part in path.name for part in ("-texts-", "-marked-labels-", "-markup-"))
    ]
    for path in set(cache.iterdir()) - set(kept):
        path.unlink()
    read.append(read_pages(tmp_path / "pages.parquet", ["resiliparse_all", "html_text"], cache, n_jobs=1))
    assert sorted(cache.iterdir()) == sorted(kept)
    assert [[article.labels.tolist() for article in articles] for articles in read] == [[[1, 1], [0, 1, 1]]] * 2


def test_marks_that_are_not_trusted() -> None:
    """A text that also stands unmarked keeps its label, and so does a mark on much of the content."""
    twice = PageMarks(blocks=[("caption", "The mill in May"), ("", "The mill in May")])
    assert apply_marks(f"{BODY}\nThe mill in May", np.array([1, 1], np.int8), twice).tolist() == [1, 1]
    template = PageMarks(blocks=[("related", BODY)])
    assert apply_marks(BODY, np.array([1], np.int8), template).tolist() == [1]
