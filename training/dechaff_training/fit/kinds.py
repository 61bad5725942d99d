"""Fit the weights for kinds of boilerplate to labelled articles, and evaluate them on held-out sites.

``python -m dechaff_training.fit.kinds`` fits the weights to `data/articles`, writes
`model/dechaff/explain/kinds.tsv` and fills in the tables of `docs/kinds.md`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from dechaff._typing import Floats
from dechaff.explain.kinds import (
    CONTEXT_NAMES,
    KINDS,
    KindWeights,
    context_columns,
    find_vocabulary,
    hash_vocabulary,
)
from dechaff.features import feature_names, line_features
from dechaff.text.batching import batches
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import find_words
from dechaff_training.corpus import Article, Corpus
from dechaff_training.corpus.text_matching import line_texts
from dechaff_training.evaluate.kinds import (
    KIND_HEADERS,
    KindRow,
    Names,
    find_boilerplate,
    gold_kinds,
    line_sites,
    measure_kinds,
    predict_kinds,
)
from dechaff_training.evaluate.metrics import Estimate, Resamples, ratio
from dechaff_training.evaluate.model_card import ROOT, fill, markdown_table

#: The features of the table: all that need no model, and where a line stands relative to the content.
FEATURES: Final = (*feature_names(), *CONTEXT_NAMES)
_C: Final = 1.0
# Features are scaled to this standard deviation, so that the penalty spares words, whose weights are 1 or less.
_SCALE: Final = 0.2
# Without this minimum, a feature that is rarely non-zero would have a weight that one line decides.
_SMALLEST_DEVIATION: Final = 0.05
# The words of the table are in lines with a kind on at least so many sites: no names, no topics.
_FEWEST_SITES: Final = 30
# The exponent of the class weights of kinds: with 0 there is no balancing, with 1 all kinds have the same weight.
_BALANCE: Final = 0.25
_DECIMALS: Final = 2
_WORD_DECIMALS: Final = 1
_MAX_ITERATIONS: Final = 80
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
    """Fit a multinomial logistic regression with L2 penalty, and round its weights.

    The training data are whole articles and, in addition, single lines of those that were not labelled as pages:
    otherwise the position features would make the kind of every line of a short text "related" or "legal".

    Parameters
    ----------
    corpus : Corpus
        The labelled articles; they must contain lines of every kind.
    """
    examples = corpus + single_lines(corpus.select(lambda article: not article.policy_kinds))
    gold = gold_kinds(examples)
    gold = gold[gold != ""]
    vocabulary = find_common_words(corpus)
    features, words = _design(examples, vocabulary)
    mean, deviation = features.mean(axis=0), np.maximum(features.std(axis=0), _SMALLEST_DEVIATION) / _SCALE
    matrix = sparse.hstack((sparse.csr_matrix((features - mean) / deviation), words), format="csr")
    kinds, counts = np.unique(gold, return_counts=True)
    balance = dict(zip(kinds.tolist(), ((counts.mean() / counts) ** _BALANCE).tolist(), strict=True))
    regression = LogisticRegression(C=_C, class_weight=balance, max_iter=_MAX_ITERATIONS, tol=1e-3)
    regression.fit(matrix, gold)
    order = [kinds.tolist().index(kind) for kind in KINDS]
    weights, word_weights = np.split(regression.coef_[order].astype(np.float64), [len(FEATURES)], axis=1)
    weights = np.round(weights / deviation, _DECIMALS) + 0.0  # adding zero turns -0.0 into 0.0
    word_weights = np.round(word_weights, _WORD_DECIMALS) + 0.0
    is_used = word_weights.any(axis=0)
    # With this base, the scores of the average line stay the same as before rounding.
    base = regression.intercept_[order] - weights @ mean.astype(np.float64)
    return KindWeights(
        FEATURES,
        weights,
        np.round(base - base.mean(), _DECIMALS) + 0.0,
        tuple(np.array(vocabulary, object)[is_used]),
        word_weights[:, is_used],
    )


def find_common_words(corpus: Corpus) -> list[str]:
    """Return the words, in lower case, that lines with a kind have on at least 30 sites, in order of the alphabet.

    Parameters
    ----------
    corpus : Corpus
    """
    is_known, sites = gold_kinds(corpus) != "", line_sites(corpus)
    found: set[tuple[str, str]] = set()
    first = 0
    for batch in batches(corpus.texts):
        words, text = find_words(batch), "\n".join(batch.texts)
        place = slice(first, first + batch.n_lines)
        first, chosen = place.stop, is_known[place][words.lines]
        spans = (
            words.starts[chosen].tolist(),
            words.ends[chosen].tolist(),
            sites[place][words.lines[chosen]].tolist(),
        )
        found |= {(site, text[start:end].lower()) for start, end, site in zip(*spans, strict=True)}
    counts = Counter(word for _, word in found)
    return sorted(word for word, count in counts.items() if count >= _FEWEST_SITES)


def _design(corpus: Corpus, vocabulary: Sequence[str]) -> tuple[Floats, sparse.csr_matrix]:
    """Compute the features and the scaled counts of words of the lines with a kind."""
    gold = gold_kinds(corpus) != ""
    is_boilerplate = find_boilerplate(corpus)
    hashes = hash_vocabulary(vocabulary)
    features, counts, first = [], [], 0
    for batch in batches(corpus.texts):
        place = slice(first, first + batch.n_lines)
        first, known = place.stop, np.flatnonzero(gold[place])
        words = find_words(batch)
        columns = line_features(batch, words) | context_columns(is_boilerplate[place], batch.article_lines)
        features.append(np.column_stack([columns[name][known].astype(np.float32) for name in FEATURES]))
        lines, found = find_vocabulary(words, hashes)
        scale = (1 / np.sqrt(words.counts[lines])).astype(np.float32)
        shape = batch.n_lines, len(vocabulary)
        counts.append(sparse.csr_matrix((scale, (lines, found)), shape)[known])
    return np.concatenate(features), sparse.vstack(counts, format="csr")


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
        no_neighbours = predict_kinds(articles, replace(weights, neighbours=()))[known]
        single = predict_kinds(single_lines(articles), weights)
        parts.append((gold[known], sites[known], predicted, no_neighbours, single))
    gold, sites, predicted, no_neighbours, single = map(np.concatenate, zip(*parts, strict=True))
    most_frequent = Counter(gold.tolist()).most_common(1)[0][0]
    systems = {
        "the table": predicted,
        "without the lines near it": no_neighbours,
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
