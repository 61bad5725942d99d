"""The forward pass of a model over one batch: each intermediate result is computed once and stored."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from dechaff._typing import Columns, Matrix, Values
from dechaff.features import line_features
from dechaff.features.context import context_features
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import Keywords, Words, find_words

if TYPE_CHECKING:
    from dechaff.linear.line_model import LineModel


@dataclass(frozen=True, eq=False)
class LineFeatures:
    """The words of a batch's lines and the features that need no model.

    Attributes
    ----------
    words : Words
    columns : dict of str to ndarray of floats or bool, shape (n_lines,)
        The features of stage 1 by name.
    """

    words: Words
    columns: Columns

    @classmethod
    def of(cls, batch: LineBatch, keywords: Keywords = ()) -> Self:
        """Compute words and features.

        Parameters
        ----------
        batch : LineBatch
        keywords : tuple of (family, phrase)
            The user's own phrases, as in `LineModel.keywords`.
        """
        words = find_words(batch, keywords)
        return cls(words, line_features(batch, words))

    def context(self, log_odds: Values, kind_log_odds: Values) -> Columns:
        """Compute the features that depend on the log-odds of stage 1 and of kinds, each of shape (n_lines,)."""
        return context_features(self.words.batch, self.words, self.columns, log_odds, kind_log_odds)


@dataclass(frozen=True, eq=False)
class Forward:
    """The results of all stages for one batch, which decisions, reasons, kinds and the drift check use.

    Attributes
    ----------
    model : LineModel
    lines : LineFeatures
        The words and the features of stage 1.
    matrix : ndarray of float32, shape (n_features, n_lines)
        The features of stage 2, which begin with those of stage 1.
    stage1_log_odds, stage2_log_odds : ndarray of float64, shape (n_lines,)
    stage3_matrix : ndarray of float32, shape (n_features, n_lines), or None
        The features of stage 3; None if the model has no stage 3.
    markup_matrix : ndarray of float32, shape (n_features, n_lines), or None
        The features of `LineModel.markup`; None if the model has no such regression, or no line has markup.
    log_odds : ndarray of float64, shape (n_lines,)
        The log-odds of content from the last stage.
    """

    model: "LineModel"
    lines: LineFeatures
    matrix: Matrix
    stage1_log_odds: Values
    stage2_log_odds: Values
    stage3_matrix: Matrix | None
    markup_matrix: Matrix | None
    log_odds: Values

    @property
    def batch(self) -> LineBatch:
        """Return the batch."""
        return self.words.batch

    @property
    def words(self) -> Words:
        """Return the words of the batch."""
        return self.lines.words

    @property
    def columns(self) -> Columns:
        """Return the features of stage 1 by name."""
        return self.lines.columns
