"""Titles and addresses: the headline is kept, copies of it are dropped, and other lines keep their labels."""

from pathlib import Path

import numpy as np
import pytest
from cli_process import dechaff
from helpers import ANY_TEXT, ANY_TEXTS, SMALL_MODEL, constant_model, forward, random_model
from hypothesis import assume, given
from hypothesis import strategies as st

from dechaff import InputError, LineBatch, LineModel, classify_lines, clean_array, clean_article, keep_content
from dechaff.decisions.decide import _keep_titles
from dechaff.decisions.titles import (
    COPY,
    HEADLINE,
    NO_ROLE,
    ROLES,
    PageInfo,
    find_roles,
    make_page_infos,
    url_words,
)
from dechaff.explain.contributions import explain
from dechaff_training.corpus import Article, Corpus
from dechaff_training.evaluate.evaluation import evaluate

EXAMPLE = Path(__file__).parents[2] / ".." / "shared" / "example" / "article.txt"
RANDOM = random_model()
TITLE = "The old mill at the weir shuts"
BODY = "The council voted on Tuesday to repair the old bridge, which had been closed since March."
PAGE = f"Home\nNews » {TITLE}\n{TITLE}\nAfter forty years\n{BODY}\n{BODY}\nShare\n{TITLE}"
#: The log-odds of that page's lines: only the body is surely content.
ODDS = np.array([-2.0, -2.0, 0.0, -1.0, 5.0, 5.0, -4.0, -1.0])


def roles(text: str, page_info: PageInfo, odds: np.ndarray | None = None) -> list[int]:
    batch = LineBatch.from_texts([text])
    return find_roles(batch, np.zeros(batch.n_lines) if odds is None else odds, [page_info]).tolist()


def test_the_roles_of_a_page() -> None:
    """The last of the lines above the body that match the title best is the headline, all others are copies."""
    assert roles(PAGE, PageInfo(TITLE), ODDS) == [NO_ROLE, COPY, HEADLINE, NO_ROLE, NO_ROLE, NO_ROLE, NO_ROLE, COPY]


@pytest.mark.parametrize("caption", [f"{TITLE} photo", f"{TITLE} – » more"])
def test_the_closest_match_is_the_headline(caption: str) -> None:
    """A caption or a link that adds a word to the title is a copy, although it is nearer to the body."""
    assert roles(f"{TITLE}\n{caption}\n{BODY}", PageInfo(TITLE), ODDS[[2, 3, 4]]) == [HEADLINE, COPY, NO_ROLE]


@pytest.mark.parametrize(
    ("line", "title", "says"),
    [
        ("The mill shuts", "The mill shuts", True),
        ("THE MILL SHUTS!", "“The mill shuts”", True),
        ("The mill shuts", "The mill shuts | Valley Post", True),
        ("The mill shuts", "Valley Post - The mill shuts", True),
        ("The mill shuts – Valley Post", "The mill shuts – Valley Post", True),
        ("Valley Post", "The mill at the weir shuts | Valley Post", False),
        ("The mill shuts for ever and a day", "The mill shuts", False),
        ("The mill", "The mill shuts", False),
        ("Le moulin fermé", "Le moulin ferme", True),
        ("ＭＩＬＬ", "mill", True),
        ("水車小屋が閉まる", "水車小屋が閉まる|谷日報", True),
        ("The mill", "", False),
        ("The mill", " | ", False),
        ("|", "|", False),
        ("The mill\nshuts", "The mill\nshuts", False),
        ("The mill shuts", f"The mill{' ' * 100_000}shuts", True),
    ],
)
def test_what_says_a_title(line: str, title: str, says: bool) -> None:
    """Case, marks, punctuation, width and the site's name are ignored; half a title, or much more than it, does not match."""
    found = roles(line, PageInfo(title))
    assert (HEADLINE in found) == says
    assert (NO_ROLE in found) != says


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://post.example/2024/06/old-mill-shuts-10442.html?a-b-c-d-e#f-g-h-i-j", "old mill shuts"),
        ("http://post.example/old_mill_shuts/", "old mill shuts"),
        ("https://post.example/%E6%B0%B4%E8%BB%8A-%E9%96%89", "水車 閉"),
        ("/news/old-mill-shuts", "old mill shuts"),
        ("//post.example/old+mill", "old mill"),
        ("https://the-valley-post.example/", ""),
        ("http://[broken/%zz%ff-old", "%zz\ufffd old"),
        ("https://post.example/more-of-our-stories/old-mill-shuts/page/2", "old mill shuts"),
        ("https://post.example/more-of-our-stories/10442", "more of our stories"),
        ("/news//old-mill-shuts", "old mill shuts"),
        ("", ""),
    ],
)
def test_the_words_of_an_address(url: str, words: str) -> None:
    """The words are decoded from the last part of the path that has several, without numbers, suffix, host and query; no address is an error."""
    assert url_words(url) == words


