"""Fit the weights for kinds of boilerplate to labelled articles, and evaluate them on held-out sites.

``python -m dechaff_training.fit.kinds PAGES... TEST`` fits the weights to pages with labels by reading and to
`data/articles`, writes `model/dechaff/explain/kinds.tsv`, measures it on TEST and fills in `docs/kinds.md`.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from dechaff._typing import Flags, Floats
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
from dechaff.text.tokens import find_words
from dechaff_training.corpus import Article, Corpus
from dechaff_training.corpus.policy_labels import EXTRACTOR
from dechaff_training.corpus.text_matching import line_texts
from dechaff_training.evaluate.kinds import (
    KIND_HEADERS,
    Names,
    count_confusions,
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
_MAX_ITERATIONS: Final = 60
# A page with more lines of one kind, such as long menus, contributes so many of them.
_MOST_LINES: Final = 40
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
    is_chosen = _choose_lines(gold, examples)
    gold = gold[is_chosen]
    vocabulary = find_common_words(corpus)
    features, words = _design(examples, is_chosen, vocabulary)
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


def _choose_lines(gold: Names, corpus: Corpus) -> Flags:
    """Return the lines with a kind, of each page at most 40 of each kind, at equal intervals; shape (n_lines,)."""
    is_chosen = np.zeros(len(gold), np.bool_)
    offsets = np.cumsum([0, *map(len, corpus.labels)])
    for start, end in pairwise(offsets.tolist()):
        own = gold[start:end]
        for kind in np.unique(own[own != ""]):
            lines = np.flatnonzero(own == kind) + start
            is_chosen[
                lines[np.unique(np.linspace(0, len(lines) - 1, min(len(lines), _MOST_LINES)).astype(int))]
            ] = True
    return is_chosen


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


def _design(corpus: Corpus, is_chosen: Flags, vocabulary: Sequence[str]) -> tuple[Floats, sparse.csr_matrix]:
    """Compute the features and the scaled counts of words of chosen lines."""
    is_boilerplate = find_boilerplate(corpus)
    hashes = hash_vocabulary(vocabulary)
    features, counts, first = [], [], 0
    for batch in batches(corpus.texts):
        place = slice(first, first + batch.n_lines)
        first, known = place.stop, np.flatnonzero(is_chosen[place])
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


def measure_accuracies(corpus: Corpus, weights: KindWeights) -> list[tuple[str, Estimate]]:
    """Compute the share of lines with the right kind, with intervals over sites.

    Parameters
    ----------
    corpus : Corpus
        Labelled articles of other sites than those that the weights were fitted to.
    weights : KindWeights

    Returns
    -------
    list of (name, Estimate)
        The accuracies of the weights; of the weights without the probabilities of near lines; of the weights on
        each line as an article of its own; and of always predicting the most frequent kind.
    """
    gold, sites = gold_kinds(corpus), line_sites(corpus)
    known = gold != ""
    gold, sites = gold[known], sites[known]
    most_frequent = Counter(gold.tolist()).most_common(1)[0][0]
    systems = {
        "the table": predict_kinds(corpus, weights)[known],
        "without the lines near it": predict_kinds(corpus, replace(weights, neighbours=()))[known],
        "each line by itself": predict_kinds(single_lines(corpus), weights),
        f"always {most_frequent}": np.full(len(gold), most_frequent),
    }
    resamples = Resamples(sites)
    return [(name, _accuracy(kinds == gold, resamples)) for name, kinds in systems.items()]


def _accuracy(right: NDArray[np.bool_], resamples: Resamples) -> Estimate:
    sums = resamples.sums(np.column_stack((right, np.ones(len(right)))))
    return resamples.estimate(ratio(sums[:, 0], sums[:, 1]))


def write_kinds(root: Path, pages: Sequence[Path], test: Path) -> None:
    """Fit the weights, write `kinds.tsv`, and fill in the tables of `docs/kinds.md`.

    Parameters
    ----------
    root : Path
        The project's folder, whose `data/articles` and `data/labels` are learnt from.
    pages : sequence of Path
        Pages, and files of labels by reading, that are learnt from as well.
    test : Path
        A file of labels by reading of other sites.
    """
    data = root / "data"
    corpus = Corpus.read(*pages, data / "labels", data / "articles", extractors=[EXTRACTOR])
    weights = fit_kinds(corpus.select(lambda article: any(article.kinds or ())))
    (root / "model" / "dechaff" / "explain" / "kinds.tsv").write_text(weights.to_tsv(), "utf-8")
    page = root / "docs" / "kinds.md"
    page.write_text(fill(page.read_text("utf-8"), kind_tables(Corpus.read(test), weights)), "utf-8")


def kind_tables(corpus: Corpus, weights: KindWeights) -> dict[str, str]:
    """Return the tables of `docs/kinds.md` by name, in Markdown.

    Parameters
    ----------
    corpus : Corpus
        Labelled articles of other sites than those that the weights were fitted to.
    weights : KindWeights
    """
    gold, predicted = gold_kinds(corpus), predict_kinds(corpus, weights)
    rows = measure_kinds(gold, predicted, line_sites(corpus))
    accuracies = measure_accuracies(corpus, weights)
    return {
        "kinds": markdown_table(KIND_HEADERS, [row.cells for row in rows]),
        "accuracy": markdown_table(["", "accuracy"], [(name, str(estimate)) for name, estimate in accuracies]),
        "confusion": markdown_table(["", *KINDS], count_confusions(gold, predicted)),
    }


if __name__ == "__main__":
    *learnt, held_out = map(Path, sys.argv[1:])
    write_kinds(ROOT, learnt, held_out)
