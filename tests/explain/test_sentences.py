"""Reasons in words: themes, facts and sentences."""

import string
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from helpers import ANY_TEXT, constant_model, forward, plain_stage, random_model
from hypothesis import given

from dechaff import LineBatch, LineModel, classify_lines
from dechaff.decisions.site_evidence import REASON as SITE_REASON
from dechaff.decisions.titles import REASONS
from dechaff.explain.contributions import explain
from dechaff.explain.evidence import Article, Line
from dechaff.explain.facts import FACTS, find_fact
from dechaff.explain.sentences import Sentences
from dechaff.explain.themes import theme_contributions, themes
from dechaff.features.context import LEARNT_KINDS
from dechaff.features.words import TERM_TYPES
from dechaff_training.corpus.corpus import Corpus

RANDOM = random_model()
PLAIN = constant_model(1.0)
#: Facts that every line has.
ALWAYS = {"amount", "place", "n_lines"}


def test_every_feature_has_one_theme(model: LineModel) -> None:
    """Each feature of the shipped model's stages, each term type, each title role and the evidence of sites is in exactly one theme, and nothing else is."""
    assert model.markup is not None
    names = {
        *model.stage1.names,
        *model.stage2.names,
        *model.markup.names,
        *(type_.name for type_ in TERM_TYPES),
        *REASONS,
        SITE_REASON,
    }
    assert Counter(name for theme in themes() for name in theme.features) == Counter(names)
    assert len({theme.name for theme in themes()}) == len(themes())


def test_sentences_name_facts_that_there_are(model: LineModel) -> None:
    """Every fact in the table exists, and the last sentence of each theme is true of every line."""
    assert model.stage3 is not None
    known = {*FACTS, *model.stage2.names, *model.stage3.names, *REASONS}
    for theme in themes():
        for sentences in (theme.content, theme.boilerplate):
            named = [[name for _, name, _, _ in string.Formatter().parse(each) if name] for each in sentences]
            assert {name.removeprefix("not_") for names in named for name in names} <= known, theme.name
            assert set(named[-1]) <= ALWAYS, theme.name


def test_themes_sum_to_the_log_odds(model: LineModel, corpus: Corpus) -> None:
    """On real articles, the base and all themes sum to the log-odds of the explanation and of the model."""
    for text in corpus.texts[::5]:
        explanation = explain(forward(model, text))
        total = explanation.base + theme_contributions(explanation).sum(axis=0)
        assert total == pytest.approx(explanation.log_odds, abs=1e-6)
        assert total == pytest.approx(model.log_odds(LineBatch.from_texts([text])), abs=1e-5)


def test_a_theme_is_the_sum_of_its_features(model: LineModel, corpus: Corpus) -> None:
    """A theme's contribution is the sum over all of its features and words in `reasons`."""
    theme_of = {feature: theme.name for theme in themes() for feature in theme.features}
    kinds = sorted((type_.name for type_ in TERM_TYPES), key=len)
    text = corpus.texts[0]
    for line in classify_lines(text, model, title=text.splitlines()[0])[:12]:
        sums: defaultdict[str, float] = defaultdict(float)
        for feature, share in line.reasons(None):
            name = feature if feature in theme_of else [kind for kind in kinds if feature.startswith(kind)][-1]
            sums[theme_of[name]] += share
        assert {why.theme for why in line.why(None)} <= set(sums)
        for why in line.why(None):
            assert why.contribution == pytest.approx(sums[why.theme], abs=1e-6)


def test_reasons_speak_for_the_label(model: LineModel, corpus: Corpus) -> None:
    """On real articles every reason has the sign of the line's label, the strongest is first, and nearly all lines have three."""
    lines = [line for text in corpus.texts[::7] for line in classify_lines(text, model)]
    for line in lines:
        sign = 1 if line.label == "content" else -1
        shares = [sign * why.contribution for why in line.why(None)]
        assert all(share > 0 for share in shares)
        assert shares == sorted(shares, reverse=True)
        assert line.why(2) == line.why(None)[:2]
    assert np.mean([len(line.why()) == 3 for line in lines]) > 0.99


