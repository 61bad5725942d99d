"""Fine-tuning of a model on new labels, with its gain measured on held-out sites."""

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
from dechaff_training.corpus import MASKED, Article, Corpus
from dechaff_training.evaluate.evaluation import decide_corpus
from dechaff_training.evaluate.overlap import FINE_TUNINGS
from dechaff_training.files.models import describe_model
from dechaff_training.fit.fine_tuner import FineTuner
from dechaff_training.fit.fine_tuning import SITES_TO_MEASURE, FineTuning, fine_tune, fine_tuning_table
from dechaff_training.report.rendering import print_model

#: Two strengths are enough where it does not matter how well they are chosen, and save time.
TWO = (0.0, 0.03)
EIGHT = {
    *("bao-vam-say", "courrier-des-vernes", "dabrovets-dnes", "de-merwekanter"),
    *("deccan-ledger", "folha-do-jequitaia", "glos-modrzanowa", "haeon-ilbo"),
}


def first_of_each_site(corpus: Corpus, n_sites: int) -> Corpus:
    """Return one article of each of the first sites."""
    chosen = {article.site: article for article in reversed(corpus.articles)}
    return Corpus([chosen[site] for site in sorted(chosen)[:n_sites]])


def inverted(corpus: Corpus) -> Corpus:
    """Swap content and boilerplate, the labels that the model expects least."""
    return Corpus([relabelled(article, 1 - article.labels) for article in corpus])


def relabelled(article: Article, labels: Any) -> Article:
    return Article(article.text, np.asarray(labels, np.int8), article.site, article.id, article.source)


@pytest.fixture(scope="module")
def eight(corpus: Corpus) -> Corpus:
    """Return one article of each of eight sites, which stay the same when others are added."""
    return first_of_each_site(corpus.select(lambda article: article.site in EIGHT), 8)


@pytest.fixture(scope="module")
def result(eight: Corpus) -> FineTuning:
    """Fine-tune the shipped model on inverted labels."""
    return fine_tune(default_model(), inverted(eight), strengths=TWO, start_digest="1234")


def right(model: LineModel, corpus: Corpus) -> float:
    return float(np.mean(decide_corpus(model, corpus.texts).kept == np.concatenate(corpus.labels)))


def test_labels_move_a_model(eight: Corpus) -> None:
    """The higher the strength, the more labels are reproduced; at strength 0 the model is unchanged."""
    start, labels = default_model(), inverted(eight)
    adapter = FineTuner(start, labels)
    models = [adapter.model(adapter.change(strength)) for strength in (0.0, 0.01, 1.0)]
    assert models[0] is start
    shares = [right(model, labels) for model in models]
    assert shares[0] < 0.1
    assert shares == sorted(set(shares))


def test_the_loss_is_that_of_the_model(eight: Corpus) -> None:
    """The loss that selects the strength is that of the changed model's probabilities, with equal weights of articles."""
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
    """A corpus without labels is refused."""
    masked = Corpus([relabelled(article, np.full(len(article.labels), MASKED)) for article in eight])
    with pytest.raises(CorpusError, match="no line has a label"):
        FineTuner(default_model(), masked)
    with pytest.raises(CorpusError):
        fine_tune(default_model(), masked)


def test_a_gain_is_measured_on_sites_held_out(result: FineTuning) -> None:
    """Labels consistent over sites improve the model on held-out sites, and the advice is to take it."""
    assert result.before
    assert result.after
    assert result.difference
    assert result.before.lines_right.value < 0.1 < 0.6 < result.after.lines_right.value
    assert result.difference.lines_right.low > 0
    assert (result.n_sites, result.sites_needed) == (8, 0)
    assert result.strength > 0
    assert "take the new model" in result.advice
    assert [row[0] for row in fine_tuning_table(result).rows] == ["text F1", "lines right"]


def test_random_labels_are_not_advised(eight: Corpus) -> None:
    """Random labels do not lead to the advice to take the new model."""
    rng = np.random.default_rng(0)
    noise = [relabelled(article, rng.integers(0, 2, len(article.labels))) for article in eight]
    assert "take the new model" not in fine_tune(default_model(), Corpus(noise), strengths=TWO).advice


