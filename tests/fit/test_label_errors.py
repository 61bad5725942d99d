"""Label errors are found by models that have not seen the labels."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_process import dechaff

from dechaff.errors import CorpusError
from dechaff_training.corpus import MASKED, Article, Corpus, parse_labelled
from dechaff_training.fit.label_errors import DOUBTFUL, doubtful_labels, find_label_errors

PROSE = "The mill at the weir will close in the spring, its owner said on Monday, after ninety years of work."
MORE = "She had hoped to sell it to the town, but the council, which met on Monday, had no money for it."
GOOD = f"+ {PROSE}\n+ {MORE}\n- Share on Facebook\n- Log in\n"
BAD = f"+ {PROSE}\n- {MORE}\n+ Share on Facebook\n- Log in\n"


def write_articles(folder: Path, texts: list[str], n_sites: int) -> Path:
    """Write labelled articles, each site having every n-th one."""
    for number, text in enumerate(texts):
        path = folder / f"site{number % n_sites}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("ninety", f"{number + 20}"))
    return folder


@pytest.mark.parametrize("n_sites", [1, 2, 6])
def test_wrong_labels_come_first(n_sites: int, tmp_path: Path) -> None:
    """The wrong labels of one article are the doubtful ones, with their lines, for one site and for several."""
    found = doubtful_labels([write_articles(tmp_path, [*[GOOD] * 8, BAD], n_sites)])
    assert {(each.path.name, each.line, each.severity) for each in found} == {
        ("8.txt", 2, DOUBTFUL),
        ("8.txt", 3, DOUBTFUL),
    }
    assert {each.message.partition(" is ")[2].split(" (")[0] for each in found} == {
        "labelled boilerplate, probably content",
        "labelled content, probably boilerplate",
    }


def test_flipped_labels_of_real_articles(corpus: Corpus) -> None:
    """With 3 % of the labels flipped, more than half of the flipped ones are in the first 5 % of the list."""
    rng = np.random.default_rng(1)
    flips = [(rng.random(len(labels)) < 0.03) & (labels != MASKED) for labels in corpus.labels]
    changed = [
        replace(article, labels=np.where(flip, 1 - article.labels, article.labels).astype(np.int8))
        for article, flip in zip(corpus, flips, strict=True)
    ]
    found, flipped = find_label_errors(Corpus(changed)), np.concatenate(flips)
    first = found.order[: len(found.order) // 20]
    assert flipped[first].sum() > 0.5 * flipped.sum()
    assert np.isin(found.doubtful, found.order).all()
    wrong = found.wrong[found.order]
    assert (np.diff(wrong) <= 0).all()


def test_masked_lines_are_no_errors() -> None:
    """Lines without a label are in no list."""
    articles = [Article(*parse_labelled(GOOD + "? Log in\n")[:2], f"s{n}", f"s{n}/a", "") for n in range(4)]
    found = find_label_errors(Corpus(articles))
    assert len(found.order) == 16
    assert np.isnan(found.wrong).sum() == 4


@pytest.mark.parametrize(
    ("texts", "message"),
    [([GOOD], "fewer than two articles"), ([f"+ {PROSE}\n", GOOD], "cannot look for doubtful labels")],
)
def test_too_few_articles(texts: list[str], message: str, tmp_path: Path) -> None:
    """Too few articles are an error of the function, and a note of the command."""
    folder = write_articles(tmp_path, texts, 2)
    with pytest.raises(CorpusError, match=message):
        doubtful_labels([folder])
    assert f"dechaff: note: {message}" in dechaff("check", folder).stderr


def test_parquet_files_are_left_out(tmp_path: Path) -> None:
    """Parquet files, which are not checked, are not called too few articles."""
    (tmp_path / "a.parquet").touch()
    assert doubtful_labels([tmp_path]) == []


def test_the_command(tmp_path: Path) -> None:
    """`dechaff check` prints doubtful labels after the mistakes, up to a limit, and none with --quick."""
    folder = write_articles(tmp_path, [*[GOOD] * 8, BAD], 3)
    done = dechaff("check", folder, "--json")
    severities = [json.loads(line)["severity"] for line in done.stdout.splitlines()]
    assert severities[-2:] == [DOUBTFUL] * 2
    assert severities.count(DOUBTFUL) == 2
    assert done.stderr.endswith(", 2 doubtful labels\n")
    limited = dechaff("check", folder, "-n", 1)
    assert limited.stdout.count(b"doubtful label:") == 1
    assert limited.stderr.endswith(", 2 doubtful labels, 1 of them listed (-n for more)\n")
    assert b"doubtful label:" not in dechaff("check", folder, "--quick").stdout
