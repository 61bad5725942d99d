"""`LineClassifier` as an estimator of scikit-learn."""

import inspect
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.utils import estimator_checks

from dechaff import LineModel, load_model, save_model, split_lines
from dechaff.features import group_names
from dechaff.features.context import context_names
from dechaff.linear.line_model import stage_names
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.fit import estimator
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.line_table import LineTable, encode_labels

# Small enough for a test; the regressions need not converge.
SMALL: dict[str, Any] = {"n_bits": 10, "n_trees": 0, "n_folds": 2, "max_iter": 40}
pytestmark = pytest.mark.filterwarnings("ignore:lbfgs failed to converge")


def test_fitting(fitted: LineClassifier, few: Corpus) -> None:
    """A fitted classifier has classes and a model with its parameters in the metadata, and predicts with it."""
    assert fitted.classes_.tolist() == ["boilerplate", "content"]
    assert isinstance(fitted.model_, LineModel)
    assert (fitted.model_.stage1.names, fitted.model_.stage2.names) == stage_names()
    probabilities = fitted.predict_proba(few.texts)
    assert probabilities.shape == (few.n_lines, 2)
    assert np.array_equal(probabilities, fitted.model_.predict_proba(few.texts))
    assert fitted.predict(few.texts).tolist() == fitted.model_.predict(few.texts).tolist()
    assert fitted.score(few.texts, few.labels) > 0.85
    unwritten = {"keywords": None, "without": ()}
    assert fitted.model_.metadata["classifier"] | unwritten == fitted.get_params()


def test_the_score_leaves_masked_lines_out(fitted: LineClassifier) -> None:
    """Masked lines do not count in the score, and weights apply by article."""
    texts = ["The vote was held.\nShare\nLog in", "Share"]
    predicted = [(fitted.predict([text]) == "content").astype(int).tolist() for text in texts]
    labels = [[1, 0, -1], [0]]
    right = [predicted[0][0] == 1, predicted[0][1] == 0, predicted[1][0] == 0]
    assert fitted.score(texts, labels) == pytest.approx(np.mean(right))
    assert fitted.score(texts, labels, sample_weight=[3, 1]) == pytest.approx(np.average(right, weights=[3, 3, 1]))


def test_the_score_of_one_sided_articles(fitted: LineClassifier) -> None:
    """Articles with lines of one class can be scored, though not fitted."""
    assert 0 <= fitted.score(["The vote was held on Monday."], [["content"]]) <= 1


def test_the_same_seed_gives_the_same_bytes(few: Corpus, tmp_path: Path) -> None:
    """The same articles, parameters and seed give equal model files; another seed gives another model."""
    seeds = {"one": 0, "again": 0, "other": 1}
    for name, seed in seeds.items():
        classifier = LineClassifier(**SMALL | {"n_trees": 2, "stages": 1, "random_state": seed})
        save_model(classifier.fit(few.texts, few.labels, few.groups).model_, tmp_path / name)
    one, same, different = ((tmp_path / name).read_bytes() for name in seeds)
    assert one == same != different


def test_a_saved_model_predicts_the_same(fitted: LineClassifier, trained: Path, few: Corpus) -> None:
    """The file of a fitted model has its probabilities, as far as the rounding of word weights allows."""
    loaded = load_model(trained).predict_proba(few.texts)
    assert loaded == pytest.approx(fitted.predict_proba(few.texts), abs=0.02)


def test_parameters() -> None:
    """Parameters are read, set and cloned as in scikit-learn; unknown ones are refused."""
    classifier = LineClassifier(C=3.0, n_bits=9)
    assert classifier.get_params()["C"] == 3.0
    assert set(classifier.get_params()) == set(inspect.signature(LineClassifier).parameters)
    assert clone(classifier).get_params() == classifier.get_params()
    assert classifier.set_params(threshold=0.3) is classifier
    assert (classifier.threshold, classifier.n_bits) == (0.3, 9)
    with pytest.raises(ValueError, match="Invalid parameter"):
        classifier.set_params(depth=3)
    assert repr(classifier) == "LineClassifier(C=3.0, n_bits=9, threshold=0.3)"
    assert is_classifier(classifier)