@pytest.mark.parametrize(
    ("url", "headline"),
    [
        ("https://post.example/news/old-mill-at-the-weir-shuts-10442", 2),
        ("https://post.example/news/mill-weir-shuts", None),
        ("https://post.example/old-mill", None),
        ("https://post.example/10442", None),
        ("https://post.example/the-council-votes-to-close-the-harbour", None),
    ],
)
def test_an_address_instead_of_a_title(url: str, headline: int | None) -> None:
    """The line with most words of the address is the headline, if they are at least three and most of them."""
    found = roles(PAGE, PageInfo(None, url), ODDS)
    assert (found.index(HEADLINE) if HEADLINE in found else None) == headline


def test_a_title_goes_before_an_address() -> None:
    """If a title is given, the address is ignored."""
    url = "https://post.example/old-mill-at-the-weir-shuts"
    assert HEADLINE in roles(PAGE, PageInfo(None, url), ODDS)
    assert HEADLINE not in roles(PAGE, PageInfo("Harbour empty", url), ODDS)


def test_without_a_headline_there_are_no_copies() -> None:
    """A title found only below the body has no role; below a line or two it is still the headline."""
    text = f"Home\n{BODY}\n{BODY}\n{TITLE}"
    assert roles(text, PageInfo(TITLE), np.array([-2.0, 5.0, 5.0, 0.0])) == [NO_ROLE] * 4
    assert roles(text, PageInfo(TITLE), np.array([-2.0, -4.0, 5.0, 0.0])) == [NO_ROLE] * 4
    assert roles(f"{BODY}\n{TITLE}\n{BODY}", PageInfo(TITLE), np.array([-4.0, 0.0, 5.0])) == [
        NO_ROLE,
        HEADLINE,
        NO_ROLE,
    ]


@given(ANY_TEXT, ANY_TEXT)
def test_a_title_that_no_line_says(text: str, title: str) -> None:
    """A title that matches no line changes nothing, for any text."""
    title = f"{title} qqq www eee rrr ttt yyy uuu iii ooo ppp {title}"
    assert keep_content(text, RANDOM, title=title) == keep_content(text, RANDOM)
    probability = [line.probability for line in classify_lines(text, RANDOM)]
    assert [line.probability for line in classify_lines(text, RANDOM, title=title)] == probability


@given(ANY_TEXT, st.one_of(ANY_TEXT, st.just(None)), st.one_of(ANY_TEXT, st.just(None)), st.integers(0, 9))
def test_kept_and_dropped_are_the_input(text: str, title: str | None, url: str | None, place: int) -> None:
    """With any title and address, kept and dropped lines make up the input."""
    lines = LineBatch.from_texts([text]).line_texts(0)
    title = lines[place] if place < len(lines) else title
    article = clean_article(text, RANDOM, title=title, url=url)
    assert [text[line.start : line.end] for line in article.lines] == lines
    assert article.text == keep_content(text, RANDOM, title=title, url=url)
    starts = [0, *(line.start for line in article.lines[1:]), len(text)]
    kept = [
        text[a:b] for line, a, b in zip(article.lines, starts, starts[1:], strict=False) if line.label == "content"
    ]
    assert article.text == ("".join(kept) if lines else text)


@given(ANY_TEXT, st.integers(0, 9))
def test_contributions_sum_to_the_log_odds(text: str, place: int) -> None:
    """With a title, the contributions of all features and of the line's role sum to the log-odds."""
    lines = LineBatch.from_texts([text]).line_texts(0)
    assume(lines)
    title = lines[place % len(lines)]
    probability = np.array([line.probability for line in classify_lines(text, RANDOM, title=title)])
    odds = explain(forward(RANDOM, text), PageInfo(title)).log_odds
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(probability, abs=1e-4)