@given(ANY_TEXT)
def test_any_text_can_be_put_into_words(text: str) -> None:
    """For any text and labels, each reason is one non-empty line."""
    explanation = explain(forward(RANDOM, text))
    n_lines = explanation.words.batch.n_lines
    for kept in (np.zeros(n_lines, np.bool_), np.ones(n_lines, np.bool_)):
        wording = Sentences(explanation, kept)
        for line in range(n_lines):
            for why in wording.why(line, None):
                assert str(why) == why.text
                assert why.text.strip()
                assert len(why.text.splitlines()) == 1


ARTICLE = """Home | News
THE BRIDGE REOPENS
The council voted on Tuesday to repair the bridge, which had been closed to lorries since March.
Work on the bridge will cost €4.2 million, the mayor said, and a fifth of that is paid for by the state.
Tickets are 30 % cheaper, some 20 euros.
Subscribe now for ₹900 per month
$ – 5
• One
• Two
Share this page
Share this page
東京の橋は火曜日に再開する
***
Comments (2)
saltydog_71
"""
LINES = ARTICLE.splitlines()


def fact(text: str, name: str) -> str | None:
    """Return a fact of a line of the article above, with the second to the fifth line as content."""
    kept = np.isin(np.arange(len(LINES)), (1, 2, 3, 4))
    return find_fact(Line(Article(explain(forward(PLAIN, ARTICLE)), kept), LINES.index(text), 1), name)


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        (LINES[5], "price", "₹900"),
        (LINES[3], "price", "€4.2"),
        (LINES[6], "price", "'$ – 5'"),
        (LINES[2], "price", None),
        (LINES[2], "not_price", ""),
        (LINES[4], "currency", "'euros'"),
        (LINES[4], "percent", "'30 %'"),
        (LINES[4], "digits", "'30', '20'"),
        (LINES[2], "digits", None),
        (LINES[5], "subscribe", "'Subscribe now'"),
        (LINES[5], "period", "'per month'"),
        (LINES[2], "subscribe", None),
        (LINES[9], "share", "'Share this page'"),
        (LINES[9], "boilerplate_phrases", "'Share this page'"),
        (LINES[9], "copies", "2 times in the article"),
        (LINES[5], "copies", None),
        (LINES[1], "is_upper", ""),
        (LINES[2], "is_upper", None),
        (LINES[1], "short", "3 words"),
        (LINES[2], "short", None),
        (LINES[2], "long", "17 words"),
        (LINES[11], "amount", "13 characters"),
        (LINES[12], "amount", "0 words"),
        (LINES[12], "n_words", None),
        (LINES[12], "marks", "*"),
        (LINES[14], "marks", "_"),
        (LINES[2], "ends_with_sentence", ""),
        (LINES[5], "not_ends_with_sentence", ""),
        (LINES[1], "capitalised", "3 of 3 words"),
        (LINES[12], "few_letters", "0% of the characters"),
        (LINES[2], "few_letters", None),
        (LINES[8], "bullets", "one of 2 lines in a row"),
        (LINES[0], "bullets", None),
        (LINES[8], "like_lines", "one of 2 like lines in a row"),
        (LINES[0], "like_lines", None),
        (LINES[0], "place", "the first line"),
        (LINES[2], "place", "line 3 of 15"),
        (LINES[14], "place", "the last line"),
        (LINES[0], "before_start", "before the article begins"),
        (LINES[2], "before_start", None),
        (LINES[2], "inside", "within the article"),
        (LINES[5], "after_end", "after the end of the article"),
        (LINES[2], "after_end", None),
        (LINES[14], "comment_above", "'Comments (2)'"),
        (LINES[14], "comment_below", None),
        (LINES[8], "comment_below", "'Comments (2)'"),
        (LINES[8], "around_boilerplate", ""),
        (LINES[3], "around_boilerplate", None),
        (LINES[3], "some_content", "3 of the 4 lines around it"),
        (LINES[3], "some_boilerplate", None),
        (LINES[5], "content_beside", "'Tickets are 30 % cheaper, some 20 euros.'"),
        (LINES[3], "shared", "'the', 'bridge'"),
        (LINES[14], "unshared", "none of its rarer words stand elsewhere in the article"),
        (LINES[2], "unshared", "few of its words (2 of 13) stand elsewhere in the article"),
        (LINES[9], "unshared", "none of its rarer words stand elsewhere in the article"),
        (LINES[1], "unshared", None),
        (LINES[3], "mostly_boilerplate", "11 of 15 lines"),
        (LINES[3], "mostly_content", None),
        (LINES[3], "near_paragraph", ""),
        (LINES[14], "near_paragraph", None),
        (LINES[1], "beside_paragraph", ""),
        (LINES[8], "between_short", ""),
        (LINES[10], "phrases_beside", "'Share this page'"),
    ],
)  # fmt: skip
def test_facts_are_true_of_the_line(line: str, name: str, expected: str | None) -> None:
    """A fact is shown as it stands in the line; a line without it has None."""
    assert fact(line, name) == expected