# scikit-learn's other checks fit matrices of numbers with one label a row. Here a sample is an article, a string,
# and its target an array of labels, one for each line: those checks do not apply.
CHECKS = (
    "check_no_attributes_set_in_init",
    "check_get_params_invariance",
    "check_set_params",
    "check_parameters_default_constructible",
    "check_estimator_repr",
    "check_estimator_cloneable",
    "check_mixin_order",
    "check_valid_tag_types",
)


@pytest.mark.parametrize("check", CHECKS)
def test_checks_of_scikit_learn(check: str) -> None:
    """scikit-learn's checks of parameters, cloning, defaults, representation and tags pass."""
    if not hasattr(estimator_checks, check):
        pytest.skip(f"this scikit-learn has no {check}")
    getattr(estimator_checks, check)("LineClassifier", LineClassifier())


def test_a_grid_search_over_articles(few: Corpus) -> None:
    """`GridSearchCV` runs over articles, with sites kept apart and passed to `fit`."""
    search = GridSearchCV(
        LineClassifier(**SMALL | {"n_trees": 0, "max_iter": 15}),
        {"stages": [1, 2]},
        cv=GroupKFold(2),
        error_score="raise",
    )
    labels = np.empty(len(few), object)
    labels[:] = few.labels
    search.fit(few.texts, labels, groups=few.groups)
    assert search.best_params_["stages"] in (1, 2)
    assert (search.cv_results_["mean_test_score"] > 0.7).all()
    assert len(search.predict(few.texts[:1])) == len(few.labels[0])


@pytest.mark.parametrize(("power", "ratio"), [(0.0, 8.0), (0.5, 8.0**0.5), (1.0, 1.0)])
def test_articles_weigh_by_a_power_of_their_lines(power: float, ratio: float) -> None:
    """With power 0 an article of eight times the words has eight times the weight, with power 1 the same; masked lines do not count."""
    texts = ["one two\nmasked and long", "\n".join(["one two"] * 8)]
    table = LineTable(texts, n_bits=4)
    known = np.flatnonzero([1, 0, *[1] * 8])
    article = np.repeat([0, 1], table.counts)
    weights = table.line_weights(known, length_power=1.0, article_power=power)
    totals = np.bincount(article[known], weights[known])
    assert totals[1] / totals[0] == pytest.approx(ratio)


def test_cross_validation(few: Corpus) -> None:
    """`cross_val_score` returns a score for each fold of held-out sites."""
    classifier = LineClassifier(**SMALL | {"n_trees": 0, "stages": 1, "max_iter": 15})
    scores = cross_val_score(
        classifier, few.texts, few.labels, groups=few.groups, cv=GroupKFold(2), error_score="raise"
    )
    assert scores.shape == (2,)
    assert (scores > 0.7).all()


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        (["a\nb"], [["content"]], "article 0 has 2 non-blank lines, but 1 labels"),
        (["a", "b\n\n"], [["content"], ["content", 0]], "article 1 has 1 non-blank lines, but 2 labels"),
        (["a"], [["content"], ["boilerplate"]], "1 articles, but labels for 2"),
        (
            ["a\nb"],
            [["content", "chaff"]],
            "article 0: unknown label 'chaff'; use 'content' or 'boilerplate'",
        ),
        (["a\nb"], [[1, 2]], "article 0: unknown label 2"),
        (["a\nb"], [[1, -2]], "article 0: unknown label -2"),
        (["a\nb"], [["content", "content"]], "no line is labelled 'boilerplate': both classes are needed"),
        (["a\nb"], [[0, -1]], "no line is labelled 'content'"),
        (["a\nb"], [[-1, -1]], "no line is labelled"),
        (["a\nb"], [[0.5, 1]], "article 0: unknown label 0.5"),
    ],
)
def test_wrong_labels(texts: list[str], labels: list[list[object]], message: str) -> None:
    """Labels that do not fit the lines or cannot be fitted are refused with the article and the reason."""
    with pytest.raises(ValueError, match=message):
        LineClassifier(**SMALL).fit(texts, labels)


