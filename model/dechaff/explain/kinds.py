"""Kinds of boilerplate lines (offer, share, related, ...), predicted with the readable weights of `kinds.tsv`.

A line's score for a kind is the weighted sum of its features. Boilerplate comes in groups, so each boilerplate line
adds its probabilities of the kinds to the scores of the adjacent lines: a headline under "More from this section"
is related although none of its own words indicates that. Content lines add nothing.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Columns, Values
from dechaff.decisions.decide import Decision
from dechaff.errors import InputError
from dechaff.linear.forward import LineFeatures
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import Ragged, shift
from dechaff.text.tokens import Keywords

_log: Final = logging.getLogger(__name__)

#: The kinds of boilerplate; labelled files use these names.
KINDS: Final = ("offer", "share", "related", "credit", "date", "legal", "comment", "other")
_BASE: Final = "(base)"
# The last digits of a matrix product depend on the other lines of the batch; rounding makes the kinds independent
# of these lines.
_DECIMALS: Final = 6


@dataclass(frozen=True, eq=False)
class KindWeights:
    """The weight of each feature for each kind.

    Attributes
    ----------
    features : tuple of str
        Names of features computed by `line_features`.
    weights : ndarray of float64, shape (n_kinds, n_features)
    base : ndarray of float64, shape (n_kinds,)
        The scores of a line for which all features are zero.
    neighbours : float
        The weight of the probabilities of the lines directly before and after.
    """

    features: tuple[str, ...]
    weights: Values
    base: Values
    neighbours: float = 1.0

    def to_tsv(self) -> str:
        """Return a table with a row for each feature and a column for each kind; weights of zero are left blank."""
        rows = zip((_BASE, *self.features), np.vstack((self.base, self.weights.T)), strict=True)
        lines = ["\t".join((name, *(f"{value:g}" if value else "" for value in row))) for name, row in rows]
        return "\n".join(("\t".join(("feature", *KINDS)), *lines, ""))

    @classmethod
    def from_tsv(cls, table: str) -> "KindWeights":
        """Create weights from the output of `to_tsv`."""
        rows = [line.split("\t") for line in table.splitlines()[1:]]
        values = np.array([[float(cell or 0) for cell in row[1:]] for row in rows])
        return cls(tuple(row[0] for row in rows[1:]), values[1:].T, values[0])


@cache
def kind_weights() -> KindWeights:
    """Return the weights of `kinds.tsv`.

    Examples
    --------
    >>> table = kind_weights()
    >>> KINDS[table.weights[:, table.features.index("n_legal_phrases")].argmax()]
    'legal'
    """
    return KindWeights.from_tsv(files("dechaff.explain").joinpath("kinds.tsv").read_text(encoding="utf-8"))


def line_kinds(
    batch: LineBatch,
    is_boilerplate: NDArray[np.bool_],
    weights: KindWeights | None = None,
    keywords: Keywords = (),
    *,
    lines: Iterable[LineFeatures] | None = None,
) -> list[str | None]:
    r"""Return the kind of every boilerplate line; None for content.

    Parameters
    ----------
    batch : LineBatch
    is_boilerplate : ndarray of bool, shape (n_lines,)
        True for the lines labelled as boilerplate.
    weights : KindWeights, optional
        The weights of the features; by default `kind_weights()`.
    keywords : tuple of (family, phrase)
        The user's own phrases, as in `LineModel.keywords`.
    lines : iterable of LineFeatures, optional
        The features of the batch's sections, if they have been computed before.

    Examples
    --------
    >>> batch = LineBatch.from_texts(["The vote was held.\nShare on Facebook\nSubscribe for ₹900 per month"])
    >>> line_kinds(batch, np.array([False, True, True]))
    [None, 'share', 'offer']
    """
    if not batch.n_lines:
        return []
    weights = weights or kind_weights()
    if lines is None:
        lines = (LineFeatures.of(section, keywords) for section in batch.sections())
    own = np.concatenate([_score(weights, section.columns) for section in lines], axis=1)
    scores = _add_neighbours(own, is_boilerplate, batch.article_lines, weights.neighbours)
    best = np.round(scores, _DECIMALS).argmax(axis=0).tolist()
    return [KINDS[kind] if dropped else None for kind, dropped in zip(best, is_boilerplate.tolist(), strict=True)]


def _score(weights: KindWeights, columns: Columns) -> Values:
    """Compute each line's scores of the kinds from its own features, shape (n_kinds, n_lines)."""
    scores: Values = weights.weights @ np.array([columns[name] for name in weights.features])
    return scores + weights.base[:, None]


def _add_neighbours(
    own: Values, is_boilerplate: NDArray[np.bool_], offsets: NDArray[np.int64], weight: float
) -> Values:
    """Add to each line's scores the probabilities of the kinds of adjacent boilerplate lines."""
    odds = np.exp(own - own.max(axis=0))
    probability: Values = odds / odds.sum(axis=0) * is_boilerplate
    rows = Ragged(offsets)
    return own + weight * (shift(probability, rows, -1) + shift(probability, rows, 1))


def check_kinds(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the names of kinds; a string is one name.

    Raises
    ------
    InputError
        If there is no such kind.

    Examples
    --------
    >>> check_kinds("credit"), check_kinds(["date", "credit"])
    (('credit',), ('date', 'credit'))
    """
    names = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    wrong = [name for name in names if name not in KINDS]
    if wrong:
        raise InputError(f"there is no kind {wrong[0]!r} of boilerplate: choose from {', '.join(KINDS)}")
    return names


def keep_by_kind(decision: Decision, kinds: Iterable[str]) -> Decision:
    """Return a decision that also keeps the boilerplate lines of some kinds; probabilities and flags stay.

    Parameters
    ----------
    decision : Decision
    kinds : iterable of str
        Names in `KINDS`.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    names = check_kinds(kinds)
    if not names:
        return decision
    lines = (forward.lines for forward in decision.forwards())
    found = line_kinds(decision.batch, ~decision.kept, keywords=decision.model.keywords, lines=lines)
    spared = np.array([kind in names for kind in found], np.bool_)
    _log.debug("boilerplate lines kept for their kind (%s): %d", ", ".join(names), int(spared.sum()))
    return replace(decision, kept=decision.kept | spared, spared=spared)