@pytest.mark.parametrize(
    ("line", "one_of", "among"),
    [(0, None, None), (3, None, None), (7, "about 8 lines of comments", "comments")],
)
def test_lines_of_kinds(line: int, one_of: str | None, among: str | None) -> None:
    """A line is one of several of its kind, or among such lines; content apart from them is neither."""
    stage = plain_stage(PLAIN.stage1.names, -9.0, is_short=18.0)
    never = plain_stage(PLAIN.stage1.names, -9.0)
    model = replace(PLAIN, kinds=tuple(stage if kind == "comment" else never for kind in LEARNT_KINDS))
    text = "\n".join([LINES[2], LINES[3], LINES[2], LINES[3], *["6 years ago"] * 8])
    found = Line(Article(explain(forward(model, text)), np.ones(12, np.bool_)), line, 1)
    assert find_fact(found, "one_of_kind") == one_of
    assert find_fact(found, "among_kind") == among
    assert (find_fact(found, "not_among_kind") is None) == (among is not None)


@pytest.mark.parametrize(
    ("text", "line", "theme", "expected"),
    [
        ("Subscribe now for ₹900 per month", 0, "money", "looks like a price: ₹900"),
        ("Subscribe now for ₹900 per month", 0, "offer", "words of an offer: 'Subscribe now'"),
        ("Share\nShare\nShare\nShare", 3, "repeats", "repeats: 4 times in the article"),
        ("Share\nPrint", 0, "length", "short: 1 word"),
        ("Share\nPrint", 0, "lines around", "the lines around it are boilerplate"),
        ("Share\nPrint", 0, "ending", "does not end like a sentence"),
    ],
)
def test_boilerplate_in_words(text: str, line: int, theme: str, expected: str) -> None:
    """For any weights, the sentence of a theme that counts for boilerplate names the evidence."""
    said = set()
    for seed in range(8):
        explanation = explain(forward(random_model(seed), text))
        wording = Sentences(explanation, np.zeros(explanation.words.batch.n_lines, np.bool_))
        said |= {why.text for why in wording.why(line, None) if why.theme == theme}
    assert said == {expected}


def test_phrases_of_the_user_are_named(model: LineModel) -> None:
    """A keyword of the user is shown as evidence of its family."""
    own = model.with_keywords({"share": ["Pass it round"]})
    [line] = classify_lines("Pass it round", own)
    assert "asks to share: 'Pass it round'" in [str(why) for why in line.why(None)]


def test_the_title_is_named(model: LineModel) -> None:
    """With a title, the reason for the headline names the title."""
    text = "The mill shuts\nThe last mill of the valley shut on Monday, and its forty workers were sent home, the owner said."
    line = classify_lines(text, model, title="The mill shuts")[0]
    assert line.why(1)[0].text == "heads the article with its title"
