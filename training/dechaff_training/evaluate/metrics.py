"""Metrics of texts and lines, with intervals from resampled sites.

Texts are compared as in Scrapinghub's extraction benchmark: multisets of sequences of four consecutive
tokens, precision and recall of each page, their means over pages, and the F1 of the two means.
"""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dechaff._typing import Values
from dechaff.text.titles import may_be_headline, title_parts
from dechaff_training.corpus.tokens import Shingles, tokenize

_CLASS_SCORES: Final = ("precision", "recall", "f1", "average_precision")
#: The figures of `line_scores`, in order.
SCORES: Final = (
    *(f"content_{score}" for score in _CLASS_SCORES),
    *(f"boilerplate_{score}" for score in _CLASS_SCORES),
    *("brier", "calibration_error"),
)
N_RESAMPLES: Final = 1000
# Bins of equal width depend neither on the model nor on the resample: models are comparable, and a bin is a sum.
# Undecided lines, which are few, get bins of their own; bins of equal mass would hide them.
N_CALIBRATION_BINS: Final = 15
# With this many steps, average precision differs from the exact value by less than .001.
_N_RANKS: Final = 1000


def shingle_counts(predicted: Shingles, gold: Shingles) -> tuple[int, int, int]:
    """Compare two multisets of shingles.

    Returns
    -------
    (true_positives, false_positives, false_negatives)

    Examples
    --------
    >>> from dechaff_training.corpus.tokens import shingles
    >>> shingle_counts(shingles("a b c d e".split()), shingles("b c d e f".split()))
    (1, 1, 1)
    """
    shared = sum(min(count, predicted[key]) for key, count in gold.items() if key in predicted)
    return shared, predicted.total() - shared, gold.total() - shared


def page_columns(counts: ArrayLike) -> Values:
    """Compute columns from shingle counts of pages; the means over pages are ratios of their sums.

    An empty text has no precision, and an empty gold text no recall; such pages are left out of the mean.

    Parameters
    ----------
    counts : array-like, shape (n_pages, 3)
        The results of `shingle_counts`.

    Returns
    -------
    ndarray of float64, shape (n_pages, 4)
        Columns: precision, whether it is defined (1 or 0), recall, whether it is defined.

    Examples
    --------
    >>> page_columns([(3, 1, 0), (0, 0, 5)]).tolist()
    [[0.75, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0]]
    """
    shared, extra, missing = np.asarray(counts, np.float64).reshape(-1, 3).T
    predicted, gold = shared + extra, shared + missing
    return np.column_stack(
        (shared / np.maximum(predicted, 1), predicted > 0, shared / np.maximum(gold, 1), gold > 0)
    )


def mean_precision(sums: Values) -> Values:
    """Compute the mean precision from sums of `page_columns`."""
    return ratio(sums[..., 0], sums[..., 1])


def mean_recall(sums: Values) -> Values:
    """Compute the mean recall from sums of `page_columns`."""
    return ratio(sums[..., 2], sums[..., 3])


def f1_of_means(sums: Values) -> Values:
    """Compute the F1 of mean precision and mean recall from sums of `page_columns`; 0 if every text is empty.

    Examples
    --------
    >>> float(f1_of_means(np.array([1.0, 2.0, 2.0, 2.0]))).__round__(3)
    0.667
    """
    precision, recall = np.nan_to_num(mean_precision(sums)), mean_recall(sums)
    f1 = np.nan_to_num(ratio(2 * precision * recall, precision + recall))
    return np.where(np.isnan(recall), np.nan, f1)


def drop_headline(text: str, title: str | None) -> str:
    r"""Remove the lines that consist of the headline, with or without the site's name.

    Parameters
    ----------
    text : str
    title : str, optional
        The headline, or "headline | site".

    Examples
    --------
    >>> drop_headline("THE MILL SHUTS\nThe mill shuts – Valley Post\nIt did.", "The mill shuts | Valley Post")
    'It did.'
    """
    headlines = _headline_variants(title or "")
    if not headlines:
        return text
    longest = max(map(len, headlines))
    return "\n".join(line for line in text.splitlines() if not _is_headline(line, headlines, longest))


