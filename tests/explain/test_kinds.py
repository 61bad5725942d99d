"""Kinds of boilerplate: the shipped table, the influence of other lines, laziness, and accuracy."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import ANY_TEXT, ANY_TEXTS, constant_model, random_model
from hypothesis import given

from dechaff import LineBatch, classify_lines, clean_article
from dechaff.explain import lazy
from dechaff.explain.kinds import (
    CONTEXT_NAMES,
    KINDS,
    KindWeights,
    context_columns,
    kind_weights,
    line_kinds,
)
from dechaff.features import feature_names
from dechaff_training.corpus import Article, Corpus, parse_labelled
from dechaff_training.evaluate.evaluation import evaluate
from dechaff_training.evaluate.kinds import gold_kinds, line_sites, measure_kinds, predict_kinds
from dechaff_training.fit.kinds import FEATURES, cross_validate_kinds, single_lines

RANDOM = random_model()
ALL_BOILERPLATE = constant_model(-3.0, threshold=1.0)
PROSE = "The council voted on Tuesday to repair the old bridge, which had been closed since March."


def kinds_of(text: str) -> list[str | None]:
    """Return the kinds of lines that are all boilerplate."""
    batch = LineBatch.from_texts([text])
    return line_kinds(batch, np.ones(batch.n_lines, np.bool_))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Subscribe now for ₹900 per month", "offer"),
        ("Jetzt abonnieren: 9,90 € im Monat", "offer"),
        ("Téléchargez l'application", "offer"),
        ("定期購読 月額980円", "offer"),
        ("Share on Facebook", "share"),
        ("Artikel teilen", "share"),
        ("Compartir en WhatsApp", "share"),
        ("Поделиться", "share"),
        ("Related articles", "related"),
        ("Lesen Sie auch", "related"),
        ("À lire aussi", "related"),
        ("関連記事", "related"),
        ("Photo: A. Smith / Agency", "credit"),
        ("Foto: Anna Kern", "credit"),
        ("Last updated: 12 March 2024, 10:15", "date"),
        ("Publié le 12 mars 2024", "date"),
        ("Опубликовано 12 марта 2024", "date"),
        ("© 2024 The Valley Post. All rights reserved.", "legal"),
        ("Datenschutz", "legal"),
        ("Usamos cookies. Política de privacidad", "legal"),
        ("Leave a comment", "comment"),
        ("댓글 3", "comment"),
    ],
)
def test_lines_by_themselves(line: str, kind: str) -> None:
    """In many languages, an unambiguous line has its kind even if it stands alone."""
    assert kinds_of(line) == [kind]


def test_lines_among_others() -> None:
    """Headlines under a heading of related matter are related, and a bare price under a plan is an offer."""
    related = ["More from this section", "Fire crews called to a warehouse", "School roof to be rebuilt by autumn"]
    offers = ["Monthly plan", "₹900", "Subscribe now, cancel anytime"]
    text = "\n".join([PROSE, *offers, PROSE, *related])
    batch = LineBatch.from_texts([text])
    is_boilerplate = np.array([line != PROSE for line in batch.line_texts(0)])
    assert line_kinds(batch, is_boilerplate) == [None, *["offer"] * 3, None, *["related"] * 3]


def test_neighbours_by_hand() -> None:
    """A line without evidence takes the kind of a boilerplate line near it, by distance, and nothing from content."""
    weights = np.zeros((len(KINDS), 1))
    weights[KINDS.index("share")] = 3.0
    base = np.eye(len(KINDS))[KINDS.index("legal")] * 0.1
    table = KindWeights(("has_digit",), weights, base, neighbours=(1.0,))
    batch = LineBatch.from_texts(["7\nx\n\ny", "z"])
    assert line_kinds(batch, np.ones(4, np.bool_), table) == ["share", "share", "legal", "legal"]
    assert line_kinds(batch, np.array([False, True, True, True]), table) == [None, "legal", "legal", "legal"]
    wider = KindWeights(("has_digit",), weights, base, neighbours=(1.0, 1.0))
    assert line_kinds(batch, np.ones(4, np.bool_), wider) == ["share", "share", "share", "legal"]


def test_words_by_hand() -> None:
    """A word has its weight wherever it stands in a line and however it is written; more words, less weight."""
    word_weights = np.zeros((len(KINDS), 2))
    word_weights[KINDS.index("comment"), 0], word_weights[KINDS.index("date"), 1] = 2.0, 1.9
    base = np.eye(len(KINDS))[KINDS.index("legal")] * 0.8
    table = KindWeights(("has_digit",), np.zeros((len(KINDS), 1)), base, ("reply", "min"), word_weights, ())
    lines = ["REPLY", "5 min", "min reply", "we shall reply to all of you", "replying"]
    batch = LineBatch.from_texts(["\n".join(lines)])
    expected = ["comment", "date", "comment", "legal", "legal"]
    assert line_kinds(batch, np.ones(5, np.bool_), table) == expected
    again = replace(KindWeights.from_tsv(table.to_tsv()), neighbours=())
    assert line_kinds(batch, np.ones(5, np.bool_), again) == expected


def test_place_relative_to_content_by_hand() -> None:
    """Lines know on which side of their article's content they stand and how far away, in each article by itself."""
    is_boilerplate = np.array([True, True, False, True, False, True, True, True])
    found = context_columns(is_boilerplate, np.array([0, 6, 6, 8]))
    places = [name for name in CONTEXT_NAMES if name.startswith(("is_before", "is_within", "is_behind"))]
    sides = [next((name for name in places if found[name][line]), "") for line in range(8)]
    before, within, behind = "is_before_content", "is_within_content", "is_behind_content"
    assert sides == [before, before, before, within, behind, behind, "", ""]
    assert np.exp(found["log_lines_until_content_before"][:2]).round().tolist() == [3.0, 2.0]
    assert found["is_right_behind_content"].tolist() == [False, False, False, True, False, True, False, False]
    assert np.expm1(found["log_content_lines"]).round().tolist() == [2.0] * 6 + [0.0] * 2
    assert np.expm1(found["log_boilerplate_lines"]).round().tolist() == [2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0]


