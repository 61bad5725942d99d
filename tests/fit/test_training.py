"""Training on a corpus: weights of articles and of lines, variants, and the record of both."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from helpers import random_model

from dechaff import CorpusError, save_model
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, Article
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.training import article_weight, head_weights, train_model

PARAGRAPH = "The mill at the weir will close in March, its owner said on Monday, after four years without a profit"
TEXT = "\n".join(
    ["Home", "The mill shuts", *(f"{PARAGRAPH}, of which year {year} was the worst." for year in range(8))]
)


class Recorder(LineClassifier):
    """A classifier that records what it is fitted to, and has a model of random weights."""

    def fit(self, X: Sequence[str], *arguments: Any) -> Self:
        """Record the arguments."""
        self.fitted = (list(X), *arguments)
        self.model_ = random_model()
        return self


def make_article(site: str = "bote", text: str = TEXT, **values: Any) -> Article:
    """Return an article whose first line is boilerplate."""
    labels = np.array([BOILERPLATE] + [CONTENT] * text.count("\n"), np.int8)
    return Article(
        **{"text": text, "labels": labels, "site": site, "id": f"{site}/mill", "source": "articles"} | values
    )


def test_variants_are_fitted_to() -> None:
    """Variants follow the articles, with the site of theirs, half the weight and none in calibration; the model records how many."""
    kinds = ("legal", *[""] * TEXT.count("\n"))
    corpus = Corpus([make_article(site, kinds=kinds) for site in ("bote", "kurier", "anzeiger", "post")])
    recorder = Recorder()
    model = train_model(corpus, recorder)
    texts, labels, groups, weights, calibration, _, line_weight, headlines, known_kinds = recorder.fitted
    assert texts[:4] == corpus.texts
    assert not set(texts[4:]) & set(corpus.texts)
    assert groups == [*corpus.groups, *corpus.groups]
    whole = article_weight(corpus.articles[0])
    assert weights == [whole] * 4 + [whole / 2] * 4
    assert calibration == [whole] * 4 + [0.0] * 4
    assert [len(each) for each in line_weight] == [len(each) for each in labels]
    assert headlines == [None] * 8
    assert known_kinds == [kinds] * 4 + [None] * 4
    assert (model.metadata["data"]["n_articles"], model.metadata["data"]["n_variants"]) == (4, 4)


def test_silver_labels_have_no_variants() -> None:
    """Articles labelled by vote have neither variants nor a weight in calibration."""
    silver = [
        make_article(site, source="web", silver=True, extractor="resiliparse_all") for site in ("bote", "post")
    ]
    recorder = Recorder(n_folds=2)
    train_model(Corpus(silver), recorder)
    texts, _, _, _, calibration, *_ = recorder.fitted
    assert (len(texts), calibration) == (2, [0.0, 0.0])


@pytest.mark.parametrize("extractor", ["html_text", "inscriptis"])
def test_other_texts_of_whole_pages(extractor: str) -> None:
    """Texts much like Resiliparse's are left out, unless a reader labelled the page."""
    roles = ("",) * (TEXT.count("\n") + 1)
    assert article_weight(make_article(extractor=extractor)) == 0
    assert article_weight(make_article(extractor=extractor, roles=roles)) > 0


def test_ids_may_have_lone_surrogates() -> None:
    """The draws of an article depend on its id, whatever characters the id has."""
    recorder = Recorder(n_folds=1)
    train_model(Corpus([make_article(id="bote/\ud800")]), recorder)
    assert len(recorder.fitted[0]) == 2


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_the_same_seed_gives_the_same_bytes_with_variants(few: Corpus, tmp_path: Path) -> None:
    """Variants do not vary from training to training; another seed gives others."""
    seeds = {"one": 0, "again": 0, "other": 1}
    for name, seed in seeds.items():
        classifier = LineClassifier(n_bits=10, n_trees=0, n_folds=2, max_iter=15, stages=1, random_state=seed)
        model = train_model(few, classifier)
        assert model.metadata["data"]["n_variants"] > 0
        save_model(replace(model, metadata={}), tmp_path / name)  # without the seed itself
    one, same, different = ((tmp_path / name).read_bytes() for name in seeds)
    assert one == same != different


@pytest.mark.parametrize("n_labels", [0, 9, 11])
def test_wrong_label_counts(n_labels: int) -> None:
    """Labels that do not fit the lines are an error with the article and both numbers, before variants are made."""
    wrong = make_article(labels=np.ones(n_labels, np.int8))
    with pytest.raises(CorpusError, match=f"article 1 has 10 non-blank lines, but {n_labels} labels"):
        train_model(Corpus([make_article("post"), wrong]), Recorder(n_folds=2))


def test_labels_by_reading_weigh_the_same_whatever_their_source() -> None:
    """The weight of labels by reading replaces that of the source; pages other than articles weigh half."""
    roles = ("",) * 10
    read = [make_article(source=source, roles=roles) for source in ("cleaneval", "wcxb", "articles")]
    assert len({article_weight(article) for article in read}) == 1
    assert article_weight(read[0]) > article_weight(make_article(source="cleaneval"))
    assert article_weight(make_article(roles=roles, page_type="forum")) == article_weight(read[0]) / 2


def test_head_weights_of_short_articles() -> None:
    """An article without lines has no weights; a single line weighs more if it is content and no paragraph."""
    for text, label, factors in (
        ("", [], []),
        ("The mill shuts", [CONTENT], [4.0]),
        ("Home", [BOILERPLATE], [1.0]),
        (PARAGRAPH * 2, [CONTENT], [1.0]),
    ):
        assert head_weights(make_article(text=text, labels=np.array(label, np.int8))).tolist() == factors
