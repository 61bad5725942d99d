import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_process import DATA, dechaff

from dechaff import LineBatch, LineModel, default_model, load_model, save_model
from dechaff.errors import CorpusError
from dechaff.linear.artifact import model_digest
from dechaff.text.tokens import find_words
from dechaff_training.corpus.corpus import MASKED, Article, Corpus
from dechaff_training.evaluate.evaluation import decide_corpus
from dechaff_training.fit.fine_tuner import FineTuner
from dechaff_training.fit.fine_tuning import KEY, SITES_TO_MEASURE, FineTuning, fine_tune, fine_tuning_table

#: Two strengths are enough where it does not matter how well they are chosen, and save time.
TWO = (0.0, 0.03)


def first_of_each_site(corpus: Corpus, n_sites: int) -> Corpus:
    """Take one article of each of the first sites."""
    chosen = {article.site: article for article in reversed(corpus.articles)}
    return Corpus([chosen[site] for site in sorted(chosen)[:n_sites]])


def inverted(corpus: Corpus) -> Corpus:
    """Label what was content boilerplate and the other way round: what the model least expects."""
    return Corpus([relabelled(article, 1 - article.labels) for article in corpus])


def relabelled(article: Article, labels: Any) -> Article:
    return Article(article.text, np.asarray(labels, np.int8), article.site, article.id, article.source)


@pytest.fixture(scope="module")
def eight(corpus: Corpus) -> Corpus:
    """One article of each of eight sites."""
    return first_of_each_site(corpus, 8)


@pytest.fixture(scope="module")
def lesson(eight: Corpus) -> FineTuning:
    """What the shipped model is taught by labels that say the opposite of what it knows."""
    return fine_tune(default_model(), inverted(eight), strengths=TWO, start_digest="1234")


def right(model: LineModel, corpus: Corpus) -> float:
    return float(np.mean(decide_corpus(model, corpus.texts).kept == np.concatenate(corpus.labels)))


def test_labels_move_a_model(eight: Corpus) -> None:
    """The more labels count, the more of them are right; at strength 0 the model is the very same."""
    start, labels = default_model(), inverted(eight)
    adapter = FineTuner(start, labels)
    models = [adapter.model(adapter.change(strength)) for strength in (0.0, 0.01, 1.0)]
    assert models[0] is start
    shares = [right(model, labels) for model in models]
    assert shares[0] < 0.1
    assert shares == sorted(set(shares))


def test_the_loss_is_that_of_the_model(eight: Corpus) -> None:
    """The loss that strengths are chosen by is that of the moved model's probabilities, each article weighing one."""
    adapter = FineTuner(default_model(), inverted(eight))
    places = np.array([1, 4])
    change = adapter.change(0.03, np.setdiff1d(np.arange(8), places))
    model, expected = adapter.model(change), 0.0
    for article in (inverted(eight).articles[place] for place in places):
        batch = LineBatch.from_texts([article.text])
        weights = np.sqrt(np.maximum(find_words(batch).counts, 1))
        odds = np.where(article.labels == 1, 1, -1) * model.log_odds(batch)
        expected += np.average(np.logaddexp(0, -odds), weights=weights)
    assert adapter.loss(change, places) == pytest.approx(expected, rel=1e-4)
    assert np.array_equal(change, adapter.change(0.03, np.array([0, 2, 3, 5, 6, 7])))


def test_no_labels_at_all(eight: Corpus) -> None:
    """A corpus without any label is refused, by `fine_tune` as well."""
    masked = Corpus([relabelled(article, np.full(len(article.labels), MASKED)) for article in eight])
    with pytest.raises(CorpusError, match="no line has a label"):
        FineTuner(default_model(), masked)
    with pytest.raises(CorpusError):
        fine_tune(default_model(), masked)