@given(ANY_TEXT)
def test_content_has_no_kind(text: str) -> None:
    """In any text, every boilerplate line has a kind, and every content line has None."""
    for line in classify_lines(text, RANDOM):
        assert (line.kind is None) == (line.label == "content")
        assert line.kind is None or line.kind in KINDS


@given(ANY_TEXTS)
def test_one_by_one(texts: list[str]) -> None:
    """Articles in one batch have the kinds of each alone."""
    batch = LineBatch.from_texts(texts)
    together = line_kinds(batch, np.ones(batch.n_lines, np.bool_))
    assert together == [kind for text in texts for kind in kinds_of(text)]


def test_real_articles_one_by_one(corpus: Corpus) -> None:
    """The project's articles in one batch have the kinds of each alone."""
    batch = LineBatch.from_texts(corpus.texts)
    together = line_kinds(batch, np.ones(batch.n_lines, np.bool_))
    assert together == [kind for text in corpus.texts for kind in kinds_of(text)]


def test_kinds_are_worked_out_once_and_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds are computed on first access, once for all lines; cleaning and labelling compute none."""
    calls = []
    monkeypatch.setattr(
        lazy, "line_kinds", lambda *given, **rest: calls.append(given) or line_kinds(*given, **rest)
    )
    lines = clean_article("Share on Facebook\nSubscribe now for ₹900 per month", ALL_BOILERPLATE).lines
    assert calls == []
    assert [line.kind for line in lines] == ["share", "offer"]
    assert len(calls) == 1


def test_the_table_that_ships() -> None:
    """The shipped table has a known feature in each row, survives a round trip, and has the features that are fitted."""
    table = kind_weights()
    assert table.features == FEATURES
    assert set(table.features) <= {*feature_names(), *CONTEXT_NAMES}
    assert len(table.words) == len(set(table.vocabulary.tolist())) > 1000
    again = KindWeights.from_tsv(table.to_tsv())
    assert again.features == table.features
    assert again.words == table.words
    assert (again.weights == table.weights).all()
    assert (again.word_weights == table.word_weights).all()
    assert (again.base == table.base).all()


def test_held_out_sites(corpus: Corpus) -> None:
    """Weights fitted on other sites give the right kind to at least three lines of four; folds do not share sites."""
    right, sites = [], []
    for articles, weights in cross_validate_kinds(corpus):
        gold = gold_kinds(articles)
        right += (predict_kinds(articles, weights) == gold)[gold != ""].tolist()
        sites += set(articles.groups)
    assert len(right) == sum(bool(kind) for article in corpus for kind in article.kinds)
    assert np.mean(right) > 0.75
    assert sorted(sites) == sorted(set(corpus.groups))


def test_precision_and_recall_by_hand() -> None:
    """Lines without a kind do not count, and a kind that is never predicted has no precision."""
    gold = np.array(["offer", "offer", "date", "share", ""])
    predicted = np.array(["offer", "share", "offer", "share", "offer"])
    rows = {row.kind: row for row in measure_kinds(gold, predicted, ["a", "a", "b", "b", "b"], n_resamples=20)}
    assert list(rows) == ["offer", "share", "date"]
    assert (rows["offer"].precision.value, rows["offer"].recall.value) == (0.5, 0.5)
    assert (rows["share"].precision.value, rows["share"].recall.value) == (0.5, 1.0)
    assert rows["date"].cells == ("date", "1", "0", "–", ".000 [.000, .000]")


def test_lines_of_articles_in_order(corpus: Corpus) -> None:
    """Lines keep their kinds and sites, in the order of the articles."""
    gold = gold_kinds(corpus)
    alone = single_lines(corpus)
    assert gold_kinds(alone).tolist() == gold[gold != ""].tolist()
    assert alone.groups == line_sites(corpus)[gold != ""].tolist()


@pytest.mark.parametrize(("mark", "n_tables"), [("-share", 4), ("-", 3)])
def test_evaluation_has_kinds_where_the_corpus_has(mark: str, n_tables: int) -> None:
    """A corpus with kinds has one more table in its evaluation."""
    text, labels, kinds = parse_labelled(f"+ {PROSE}\n{mark} Share on Facebook\n")
    made = Corpus([Article(text, labels, "post", "post/bridge", "articles", kinds=kinds)])
    measured = evaluate(RANDOM, made, n_resamples=5)
    assert len(measured.tables()) == n_tables
    assert [row["recall"]["value"] for row in measured.to_dict()["kinds"]] == [1.0] * (n_tables - 3)