@pytest.mark.parametrize(
    ("line_weight", "message"),
    [
        ([[1, 1], [1]], "article 0 has 1 non-blank lines, but 2 weights"),
        ([[1], [1]], "article 1 has 2 non-blank lines, but 1 weights"),
        ([[1], [1, 1], [1]], "2 articles, but line weights for 3 articles"),
        ([], "2 articles, but line weights for 0 articles"),
        ([[1], [1, -0.5]], "article 1: a line weight is negative or not finite"),
        ([[np.nan], [1, 1]], "article 0: a line weight is negative or not finite"),
        ([[1], [np.inf, 1]], "article 1: a line weight is negative or not finite"),
    ],
)
def test_wrong_line_weights(line_weight: list[list[float]], message: str) -> None:
    """Line weights that do not fit the lines are refused with the article, even if their sum is right."""
    with pytest.raises(ValueError, match=message):
        LineClassifier(**SMALL).fit(["a", "b\n\nc"], [[1], [0, 1]], line_weight=line_weight)


def test_line_weights_are_factors(few: Corpus) -> None:
    """Factors of 1 change nothing; with a higher factor on content, content is more probable."""
    classifier = LineClassifier(**SMALL | {"stages": 1, "max_iter": 15})
    texts, labels = few.texts[::3], few.labels[::3]

    def mean_probability(line_weight: list[np.ndarray] | None) -> float:
        fitted = clone(classifier).fit(texts, labels, line_weight=line_weight)
        return float(fitted.predict_proba(texts)[:, 1].mean())

    plain = mean_probability(None)
    assert mean_probability([np.ones(len(each)) for each in labels]) == plain
    assert mean_probability([np.where(each == 1, 5.0, 1.0) for each in labels]) > plain + 0.01


