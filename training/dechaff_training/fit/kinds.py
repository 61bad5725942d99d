"""Fit the weights for kinds of boilerplate to labelled articles, and evaluate them on held-out sites.

``python -m dechaff_training.fit.kinds`` fits the weights to `data/articles`, writes
`model/dechaff/explain/kinds.tsv` and fills in the tables of `docs/kinds.md`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from dechaff.explain.kinds import KINDS, KindWeights
from dechaff.features import line_features
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import find_words
from dechaff_training.corpus import Article, Corpus
from dechaff_training.corpus.text_matching import line_texts
from dechaff_training.evaluate.kinds import (
    KIND_HEADERS,
    KindRow,
    Names,
    gold_kinds,
    line_sites,
    measure_kinds,
    predict_kinds,
)
from dechaff_training.evaluate.metrics import Estimate, Resamples, ratio
from dechaff_training.evaluate.model_card import ROOT, fill, markdown_table

#: The candidate features; the L1 penalty sets most weights to zero.
FEATURES: Final = (
    *(
        f"n_{family}_phrases"
        for family in ("subscribe", "discount", "share", "related", "navigation", "credit", "byline", "date",
                       "month", "legal", "newsletter", "comment", "app", "login", "period")
    ),
    *(f"share_{family}_phrases" for family in ("share", "date")),
    *("n_amounts", "is_price"),
    *("log_n_chars", "is_upper", "share_numbers", "share_colon", "n_address", "n_bracket", "n_bullet"),
    *("ends_with_sentence", "log_n_copies"),
    *("is_before_prose", "is_after_prose", "log_lines_until_prose"),
    *("share_prose_before", "share_prose_after"),
    *(f"log_lines_since_{marker}_marker" for marker in ("comment", "related", "share", "date")),
    *("log_lines_until_comment_marker", "log_lines_until_date_marker"),
)  # fmt: skip
_C: Final = 0.2
# The exponent of the class weights of kinds: with 0 there is no balancing, with 1 all kinds have the same weight.
_BALANCE: Final = 0.25
_DECIMALS: Final = 1
_N_FOLDS: Final = 5


def single_lines(corpus: Corpus) -> Corpus:
    """Return a corpus in which each line with a kind is an article of its own, in order."""
    return Corpus(
        [
            Article(line, np.zeros(1, np.int8), article.site, article.id, "lines", kinds=(kind,))
            for article in corpus
            for line, kind in zip(line_texts(article.text), article.kinds or (), strict=False)
            if kind
        ]
    )


def fit_kinds(corpus: Corpus) -> KindWeights:
    """Fit a multinomial logistic regression with L1 penalty, and round the weights to one decimal.

    The training data are whole articles and, in addition, single lines: otherwise the position features would make
    the kind of every line of a short text "related" or "legal".

    Parameters
    ----------
    corpus : Corpus
        The labelled articles; they must contain lines of every kind.
    """
    examples = corpus + single_lines(corpus)
    batch = LineBatch.from_texts(examples.texts)
    columns = line_features(batch, find_words(batch))
    gold = gold_kinds(examples)
    matrix = np.column_stack([columns[name] for name in FEATURES])[gold != ""]
    kinds, counts = np.unique(gold[gold != ""], return_counts=True)
    balance = (counts.mean() / counts) ** _BALANCE
    scaler = StandardScaler().fit(matrix)
    regression = LogisticRegression(
        C=_C,
        l1_ratio=1.0,
        class_weight=dict(zip(kinds.tolist(), balance.tolist(), strict=True)),
        solver="saga",
        max_iter=2000,
        tol=1e-3,
        random_state=0,
    )
    regression.fit(scaler.transform(matrix), gold[gold != ""])
    order = [kinds.tolist().index(kind) for kind in KINDS]
    exact = (regression.coef_ / scaler.scale_)[order]
    weights = np.round(exact, _DECIMALS) + 0.0  # adding zero turns -0.0 into 0.0
    # With this base, the scores of the average line stay the same as before rounding.
    base = regression.intercept_[order] - weights @ scaler.mean_
    return KindWeights(FEATURES, weights, np.round(base - base.mean(), _DECIMALS) + 0.0)


def cross_validate_kinds(corpus: Corpus) -> Iterator[tuple[Corpus, KindWeights]]:
    """Yield the held-out articles and the weights fitted to the other sites, for each of five folds.

    Parameters
    ----------
    corpus : Corpus
        Labelled articles of at least five sites; the training part of every fold must contain lines of every kind.
    """
    folds = GroupKFold(_N_FOLDS, shuffle=True, random_state=0)
    for train, held_out in folds.split(corpus.articles, groups=corpus.groups):
        weights = fit_kinds(Corpus([corpus.articles[place] for place in train]))
        yield Corpus([corpus.articles[place] for place in held_out]), weights


def measure_held_out(corpus: Corpus) -> tuple[list[KindRow], list[tuple[str, Estimate]]]:
    """Evaluate the prediction of kinds on sites that the weights were not fitted to, by cross-validation.

    Parameters
    ----------
    corpus : Corpus
        The labelled articles, as for `cross_validate_kinds`.

    Returns
    -------
    rows : list of KindRow
    accuracies : list of (name, Estimate)
        The accuracies of the weights; of the weights without the probabilities of adjacent lines; of the weights on
        each line as an article of its own; and of always predicting the most frequent kind.
    """
    parts: list[tuple[Names, ...]] = []
    for articles, weights in cross_validate_kinds(corpus):
        gold, sites = gold_kinds(articles), line_sites(articles)
        known = gold != ""
        predicted = predict_kinds(articles, weights)[known]
        no_neighbours = predict_kinds(articles, replace(weights, neighbours=0.0))[known]
        single = predict_kinds(single_lines(articles), weights)
        parts.append((gold[known], sites[known], predicted, no_neighbours, single))
    gold, sites, predicted, no_neighbours, single = map(np.concatenate, zip(*parts, strict=True))
    most_frequent = Counter(gold.tolist()).most_common(1)[0][0]
    systems = {
        "the table": predicted,
        "without the lines beside": no_neighbours,
        "each line by itself": single,
        f"always {most_frequent}": np.full(len(gold), most_frequent),
    }
    resamples = Resamples(sites)
    accuracies = [(name, _accuracy(kinds == gold, resamples)) for name, kinds in systems.items()]
    return measure_kinds(gold, predicted, sites), accuracies


def _accuracy(right: NDArray[np.bool_], resamples: Resamples) -> Estimate:
    sums = resamples.sums(np.column_stack((right, np.ones(len(right)))))
    return resamples.estimate(ratio(sums[:, 0], sums[:, 1]))


def write_kinds(root: Path) -> None:
    """Fit the weights to `data/articles`, write `kinds.tsv`, and fill in the tables of `docs/kinds.md`.

    Parameters
    ----------
    root : Path
        The project's folder.
    """
    corpus = Corpus.read(root / "data" / "articles")
    rows, accuracies = measure_held_out(corpus)
    tables = {
        "kinds": markdown_table(KIND_HEADERS, [row.cells for row in rows]),
        "accuracy": markdown_table(["", "accuracy"], [(name, str(estimate)) for name, estimate in accuracies]),
    }
    page = root / "docs" / "kinds.md"
    page.write_text(fill(page.read_text("utf-8"), tables), "utf-8")
    (root / "model" / "dechaff" / "explain" / "kinds.tsv").write_text(fit_kinds(corpus).to_tsv(), "utf-8")


if __name__ == "__main__":
    write_kinds(ROOT)
