"""Keywords of the user: phrases that count as those of a lexicon family."""

from pathlib import Path

import joblib
import numpy as np
import pytest
from cli_process import dechaff
from helpers import ANY_TEXT, SMALL_MODEL, forward
from hypothesis import given

from dechaff import ArtifactError, InputError, LineModel, classify_lines, keep_content, load_model, save_model
from dechaff.explain.contributions import explain
from dechaff.features.lexicon import FAMILIES, collect_keywords
from dechaff.text.lines import LineBatch
from dechaff_training.fit.estimator import LineClassifier

ARTICLE = """The council voted on Tuesday to repair the old bridge, which had been closed since March.
Unlock the archive for the whole family
Work will begin in the spring and is expected to take two years, the mayor said after the vote."""
OFFER = {"subscribe": ["unlock the archive"]}


def test_a_phrase_of_the_users_own_counts_as_those_of_its_family(model: LineModel) -> None:
    """A keyword makes an unknown offer less likely content, by the contribution of its family."""
    known = model.with_keywords(OFFER)
    before, after = (classify_lines(ARTICLE, m)[1] for m in (model, known))
    assert after.probability < before.probability - 0.1
    shares = [dict(line.reasons(None))["share_subscribe_phrases"] for line in (before, after)]
    assert shares[1] < shares[0] - 0.05
    assert after.kind == "offer"
    assert explain(forward(known, ARTICLE)).log_odds == pytest.approx(
        known.log_odds(LineBatch.from_texts([ARTICLE])), abs=1e-4
    )
    assert keep_content("UNLOCK the Archive!", known) == ""


@given(ANY_TEXT)
def test_phrases_that_do_not_occur_change_nothing(text: str) -> None:
    """Keywords that do not occur leave every probability unchanged."""
    other = SMALL_MODEL.with_keywords({"related": ["qwzx vbnq"]})
    np.testing.assert_array_equal(other.predict_proba([text]), SMALL_MODEL.predict_proba([text]))


def test_punctuation_in_keywords_separates_words() -> None:
    """A bar is the file's separator; in a keyword it separates words, as other punctuation does."""
    model = SMALL_MODEL.with_keywords({"share": ["qwzx|vbnq|"]})
    row = model.stage1.names.index("n_share_phrases")
    features = model.features(LineBatch.from_texts(["Qwzx, vbnq\nqwzx"]))
    assert features[row].tolist() == [np.float32(np.log(2)), 0.0]


def test_keywords_add_up() -> None:
    """Keywords can be added to a model that has some."""
    model = SMALL_MODEL.with_keywords(OFFER).with_keywords({"share": ["pass it on", "send on"]})
    assert model.keywords == (("subscribe", "unlock the archive"), ("share", "pass it on"), ("share", "send on"))
    assert SMALL_MODEL.keywords == ()


@pytest.mark.parametrize(
    ("phrases", "message"),
    [
        ({"plans": ["per seat"]}, "unknown group of keywords 'plans': use one of subscribe, discount"),
        ({"share": "send on"}, "the phrases for 'share' are a single string: give a list"),
        ({"share": [""]}, ": 0 words"),
        ({"share": ["…"]}, ": 0 words"),
        ({"share": ["a " * 17]}, ": 17 words, use one line of 1 to 16"),
        ({"share": ["send\non"]}, "one line"),
        ({"share": [3]}, "a keyword is int, not str"),
        ({"share": ["a" * 201]}, "201 characters, use at most 200"),
        ({"plans": []}, "unknown group of keywords 'plans'"),
    ],
)
def test_wrong_keywords(phrases: dict[str, list[str]], message: str) -> None:
    """Invalid keywords are refused with a reason."""
    with pytest.raises(InputError, match=message):
        SMALL_MODEL.with_keywords(phrases)


def test_every_family_takes_keywords() -> None:
    """A keyword of any family is counted in that family's feature."""
    for family in FAMILIES:
        model = SMALL_MODEL.with_keywords({family: ["qwzx vbnq"]})
        row = model.stage1.names.index(f"n_{family}_phrases")
        batch = LineBatch.from_texts(["Qwzx, vbnq"])
        assert (model.features(batch)[row, 0], SMALL_MODEL.features(batch)[row, 0]) == (np.float32(np.log(2)), 0.0)


def test_keywords_are_learnt_with_and_kept(tmp_path: Path) -> None:
    """A model is trained with keywords, and its file stores them."""
    texts = ["The mill shuts for good in the autumn, its owner said.\nQwzx vbnq\nShare"] * 9
    labels = [["content", "boilerplate", "boilerplate"]] * 9
    classifier = LineClassifier(n_trees=0, n_folds=2, keywords={"subscribe": ("qwzx vbnq",)}).fit(texts, labels)
    save_model(classifier.model_, tmp_path / "model.joblib")
    loaded = load_model(tmp_path / "model.joblib")
    assert loaded.keywords == collect_keywords({"subscribe": ["qwzx vbnq"]}) == classifier.model_.keywords


@pytest.mark.parametrize(
    "keywords", [3, [3], [["share"]], [["plans", "a"]], [["share", ""]], [["share", "a"]] * 10_001]
)
def test_wrong_keywords_in_a_file(keywords: object, saved: Path, tmp_path: Path) -> None:
    """A model file with invalid keywords is refused."""
    content = joblib.load(saved)
    joblib.dump({**content, "keywords": keywords}, tmp_path / "m.joblib", compress=("zlib", 1))
    with pytest.raises(ArtifactError, match="damaged"):
        load_model(tmp_path / "m.joblib")


def test_the_command_takes_keywords(tmp_path: Path) -> None:
    """`-k FAMILY=PHRASE` drops a line with the phrase; an unknown family and a missing sign are errors."""
    (tmp_path / "a.txt").write_text(ARTICLE, "utf-8")
    plain, named = (
        dechaff("clean", "a.txt", *extra, cwd=tmp_path) for extra in ((), ("-k", "subscribe=unlock the archive"))
    )
    assert "Unlock" not in named.stdout.decode()
    assert len(named.stdout) <= len(plain.stdout)
    wrong = dechaff("clean", "a.txt", "-k", "plans=unlock", cwd=tmp_path, code=1)
    assert "unknown group of keywords 'plans'" in wrong.stderr
    wrong = dechaff("clean", "a.txt", "-k", "unlock", cwd=tmp_path, code=2)
    assert "FAMILY=PHRASE" in wrong.stderr
