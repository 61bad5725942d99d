"""Drift: compare the features of sampled lines with a profile of the training lines.

A profile holds a histogram of each feature over the training lines, with deciles as bin edges. It is stored in the
model's metadata as plain numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Matrix
from dechaff.decisions.decide import Decision, decide
from dechaff.explain.themes import themes
from dechaff.linear.line_model import LineModel

#: The key of the profile in a model's metadata.
KEY: Final = "profile"
NO_PROFILE: Final = "Drift was not checked: the model has no profile of its training lines"
# One of this many lines is sampled.
_SAMPLING_STEP: Final = 20
# 2**32 divided by the golden ratio: multiples modulo 2**32 are evenly spread (Fibonacci hashing).
_GOLDEN: Final = 2654435769
_DECILES: Final = np.arange(1, 10) / 10
# Population stability indices above this are commonly considered a large shift.
_LARGE_SHIFT: Final = 0.25
# Shares are raised to at least this, so that empty bins keep the index finite.
_MIN_SHARE: Final = 1e-3
# Smaller samples shift by chance.
_MIN_LINES: Final = 2000
_MAX_SHOWN: Final = 5
_ADVICE: Final = "look at a sample with 'dechaff show' before you trust the result"

#: Numbers of lines, shape (n_features, n_bins).
Histogram = NDArray[np.int64]


@dataclass(frozen=True)
class Profile:
    """Distribution of the features over a model's training lines.

    Attributes
    ----------
    edges : dict of str to ndarray of float64, shape (n_edges,)
        The distinct deciles of each feature.
    shares : dict of str to ndarray of float64, shape (n_edges + 1,)
        The share of the training lines in each bin: up to each edge, and above the last one.
    share_dropped : float
        The share of the training lines that the model drops.
    """

    edges: Mapping[str, NDArray[np.float64]]
    shares: Mapping[str, NDArray[np.float64]]
    share_dropped: float

    @classmethod
    def of(cls, model: LineModel) -> "Profile | None":
        """Return a model's profile; None if the model has no profile or a damaged one."""
        try:
            return cls._read(model.metadata[KEY], model.stage1.names)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    @classmethod
    def _read(cls, content: Any, names: Sequence[str]) -> "Profile":
        rows = {name: row for name, row in content["features"].items() if name in names}
        edges = {name: np.array(row["edges"], np.float64) for name, row in rows.items()}
        shares = {name: np.array(row["shares"], np.float64) for name, row in rows.items()}
        dropped = float(content["share_dropped"])
        if not rows or not 0 <= dropped <= 1:
            raise ValueError("no features, or a share outside [0, 1]")
        for name in rows:
            if edges[name].ndim != 1 or shares[name].shape != (len(edges[name]) + 1,):
                raise ValueError("wrong number of shares")
            if not np.isfinite(edges[name]).all() or not (np.diff(edges[name]) > 0).all():
                raise ValueError("edges do not increase")
            if not ((shares[name] >= 0) & (shares[name] <= 1)).all():
                raise ValueError("shares outside [0, 1]")
        return cls(edges, shares, dropped)


class FeatureHistogram:
    """Histogram of the features of sampled lines, over the bins of a profile.

    Parameters
    ----------
    profile : Profile
    names : sequence of str
        The names of the rows of the feature matrices to count.
    """

    def __init__(self, profile: Profile, names: Sequence[str]) -> None:
        rows = {name: row for row, name in enumerate(names)}
        self._rows = np.array([rows[name] for name in profile.edges])
        # Pad with infinity: the last bins of features with fewer edges stay empty.
        self._edges = np.full((len(self._rows), max(map(len, profile.edges.values()))), np.inf)
        for row, edges in zip(self._edges, profile.edges.values(), strict=True):
            row[: len(edges)] = edges
        self.counts = np.zeros((len(self._rows), self._edges.shape[1] + 1), np.int64)
        self._n_seen = 1

    def count_all(self, decision: Decision) -> None:
        """Count a sample of the lines of a batch."""
        for forward in decision.forwards():
            self.count(forward.matrix)

    def count(self, matrix: Matrix) -> None:
        """Count a sample of the lines of a feature matrix, shape (n_features, n_lines)."""
        sample = choose_lines(self._n_seen, matrix.shape[1])
        self._n_seen += matrix.shape[1]
        lines = matrix.take(sample, axis=1).take(self._rows, axis=0).astype(np.float64)
        bins = np.zeros(lines.shape, np.uint8)
        for edges in self._edges.T:
            bins += lines > edges[:, None]
        cells = bins + np.arange(0, self.counts.size, self.counts.shape[1])[:, None]
        self.counts += np.bincount(cells.ravel(), minlength=self.counts.size).reshape(self.counts.shape)


