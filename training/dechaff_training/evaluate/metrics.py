"""What is measured: shingles of texts, labels of lines, and how far each figure depends on the sites drawn.

Texts are compared as by Scrapinghub's extraction benchmark: multisets of four tokens in a row, precision
and recall of each page, their means over the pages, and the F1 of the two means.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dechaff.decisions.titles import title_parts
from dechaff_training.corpus.tokens import Shingles, tokenize

Values = NDArray[np.float64]
#: From sums, shape (..., n_columns), to figures, shape (...).
Statistic = Callable[[Values], Values]

_CLASS_SCORES: Final = ("precision", "recall", "f1", "average_precision")
#: What `line_scores` measures, in this order.
SCORES: Final = (
    *(f"content_{score}" for score in _CLASS_SCORES),
    *(f"boilerplate_{score}" for score in _CLASS_SCORES),
    *("brier", "calibration_error"),
)
N_RESAMPLES: Final = 1000
# Equal widths: such bins depend on neither model nor resample, so models can be compared and a bin is a sum;
# and the few undecided lines have bins of their own, where bins of equal mass would drown them.
N_CALIBRATION_BINS: Final = 15
# An average precision from this many steps differs by less than .001 from the exact one.
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
    """Turn the shingle counts of pages into columns whose sums give the means over the pages.

    A page whose text came out empty has no precision, one without gold no recall: the mean is over the rest.

    Parameters
    ----------
    counts : array-like, shape (n_pages, 3)
        As `shingle_counts` gives them.

    Returns
    -------
    ndarray of float64, shape (n_pages, 4)
        Precision, whether there is one, recall, whether there is one.

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
    """Give the mean precision from sums of `page_columns`."""
    return ratio(sums[..., 0], sums[..., 1])


def mean_recall(sums: Values) -> Values:
    """Give the mean recall from sums of `page_columns`."""
    return ratio(sums[..., 2], sums[..., 3])


def f1_of_means(sums: Values) -> Values:
    """Give the F1 of mean precision and mean recall from sums of `page_columns`; 0 where every text is empty.

    Examples
    --------
    >>> float(f1_of_means(np.array([1.0, 2.0, 2.0, 2.0]))).__round__(3)
    0.667
    """
    precision, recall = np.nan_to_num(mean_precision(sums)), mean_recall(sums)
    f1 = np.nan_to_num(ratio(2 * precision * recall, precision + recall))
    return np.where(np.isnan(recall), np.nan, f1)


def drop_headline(text: str, title: str | None) -> str:
    r"""Take out the lines that say the headline and nothing else, with or without the site's name.

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
    wanted = _headline_variants(title or "")
    if not wanted:
        return text
    longest = max(map(len, wanted))
    return "\n".join(line for line in text.splitlines() if not _says(line, wanted, longest))


def _headline_variants(title: str) -> set[str]:
    """Give the headline as joined tokens: whole, and without the site's name, if that is the lesser part."""
    whole = _normalize(title)
    n_tokens = whole.count(" ") + 1
    parts = {_normalize(part) for part in title_parts(title)}
    large = {part for part in parts if part.count(" ") + 1 >= max(3, n_tokens / 2)}
    return {whole, *large} if whole else set()


def _says(line: str, wanted: set[str], longest: int) -> bool:
    # A site's name has its limits: a paragraph need not be cut into tokens to see that it is no headline.
    if len(line) > 2 * longest + 80:
        return False
    return _normalize(line) in wanted or any(_normalize(part) in wanted for part in title_parts(line))


def _normalize(text: str) -> str:
    return " ".join(tokenize(text.casefold()))


@dataclass(frozen=True)
class Estimate:
    """A figure and where 95 of 100 resamples of the sites put it; one site has no interval (NaN).

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
            return _short(self.value)
        return f"{_short(self.value)} [{_short(self.low)}, {_short(self.high)}]"

    def to_dict(self) -> dict[str, float | None]:
        """Give the three numbers, None for NaN, as JSON knows them."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if np.isnan(number) else round(number, 6) for name, number in numbers.items()}


class Resamples:
    """The sites of some rows, and many draws of as many sites with replacement.

    The same sites and seed give the same draws: systems measured on the same rows are compared on the same
    resamples. A figure that depends on sums alone costs one matrix product for all draws.

    Parameters
    ----------
    site_ids : array-like, shape (n_rows,)
    n : int
        How many draws.
    seed : int
    """

    def __init__(self, site_ids: ArrayLike, n: int = N_RESAMPLES, seed: int = 0) -> None:
        self.sites, self.rows = np.unique(np.asarray(site_ids), return_inverse=True)
        shares = np.full(self.n_sites, 1 / max(self.n_sites, 1))
        draws = np.random.default_rng(seed).multinomial(self.n_sites, shares, size=n)
        # The first row is the sample as it is.
        self._times = np.vstack((np.ones(self.n_sites), draws))

    @property
    def n_sites(self) -> int:
        """Count the sites."""
        return len(self.sites)

    def sums(self, columns: Values) -> Values:
        """Sum columns, shape (n_rows, n_columns), over the sample and each draw: shape (1 + n, n_columns)."""
        sites = [np.bincount(self.rows, column, self.n_sites) for column in columns.T]
        return np.asarray(self._times @ np.column_stack(sites), np.float64)

    def histograms(self, bins: NDArray[np.int64], n_bins: int, weights: Values) -> Values:
        """Sum weights in bins over the sample and each draw: shape (1 + n, n_bins)."""
        places = self.rows * n_bins + bins
        sites = np.bincount(places, weights, self.n_sites * n_bins).reshape(self.n_sites, n_bins)
        return np.asarray(self._times @ sites, np.float64)

    def estimate(self, figures: Values) -> Estimate:
        """Make an estimate of the figures of the sample and each draw, shape (1 + n,)."""
        drawn = figures[1:][~np.isnan(figures[1:])]
        if self.n_sites < 2 or not len(drawn):
            return Estimate(float(figures[0]))
        low, high = np.percentile(drawn, (2.5, 97.5))
        return Estimate(float(figures[0]), float(low), float(high))


