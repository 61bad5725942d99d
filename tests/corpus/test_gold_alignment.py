"""Line labels from gold bodies."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dechaff.text.lines import split_lines
from dechaff_training.corpus.gold_alignment import align, apply_snippets, coverage, vote, without_repeats
from dechaff_training.corpus.text_matching import match_tokens
from dechaff_training.corpus.tokens import tokenize_folded

LONG = [
    "The mill at the weir will close in the spring, its owner said on Monday, after ninety years of work.",
    "She had hoped to sell it to the town, but the council, which met in the afternoon, had no money for it.",
    "The meadows above the weir would be dry for most of the summer without it, and so it is to stay.",
    "Two of the nine workers have found places at the sawmill down the road; the others are still looking.",
]
CORPORA = Path(__file__).parents[2] / ".." / "shared" / "corpora"


def labelled(marked: Sequence[str]) -> tuple[str, list[int]]:
    """Split lines marked with +, - and ? into text and labels."""
    codes = {"+": 1, "-": 0, "?": -1}
    return "\n".join(line[2:] for line in marked), [codes[line[0]] for line in marked]


CASES = {
    "a menu around the body is boilerplate": (
        ["- Home", f"+ {LONG[0]}", f"+ {LONG[1]}", "- Imprint"],
        LONG[:2],
    ),
    "paragraphs that the extractor split are found": (
        [
            "+ The mill at the weir will close",
            "+ in the spring, its owner said on Monday,",
            "+ after ninety years of work.",
        ],
        LONG[:1],
    ),
    "paragraphs that the extractor joined are found": ([f"+ {LONG[0]} {LONG[1]}", "- Share"], LONG[:2]),
    "a menu line of words from the body is boilerplate": (
        ["- Mill Weir Town Council Spring", "- Work", f"+ {LONG[0]}", f"+ {LONG[1]}"],
        LONG[:2],
    ),
    "a short heading between matched neighbours is content": (
        ["- What next", f"+ {LONG[0]}", "+ What next", f"+ {LONG[1]}", "- What next"],
        [LONG[0], "What next", LONG[1]],
    ),
    "a short first paragraph is taken nearest to the body": (
        ["- Berlin", "- Home", "+ Berlin", f"+ {LONG[0]}"],
        ["Berlin", LONG[0]],
    ),
    "a list inside the body is content, one item a line": (
        [f"+ {LONG[0]}", "+ • flour", "+ • 2 eggs", "+ • milk", f"+ {LONG[1]}"],
        [LONG[0], "flour 2 eggs milk", LONG[1]],
    ),
    "a teaser in front that duplicates the first words of the body stays out": (
        ["- The mill at the weir will close …", "- Sport", "- Weather", f"+ {LONG[0]}", f"+ {LONG[1]}"],
        LONG[:2],
    ),
    "an intruder in the body is boilerplate": (
        [f"+ {LONG[0]}", "- Subscribe to our newsletter, the best of the week.", f"+ {LONG[1]}"],
        LONG[:2],
    ),
    "a repeated paragraph counts once where the gold has it once": (
        [f"+ {LONG[0]}", f"+ {LONG[1]}", f"+ {LONG[2]}", "- Related", f"- {LONG[1]}"],
        LONG[:3],
    ),
    "a paragraph that stands elsewhere than in the gold is content": (
        [f"+ {LONG[3]}", f"+ {LONG[0]}", f"+ {LONG[1]}", f"+ {LONG[2]}"],
        LONG,
    ),
    "a short paragraph is content as a whole line elsewhere in the article, and outside it boilerplate": (
        ["- Why the mill closes now", f"+ {LONG[0]}", "+ Why the mill closes now", f"+ {LONG[1]}", f"+ {LONG[2]}"],
        [*LONG[:3], "Why the mill closes now"],
    ),
    "a line half of which is gold is masked": (
        [f"+ {LONG[0]}", "? had no money for it. Follow us on all the channels", f"+ {LONG[2]}"],
        [LONG[0], "had no money for it.", LONG[2]],
    ),
    "a whole second copy of the article is masked": (
        [f"+ {line}" for line in LONG] + ["- Share this story"] + [f"? {line}" for line in LONG],
        LONG,
    ),
    "code without tokens inside the body is masked, residue is boilerplate": (
        [f"+ {LONG[0]}", "+ if weir is open call the mill {", "? });", "- * * *", f"+ {LONG[1]}", "- });"],
        [LONG[0], "if weir is open call the mill { });", LONG[1]],
    ),
    "chinese is found character by character": (
        [
            "- 首页",
            "- 水坝",
            "+ 水坝旁的磨坊将于春天关闭，其主人周一表示。",
            "+ 她本希望把它卖给镇里，但市政厅没有钱。",
            "- 分享",
        ],
        ["水坝旁的磨坊将于春天关闭，其主人周一表示。她本希望把它卖给镇里，但市政厅没有钱。"],
    ),
    "typography does not matter": (
        ["+ “It’s the END,” she said – for „good“ this time", "- Tweet"],
        ['"It\'s the end", she said - for "good" this\u00a0ti\u00adme'],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_lines_get_the_labels_that_a_reader_would_give(case: str) -> None:
    """Each page and its gold body give the labels that a reader would assign."""
    marked, body = CASES[case]
    text, expected = labelled(marked)
    assert align(text, body).tolist() == expected


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("The mill at the weir closes", -1),
        ("THE MILL AT THE WEIR CLOSES", -1),
        ("The mill at the weir closes | Wemmer Post", -1),
        ("Wemmer Post: The mill at the weir closes", -1),
        ("Home » The mill at the weir closes", -1),
        ("The mill", 0),
        ("The sawmill down the road closes", 0),
        ("Why the mill at the weir closes, and what the town and its council now want to do about it", 0),
    ],
)
def test_a_headline_that_the_gold_leaves_out_is_masked(line: str, label: int) -> None:
    """A headline missing from the gold body is masked, also with the site's name; other headlines stay boilerplate."""
    labels = align(f"{line}\n{LONG[0]}\n{LONG[1]}", LONG[:2], "The mill at the weir closes")
    assert labels.tolist() == [label, 1, 1]


