"""The model: stages of logistic regression as arrays, applied with numpy alone.

Stage 1 scores a line by its own features and words. Stage 2 scores it again, with the stage-1 log-odds of the lines
around it. Stage 3, a small regression, combines the stage-2 log-odds of the line, of the lines around it and
of the whole article, and how much more the line looks like the headline than the other lines above the body.
Where the markup of lines is known, of HTML or Markdown, another regression on the features of stage 3 and on
those of the markup takes its place.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Matrix, Values
from dechaff.errors import InputError
from dechaff.features import feature_names, stack
from dechaff.features.context import LEARNT_KINDS, UNLIKELY, context_names
from dechaff.features.lexicon import collect_keywords
from dechaff.features.markup import MARKUP_NAMES, markup_features
from dechaff.features.stage3 import stage3_features, stage3_names
from dechaff.features.words import sum_words
from dechaff.kernels import for_batch
from dechaff.linear.forward import Forward, LineFeatures
from dechaff.linear.headline import headline_log_odds
from dechaff.linear.stage import Stage, joint_log_odds, sigmoid
from dechaff.text.batching import batches
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import Keywords

CLASSES: Final = ("boilerplate", "content")

#: A probability, the name of one of the model's presets, or None for the model's default.
Threshold = float | str | None

# Old names of attributes, until the next release.
_RENAMED: Final = {"first": "stage1", "second": "stage2", "decoder": "stage3"}


@dataclass(frozen=True, eq=False)
class LineModel:
    """A fitted model, created by `LineClassifier` or `load_model`; inference needs only numpy.

    Attributes
    ----------
    stage1, stage2 : Stage
    word_weights : ndarray of float32, shape (2**n_bits,)
        The weight of each bucket of hashed words, in stage 1.
    threshold : float
        Lines with at least this probability of content are kept.
    metadata : dict
        The provenance of the model: data, seed, versions, scores.
    stage3 : Stage or None
        The regression on the log-odds of stage 2; None if the model has no stage 3.
    keywords : tuple of (family, phrase)
        The user's own phrases, treated like phrases of the lexicon; see `with_keywords`.
    headline : Stage or None
        The weights of the features of stage 2 in the choice of the headline among the lines above the body; None if
        the model was fitted without known headlines.
    kinds : tuple of Stage
        A regression on the features of stage 1 for each of `LEARNT_KINDS`: whether a line is boilerplate of that
        kind. Empty if the model was fitted without known kinds.
    markup : Stage or None
        The regression that takes the place of stage 3 for lines whose markup is known; None if the model was fitted
        without markup, which is then ignored.
    """

    stage1: Stage
    stage2: Stage
    word_weights: NDArray[np.float32]
    threshold: float = 0.5
    metadata: dict[str, Any] = field(default_factory=dict)
    stage3: Stage | None = None
    keywords: Keywords = ()
    headline: Stage | None = None
    kinds: tuple[Stage, ...] = ()
    markup: Stage | None = None

    classes_: ClassVar[tuple[str, str]] = CLASSES

    def __repr__(self) -> str:
        stages = "three stages" if self.stage3 else "two stages"
        n_words = f"{len(self.word_weights):,} word weights"
        return f"<LineModel: {stages}, {len(self.stage1.names)} features, {n_words}, threshold {self.threshold:g}>"

    def with_keywords(self, phrases: Mapping[str, Iterable[str]]) -> Self:
        r"""Return a model that treats additional phrases like phrases of the lexicon, as features of stage 1.

        Parameters
        ----------
        phrases : mapping of str to iterable of str
            The phrases by family, a group of the lexicon such as "subscribe", "related" or "newsletter"; a phrase
            has up to sixteen words.

        Returns
        -------
        LineModel

        Raises
        ------
        InputError
            If a family does not exist, or a phrase has no words or too many words.

        Examples
        --------
        >>> from dechaff import classify_lines, default_model
        >>> text = "The vote was held on Tuesday.\nUnlock the archive"
        >>> model = default_model().with_keywords({"subscribe": ["Unlock the archive"]})
        >>> before, after = (classify_lines(text, m)[1].probability for m in (None, model))
        >>> after < before
        True
        """
        return replace(self, keywords=self.keywords + collect_keywords(phrases))

    @property
    def presets(self) -> dict[str, float]:
        """Return the thresholds by preset name: "balanced" and the valid presets in the metadata."""
        listed = self.metadata.get("presets")
        found = listed.items() if isinstance(listed, dict) else ()
        named = {
            name: each["threshold"]
            for name, each in found
            if isinstance(name, str) and isinstance(each, dict) and type(each.get("threshold")) is float
        }
        return {"balanced": self.threshold, **named}

    def resolve_threshold(self, threshold: Threshold = None) -> float:
        """Return the number for a threshold: the lowest probability of content with which a line is kept.

        Parameters
        ----------
        threshold : float or str, optional
            A number or the name of a preset; by default the model's own threshold.

        Returns
        -------
        float

        Raises
        ------
        InputError
            If the model has no such preset, or the number is not within [0, 1].
        """
        if threshold is None:
            return self.threshold
        if isinstance(threshold, str):
            if threshold not in self.presets:
                names = ", ".join(self.presets)
                raise InputError(
                    f"threshold {threshold!r} is neither a number nor a preset of this model ({names})"
                )
            threshold = self.presets[threshold]
        if isinstance(threshold, bool) or not isinstance(threshold, Real) or not 0 <= threshold <= 1:
            raise InputError(f"threshold {threshold!r}: use a number between 0 (keep all lines) and 1")
        return float(threshold)

    @property
    def n_bits(self) -> int:
        """Return the binary logarithm of the number of buckets of hashed terms."""
        return len(self.word_weights).bit_length() - 1

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the probabilities of boilerplate and content of every line of every article.

        Parameters
        ----------
        texts : sequence of str
            One article each.

        Returns
        -------
        ndarray of float64, shape (n_lines, 2)
            One row for each non-blank line of all articles, in order; the columns are those of `classes_`.
        """
        with for_batch(len(texts)):
            content = np.concatenate([np.zeros(0), *(self.content_probability(b) for b in batches(texts))])
        return np.column_stack((1 - content, content))

    def predict(self, texts: Sequence[str]) -> NDArray[np.str_]:
        """Return the label of every line of every article by the model's threshold, shape (n_lines,).

        Parameters
        ----------
        texts : sequence of str
            One article each.

        Returns
        -------
        ndarray of str, shape (n_lines,)
        """
        return np.where(self.predict_proba(texts)[:, 1] >= self.threshold, *CLASSES[::-1])

    def content_probability(self, batch: LineBatch) -> Values:
        """Return the probability of content of every line of one batch, shape (n_lines,).

        Parameters
        ----------
        batch : LineBatch

        Returns
        -------
        ndarray of float64, shape (n_lines,)
        """
        return sigmoid(self.log_odds(batch))

    def log_odds(self, batch: LineBatch) -> Values:
        """Return the log-odds of content of every line of one batch, shape (n_lines,).

        A huge article is computed in sections, to bound the memory.

        Parameters
        ----------
        batch : LineBatch

        Returns
        -------
        ndarray of float64, shape (n_lines,)
        """
        return np.concatenate([np.zeros(0), *(self.forward(section).log_odds for section in batch.sections())])

    def forward(self, batch: LineBatch) -> Forward:
        r"""Compute words, features and the log-odds of all stages, each once.

        A line takes about 5 kB of memory: divide a huge article with `LineBatch.sections` first.

        Parameters
        ----------
        batch : LineBatch

        Returns
        -------
        Forward

        Examples
        --------
        >>> from dechaff import LineBatch, default_model
        >>> forward = default_model().forward(LineBatch.from_texts(["The vote was held.\nShare"]))
        >>> forward.log_odds.shape, forward.words.counts.tolist()
        ((2,), [4, 1])
        """
        lines = LineFeatures.of(batch, self.keywords)
        matrix = np.empty((len(self.stage2.names), batch.n_lines), np.float32)
        first = stack(lines.columns, matrix[: len(self.stage1.names)])
        stage1 = self.stage1.log_odds(first) + sum_words(lines.words, self.word_weights)
        stack(lines.context(stage1, kind_log_odds(self.kinds, first)), matrix[len(first) :])
        stage2 = self.stage2.log_odds(matrix)
        if self.stage3 is None:
            return Forward(self, lines, matrix, stage1, stage2, None, None, stage2)
        counts, parts = lines.words.counts, batch.parts
        probability = matrix[self.stage2.names.index("probability")]
        headline = headline_log_odds(self.headline, lambda rows: matrix[:, rows], probability, counts, parts)
        stage3_matrix = stack(stage3_features(stage2, headline, counts, parts))
        odds, markup_matrix = self.stage3.log_odds(stage3_matrix), None
        is_marked, columns = markup_features(batch)
        if self.markup is not None and columns:
            markup_matrix = np.concatenate((stage3_matrix, stack(columns)))
            odds = np.where(is_marked, self.markup.log_odds(markup_matrix), odds)
        return Forward(self, lines, matrix, stage1, stage2, stage3_matrix, markup_matrix, odds)

    def features(self, batch: LineBatch) -> Matrix:
        """Compute the features of stage 2, which begin with those of stage 1, shape (n_features, n_lines).

        Parameters
        ----------
        batch : LineBatch

        Returns
        -------
        ndarray of float32, shape (n_features, n_lines)
        """
        return np.concatenate([self.forward(section).matrix for section in batch.sections()], axis=1)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickle, also one in which the stages have their old names."""
        vars(self).update({_RENAMED.get(name, name): value for name, value in state.items()})

    def __getattr__(self, name: str) -> Any:
        """Return a stage by its old name."""
        if name not in _RENAMED:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        warnings.warn(f"LineModel.{name} is now LineModel.{_RENAMED[name]}", DeprecationWarning, stacklevel=2)
        return getattr(self, _RENAMED[name])


def kind_log_odds(kinds: Sequence[Stage], matrix: Matrix) -> Values:
    """Compute the log-odds of each of `LEARNT_KINDS`, shape (n_kinds, n_lines).

    Parameters
    ----------
    kinds : sequence of Stage
        As in `LineModel.kinds`; without any, no line is of any kind.
    matrix : ndarray of float32, shape (n_features, n_lines)
        The features of stage 1.
    """
    if not kinds:
        return np.full((len(LEARNT_KINDS), matrix.shape[1]), UNLIKELY)
    return joint_log_odds(kinds, matrix)


def markup_names() -> tuple[str, ...]:
    """Return the names of the features of `LineModel.markup`, in order."""
    return stage3_names() + MARKUP_NAMES


def stage_names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the features of stages 1 and 2, in the order of their matrices."""
    return feature_names(), feature_names() + context_names()