def bootstrap(
    site_ids: ArrayLike, columns: Values, statistic: Statistic, n: int = N_RESAMPLES, seed: int = 0
) -> Estimate:
    """Estimate a figure that depends on sums of columns, with an interval from resampled sites.

    Parameters
    ----------
    site_ids : array-like, shape (n_rows,)
    columns : ndarray of float64, shape (n_rows, n_columns)
    statistic : callable
        From sums, shape (..., n_columns), to figures, shape (...). For the paired difference of two systems
        have their columns side by side:
        ``lambda sums: f1_of_means(sums[..., 4:]) - f1_of_means(sums[..., :4])``.
    n : int
    seed : int

    Examples
    --------
    >>> pages = page_columns([(3, 1, 0), (2, 0, 2), (4, 0, 0)])
    >>> str(bootstrap(["a", "b", "c"], pages, f1_of_means))
    '.873 [.667, 1.000]'
    """
    resamples = Resamples(site_ids, n, seed)
    return resamples.estimate(statistic(resamples.sums(columns)))


def line_scores(
    labels: NDArray[np.int8],
    probability: Values,
    kept: NDArray[np.bool_],
    weights: Values,
    resamples: Resamples,
) -> dict[str, Estimate]:
    """Measure labels and probabilities of lines.

    Parameters
    ----------
    labels : ndarray of int8, shape (n_lines,)
        1 for content, 0 for boilerplate.
    probability : ndarray of float64, shape (n_lines,)
        Of content.
    kept : ndarray of bool, shape (n_lines,)
        Whether the line was labelled content.
    weights : ndarray of float64, shape (n_lines,)
        Ones, or the lines' tokens.
    resamples : Resamples
        Of the lines' sites.

    Returns
    -------
    dict of str to Estimate
        By the names in `SCORES`.
    """
    content = labels == 1
    cells = (content & kept, ~content & kept, content & ~kept, ~content & ~kept)
    sums = resamples.sums(np.column_stack(cells) * weights[:, None])
    right, wrong, missed, dropped = sums.T
    brier = resamples.sums(np.column_stack(((probability - labels) ** 2 * weights, weights)))
    scores = {
        **_class_scores("content", right, wrong, missed, resamples),
        **_class_scores("boilerplate", dropped, missed, wrong, resamples),
        **_average_precisions(content, probability, weights, resamples),
        "brier": resamples.estimate(ratio(brier[:, 0], brier[:, 1])),
        "calibration_error": resamples.estimate(_calibration_error(labels, probability, weights, resamples)),
    }
    return {name: scores[name] for name in SCORES}


def _class_scores(
    name: str, right: Values, wrong: Values, missed: Values, resamples: Resamples
) -> dict[str, Estimate]:
    figures = {
        "precision": ratio(right, right + wrong),
        "recall": ratio(right, right + missed),
        "f1": ratio(2 * right, 2 * right + wrong + missed),
    }
    return {f"{name}_{figure}": resamples.estimate(values) for figure, values in figures.items()}


def _calibration_error(
    labels: NDArray[np.int8], probability: Values, weights: Values, resamples: Resamples
) -> Values:
    """Average the distance between probability and share of content over bins, by their weight."""
    bins = np.minimum((probability * N_CALIBRATION_BINS).astype(np.int64), N_CALIBRATION_BINS - 1)
    excess = resamples.histograms(bins, N_CALIBRATION_BINS, (probability - labels) * weights)
    total = resamples.histograms(bins, N_CALIBRATION_BINS, weights)
    return ratio(np.abs(excess).sum(axis=-1), total.sum(axis=-1))


def _average_precisions(
    content: NDArray[np.bool_], probability: Values, weights: Values, resamples: Resamples
) -> dict[str, Estimate]:
    """Take the figure from every distinct probability, the interval from a thousand steps of equal mass."""
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
    """Average the precision over the positives.

    Parameters
    ----------
    positive, negative : ndarray of float64, shape (..., n_steps)
        The weight of the positives and negatives at each distinct score, from the highest score down.

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
    """Divide; nothing by nothing is NaN.

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


def _short(value: float) -> str:
    """Write a figure with three digits, without the leading zero."""
    return "–" if np.isnan(value) else re.sub(r"^(-?)0\.", r"\1.", f"{value:.3f}")