def test_a_headline_in_the_gold_is_content_once() -> None:
    """A headline in the gold body is content once, where it heads the article."""
    title = "The mill at the weir closes"
    text = f"{title}\n{LONG[0]}\n{LONG[1]}\nRelated\n{title}"
    assert align(text, [title, *LONG[:2]], title).tolist() == [1, 1, 1, 0, 0]


def test_the_headline_above_the_body_is_masked_if_it_is_a_heading_of_the_page() -> None:
    """Where the title differs from the page's headings, the heading nearest above the body is masked."""
    text = "\n".join(["Wemmer Post", "Last wheel on the Wemmer stops", "Share", *LONG[:2]])
    headings = ["Wemmer Post", "Last wheel on the Wemmer stops"]
    assert align(text, LONG[:2], "The mill closes", headings).tolist() == [0, -1, 0, 1, 1]
    assert align(text, [headings[1], *LONG[:2]], "The mill closes", headings).tolist() == [0, 1, 0, 1, 1]


def test_bylines_in_the_gold_are_masked_on_request() -> None:
    """Byline, date and counters before the first sentence and credits inside the body are masked on request."""
    body = [
        "The mill closes",
        "by Ada Weir on May 3, 2012",
        "12 comments",
        LONG[0],
        "Photo by Bo Mill",
        LONG[1],
    ]
    text = "\n".join(body)
    assert align(text, body, "The mill closes", mask_bylines=True).tolist() == [-1, -1, -1, 1, -1, 1]
    assert align(text, body, "The mill closes").tolist() == [1] * 6


@given(st.text(max_size=200), st.lists(st.text(max_size=60), max_size=5), st.text(max_size=20))
def test_any_text_and_gold_give_one_label_a_line(text: str, body: list[str], title: str) -> None:
    """Any text and any gold body give one label a line, without an error."""
    labels = align(text, body, title, mask_bylines=True)
    assert len(labels) == len(split_lines(text))
    assert set(labels.tolist()) <= {-1, 0, 1}
    assert 0 <= coverage(text, body) <= 1


WORDS = ["the", "weir", "mill", "broke", "at", "night", "and", "no", "one", "was", "hurt", "in", "it"]
words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)


@given(st.lists(words.map(" ".join), min_size=1, max_size=8), st.lists(words.map(" ".join), max_size=8))
def test_matched_tokens_are_as_many_in_the_gold_as_on_the_page(lines: list[str], body: list[str]) -> None:
    """Each gold token is matched once at most."""
    match = match_tokens(lines, body)
    assert match.on_page.sum() <= match.in_gold.sum()


@given(st.lists(words.map(" ".join), min_size=1, max_size=8))
def test_a_text_that_is_its_own_gold_is_all_content(lines: list[str]) -> None:
    """A text of four tokens or more with itself as gold body is all content."""
    text = "\n".join([LONG[0], *lines])
    assert set(align(text, [LONG[0], *lines]).tolist()) == {1}


def test_a_text_without_its_gold_is_all_boilerplate() -> None:
    """A text that lost the body is all boilerplate, if the whole page covers the gold body."""
    assert align("Home\nSport\nImprint", LONG).tolist() == [0, 0, 0]
    assert coverage("Home\nSport\nImprint", LONG) == 0
    assert coverage("\n".join(["Home", *LONG]), LONG) == 1


