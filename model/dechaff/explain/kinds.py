"""Kinds of boilerplate lines (offer, share, related, ...), predicted with the readable weights of `kinds.tsv`.

A line's score for a kind is the weighted sum of its features, its words, and its place relative to the content.
Boilerplate comes in groups, so each boilerplate line adds its probabilities of the kinds to the scores of the lines
near it: a headline under "More from this section" is related although none of its own words indicates that. Content
lines add nothing.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Columns, Flags, Hashes, Indices, Values
from dechaff.decisions.decide import Decision
from dechaff.errors import InputError
from dechaff.features.blocks import find_blocks
from dechaff.linear.forward import LineFeatures
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import Ragged, places_since, places_until, repeat_rows, shift, sum_rows
from dechaff.text.scaling import log1p_counts
from dechaff.text.tokens import Keywords, Words, find_words

_log: Final = logging.getLogger(__name__)

#: The kinds of boilerplate; labelled files use these names.
KINDS: Final = ("offer", "share", "related", "credit", "date", "legal", "comment", "other")
# What else is of a kind, although its name does not say so.
_ALSO: Final = {"credit": "captions", "date": "bylines"}
#: The features that depend on which lines are content.
CONTEXT_NAMES: Final = (
    "is_before_content",
    "is_within_content",
    "is_behind_content",
    "is_right_before_content",
    "is_right_behind_content",
    "log_lines_until_content_before",
    "log_lines_until_content_within",
    "log_lines_since_content_within",
    "log_lines_since_content_behind",
    "log_boilerplate_lines",
    "log_content_lines",
)
_BASE: Final = "(base)"
_WORD: Final = "word:"
# Content further away than this number of lines counts as none.
_FAR: Final = 10_000
# The last digits of a matrix product depend on the other lines of the batch; rounding makes the kinds independent
# of these lines.
_DECIMALS: Final = 6


@dataclass(frozen=True, eq=False)
class KindWeights:
    """The weight of each feature for each kind.

    Attributes
    ----------
    features : tuple of str
        Names of features computed by `line_features`, or in `CONTEXT_NAMES`.
    weights : ndarray of float64, shape (n_kinds, n_features)
    base : ndarray of float64, shape (n_kinds,)
        The scores of a line for which all features are zero.
    words : tuple of str
    word_weights : ndarray of float64, shape (n_kinds, n_words)
        The weight of each word in a line of one word; in a line of n words, it is divided by the square root of n.
    neighbours : tuple of float
        The weight of the probabilities of the boilerplate lines before and after, by distance from 1.
    """

    features: tuple[str, ...]
    weights: Values
    base: Values
    words: tuple[str, ...] = ()
    word_weights: Values = field(default_factory=lambda: np.zeros((len(KINDS), 0)))
    neighbours: tuple[float, ...] = (1.3, 0.4, 0.3)

    @cached_property
    def vocabulary(self) -> Hashes:
        """Return the hash of each word, shape (n_words,)."""
        return hash_vocabulary(self.words)

    def to_tsv(self) -> str:
        """Return a table with a row for each feature and word and a column for each kind; zeros are left blank."""
        names = (_BASE, *self.features, *(_WORD + word for word in self.words))
        rows = zip(names, np.vstack((self.base, self.weights.T, self.word_weights.T)), strict=True)
        lines = ["\t".join((name, *(f"{value:g}" if value else "" for value in row))) for name, row in rows]
        return "\n".join(("\t".join(("feature", *KINDS)), *lines, ""))

    @classmethod
    def from_tsv(cls, table: str) -> "KindWeights":
        """Create weights from the output of `to_tsv`."""
        rows = [line.split("\t") for line in table.split("\n")[1:] if line]
        values = np.array([[float(cell or 0) for cell in row[1:]] for row in rows])
        names = [row[0] for row in rows[1:]]
        words = tuple(name.removeprefix(_WORD) for name in names if name.startswith(_WORD))
        end = len(rows) - len(words)
        return cls(tuple(names[: end - 1]), values[1:end].T, values[0], words, values[end:].T)


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
    context = context_columns(is_boilerplate, batch.article_lines)
    own, first = np.empty((len(KINDS), batch.n_lines)), 0
    for section in lines:
        place = slice(first, first + len(section.words.counts))
        near = {name: column[place] for name, column in context.items()}
        own[:, place] = _score(weights, section.columns | near, section.words)
        first = place.stop
    scores = _add_neighbours(own, is_boilerplate, batch.article_lines, weights.neighbours)
    best = np.round(scores, _DECIMALS).argmax(axis=0).tolist()
    return [KINDS[kind] if dropped else None for kind, dropped in zip(best, is_boilerplate.tolist(), strict=True)]


def context_columns(is_boilerplate: Flags, offsets: Indices) -> Columns:
    """Compute the features in `CONTEXT_NAMES`: where each line stands relative to the content of its article.

    Parameters
    ----------
    is_boilerplate : ndarray of bool, shape (n_lines,)
    offsets : ndarray of int64, shape (n_articles + 1,)
        Where each article's lines begin.

    Examples
    --------
    >>> columns = context_columns(np.array([True, False, True, True]), np.array([0, 4]))
    >>> columns["is_behind_content"].tolist(), columns["is_right_behind_content"].tolist()
    ([False, False, True, True], [False, False, True, False])
    """
    articles = Ragged(offsets)
    since = places_since(~is_boilerplate, articles, _FAR)
    until = places_until(~is_boilerplate, articles, _FAR)
    is_before, is_within, is_behind = (
        (since == _FAR) & (until < _FAR),
        (since < _FAR) & (until < _FAR),
        (since < _FAR) & (until == _FAR),
    )
    log_since, log_until = log1p_counts(since, rounded=True), log1p_counts(until, rounded=True)
    lines, _ = find_blocks(is_boilerplate, articles)
    n_content = sum_rows((~is_boilerplate).astype(np.int64), articles)
    columns = (
        *(is_before, is_within, is_behind, until == 1, since == 1),
        *(log_until * is_before, log_until * is_within, log_since * is_within, log_since * is_behind),
        repeat_rows(log1p_counts(lines.counts, rounded=True), lines),
        repeat_rows(log1p_counts(n_content, rounded=True), articles),
    )
    return dict(zip(CONTEXT_NAMES, columns, strict=True))


def hash_vocabulary(vocabulary: Iterable[str]) -> Hashes:
    """Return the hash of each word, shape (n_words,).

    Parameters
    ----------
    vocabulary : iterable of str
    """
    words = find_words(LineBatch.from_texts(["\n".join(vocabulary)]))
    return words.hashes[words.offsets[:-1]]


def find_vocabulary(words: Words, vocabulary: Hashes) -> tuple[Indices, Indices]:
    r"""Return the line and the index in a vocabulary of each word that is in it, both of shape (n_found,).

    Parameters
    ----------
    words : Words
    vocabulary : ndarray of uint64, shape (n_words,)
        The result of `hash_vocabulary`.

    Examples
    --------
    >>> words = find_words(LineBatch.from_texts(["Reply to me\nShare"]))
    >>> [found.tolist() for found in find_vocabulary(words, hash_vocabulary(["share", "reply"]))]
    [[0, 1], [1, 0]]
    """
    order = np.argsort(vocabulary)
    places = np.append(order, 0)[np.searchsorted(vocabulary[order], words.hashes)]
    is_found = np.append(vocabulary, np.uint64(0))[places] == words.hashes
    return words.lines[is_found], places[is_found]


def _score(weights: KindWeights, columns: Columns, words: Words) -> Values:
    """Compute each line's scores of the kinds from its features and words, shape (n_kinds, n_lines)."""
    scores: Values = weights.weights @ np.array([columns[name] for name in weights.features])
    if weights.words:
        lines, found = find_vocabulary(words, weights.vocabulary)
        n_lines, scale = len(words.counts), np.sqrt(np.maximum(words.counts, 1))
        scores += [np.bincount(lines, row[found], n_lines) / scale for row in weights.word_weights]
    return scores + weights.base[:, None]


def _add_neighbours(own: Values, is_boilerplate: Flags, offsets: Indices, weights: Sequence[float]) -> Values:
    """Add to each line's scores the probabilities of the kinds of the boilerplate lines near it."""
    odds = np.exp(own - own.max(axis=0))
    probability: Values = odds / odds.sum(axis=0) * is_boilerplate
    rows, scores = Ragged(offsets), own
    for distance, weight in enumerate(weights, 1):
        scores = scores + weight * (shift(probability, rows, -distance) + shift(probability, rows, distance))
    return scores


def list_kinds() -> str:
    """Return the names of the kinds for messages, with what two of them do not tell in brackets."""
    return ", ".join(f"{kind} ({_ALSO[kind]})" if kind in _ALSO else kind for kind in KINDS)


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
        raise InputError(f"there is no kind {wrong[0]!r} of boilerplate: choose from {list_kinds()}")
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
