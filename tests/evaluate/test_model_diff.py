"""`dechaff diff`: which lines two models label differently, which label is right, and why."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from cli_process import SITES, dechaff, on_terminal
from helpers import SMALL_MODEL, constant_model

from dechaff import LineModel, classify_lines, save_model
from dechaff_training.corpus import MASKED
from dechaff_training.corpus.articles import Article
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.evaluate.model_diff import Comparison, Explainer, compare_models

PLAIN = "The vote was held on Tuesday.\n\nShare this article\nSubscribe now for ₹900 per month\n"


@pytest.fixture(scope="module")
def comparison(model: LineModel) -> Comparison:
    """Compare the shipped model with one of random weights, on a few sites."""
    return compare_models(model, SMALL_MODEL, Corpus.read(*SITES))


def make_article(text: str, *labels: int, silver: bool = False) -> Article:
    """Make a labelled article."""
    return Article(text, np.array(labels, np.int8), "bote", "bote/weir", "articles", silver=silver)


def test_a_model_and_itself(model: LineModel) -> None:
    """A model does not differ from itself."""
    comparison = compare_models(model, model, Corpus.read(*SITES))
    assert comparison.changes == []
    assert comparison.totals()["lines"] == comparison.corpus.n_lines


def test_changes_are_those_of_the_labels(comparison: Comparison, model: LineModel) -> None:
    """The changes are exactly the lines that the models alone label differently, with label and probability."""
    expected = set()
    for place, article in enumerate(comparison.corpus):
        pairs = zip(classify_lines(article.text, model), classify_lines(article.text, SMALL_MODEL), strict=True)
        for index, (a, b) in enumerate(pairs):
            if a.label != b.label:
                expected.add((place, index, a.text, a.label, round(a.probability, 9), round(b.probability, 9)))
    found = {
        (
            *(change.article, change.index, change.text, change.before.label),
            *(round(change.before.probability, 9), round(change.after.probability, 9)),
        )
        for change in comparison.changes
    }
    assert len(found) > 10
    assert found == expected


def test_right_and_wrong(comparison: Comparison) -> None:
    """A change is right if model B agrees with the label, and its line number is correct."""
    for change in comparison.changes:
        article = comparison.corpus.articles[change.article]
        assert change.text in article.text.split("\n")[change.number - 1]
        assert change.is_right == (change.after.label == ("boilerplate", "content")[article.labels[change.index]])
    totals = comparison.totals()
    both = [totals["dropped_to_kept"], totals["kept_to_dropped"]]
    assert sum(sums["lines"] for sums in both) == len(comparison.changes)
    assert sum(sums["right"] + sums["wrong"] for sums in both) == len(comparison.changes)
    assert sum(sums["words"] for sums in both) == sum(comparison.words_changed.values())


def test_articles_most_changed_come_first(comparison: Comparison) -> None:
    """Articles are sorted by their number of changed words, and lines by their place."""
    order = list(dict.fromkeys(change.article for change in comparison.changes))
    n_words = [comparison.words_changed[article] for article in order]
    assert n_words == sorted(n_words, reverse=True)
    for article in order:
        places = [change.index for change in comparison.changes if change.article == article]
        assert places == sorted(places)


def test_reasons_sum_to_the_change(comparison: Comparison) -> None:
    """The differences of all themes and of the base sum to the difference of the log-odds."""
    explainer = Explainer(comparison)
    for change in comparison.changes[:40]:
        p, q = change.before.probability, change.after.probability
        whys = explainer.why(change, None)
        total = np.log(q / (1 - q)) - np.log(p / (1 - p))
        assert sum(why.contribution for why in whys) == pytest.approx(total, abs=1e-3)
        sizes = [abs(why.contribution) for why in whys]
        assert sizes == sorted(sizes, reverse=True)
        assert explainer.why(change, 2) == whys[:2]


@pytest.mark.parametrize(
    ("article", "verdicts"),
    [
        (make_article("One\nTwo\nThree", 1, 0, MASKED), [True, False, None]),
        (make_article("One\nTwo\nThree", 1, 0, 0, silver=True), [None, None, None]),
    ],
)
def test_lines_without_a_label(article: Article, verdicts: list[bool | None]) -> None:
    """A change of a line that is masked or labelled by a vote is neither right nor wrong."""
    comparison = compare_models(constant_model(-9), constant_model(9), Corpus([article]))
    assert [change.is_right for change in comparison.changes] == verdicts
    assert {change.direction for change in comparison.changes} == {"dropped to kept"}


def test_the_fallback_is_named() -> None:
    """A line kept by the fallback alone is marked, with its probability below the threshold."""
    corpus = Corpus([make_article("One\n" + "words " * 300, 0, 1)])
    comparison = compare_models(constant_model(-9), constant_model(9), corpus, 0.5)
    assert [change.text for change in comparison.changes] == ["One"]
    comparison = compare_models(constant_model(-9), constant_model(-0.5), corpus, 0.5)
    assert [(change.text, change.after.by_fallback) for change in comparison.changes] == [("One", True)]
    assert str(comparison.changes[0].after) == "content 0.38 (kept by the guard)"


def test_on_the_command_line(tmp_path: Path, saved: Path) -> None:
    """The command prints lines with reasons, then sums, up to the limit; the JSON has all lines."""
    figures = tmp_path / "changes.json"
    done = dechaff("diff", "default", saved, *SITES, "-n", "3", "--reasons", "1", "--json", figures)
    record = json.loads(figures.read_text())
    rows = done.stdout.decode().splitlines()
    assert rows[9].startswith(f"… and {len(record['changes']) - 3:,} more")
    first = record["changes"][0]
    assert rows[0].startswith(
        f"{first['id']}:{first['line']}: {first['a']['label']} {first['a']['probability']:.2f} → "
    )
    assert rows[0].endswith(" · right" if first["is_right"] else " · wrong")
    assert rows[1] == f"  {first['text']}"
    assert rows[2] == f"  {first['why'][0]['difference']:+.1f} {first['why'][0]['text']}"
    assert record["settings"]["a"]["model"] == "default"
    assert record["articles"][0]["id"] == first["id"]
    assert any(row.startswith("kept to dropped") for row in rows)


def test_articles_of_any_kind(tmp_path: Path, saved: Path) -> None:
    """Plain text, standard input and pages are compared too, without right or wrong."""
    pytest.importorskip("resiliparse", reason="needs the extra [html]")
    (tmp_path / "vote.txt").write_text(PLAIN)
    (tmp_path / "vote.html").write_text(f"<p>{'</p><p>'.join(PLAIN.splitlines())}</p>")
    arguments = ("vote.txt", "vote.html", "-", "-x", "resiliparse_all", "--json", "-")
    done = dechaff("diff", "default", saved, *arguments, cwd=tmp_path, text=PLAIN)
    record = json.loads(done.stdout)
    assert (record["totals"]["articles"], record["totals"]["lines"]) == (3, 9)
    assert {change["is_right"] for change in record["changes"]} <= {None}


def test_a_terminal_cuts_lines(tmp_path: Path) -> None:
    """Rows are no wider than the terminal, and control characters are replaced."""
    for name, log_odds in (("a", -9), ("b", 9)):
        save_model(constant_model(log_odds), tmp_path / name)
    path = tmp_path / "vote.txt"
    path.write_text(f"The \x1b[5mvote {'was held ' * 20}")
    printed = on_terminal("diff", tmp_path / "a", tmp_path / "b", path, columns=60)
    rows = re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines()
    assert "\x1b[5m" not in printed
    assert rows[1].startswith("  The \ufffd[5mvote was held ")
    assert rows[1].endswith("…")
    assert max(map(len, rows)) <= 60


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["default", "default", "nowhere"], 1, "nowhere: no such file"),
        (["default", "nowhere.joblib", "a.txt"], 1, "nowhere.joblib"),
        (["default", "default", "empty"], 1, "empty: no article files in this folder"),
        (["default", "default", "a.txt", "-x", "nobody"], 1, "there is no extractor 'nobody'"),
        (["default", "default", "a.txt", "--threshold", "2"], 2, "--threshold"),
        (["default", "default"], 2, "CORPUS"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], code: int, problem: str) -> None:
    """Inputs that cannot be compared are refused with a reason."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text(PLAIN)
    assert problem in dechaff("diff", *arguments, cwd=tmp_path, code=code).stderr