def test_tokens_are_words_without_case_and_single_cjk_characters() -> None:
    """Tokens are folded words and single CJK characters; soft hyphens and widths are ignored."""
    assert tokenize_folded("Do\u00adnau 3,50 ＡＢ 東京タ _x_") == ["donau", "3", "50", "ab", "東", "京", "タ", "x"]


def test_repeated_sentences_are_taken_out_of_a_gold() -> None:
    """Repeated sentences of several words are removed, within a paragraph and across; short ones may repeat."""
    body = [f"{LONG[0]} No. {LONG[0]}", LONG[1], LONG[1], "No."]
    assert without_repeats(body) == [f"{LONG[0]} No.", LONG[1], "No."]


@pytest.mark.parametrize(
    ("line", "present", "absent", "label"),
    [
        ("Accept all cookies", [], ["accept all"], 0),
        (LONG[0], ["close in the spring"], [], 1),
        ("will close in the spring", [LONG[0]], [], 1),
        (LONG[0], [], ["mill"], -1),
        (LONG[0], ["on Monday"], [], -1),
        ("Share", [], ["Share"], 0),
        ("|", ["|"], ["*"], -1),
    ],
)
def test_snippets_overrule_labels(line: str, present: list[str], absent: list[str], label: int) -> None:
    """A line that contains a snippet, or is contained in one, gets its label; a single word of a long line does not."""
    assert apply_snippets(line, np.array([-1], np.int8), present, absent).tolist() == [label]


def test_a_vote_needs_three_of_four_and_the_first_has_a_veto() -> None:
    """Three votes make content, one makes boilerplate, the rest is masked, and the first voter has a veto."""
    lines = [*LONG, "Read this too, it is about the sawmill down the road", "Follow us on all channels"]
    by_all = "\n".join(LONG)
    voters = [by_all, f"{by_all}\n{lines[4]}", f"{by_all}\n{lines[4]}", f"{by_all}\n{lines[4]}\n{lines[5]}"]
    labels = vote("\n".join(["Home", *lines]), voters)
    assert labels is not None
    assert labels.tolist() == [0, 1, 1, 1, 1, -1, 0]


def test_a_vote_of_fewer_than_two_voters_gives_no_labels() -> None:
    """An extraction of less than 250 characters does not vote, and fewer than two voters give no labels."""
    assert vote("Home", ["\n".join(LONG), "Home", "", ""]) is None


def test_a_vote_makes_no_statement_on_the_headline() -> None:
    """A vote masks the headline, on which extractors differ."""
    text = "\n".join(["The mill closes", *LONG])
    for title, headings in (("The mill closes", []), (None, ["The mill closes"])):
        labels = vote(text, ["\n".join(LONG)] * 4, title, headings)
        assert labels is not None
        assert labels.tolist() == [-1, 1, 1, 1, 1]


def test_a_page_of_a_thousand_gold_tokens_takes_milliseconds() -> None:
    """A page with a thousand gold tokens is aligned within milliseconds."""
    from time import process_time

    rng = np.random.default_rng(0)
    vocabulary = [f"w{i}" for i in range(400)]
    body = [" ".join(rng.choice(vocabulary, 40)) for _ in range(25)]
    menu = [" ".join(rng.choice(vocabulary, 4)) for _ in range(500)]
    text = "\n".join(menu[:250] + body + menu[250:])
    times = []
    for _ in range(3):
        begin = process_time()
        labels = align(text, body)
        times.append(process_time() - begin)
    assert labels.tolist() == [0] * 250 + [1] * 25 + [0] * 250
    assert min(times) < 0.2


@pytest.mark.skipif(not CORPORA.is_dir(), reason="needs ../shared/corpora: real pages that are not in the project")
def test_kept_lines_of_real_pages_are_nearly_the_gold() -> None:
    """On real pages in many scripts, the content lines cover nearly all of the gold body."""
    from dechaff_training.corpus.corpus import Corpus

    corpus = Corpus.read(CORPORA / "train" / "newspaper4k.parquet", extractors=("resiliparse_all",))
    covered = []
    for article in corpus:
        spans = split_lines(article.text)
        kept = [article.text[a:b] for (a, b), label in zip(spans, article.labels, strict=True) if label == 1]
        gold = article.body or ()
        # The headline is content, though golds leave it out.
        covered.append((coverage("\n".join(kept), gold), coverage("\n".join((article.title or "", *gold)), kept)))
    recall, precision = np.mean(covered, axis=0)
    assert recall > 0.98
    assert precision > 0.98