def test_presets_do_without_line_weights_and_uncalibrated_articles(
    few: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thresholds are chosen on the lines with a weight in calibration, weighed without `line_weight`; if none has one, on all."""
    seen: list[tuple[np.ndarray, np.ndarray]] = []

    def record(
        _: np.ndarray, labels: np.ndarray, weights: np.ndarray, balanced: float
    ) -> dict[str, dict[str, float]]:
        seen.append((labels, weights))
        return {"balanced": {"threshold": balanced}}

    monkeypatch.setattr(estimator, "choose_presets", record)
    texts, labels = few.texts[::3], few.labels[::3]
    calibration = np.ones(len(texts))
    calibration[-1] = 0
    factors = [np.where(each == 1, 5.0, 1.0) for each in labels]
    classifier = LineClassifier(**SMALL | {"max_iter": 5})
    for by_article, by_line in ((None, None), (None, factors), (calibration, factors), (calibration * 0, factors)):
        clone(classifier).fit(texts, labels, calibration_weight=by_article, line_weight=by_line)
    (every, plain), (_, factored), (fewer, left), (all_again, _) = seen
    assert np.array_equal(plain, factored)
    n_left = len(every) - len(labels[-1])
    assert np.array_equal(fewer, every[:n_left])
    assert left == pytest.approx(plain[:n_left])
    assert len(all_again) == len(every)


@pytest.mark.parametrize(("n_reliable", "n_fits"), [(0, 1), (6, 2), (12, 1)])
def test_stage_2_is_fitted_twice_if_some_labels_are_more_reliable(
    few: Corpus, n_reliable: int, n_fits: int
) -> None:
    """Stage 2 has the trees of two fits if some articles count in calibration and some do not, else those of one."""
    texts, labels = few.texts[:12], few.labels[:12]
    calibration = np.arange(12) < n_reliable
    classifier = LineClassifier(**SMALL | {"n_trees": 3, "max_iter": 5, "stages": 2})
    crosses = classifier.fit(texts, labels, calibration_weight=calibration).model_.stage2.crosses
    assert crosses is not None
    assert crosses.n_trees == 3 * n_fits


def test_no_articles() -> None:
    """Fitting without articles is a ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011
        LineClassifier(**SMALL).fit([], [])


def test_articles_without_words() -> None:
    """Articles that are empty or without words can be fitted."""
    texts = ["The vote was held on Monday.\nShare", "", "x" * 300_000, "***"]
    labels = [["content", "boilerplate"], [], ["content"], ["boilerplate"]]
    fitted = LineClassifier(n_bits=8, n_trees=0, n_folds=2, max_iter=5).fit(texts, labels)
    assert fitted.predict_proba(["Share"]).shape == (1, 2)


def test_encoding_labels() -> None:
    """Names and numbers may be mixed, -1 is masked, and articles without lines have no labels."""
    y = [["content", "boilerplate"], np.array([1, 0, -1], np.int8), [], (True,), np.array(["content"])]
    assert encode_labels(y, np.array([2, 3, 0, 1, 1])).tolist() == [1, 0, 1, 0, -1, 1, 1]  # type: ignore[arg-type]


def test_masks_among_names() -> None:
    """A list of names may contain a mask."""
    y = [["content", -1, "boilerplate"]]
    assert encode_labels(y, np.array([3])).tolist() == [1, -1, 0]


def test_unfitted() -> None:
    """Predicting before fitting is a `NotFittedError`."""
    for method in ("predict", "predict_proba"):
        with pytest.raises(NotFittedError):
            getattr(LineClassifier(), method)(["a"])


@pytest.mark.parametrize(
    ("without", "words", "dense"), [([], True, True), (["words"], False, True), (list(group_names()), True, False)]
)
def test_parts_for_comparison(few: Corpus, without: list[str], words: bool, dense: bool) -> None:
    """Excluded feature groups have no weight in stage 1, the others have."""
    classifier = LineClassifier(**SMALL | {"without": without, "stages": 1, "max_iter": 10})
    model = classifier.fit(few.texts[::3], few.labels[::3], few.groups[::3]).model_
    assert bool(model.word_weights.any()) == words
    assert bool(model.stage1.coefficients.any()) == dense


def test_groups_left_out_of_stage_2(few: Corpus) -> None:
    """An excluded group has no weight in stage 2; the context can be excluded too."""
    classifier = LineClassifier(**SMALL | {"without": ["shape", "context"], "stages": 2, "max_iter": 10})
    model = classifier.fit(few.texts[::3], few.labels[::3], few.groups[::3]).model_
    names = stage_names()[1]
    silent = [names.index(name) for name in (*group_names()["shape"], *context_names())]
    assert not model.stage2.coefficients[silent].any()
    assert model.stage2.coefficients.any()


def test_unknown_group(few: Corpus) -> None:
    """An unknown feature group cannot be excluded."""
    with pytest.raises(ValueError, match="no group of features 'colour': use shape, "):
        LineClassifier(**SMALL | {"without": ["colour"]}).fit(few.texts[::3], few.labels[::3], few.groups[::3])


def test_masked_lines_are_not_learnt_from(few: Corpus) -> None:
    """A masked line is context for the others, but its label has no effect."""
    classifier = LineClassifier(**SMALL | {"stages": 1, "n_trees": 0, "max_iter": 15})
    texts, labels = few.texts[:4], [np.array(y) for y in few.labels[:4]]
    for y in labels:
        y[::5] = -1
    whole = clone(classifier).fit(texts, labels)
    more = clone(classifier).fit([*texts, "New article\nwith lines"], [*labels, [-1, -1]])
    assert more.model_.predict_proba(texts) == pytest.approx(whole.model_.predict_proba(texts), abs=1e-5)
    turned = clone(classifier).fit([*texts, "New article\nwith lines"], [*labels, [1, 0]])
    assert np.abs(turned.model_.predict_proba(texts) - whole.model_.predict_proba(texts)).max() > 1e-3


def test_pickling(fitted: LineClassifier, few: Corpus) -> None:
    """A pickled classifier predicts the same, as parallel searches need."""
    copy = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    assert np.array_equal(copy.predict_proba(few.texts), fitted.predict_proba(few.texts))


def test_lines_of_the_labels_are_those_of_split_lines(few: Corpus) -> None:
    """Labels have one entry for each line of `split_lines`."""
    assert [len(split_lines(text)) for text in few.texts] == [len(y) for y in few.labels]
