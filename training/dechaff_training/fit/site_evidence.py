"""Fit the weights of the evidence from site profiles, and measure the gain by the number of pages of a site.

``python -m dechaff_training.fit.site_evidence PAGES`` fits the weights to sites with several
pages, writes `model/dechaff/decisions/site_evidence.tsv`, and prints the gain in text F1 on held-out sites.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from dechaff._typing import Flags, Indices, Values
from dechaff.decisions.decide import apply_threshold, keep_wordless, kept_texts
from dechaff.decisions.site_evidence import FEATURES, evident_lines
from dechaff.linear.stage import sigmoid
from dechaff.sites import SiteProfile
from dechaff.text.batching import batches
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import find_words
from dechaff_training.corpus.articles import MASKED, Article
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.evaluate.benchmark import text_columns, with_gold
from dechaff_training.evaluate.metrics import Estimate, Resamples, f1_of_means
from dechaff_training.evaluate.model_card import ROOT, markdown_table
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.held_out import held_out_log_odds

#: The sources that have sites with several pages and labels other than silver ones.
SOURCES: Final = ("dragnet", "google_news", "fundus_parser", "cleanportaleval")
EXTRACTOR: Final = "resiliparse_all"
#: The numbers of pages that a profile has of a site: in fitting, all of them; reported, the second ones.
N_PAGES: Final = (2, 3, 5, 10, 20)
REPORTED: Final = (2, 5, 10, 20)
_N_FOLDS: Final = 3
_MOST_LINES: Final = 60_000
_C: Final = 1.0
_DECIMALS: Final = 2
_THRESHOLD: Final = 0.45


class Lines(NamedTuple):
    """Lines that stand on several pages of their site: features, labels, weights, and the article of each."""

    features: Values
    labels: NDArray[np.int8]
    weights: Values
    articles: Indices


def _folds(articles: Sequence[Article]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the places of the articles to fit to and of those held out, by site."""
    folds = GroupKFold(_N_FOLDS, shuffle=True, random_state=0)
    for train, held in folds.split(articles, groups=[article.site for article in articles]):
        yield train.tolist(), held.tolist()