def test_the_reasons_name_the_title(model: LineModel) -> None:
    """A line's role is among its reasons with its contribution, and only if a title is given."""
    lines = classify_lines(PAGE, model, title=TITLE)
    found = find_roles(LineBatch.from_texts([PAGE]), explain(forward(model, PAGE)).log_odds, [PageInfo(TITLE)])
    assert HEADLINE in found
    for line, plain, role in zip(lines, classify_lines(PAGE, model), found.tolist(), strict=True):
        extra = set(line.reasons(None)) - set(plain.reasons(None))
        assert extra == ({ROLES[role]} if ROLES[role].log_odds else set())


@given(ANY_TEXT, st.integers(0, 9), st.floats(0, 1))
def test_a_title_changes_only_lines_that_say_it(text: str, place: int, threshold: float) -> None:
    """Lines that do not match the title keep label and probability, also where the fallback kept them."""
    lines = LineBatch.from_texts([text]).line_texts(0)
    title = lines[place % len(lines)] if lines else "nothing"
    plain = classify_lines(text, RANDOM, threshold)
    titled = classify_lines(text, RANDOM, threshold, title=title)
    odds = RANDOM.log_odds(LineBatch.from_texts([text]))
    for before, after, role in zip(plain, titled, roles(text, PageInfo(title), odds), strict=True):
        if role == NO_ROLE:
            assert (before.label, before.probability) == (after.label, after.probability)
        assert (before.probability <= after.probability) or role == COPY


def test_the_fallback_and_a_headline() -> None:
    """An article kept by the fallback loses no line, except the title's copies, when the headline is kept."""
    model = constant_model(-0.5)
    assert keep_content(PAGE, model) == PAGE
    article = clean_article(PAGE, model, title=TITLE)
    dropped = [line.text for line in article.lines if line.label == "boilerplate"]
    assert set(dropped) <= {TITLE, f"News » {TITLE}"}
    assert article.flags == ("unsure", "kept by the guard")


def test_a_title_empties_no_article() -> None:
    """If the most probable line is dropped as a copy of the title, the fallback keeps the next one."""
    before, after = np.array([False, False, False, True]), np.array([False, False, True, False])
    says_title = np.array([True, False, False, True])
    assert _keep_titles(before, after, says_title, np.array([0, 4])).tolist() == [False, False, True, False]
    # With another line kept before, the article is not empty, and the title has no say on lines that do not say it.
    before[1] = True
    assert _keep_titles(before, after, says_title, np.array([0, 4])).tolist() == [False, True, False, False]
    # Each article by itself, one without lines too.
    assert _keep_titles(before, after, says_title, np.array([0, 2, 2, 4])).tolist() == [False, True, True, False]


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_title_is_no_title(nothing: str | None) -> None:
    """An empty title or address is treated as missing, and no page info is built."""
    assert keep_content(PAGE, RANDOM, title=nothing, url=nothing) == keep_content(PAGE, RANDOM)
    assert make_page_infos([PAGE] * 2, [nothing] * 2, [nothing] * 2) is None
    assert roles(PAGE, PageInfo(" \n")) == [NO_ROLE] * 8


@given(ANY_TEXTS, st.data())
def test_one_by_one(texts: list[str], data: st.DataObject) -> None:
    """Many articles with titles in one call give the results of each alone."""
    lines = [line for text in texts for line in text.splitlines()]
    any_line = st.sampled_from([None, "", *lines])
    titles = data.draw(st.lists(any_line, min_size=len(texts), max_size=len(texts)))
    urls = data.draw(st.lists(any_line, min_size=len(texts), max_size=len(texts)))
    alone = [
        keep_content(text, RANDOM, title=title, url=url)
        for text, title, url in zip(texts, titles, urls, strict=True)
    ]
    assert clean_array(texts, RANDOM, titles=titles, urls=urls) == alone


