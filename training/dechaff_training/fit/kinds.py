"""The weights behind the kinds of boilerplate: fitted on labelled articles, measured on sites held out.

``python -m dechaff_training.fit.kinds`` fits them on `data/articles`, writes them to
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
from dechaff.text.lines import LineBatch, split_lines
from dechaff.text.tokens import find_words
from dechaff_training.corpus import Article, Corpus
from dechaff_training.evaluate.kinds import (
    KIND_HEADS,
    KindRow,
    Names,
    gold_kinds,
    line_sites,
    measure_kinds,
    predict_kinds,
)
from dechaff_training.evaluate.metrics import Estimate, Resamples, ratio
from dechaff_training.evaluate.model_card import ROOT, fill, markdown_table

#: What a kind may be told by; the penalty drops most of the weights.
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
# By this power of its share a rare kind weighs more: 0 is not at all, 1 makes all kinds weigh alike.
_BALANCE: Final = 0.25
_DECIMALS: Final = 1
_N_FOLDS: Final = 5


def single_lines(corpus: Corpus) -> Corpus:
    """Make an article of each line that has a kind, in order."""
    return Corpus(
        [
            Article(article.text[start:end], np.zeros(1, np.int8), article.site, article.id, "lines", kinds=(kind,))
            for article in corpus
            for (start, end), kind in zip(split_lines(article.text), article.kinds or (), strict=False)
            if kind
        ]
    )


def fit_kinds(corpus: Corpus) -> KindWeights:
    """Fit a multinomial logistic regression that drops most weights, and round the rest to one decimal.

    It learns from whole articles and from each line by itself: by its place on a whole page alone, every line of a
    short text would be related or legal.

    Parameters
    ----------
    corpus : Corpus
        With lines of every kind.
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
    weights = np.round(exact, _DECIMALS) + 0.0  # no negative zeros
    # What rounding takes from the average line goes into the base.
    base = regression.intercept_[order] - weights @ scaler.mean_
    return KindWeights(FEATURES, weights, np.round(base - base.mean(), _DECIMALS) + 0.0)


def cross_validate_kinds(corpus: Corpus) -> Iterator[tuple[Corpus, KindWeights]]:
    """Give five times the articles of some sites, and the weights that were fitted on the other sites.

    Parameters
    ----------
    corpus : Corpus
        With lines of every kind in any four fifths of at least five sites.
    """
    folds = GroupKFold(_N_FOLDS, shuffle=True, random_state=0)
    for learnt, held_out in folds.split(corpus.articles, groups=corpus.groups):
        weights = fit_kinds(Corpus([corpus.articles[place] for place in learnt]))
        yield Corpus([corpus.articles[place] for place in held_out]), weights


def measure_held_out(corpus: Corpus) -> tuple[list[KindRow], list[tuple[str, Estimate]]]:
    """Measure weights on sites that they were not fitted on.

    Parameters
    ----------
    corpus : Corpus
        As for `cross_validate_kinds`.

    Returns
    -------
    rows : list of KindRow
    accuracies : list of (name, Estimate)
        The share of lines with the right kind: of these weights, without neighbours, of each line by itself, and of
        the most frequent kind.
    """
    parts: list[tuple[Names, ...]] = []
    for articles, weights in cross_validate_kinds(corpus):
        gold, sites = gold_kinds(articles), line_sites(articles)
        known = gold != ""
        predicted = predict_kinds(articles, weights)[known]
        unaided = predict_kinds(articles, replace(weights, neighbours=0.0))[known]
        alone = predict_kinds(single_lines(articles), weights)
        parts.append((gold[known], sites[known], predicted, unaided, alone))
    gold, sites, predicted, unaided, alone = map(np.concatenate, zip(*parts, strict=True))
    most_frequent = Counter(gold.tolist()).most_common(1)[0][0]
    systems = {
        "the table": predicted,
        "without the lines beside": unaided,
        "each line by itself": alone,
        f"always {most_frequent}": np.full(len(gold), most_frequent),
    }
    resamples = Resamples(sites)
    accuracies = [(name, _accuracy(given == gold, resamples)) for name, given in systems.items()]
    return measure_kinds(gold, predicted, sites), accuracies


def _accuracy(right: NDArray[np.bool_], resamples: Resamples) -> Estimate:
    sums = resamples.sums(np.column_stack((right, np.ones(len(right)))))
    return resamples.estimate(ratio(sums[:, 0], sums[:, 1]))


def write_kinds(root: Path) -> None:
    """Fit the weights on `data/articles`, write `kinds.tsv`, and fill in the tables of `docs/kinds.md`.

    Parameters
    ----------
    root : Path
        The project's folder.
    """
    corpus = Corpus.read(root / "data" / "articles")
    rows, accuracies = measure_held_out(corpus)
    tables = {
        "kinds": markdown_table(KIND_HEADS, [row.cells for row in rows]),
        "accuracy": markdown_table(["", "accuracy"], [(name, str(estimate)) for name, estimate in accuracies]),
    }
    page = root / "docs" / "kinds.md"
    page.write_text(fill(page.read_text("utf-8"), tables), "utf-8")
    (root / "model" / "dechaff" / "explain" / "kinds.tsv").write_text(fit_kinds(corpus).to_tsv(), "utf-8")


if __name__ == "__main__":
    write_kinds(ROOT)