def test_a_gain_is_measured_on_sites_held_out(lesson: FineTuning) -> None:
    """Labels that hold on all sites make the model better on those held out, and the advice is to take it."""
    assert lesson.before
    assert lesson.after
    assert lesson.difference
    assert lesson.before.lines_right.value < 0.1 < 0.6 < lesson.after.lines_right.value
    assert lesson.difference.lines_right.low > 0
    assert (lesson.n_sites, lesson.sites_needed) == (8, 0)
    assert lesson.strength > 0
    assert "take the new model" in lesson.advice
    assert [row[0] for row in fine_tuning_table(lesson).rows] == ["text F1", "lines right"]


def test_noise_teaches_nothing(eight: Corpus) -> None:
    """Labels drawn at random do not bring the advice to take the new model."""
    rng = np.random.default_rng(0)
    noise = [relabelled(article, rng.integers(0, 2, len(article.labels))) for article in eight]
    assert "take the new model" not in fine_tune(default_model(), Corpus(noise), strengths=TWO).advice


def test_too_few_sites(eight: Corpus) -> None:
    """With too few sites the model is taught, nothing is measured, and it says how many more are needed."""
    for n_sites in (1, SITES_TO_MEASURE - 1):
        few = fine_tune(default_model(), inverted(first_of_each_site(eight, n_sites)))
        assert few.before is few.after is few.difference is None
        assert few.sites_needed == SITES_TO_MEASURE - n_sites
        assert f"{few.sites_needed} more site" in few.advice
        assert fine_tuning_table(few).rows == []


def test_a_taught_model_says_so(lesson: FineTuning, eight: Corpus, tmp_path: Path) -> None:
    """A taught model is saved with what it was taught, and teaching it again warns that its figures may flatter."""
    save_model(lesson.model, tmp_path / "taught.joblib")
    model = load_model(tmp_path / "taught.joblib")
    (entry,) = model.metadata[KEY]
    assert entry["start_digest"] == "1234"
    assert entry["data"]["n_sites"] == 8
    again = fine_tune(model, first_of_each_site(eight, 1))
    assert "was fine-tuned before" in again.advice
    assert len(again.model.metadata[KEY]) == 2
    assert "was fine-tuned before" not in lesson.advice


def test_the_same_labels_give_the_same_lesson(lesson: FineTuning, eight: Corpus) -> None:
    """The same model, labels and seed give the same figures and weights."""
    again = fine_tune(default_model(), inverted(eight), strengths=TWO, start_digest="1234")
    assert again.to_dict() == lesson.to_dict()
    assert np.array_equal(again.model.stage2.coefficients, lesson.model.stage2.coefficients)


def test_teaching_by_command(tmp_path: Path) -> None:
    """`train --start-from` writes the new model, prints before and after, and leaves the old file as it was."""
    old, new, figures = tmp_path / "old.joblib", tmp_path / "new.joblib", tmp_path / "figures.json"
    save_model(default_model(), old)
    digest = model_digest(old)
    articles = [sorted(site.glob("*.txt"))[0] for site in sorted(DATA.iterdir())[:SITES_TO_MEASURE]]
    done = dechaff("train", "--start-from", old, *articles, "-o", new, "--json", figures)
    assert b"difference" in done.stdout
    assert b"sites of yours" in done.stdout
    assert model_digest(old) == digest
    record = json.loads(figures.read_text())
    assert record["n_sites"] == SITES_TO_MEASURE
    assert record["advice"] in done.stderr
    load_model(new)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--start-from", "default", "--trees", "2"], 2, "--trees"),
        (["--start-from", "default", "-k", "newsletter=x"], 2, "--keyword"),
        (["--json", "figures.json"], 2, "--start-from"),
        (["--start-from", "nowhere.joblib"], 1, "nowhere.joblib"),
        (["--start-from", "{out}"], 1, "name another --out"),
    ],
)
def test_wrong_use_of_the_command(arguments: list[str], code: int, message: str, tmp_path: Path) -> None:
    """What does not go with --start-from, or would replace the old model, is refused before anything is learnt."""
    out = tmp_path / "out.joblib"
    if "{out}" in arguments:
        save_model(default_model(), out)
    given = [part.format(out=out) for part in arguments]
    assert message in dechaff("train", DATA / "deccan-ledger", "-o", out, *given, code=code).stderr
