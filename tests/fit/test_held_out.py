"""The figures of training on the sites that its folds hold out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_process import SITES, SMALL, dechaff

from dechaff_training.corpus import MASKED, Corpus
from dechaff_training.fit.held_out import held_out_scores


def test_lines_are_scored_out_of_fold(few: Corpus, fitted: Any) -> None:
    """Every labelled line has a probability; the figures are those of these lines, below those of the model itself."""
    n_known = sum(int((labels != MASKED).sum()) for labels in few.labels)
    scores = held_out_scores(fitted, few)
    assert scores is not None
    assert (scores.n_lines, scores.n_sites) == (n_known, len(SITES))
    recall = scores.lines["content_recall"]
    assert recall.low < recall.value < recall.high
    known = [labels != MASKED for labels in few.labels]
    seen = np.concatenate([fitted.predict([text])[mask] for text, mask in zip(few.texts, known, strict=True)])
    labels = np.concatenate([labels[mask] for labels, mask in zip(few.labels, known, strict=True)])
    assert recall.value < np.mean(seen[labels == 1] == "content")


def test_silver_labels_do_not_count(few: Corpus, fitted: Any) -> None:
    """Labels from a vote of extractors are fitted to, but not measured."""
    half = len(few) // 2
    silver = [replace(article, silver=True, extractor="resiliparse_all") for article in few]
    marked = Corpus([*few.articles[:half], *silver[half:]])
    scores = held_out_scores(fitted, marked)
    assert scores is not None
    assert scores.n_lines == sum(int((labels != MASKED).sum()) for labels in few.labels[:half])
    assert held_out_scores(fitted, Corpus(silver)) is None


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    """`train` ends with the figures, and writes them as JSON."""
    figures = tmp_path / "figures.json"
    done = dechaff("train", *SITES, *SMALL, "-o", tmp_path / "m.joblib", "--json", figures)
    assert b"3 sites, each site held out once" in done.stdout
    written = json.loads(figures.read_text())
    assert written["n_sites"] == 3
    assert 0 < written["lines"]["content_f1"]["low"] <= written["lines"]["content_f1"]["value"] < 1