def test_titles_go_with_their_texts() -> None:
    """Neither None among the texts nor many batches shift the titles; groups may be given as well."""
    model = constant_model(-1.0)
    texts = [None, *["x" * 600] * 1500, PAGE]
    titles = [*[None] * 1501, TITLE]
    cleaned = clean_array(texts, model, titles=titles, groups=[None] * len(texts))
    assert cleaned[0] is None
    assert cleaned[-1] == keep_content(PAGE, model, title=TITLE)
    assert cleaned[-1] != keep_content(PAGE, model)


@pytest.mark.parametrize("wrong", [b"bytes", 5, ["a"]])
def test_wrong_types(wrong: object) -> None:
    """A title or address that is not a string is refused with its type, and in a list with its index."""
    for function in (keep_content, clean_article, classify_lines):
        for name, said in (("title", "the title"), ("url", "the URL")):
            with pytest.raises(InputError, match=f"{said} is {type(wrong).__name__}"):
                function("a", SMALL_MODEL, **{name: wrong})  # type: ignore[operator]
    with pytest.raises(InputError, match=f"title 1 is {type(wrong).__name__}"):
        clean_array(["a", "b"], SMALL_MODEL, titles=[None, wrong])  # type: ignore[list-item]


def test_as_many_titles_as_texts() -> None:
    """Too few or too many titles or addresses are refused with both numbers; one string is no list of titles."""
    for values in (["a"], ["a"] * 3):
        with pytest.raises(InputError, match=f"2 texts, but {len(values)} titles"):
            clean_array(["a", None], SMALL_MODEL, titles=values)
        with pytest.raises(InputError, match=f"2 texts, but {len(values)} URLs"):
            clean_array(["a", None], SMALL_MODEL, urls=values)
    with pytest.raises(InputError, match="the titles are a single string"):
        clean_array(["a", "b"], SMALL_MODEL, titles="ab")


@pytest.mark.skipif(not EXAMPLE.is_file(), reason="needs ../shared/example: the text belongs to its publisher")
def test_the_example_of_the_mission_keeps_its_headline() -> None:
    """The headline, dropped from the text alone, is kept if the title or the address is given."""
    text = EXAMPLE.read_text(encoding="utf-8")
    title = text.splitlines()[0]
    url = f"https://news.example/{title.lower().replace(' ', '-')}-12306_1.html"
    assert classify_lines(text)[0].text == title
    for page_info in ({"title": title}, {"title": f"{title} | World News - The Post"}, {"url": url}):
        lines = classify_lines(text, **page_info)
        assert lines[0].label == "content"
        assert lines[0].reasons(1)[0] == ROLES[HEADLINE]


@pytest.mark.parametrize("command", ["clean", "show"])
def test_on_the_command_line(command: str, tmp_path: Path) -> None:
    """Commands for one text take a title and an address; with several inputs these are refused."""
    title = "Photos of the year"
    (tmp_path / "a.txt").write_text(f"Home\nSport\n{title}\nShare\n{BODY}\nSubscribe now for ₹900 per month")
    plain = dechaff(command, "a.txt", cwd=tmp_path).stdout
    titled = dechaff(command, "a.txt", "--title", title, cwd=tmp_path).stdout.decode()
    assert titled.encode() != plain
    url = "https://post.example/photos-of-the-year"
    assert dechaff(command, "a.txt", "--url", url, cwd=tmp_path).stdout.decode() == titled
    for option in ("--title", "--url"):
        refused = dechaff(command, "a.txt", "b.txt", option, "x", cwd=tmp_path, code=2)
        assert "one input, but there are 2" in refused.stderr


def test_an_evaluation_with_titles() -> None:
    """With `titles=True`, an evaluation gives the model each article's title, and records that."""
    labels = np.array([0, 0, 1, 1, 1, 1, 0, 0], np.int8)
    articles = [Article(PAGE, labels, site, f"{site}/1", "web", title=TITLE) for site in ("a", "b")]
    plain, titled = (
        evaluate(constant_model(-1.0), Corpus(articles), 0.3, 50, titles=given) for given in (False, True)
    )
    assert [done.settings["titles_given"] for done in (plain, titled)] == [False, True]
    assert (titled.records.probability > plain.records.probability).tolist() == [0, 0, 1, 0, 0, 0, 0, 0] * 2