def group_pages(articles: Sequence[Article], n_pages: int, seed: int = 0) -> list[str | None]:
    """Return a name for each article, which it shares with others of its site up to a number of pages.

    Articles that are left over, because their number does not divide that of the site, get None.

    Parameters
    ----------
    articles : sequence of Article
    n_pages : int
    seed : int
    """
    by_site: dict[str, list[int]] = defaultdict(list)
    for place in np.random.default_rng(seed).permutation(len(articles)).tolist():
        by_site[articles[place].site].append(place)
    names: list[str | None] = [None] * len(articles)
    for site, places in by_site.items():
        for number, place in enumerate(places[: len(places) // n_pages * n_pages]):
            names[place] = f"{site} {number // n_pages}"
    return names


def repeated_lines(
    articles: Sequence[Article], log_odds: Sequence[Values], names: Sequence[str | None]
) -> tuple[Flags, Values]:
    """Return which lines of articles stand on several pages and are no copies, and the features of these lines.

    Parameters
    ----------
    articles : sequence of Article
    log_odds : sequence of ndarray, length n_articles
        Of each article's lines, by a model that was not fitted to its site.
    names : sequence of str or None, length n_articles
        The result of `group_pages`, the names of the sites in the profile.
    """
    texts, profile = [article.text for article in articles], SiteProfile()
    profile.count(texts, names)
    flags, features, place = [np.zeros(0, np.bool_)], [np.zeros((0, len(FEATURES)))], 0
    for batch in batches(texts):
        own = slice(place, place + batch.n_articles)
        place, odds = own.stop, np.concatenate(log_odds[own])
        several, of_lines = evident_lines(batch, odds, profile, names[own])
        flags.append(several)
        features.append(of_lines)
    return np.concatenate(flags), np.concatenate(features)


def collect_lines(articles: Sequence[Article], log_odds: Sequence[Values]) -> Lines:
    """Return the labelled lines on several pages, for profiles of each number of pages in `N_PAGES`.

    Parameters
    ----------
    articles : sequence of Article
    log_odds : sequence of ndarray, length n_articles
        Of each article's lines, by a model that was not fitted to its site.
    """
    n_words = [find_words(batch).counts for batch in batches([article.text for article in articles])]
    labels = np.concatenate([article.labels for article in articles])
    weights = np.sqrt(np.concatenate(n_words)) * (labels != MASKED)
    places = np.repeat(np.arange(len(articles)), [len(article.labels) for article in articles])
    parts = []
    for n_pages in N_PAGES:
        several, features = repeated_lines(articles, log_odds, group_pages(articles, n_pages))
        parts.append(Lines(features, labels[several], weights[several], places[several]))
    return Lines(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def fit_weights(lines: Lines, places: Sequence[int]) -> Values:
    """Fit the weights of `FEATURES` to the lines of some articles; they add to the model's log-odds.

    Parameters
    ----------
    lines : Lines
    places : sequence of int
        The articles.
    """
    used = np.isin(lines.articles, places) & (lines.weights > 0)
    regression = LogisticRegression(C=_C, fit_intercept=False, max_iter=1000)
    regression.fit(lines.features[used], lines.labels[used], lines.weights[used])
    weights: Values = regression.coef_[0].copy()
    weights[FEATURES.index("log_odds")] -= 1
    return np.round(weights, _DECIMALS) + 0.0


def clean(article: Article, log_odds: Values, shift: Values) -> str:
    """Return the kept text of an article by log-odds and what is added to them."""
    batch = LineBatch.from_texts([article.text])
    probability = sigmoid(log_odds + shift)
    kept = apply_threshold(probability, batch.ends - batch.starts, batch.article_lines, _THRESHOLD)
    return next(kept_texts(batch, keep_wordless(batch, kept)))


def measure(
    articles: Sequence[Article], log_odds: Sequence[Values], weights: Sequence[Values], n_pages: int
) -> tuple[int, int, Estimate, Estimate]:
    """Measure the text F1 without a profile, and the gain with one of some pages of each site.

    Parameters
    ----------
    articles : sequence of Article
    log_odds, weights : sequence of ndarray, length n_articles
        The log-odds of each article's lines, and the weights for it.
    n_pages : int
        The number of pages that the profile has of each site; sites with fewer are left out.

    Returns
    -------
    n_articles, n_sites : int
    without, gain : Estimate
    """
    names = group_pages(articles, n_pages)
    several, features = repeated_lines(articles, log_odds, names)
    counts = [len(article.labels) for article in articles]
    by_line = np.repeat(np.array(weights), counts, axis=0)[several]
    shift = np.zeros(len(several))
    shift[several] = np.minimum((features * by_line).sum(axis=1), 0)
    shifts = np.split(shift, np.cumsum(counts)[:-1])
    gold = set(map(id, with_gold(Corpus(list(articles)))))
    chosen = [place for place, name in enumerate(names) if name is not None and id(articles[place]) in gold]
    pages = [articles[place] for place in chosen]
    texts = {
        "without": [clean(articles[p], log_odds[p], np.zeros(counts[p])) for p in chosen],
        "with": [clean(articles[p], log_odds[p], shifts[p]) for p in chosen],
    }
    columns, resamples = text_columns(pages, texts), Resamples([page.site for page in pages])
    before, after = (f1_of_means(resamples.sums(columns[name])) for name in texts)
    return len(pages), resamples.n_sites, resamples.estimate(before), resamples.estimate(after - before)


def report(articles: Sequence[Article], log_odds: Sequence[Values], lines: Lines) -> str:
    """Return a table of the gain on held-out sites, by source and number of pages."""
    weights: list[Values] = [np.zeros(len(FEATURES))] * len(articles)
    for train, held in _folds(articles):
        of_fold = fit_weights(lines, train)
        for place in held:
            weights[place] = of_fold
    rows = []
    for n_pages in REPORTED:
        for source in ("all", *dict.fromkeys(article.source for article in articles)):
            own = [p for p, article in enumerate(articles) if source in ("all", article.source)]
            if max(map(len, _by_site([articles[p] for p in own]).values())) >= n_pages:
                odds, fitted = [log_odds[p] for p in own], [weights[p] for p in own]
                figures = measure([articles[p] for p in own], odds, fitted, n_pages)
                rows.append((str(n_pages), source, *map(str, figures)))
    return markdown_table(("pages of a site", "source", "articles", "sites", "without", "gain"), rows)


def _by_site(articles: Sequence[Article]) -> dict[str, list[Article]]:
    found: dict[str, list[Article]] = defaultdict(list)
    for article in articles:
        found[article.site].append(article)
    return found


def main(folder: Path) -> None:
    """Fit the weights to the pages in a folder, write them, and print what they gain."""
    corpus = Corpus.read(*(folder / f"{name}.parquet" for name in SOURCES), extractors=[EXTRACTOR], n_jobs=1)
    articles = [article for article in corpus if not article.silver and (article.labels != MASKED).any()]
    # Two stages and no trees, to be fitted in minutes.
    classifier = LineClassifier(stages=2, n_trees=0, n_folds=2, max_lines=_MOST_LINES)
    log_odds = held_out_log_odds(classifier, articles, _folds(articles))
    lines = collect_lines(articles, log_odds)
    weights = fit_weights(lines, range(len(articles)))
    rows = (f"{name}\t{weight:g}\n" for name, weight in zip(FEATURES, weights.tolist(), strict=True))
    path = ROOT / "model" / "dechaff" / "decisions" / "site_evidence.tsv"
    path.write_text("feature\tweight\n" + "".join(rows), "utf-8")
    print(path.read_text("utf-8"), report(articles, log_odds, lines), sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