def _headline_variants(title: str) -> set[str]:
    """Return the normalized headline, and its parts without site names."""
    whole = _normalize(title)
    n_tokens = whole.count(" ") + 1
    parts = {_normalize(part) for part in title_parts(title)}
    large = {part for part in parts if may_be_headline(part.count(" ") + 1, n_tokens)}
    return {whole, *large} if whole else set()


def _is_headline(line: str, headlines: set[str], longest: int) -> bool:
    # Site names are short: skip the tokens of a line that is far longer than the headline.
    if len(line) > 2 * longest + 80:
        return False
    return _normalize(line) in headlines or any(_normalize(part) in headlines for part in title_parts(line))


def _normalize(text: str) -> str:
    return " ".join(tokenize(text.casefold()))


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval over resampled sites; NaN bounds mean that there is no interval.

    Attributes
    ----------
    value, low, high : float

    Examples
    --------
    >>> str(Estimate(0.925, 0.9, 0.94))
    '.925 [.900, .940]'
    """

    value: float
    low: float = np.nan
    high: float = np.nan

    def __str__(self) -> str:
        if np.isnan(self.low):
            return _format(self.value)
        return f"{_format(self.value)} [{_format(self.low)}, {_format(self.high)}]"

    def to_dict(self) -> dict[str, float | None]:
        """Return the three numbers, with None for NaN, as JSON-ready values."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if np.isnan(number) else round(number, 6) for name, number in numbers.items()}


class Resamples:
    """Bootstrap resamples of the sites of some rows.

    Equal sites and seeds give equal resamples, so that different systems on the same rows are compared on the same
    resamples. A figure that is a function of sums costs one matrix product for all resamples.

    Parameters
    ----------
    site_ids : array-like, shape (n_rows,)
    n : int
        The number of resamples.
    seed : int
    """

    def __init__(self, site_ids: ArrayLike, n: int = N_RESAMPLES, seed: int = 0) -> None:
        self.sites, self.rows = np.unique(np.asarray(site_ids), return_inverse=True)
        chances = np.full(self.n_sites, 1 / max(self.n_sites, 1))
        draws = np.random.default_rng(seed).multinomial(self.n_sites, chances, size=n)
        # The first row of counts is the sample itself.
        self._counts = np.vstack((np.ones(self.n_sites), draws))

    @property
    def n_sites(self) -> int:
        """Count the sites."""
        return len(self.sites)

    def sums(self, columns: Values) -> Values:
        """Sum columns, shape (n_rows, n_columns), over the sample and each resample, shape (1 + n, n_columns)."""
        sites = [np.bincount(self.rows, column, self.n_sites) for column in columns.T]
        return np.asarray(self._counts @ np.column_stack(sites), np.float64)

    def histograms(self, bins: NDArray[np.int64], n_bins: int, weights: Values) -> Values:
        """Sum weights in bins over the sample and each resample, shape (1 + n, n_bins)."""
        places = self.rows * n_bins + bins
        sites = np.bincount(places, weights, self.n_sites * n_bins).reshape(self.n_sites, n_bins)
        return np.asarray(self._counts @ sites, np.float64)

    def estimate(self, figures: Values) -> Estimate:
        """Return an estimate from the figures of the sample and of each resample, shape (1 + n,)."""
        resampled = figures[1:][~np.isnan(figures[1:])]
        if self.n_sites < 2 or not len(resampled):
            return Estimate(float(figures[0]))
        low, high = np.percentile(resampled, (2.5, 97.5))
        return Estimate(float(figures[0]), float(low), float(high))


