"""The model: logistic regressions as arrays, applied with numpy alone.

Stage 1 judges a line by its features and words. Stage 2 judges it again, knowing what stage 1 says of the others. A
small third one, the decoder, weighs what stage 2 says of the line against the lines around and the whole article.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from dechaff.errors import InputError
from dechaff.features import feature_names, line_features, stack
from dechaff.features.context import context_features, context_names
from dechaff.features.lexicon import collect_keywords
from dechaff.features.stage3 import stage3_features
from dechaff.features.words import sum_words
from dechaff.linear.stage import Matrix, Stage, Values, sigmoid
from dechaff.text.batching import batches
from dechaff.text.lines import MOST_LINES, LineBatch
from dechaff.text.tokens import Keywords, Words, find_words

CLASSES: Final = ("boilerplate", "content")

#: Looks at the features of lines, shape (n_features, n_lines), before they are forgotten.
Watch = Callable[[Matrix], object]
#: A probability, the name of one of the model's presets, or None for the model's own.
Threshold = float | str | None


@dataclass(frozen=True, eq=False)
class LineModel:
    """What tells content from boilerplate: needs numpy only; made by `LineClassifier` or `load_model`.

    Attributes
    ----------
    first, second : Stage
    word_weights : ndarray of float32, shape (2**n_bits,)
        The weight of each bucket of hashed words, in stage 1.
    threshold : float
        Lines with at least this probability of content are kept.
    metadata : dict
        Where the model comes from: data, seed, versions, figures.
    decoder : Stage or None
        The regression on what stage 2 says; without it stage 2 has the last word.
    keywords : tuple of (family, phrase)
        Phrases of the user's own that count as those of the lexicon do; see `with_keywords`.
    """

    first: Stage
    second: Stage
    word_weights: NDArray[np.float32]
    threshold: float = 0.5
    metadata: dict[str, Any] = field(default_factory=dict)
    decoder: Stage | None = None
    keywords: Keywords = ()

    classes_: ClassVar[tuple[str, str]] = CLASSES

    def with_keywords(self, phrases: Mapping[str, Iterable[str]]) -> Self:
        """Make a model that takes more phrases for a family's: they count in the first look, before the context.

        Parameters
        ----------
        phrases : mapping of str to iterable of str
            By family of the lexicon, such as "subscribe", "related" or "newsletter"; up to six words each.

        Raises
        ------
        InputError
            If there is no such family, or a phrase has no word or too many.

        Examples
        --------
        >>> from dechaff import classify_lines, default_model
        >>> model = default_model().with_keywords({"subscribe": ["Unlock the archive"]})
        >>> before, after = (classify_lines("Unlock the archive", m)[0].probability for m in (None, model))
        >>> after < before
        True
        """
        return replace(self, keywords=self.keywords + collect_keywords(phrases))

    @property
    def presets(self) -> dict[str, float]:
        """Give the thresholds that have a name, as far as the metadata are sound."""
        listed = self.metadata.get("presets")
        found = listed.items() if isinstance(listed, dict) else ()
        named = {
            name: each["threshold"]
            for name, each in found
            if isinstance(name, str) and isinstance(each, dict) and type(each.get("threshold")) is float
        }
        return {"balanced": self.threshold, **named}

    def resolve_threshold(self, threshold: Threshold = None) -> float:
        """Find the probability of content from which on lines are kept.

        Parameters
        ----------
        threshold : float or str, optional
            A number, or a preset by its name; by default the model's own threshold.

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
                raise InputError(f"threshold {threshold!r}: no preset of this model ({names}), nor a number")
            threshold = self.presets[threshold]
        if isinstance(threshold, bool) or not isinstance(threshold, Real) or not 0 <= threshold <= 1:
            raise InputError(f"threshold {threshold!r}: use a number from 0 (keep all) to 1")
        return float(threshold)

    @property
    def n_bits(self) -> int:
        """Give the binary logarithm of the number of buckets."""
        return len(self.word_weights).bit_length() - 1

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Give the probabilities of boilerplate and content for every line of every article.

        Parameters
        ----------
        texts : sequence of str
            One article each.

        Returns
        -------
        ndarray of float64, shape (n_lines, 2)
            The non-blank lines of all articles in order; columns as in `classes_`.
        """
        content = np.concatenate([np.zeros(0), *(self.content_probability(b) for b in batches(texts))])
        return np.column_stack((1 - content, content))

    def predict(self, texts: Sequence[str]) -> NDArray[np.str_]:
        """Label every line of every article by the model's threshold, shape (n_lines,)."""
        return np.where(self.predict_proba(texts)[:, 1] >= self.threshold, *CLASSES[::-1])

    def content_probability(self, batch: LineBatch) -> Values:
        """Give the probability of content of every line of one batch, shape (n_lines,).

        Parameters
        ----------
        batch : LineBatch
        """
        return sigmoid(self.log_odds(batch))

    def log_odds(self, batch: LineBatch, watch: Watch | None = None) -> Values:
        """Give the log-odds of content of every line of one batch, shape (n_lines,).

        Parameters
        ----------
        batch : LineBatch
        watch : callable, optional
            Is shown the features of the lines, as `features` gives them, in one piece or several.
        """
        if not batch.n_lines:
            return np.zeros(0)
        if batch.n_lines > MOST_LINES:
            return np.concatenate([self.log_odds(section, watch) for section in batch.sections()])
        words = find_words(batch, self.keywords)
        matrix = self._features(batch, words)
        if watch is not None:
            watch(matrix)
        odds = self.second.log_odds(matrix)
        if self.decoder is None:
            return odds
        return self.decoder.log_odds(stack(stage3_features(odds, words.counts, batch.part_lines)))

    def features(self, batch: LineBatch) -> Matrix:
        """Compute the features of stage 2, those of stage 1 among them, shape (n_features, n_lines).

        Parameters
        ----------
        batch : LineBatch
        """
        if batch.n_lines > MOST_LINES:
            return np.concatenate([self.features(section) for section in batch.sections()], axis=1)
        return self._features(batch, find_words(batch, self.keywords))

    def _features(self, batch: LineBatch, words: Words) -> Matrix:
        columns = line_features(batch, words)
        n_first = len(columns)
        matrix = np.empty((n_first + len(context_names()), batch.n_lines), np.float32)
        own = stack(columns, matrix[:n_first])
        odds = self.first.log_odds(own) + self.word_log_odds(words)
        stack(context_features(batch, words, columns, odds), matrix[n_first:])
        return matrix

    def word_log_odds(self, words: Words) -> Values:
        """Sum the weights of every line's hashed words, shape (n_lines,).

        Parameters
        ----------
        words : Words
        """
        return sum_words(words, self.word_weights)


def stage_names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name the features of both stages, in the order of the matrices that this version computes."""
    return feature_names(), feature_names() + context_names()