def test_too_few_sites(eight: Corpus) -> None:
    """With too few sites the model is fine-tuned without figures, and the number of missing sites is reported."""
    for n_sites in (1, SITES_TO_MEASURE - 1):
        few = fine_tune(default_model(), inverted(first_of_each_site(eight, n_sites)))
        assert few.before is few.after is few.difference is None
        assert few.sites_needed == SITES_TO_MEASURE - n_sites
        assert f"{few.sites_needed} more site" in few.advice
        assert fine_tuning_table(few).rows == []


def test_one_site(corpus: Corpus) -> None:
    """With many articles of one site, articles are held out, and the table says that the site is known."""
    of_site = corpus.select(lambda article: article.site == "marram-point-post")
    result = fine_tune(default_model(), of_site)
    assert (result.held_out, result.n_articles, result.n_sites) == ("articles", len(of_site), 1)
    assert result.difference
    lines_right = result.difference.lines_right
    assert lines_right.low < lines_right.value < lines_right.high
    table = fine_tuning_table(result)
    assert table.title.startswith(f"New articles of known sites: your {len(of_site)} articles of 1 site")
    assert "intervals over articles" in table.legend[0]
    assert "new articles of known sites" in result.advice


def test_a_fine_tuned_model_records_it(result: FineTuning, eight: Corpus, tmp_path: Path) -> None:
    """A fine-tuned model records its labels, and fine-tuning it again warns of flattering figures."""
    save_model(result.model, tmp_path / "taught.joblib")
    model = load_model(tmp_path / "taught.joblib")
    (entry,) = model.metadata[FINE_TUNINGS]
    assert entry["start_digest"] == "1234"
    assert entry["data"]["n_sites"] == 8
    again = fine_tune(model, first_of_each_site(eight, 1))
    assert "was fine-tuned before" in again.advice
    assert len(again.model.metadata[FINE_TUNINGS]) == 2
    assert "was fine-tuned before" not in result.advice


def test_the_same_labels_give_the_same_result(result: FineTuning, eight: Corpus) -> None:
    """The same model, labels and seed give the same figures and weights."""
    again = fine_tune(default_model(), inverted(eight), strengths=TWO, start_digest="1234")
    assert again.to_dict() == result.to_dict()
    assert np.array_equal(again.model.stage2.coefficients, result.model.stage2.coefficients)


def test_the_command(tmp_path: Path) -> None:
    """`train --start-from` writes the new model, prints figures before and after, and keeps the old file."""
    old, new, figures = tmp_path / "old.joblib", tmp_path / "new.joblib", tmp_path / "figures.json"
    save_model(default_model(), old)
    digest = model_digest(old)
    articles = [sorted(site.glob("*.txt"))[0] for site in sorted(DATA.iterdir())[:SITES_TO_MEASURE]]
    done = dechaff("train", "--start-from", old, *articles, "-o", new, "--json", figures)
    assert b"difference" in done.stdout
    assert b"Your 6 sites" in done.stdout
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
        (["--start-from", "nowhere.joblib"], 1, "nowhere.joblib"),
        (["--start-from", "{out}"], 1, "an input, which would be overwritten"),
    ],
)
def test_wrong_use_of_the_command(arguments: list[str], code: int, message: str, tmp_path: Path) -> None:
    """Options that conflict with `--start-from`, or would replace the old model, are refused before fitting."""
    out = tmp_path / "out.joblib"
    if "{out}" in arguments:
        save_model(default_model(), out)
    given = [part.format(out=out) for part in arguments]
    assert message in dechaff("train", DATA / "deccan-ledger", "-o", out, *given, code=code).stderr


def test_inspect_says_what_was_taught(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`inspect` prints each fine-tuning in words, and of a long list only its length."""
    description = describe_model(saved, 2)
    data = {"n_lines": 7, "n_articles": 2, "n_sites": 1, "site_digests": ["0" * 8] * 11}
    taught = [{"data": data, "strength": 0.01, "start_digest": "ab" * 32, "seed": 3}, 5]
    description["metadata"] |= {FINE_TUNINGS: taught, "data": data}
    print_model(description)
    printed = " ".join(capsys.readouterr().out.split())
    assert "fine-tuning 1 7 lines, 2 articles, 1 sites; strength 0.01; from the model abababababab…" in printed
    assert "data · site_digests 11" in printed
