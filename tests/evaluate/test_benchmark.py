"""Systems compared on pages with gold bodies."""

import numpy as np
import pytest
from helpers import SMALL_MODEL

from dechaff_training.corpus import Article, Corpus
from dechaff_training.evaluate.benchmark import (
    TextGroup,
    c4_rules,
    compare,
    gold_text,
    keep_all,
    oracle,
    peers,
    with_gold,
)

BODY = "The council voted on Tuesday to repair the old bridge.\nWork will begin in spring, the mayor said."


def article(text: str, labels: list[int], site: str = "a", **details: object) -> Article:
    return Article(text, np.array(labels, np.int8), site, f"{site}/1", "made-up", **details)  # type: ignore[arg-type]


@pytest.fixture
def corpus() -> Corpus:
    text = f"Old bridge to be repaired\n{BODY}\nMore stories from the valley\nSubscribe now"
    return Corpus(
        [
            article(text, [-1, 1, 1, 0, 0], site, title="Old bridge to be repaired", body=tuple(BODY.splitlines()))
            for site in "abcd"
        ]
    )


@pytest.mark.parametrize(
    ("line", "strict", "lenient"),
    [
        ("The mill shuts today.", True, True),
        ('"The mill shuts today."', True, True),
        ("The mill shuts today", False, True),
        ("The mill shuts today...", False, True),
        ("The mill shuts today…", False, True),
        ("Read more.", False, False),
        ("Please turn on JavaScript for this.", False, False),
        ("By reading on you accept our Privacy Policy.", False, False),
        (f"A word of {'x' * 1001} letters.", False, False),
        ("今日磨坊关闭。", False, False),
    ],
)
def test_c4_rules(line: str, strict: bool, lenient: bool) -> None:
    """The rules keep sentences of three words or more, as datatrove's C4 filter does."""
    one = [article(line, [0])]
    assert c4_rules(end_punctuation=True)(one) == [line if strict else ""]
    assert c4_rules(end_punctuation=False)(one) == [line if lenient else ""]


@pytest.mark.parametrize(
    ("made", "gold"),
    [
        (article("One.\nShare", [1, 0], body=("Gold.", "Text.")), "Gold.\nText."),
        (article("One.\nShare", [1, 0]), "One.\n"),
        (article("Log in\nShare", [0, 0]), ""),
        (article("One.\nShare", [1, -1]), None),
        (article("One.\nShare", [1, 0], silver=True), None),
    ],
)
def test_gold_text(made: Article, gold: str | None) -> None:
    """The gold text is the body, else the content lines if all lines are labelled; voted labels are no gold."""
    assert gold_text(made) == gold
    assert with_gold(Corpus([made])) == ([] if gold is None else [made])


def test_oracle_keeps_content_only() -> None:
    """Masked lines and boilerplate are dropped; a text without lines stays."""
    made = [article("A\n\nB\nC\n", [1, -1, 0]), article(" \n", []), article("A", [0])]
    assert oracle(made) == ["A\n\n", " \n", ""]


def test_compare_orders_systems(corpus: Corpus) -> None:
    """The oracle is perfect on a page with a masked headline; keeping all has a difference of 0."""
    keep, rules, best = compare(corpus, {"all": keep_all, "C4": c4_rules(end_punctuation=True), "best": oracle})
    assert (keep.system, keep.n_pages, keep.n_sites) == ("all", 4, 4)
    assert keep.group == TextGroup("made-up", "articles", "none")
    assert keep.difference.value == 0
    assert keep.recall.value == 1 > keep.precision.value
    assert best.f1.value == rules.f1.value == 1
    assert best.difference.value == pytest.approx(1 - keep.f1.value)
    assert best.difference.low == pytest.approx(best.difference.high)


def test_compare_groups_pages(corpus: Corpus) -> None:
    """Articles and other pages, and the texts of each extractor, are measured separately."""
    kinds = [("article", "x"), ("forum", "x"), ("product", "x"), ("article", "y")]
    mixed = [
        Article(a.text, a.labels, a.site, a.id, a.source, page_type=kind, extractor=extractor, body=a.body)
        for a, (kind, extractor) in zip(corpus, kinds, strict=True)
    ]
    rows = compare(Corpus(mixed), {"all": keep_all})
    groups = [(row.group.pages, row.group.extractor, row.n_pages) for row in rows]
    assert groups == [("articles", "x", 1), ("articles", "y", 1), ("other pages", "x", 2)]
    assert rows[0].to_dict()["f1"] == {"value": rows[0].to_dict()["f1"]["value"], "low": None, "high": None}


def test_peers_run_side_by_side(corpus: Corpus) -> None:
    """The table lists the models between the rules and the oracle labels."""
    rows = compare(corpus, peers({"two stages": SMALL_MODEL}))
    assert [row.system for row in rows] == [
        "keep all",
        "C4 line rules",
        "C4 without end punctuation",
        "two stages",
        "oracle labels",
    ]
