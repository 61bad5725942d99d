"""Evaluation of a model on labelled articles, and the records of lines."""

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from dechaff import CorpusError, InputError, LineModel, clean_array
from dechaff_training.corpus import MASKED, Article, Corpus
from dechaff_training.evaluate.evaluation import decide_corpus, evaluate
from dechaff_training.evaluate.line_records import LineRecords
from dechaff_training.evaluate.metrics import SCORES


def with_masked_and_silver(corpus: Corpus) -> Corpus:
    first, second = corpus.articles[:2]
    masked = first.labels.copy()
    masked[::2] = -1
    details = {"title": "No headline", "extractor": "trafilatura"}
    return Corpus(
        [
            Article(first.text, masked, first.site, first.id, "web", body=("Some gold.",), **details),
            Article(second.text, second.labels, second.site, second.id, "vote", silver=True),
        ]
    )


@pytest.mark.parametrize("threshold", [None, 0.0, 0.3, 0.99])
def test_decisions_are_those_of_clean_array(model: LineModel, corpus: Corpus, threshold: float | None) -> None:
    """The measured decisions are those of `clean_array`, fallback included."""
    texts = [*corpus.texts[:20], "", "\n \n", "Log in\nShare"]
    assert decide_corpus(model, texts, threshold).texts == clean_array(texts, model, threshold)


def test_evaluation_of_the_projects_own_articles(model: LineModel, corpus: Corpus) -> None:
    """A model is accurate on its training articles, and every breakdown covers all lines."""
    evaluation = evaluate(model, corpus, n_resamples=50)
    whole = evaluation.lines[0]
    n_labelled = sum(int((labels != MASKED).sum()) for labels in corpus.labels)
    assert (whole.by, whole.n_articles, whole.n_lines) == ("all", len(corpus), n_labelled)
    assert whole.n_sites == len(set(corpus.groups))
    assert whole.lines["content_f1"].value > 0.9
    assert tuple(whole.tokens) == SCORES
    for by in ("extractor", "language", "source", "page_type"):
        assert sum(row.n_lines for row in evaluation.lines if row.by == by) == n_labelled
    before, after, best = evaluation.texts
    assert (before.system, after.system, best.system) == ("before", "after", "oracle labels")
    assert before.f1.value < after.f1.value < best.f1.value == 1
    assert after.difference.value == pytest.approx(after.f1.value - before.f1.value)


def test_masked_and_silver_do_not_count(model: LineModel, corpus: Corpus) -> None:
    """Lines without a label and articles with voted labels are left out of both tables."""
    evaluation = evaluate(model, with_masked_and_silver(corpus), n_resamples=10)
    assert evaluation.settings["n_silver_left_out"] == 1
    assert evaluation.lines[0].n_lines == len(corpus.articles[0].labels) // 2
    assert {row.group.source for row in evaluation.texts} == {"web"}


def test_the_same_seed_gives_the_same_figures(model: LineModel, corpus: Corpus) -> None:
    """An evaluation is reproducible to the last digit and can be written as JSON."""
    small = Corpus(corpus.articles[::6])
    once, again = (json.dumps(evaluate(model, small, seed=3).to_dict(), allow_nan=False) for _ in range(2))
    assert once == again
    assert set(json.loads(once)) == {"settings", "lines", "texts", "policy", "kinds"}


def test_tables_have_a_cell_for_each_column(model: LineModel, corpus: Corpus) -> None:
    """Printed tables have rows as long as their head."""
    tables = evaluate(model, Corpus(corpus.articles[::6]), n_resamples=10).tables()
    assert [len(table.rows) > 0 for table in tables] == [True] * 4
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)


def test_a_corpus_that_cannot_be_measured(model: LineModel, corpus: Corpus) -> None:
    """No articles, no labels, too few labels and a wrong threshold are refused with a reason."""
    first = corpus.articles[0]

    def like_first(labels: np.ndarray) -> Corpus:
        return Corpus([Article(first.text, labels, "a", "a/1", "articles")])

    with pytest.raises(CorpusError, match="no articles"):
        evaluate(model, Corpus([]))
    with pytest.raises(CorpusError, match="no line has a label"):
        evaluate(model, like_first(np.full(len(first.labels), -1, np.int8)))
    with pytest.raises(CorpusError, match=r"a/1: \d+ lines, but 1 labels"):
        evaluate(model, like_first(first.labels[:1]))
    with pytest.raises(InputError, match="threshold 2"):
        evaluate(model, corpus, threshold=2)


def test_records_of_lines(model: LineModel, corpus: Corpus, tmp_path: Path) -> None:
    """Records survive a round trip, are small, and equal ones have equal bytes."""
    records = evaluate(model, corpus, n_resamples=10).records
    paths = [tmp_path / "once.npz", tmp_path / "again.npz"]
    for path in paths:
        records.write(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size < 8 * corpus.n_lines + 4000
    again = LineRecords.read(paths[0])
    for field in fields(LineRecords):
        np.testing.assert_array_equal(getattr(records, field.name), getattr(again, field.name))
    known = np.concatenate(corpus.labels) != MASKED
    assert len(again.article) == len(again.label) == known.sum()
    assert again.label.sum() == sum((labels == 1).sum() for labels in corpus.labels)
    assert np.abs(again.probability - decide_corpus(model, corpus.texts).probability[known]).max() <= 0.0005001


def test_records_leave_out_masked_lines_and_silver(model: LineModel, corpus: Corpus) -> None:
    """Only lines that count are recorded."""
    records = evaluate(model, with_masked_and_silver(corpus), n_resamples=10).records
    assert len(records.label) == len(corpus.articles[0].labels) // 2
    assert records.extractor.tolist() == ["trafilatura"]