def line_scores(
    labels: NDArray[np.int8],
    probability: Values,
    kept: NDArray[np.bool_],
    weights: Values,
    resamples: Resamples,
) -> dict[str, Estimate]:
    """Evaluate decisions and probabilities of lines against labels.

    Parameters
    ----------
    labels : ndarray of int8, shape (n_lines,)
        1 for content, 0 for boilerplate.
    probability : ndarray of float64, shape (n_lines,)
        The probability of content.
    kept : ndarray of bool, shape (n_lines,)
        Whether each line is kept.
    weights : ndarray of float64, shape (n_lines,)
        The weight of each line: 1, or its number of tokens.
    resamples : Resamples
        The resamples of the lines' sites.

    Returns
    -------
    dict of str to Estimate
        The estimates by the names in `SCORES`.
    """
    content = labels == 1
    cells = (content & kept, ~content & kept, content & ~kept, ~content & ~kept)
    sums = resamples.sums(np.column_stack(cells) * weights[:, None])
    true_positives, false_positives, false_negatives, true_negatives = sums.T
    brier = resamples.sums(np.column_stack(((probability - labels) ** 2 * weights, weights)))
    scores = {
        **_class_scores("content", true_positives, false_positives, false_negatives, resamples),
        **_class_scores("boilerplate", true_negatives, false_negatives, false_positives, resamples),
        **_average_precisions(content, probability, weights, resamples),
        "brier": resamples.estimate(ratio(brier[:, 0], brier[:, 1])),
        "calibration_error": resamples.estimate(_calibration_error(labels, probability, weights, resamples)),
    }
    return {name: scores[name] for name in SCORES}


def _class_scores(
    name: str, true_positives: Values, false_positives: Values, false_negatives: Values, resamples: Resamples
) -> dict[str, Estimate]:
    figures = {
        "precision": ratio(true_positives, true_positives + false_positives),
        "recall": ratio(true_positives, true_positives + false_negatives),
        "f1": ratio(2 * true_positives, 2 * true_positives + false_positives + false_negatives),
    }
    return {f"{name}_{figure}": resamples.estimate(values) for figure, values in figures.items()}


def _calibration_error(
    labels: NDArray[np.int8], probability: Values, weights: Values, resamples: Resamples
) -> Values:
    """Compute the expected calibration error: the weighted mean of |probability - share of content| over bins."""
    bins = np.minimum((probability * N_CALIBRATION_BINS).astype(np.int64), N_CALIBRATION_BINS - 1)
    excess = resamples.histograms(bins, N_CALIBRATION_BINS, (probability - labels) * weights)
    total = resamples.histograms(bins, N_CALIBRATION_BINS, weights)
    return ratio(np.abs(excess).sum(axis=-1), total.sum(axis=-1))


def _average_precisions(
    content: NDArray[np.bool_], probability: Values, weights: Values, resamples: Resamples
) -> dict[str, Estimate]:
    """Compute average precision exactly for the sample, and over `_N_RANKS` steps of equal length for resamples."""
    distinct, rank, counts = np.unique(probability, return_inverse=True, return_counts=True)
    steps = ((np.cumsum(counts) - 1) * _N_RANKS // max(len(probability), 1)).astype(np.int64)
    scores = {}
    for name, positive, direction in (("content", content, -1), ("boilerplate", ~content, 1)):
        masses = (weights * positive, weights * ~positive)
        binned = [resamples.histograms(steps[rank], _N_RANKS, mass) for mass in masses]
        exact = [np.bincount(rank, mass, len(distinct)).astype(np.float64) for mass in masses]
        figures = average_precision(*(mass[:, ::direction] for mass in binned))
        figures[0] = average_precision(*(mass[::direction] for mass in exact))
        scores[f"{name}_average_precision"] = resamples.estimate(figures)
    return scores


def average_precision(positive: Values, negative: Values) -> Values:
    """Compute the average precision for the positives.

    Parameters
    ----------
    positive, negative : ndarray of float64, shape (..., n_steps)
        The weight of the positives and negatives at each distinct score, highest score first.

    Returns
    -------
    ndarray of float64, shape (...)

    Examples
    --------
    >>> float(average_precision(np.array([1.0, 0.0, 1.0]), np.array([0.0, 2.0, 0.0])))
    0.75
    """
    found = np.cumsum(positive, axis=-1)
    precision = found / np.maximum(found + np.cumsum(negative, axis=-1), 1e-300)
    return ratio((positive * precision).sum(axis=-1), found[..., -1])


def ratio(numerator: Values, denominator: Values) -> Values:
    """Divide elementwise; where the denominator is 0 the result is NaN.

    Parameters
    ----------
    numerator, denominator : ndarray of float64

    Examples
    --------
    >>> ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    numerator, denominator = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    result = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result


def _format(value: float) -> str:
    """Format a figure with three decimals, without the leading zero."""
    return "–" if np.isnan(value) else re.sub(r"^(-?)0\.", r"\1.", f"{value:.3f}")