def choose_lines(first: int, n: int) -> NDArray[np.int64]:
    """Return offsets of one in twenty of the `n` lines numbered from `first`: evenly spread but not periodic.

    Examples
    --------
    >>> choose_lines(1, 100).tolist()
    [12, 33, 46, 67, 88]
    """
    return np.flatnonzero(np.arange(first, first + n) * _GOLDEN % 2**32 < 2**32 // _SAMPLING_STEP)


def make_profile(model: LineModel, texts: Sequence[str]) -> dict[str, Any]:
    r"""Compute the profile of a model's training texts as plain values for the model's metadata.

    Parameters
    ----------
    model : LineModel
    texts : sequence of str

    Examples
    --------
    >>> from dechaff import default_model
    >>> sorted(make_profile(default_model(), ["The vote was held.\nShare"]))
    ['features', 'share_dropped']
    """
    n_features, matrices, kept = len(model.stage1.names), [], []
    for decision in decide(texts, model):
        # Copies, because a view would keep all features in memory.
        matrices += [forward.matrix[:n_features].copy() for forward in decision.forwards()]
        kept.append(decision.kept)
        del decision
    matrix = np.concatenate(matrices, axis=1)
    features = {}
    for name, values in zip(model.stage1.names, matrix.astype(np.float64), strict=True):
        edges = np.unique(np.quantile(values, _DECILES, method="higher"))
        shares = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1) / max(len(values), 1)
        features[name] = {"edges": edges.tolist(), "shares": np.round(shares, 6).tolist()}
    return {"features": features, "share_dropped": round(float((~np.concatenate(kept)).mean()), 6)}


def stability_index(expected: NDArray[np.float64], counts: NDArray[Any]) -> float:
    """Compute the population stability index: 0 for equal shares, above 0.25 for a large shift.

    Examples
    --------
    >>> stability_index(np.array([0.5, 0.5]), np.array([10, 10]))
    0.0
    >>> round(stability_index(np.array([0.5, 0.5]), np.array([10, 90])), 2)
    0.88
    """
    actual = np.maximum(counts / max(counts.sum(), 1), _MIN_SHARE)
    expected = np.maximum(expected, _MIN_SHARE)
    return float(((actual - expected) * np.log(actual / expected)).sum())


def describe_drift(profile: Profile | None, lines: Histogram | None, n_lines: int, n_dropped: int) -> list[str]:
    """Return the warnings about drift of features and of labels; none if too few lines were sampled.

    Parameters
    ----------
    profile : Profile or None
    lines : ndarray of int64, shape (n_features, n_bins), or None
        The sum of the counts of all `FeatureHistogram` objects; None if no lines were counted.
    n_lines, n_dropped : int
        The number of lines of all documents, and how many of these lines were dropped.
    """
    if profile is None:
        return [NO_PROFILE]
    if lines is None or lines[0].sum() < _MIN_LINES:
        return []
    return [*_feature_drift(profile, lines), *_label_drift(profile, n_lines, n_dropped)]


def _feature_drift(profile: Profile, lines: Histogram) -> Iterator[str]:
    indices = {
        name: stability_index(shares, counts[: len(shares)])
        for (name, shares), counts in zip(profile.shares.items(), lines, strict=True)
    }
    shifted = sorted((name for name in indices if indices[name] > _LARGE_SHIFT), key=lambda name: -indices[name])
    if shifted:
        theme_of = {feature: theme.name for theme in themes() for feature in theme.features}
        subjects = list(dict.fromkeys(theme_of[name] for name in shifted if name in theme_of))
        shown = ", ".join(f"{name} {indices[name]:.2f}" for name in shifted[:_MAX_SHOWN])
        yield (
            "Warning: these texts differ from those that the model learnt from, most in their "
            f"{', '.join(subjects[:_MAX_SHOWN]) or 'features'}: {_ADVICE} "
            f"({len(shifted)} of {len(indices)} features are shifted, by population stability index "
            f"above {_LARGE_SHIFT}: {shown})"
        )


def _label_drift(profile: Profile, n_lines: int, n_dropped: int) -> Iterator[str]:
    expected = np.array([profile.share_dropped, 1 - profile.share_dropped])
    if n_lines and stability_index(expected, np.array([n_dropped, n_lines - n_dropped])) > _LARGE_SHIFT:
        yield (
            f"Warning: {n_dropped / n_lines:.0%} of the lines were dropped, but {profile.share_dropped:.0%} "
            f"of those that the model learnt from: {_ADVICE}"
        ).replace("%", " %")


def add_histograms(lines: Histogram | None, more: Histogram | None) -> Histogram | None:
    """Return the sum of two histograms; None counts as empty."""
    if lines is None or more is None:
        return more if lines is None else lines
    return lines + more
