"""Is this what the model has learnt from? Compares the features of a sample of lines with those of training.

A profile says for each feature of a line where the deciles of the training lines are, and which share of them is
in each. It is kept in the model's metadata as plain numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff.decisions.decide import decide
from dechaff.linear.line_model import LineModel
from dechaff.linear.stage import Matrix

#: The key of the profile among a model's metadata.
KEY: Final = "profile"
NO_PROFILE: Final = "this model has no profile: no drift check"
# Every so many lines one is counted.
_EVERY: Final = 20
# The golden ratio of all 32-bit numbers.
_GOLDEN: Final = 2654435769
_DECILES: Final = np.arange(1, 10) / 10
# The usual reading of the population stability index: from here on a shift is no accident.
_MUCH: Final = 0.25
# No share counts as less: else one line where there was none weighs without end.
_LEAST: Final = 1e-3
# Below, chance makes shifts of its own.
_FEWEST_LINES: Final = 2000
_SHOWN: Final = 5


@dataclass(frozen=True)
class Profile:
    """What the lines were like that a model has learnt from.

    Attributes
    ----------
    edges : dict of str to ndarray of float64
        The deciles of each feature, each once.
    shares : dict of str to ndarray of float64
        Which share of the training lines is up to each edge, and above the last.
    share_dropped : float
        Which share of them the model drops.
    """

    edges: Mapping[str, NDArray[np.float64]]
    shares: Mapping[str, NDArray[np.float64]]
    share_dropped: float

    @classmethod
    def of(cls, model: LineModel) -> "Profile | None":
        """Read a model's profile; None if it has none that is sound."""
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
            raise ValueError("no profile")
        for name in rows:
            if edges[name].ndim != 1 or shares[name].shape != (len(edges[name]) + 1,):
                raise ValueError("shares of another number than edges ask for")
            if not np.isfinite(edges[name]).all() or not (np.diff(edges[name]) > 0).all():
                raise ValueError("edges that do not rise")
            if not ((shares[name] >= 0) & (shares[name] <= 1)).all():
                raise ValueError("no shares")
        return cls(edges, shares, dropped)


Counts = NDArray[np.int64]


class Census:
    """Counts a sample of lines by the deciles of a profile.

    Parameters
    ----------
    profile : Profile
    names : sequence of str
        Of the features that it is shown, in order.
    """

    def __init__(self, profile: Profile, names: Sequence[str]) -> None:
        rows = {name: row for row, name in enumerate(names)}
        self._rows = np.array([rows[name] for name in profile.edges])
        # Nothing is above infinity: features that have fewer edges leave the last counts at zero.
        self._edges = np.full((len(self._rows), max(map(len, profile.edges.values()))), np.inf)
        for row, edges in zip(self._edges, profile.edges.values(), strict=True):
            row[: len(edges)] = edges
        self.counts = np.zeros((len(self._rows), self._edges.shape[1] + 1), np.int64)
        self._n_seen = 1

    def count(self, matrix: Matrix) -> None:
        """Count some of the lines, shape (n_features, n_lines)."""
        sample = choose_lines(self._n_seen, matrix.shape[1])
        self._n_seen += matrix.shape[1]
        lines = matrix.take(sample, axis=1).take(self._rows, axis=0).astype(np.float64)
        places = np.zeros(lines.shape, np.uint8)
        for edges in self._edges.T:
            places += lines > edges[:, None]
        cells = places + np.arange(0, self.counts.size, self.counts.shape[1])[:, None]
        self.counts += np.bincount(cells.ravel(), minlength=self.counts.size).reshape(self.counts.shape)


def choose_lines(first: int, n: int) -> NDArray[np.int64]:
    """Choose one of twenty lines among those numbered from the first one: evenly spread, and in step with nothing.

    Examples
    --------
    >>> choose_lines(1, 100).tolist()
    [12, 33, 46, 67, 88]
    """
    return np.flatnonzero(np.arange(first, first + n) * _GOLDEN % 2**32 < 2**32 // _EVERY)


def make_profile(model: LineModel, texts: Sequence[str]) -> dict[str, Any]:
    r"""Describe the lines of texts in plain values, for the metadata of a model that has learnt from them.

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
        matrices += [forward.matrix[:n_features] for forward in decision.forwards()]
        kept.append(decision.kept)
    matrix = np.concatenate(matrices, axis=1)
    features = {}
    for name, values in zip(model.stage1.names, matrix.astype(np.float64), strict=True):
        edges = np.unique(np.quantile(values, _DECILES, method="higher"))
        shares = _count(values, edges) / max(len(values), 1)
        features[name] = {"edges": edges.tolist(), "shares": np.round(shares, 6).tolist()}
    return {"features": features, "share_dropped": round(float((~np.concatenate(kept)).mean()), 6)}


def _count(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)


def stability_index(expected: NDArray[np.float64], counts: NDArray[Any]) -> float:
    """Work out the population stability index: 0 for the same shares, above 0.25 for a large shift.

    Examples
    --------
    >>> stability_index(np.array([0.5, 0.5]), np.array([10, 10]))
    0.0
    >>> round(stability_index(np.array([0.5, 0.5]), np.array([10, 90])), 2)
    0.88
    """
    actual = np.maximum(counts / max(counts.sum(), 1), _LEAST)
    wanted = np.maximum(expected, _LEAST)
    return float(((actual - wanted) * np.log(actual / wanted)).sum())


def describe_drift(profile: Profile | None, counts: Counts | None, n_lines: int, n_dropped: int) -> list[str]:
    """Say in plain words what differs from training; nothing if nothing does.

    Parameters
    ----------
    profile : Profile or None
    counts : ndarray of int64, shape (n_features, n_deciles), or None
        As `Census` counts them, summed; None if nothing was counted.
    n_lines, n_dropped : int
        Of all documents.
    """
    if profile is None:
        return [NO_PROFILE]
    if counts is None or counts[0].sum() < _FEWEST_LINES:
        return []
    return [*_feature_drift(profile, counts), *_label_drift(profile, n_lines, n_dropped)]


def _feature_drift(profile: Profile, counts: Counts) -> Iterator[str]:
    found = {
        name: stability_index(shares, count[: len(shares)])
        for (name, shares), count in zip(profile.shares.items(), counts, strict=True)
    }
    much = sorted((name for name in found if found[name] > _MUCH), key=lambda name: -found[name])
    if much:
        shown = ", ".join(f"{name} {found[name]:.2f}" for name in much[:_SHOWN])
        yield (
            f"Warning: {len(much)} of {len(found)} features of these lines are not as in training ({shown}; above "
            f"{_MUCH} a population stability index is large): look at a sample before you trust the result"
        )


def _label_drift(profile: Profile, n_lines: int, n_dropped: int) -> Iterator[str]:
    expected = np.array([profile.share_dropped, 1 - profile.share_dropped])
    if n_lines and stability_index(expected, np.array([n_dropped, n_lines - n_dropped])) > _MUCH:
        yield (
            f"Warning: {n_dropped / n_lines:.0%} of the lines are dropped, in training it was "
            f"{profile.share_dropped:.0%}: look at a sample before you trust the result"
        ).replace("%", " %")


def add_counts(counts: Counts | None, more: Counts | None) -> Counts | None:
    """Add counts to others; None is none."""
    if counts is None or more is None:
        return more if counts is None else counts
    return counts + more
