"""Named features of lines. To add one, add a column to its group's function, or a group to `FEATURE_GROUPS`."""

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

import numpy as np

from dechaff._typing import Columns, Floats
from dechaff.features.context import context_names
from dechaff.features.currency import CURRENCY_NAMES, currency_features
from dechaff.features.keywords import KEYWORD_NAMES, keyword_features
from dechaff.features.lexicon import lexicon_text
from dechaff.features.markup import MARKUP_NAMES
from dechaff.features.neighbours import NEIGHBOUR_NAMES, neighbour_features
from dechaff.features.position import POSITION_NAMES, position_features
from dechaff.features.sections import SECTION_NAMES, section_features
from dechaff.features.shape import SHAPE_NAMES, shape_features
from dechaff.features.stage3 import stage3_names
from dechaff.features.words import TERM_TYPES
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import Words

# Raise this when the values of a feature change but not its name: models trained before are then refused.
FEATURES_VERSION: Final = 1


class FeatureGroup(NamedTuple):
    """A group of features and the function that computes them.

    Attributes
    ----------
    name : str
    feature_names : tuple of str
        The names of the columns that the function returns, in order.
    compute : callable
        A function of a batch, its words and the columns of the previous groups, which returns new columns.
    """

    name: str
    feature_names: tuple[str, ...]
    compute: Callable[[LineBatch, Words, Columns], Columns]


FEATURE_GROUPS: Final = (
    FeatureGroup("shape", SHAPE_NAMES, shape_features),
    FeatureGroup("keywords", KEYWORD_NAMES, keyword_features),
    FeatureGroup("currency", CURRENCY_NAMES, currency_features),
    FeatureGroup("position", POSITION_NAMES, position_features),
    FeatureGroup("sections", SECTION_NAMES, section_features),
    FeatureGroup("neighbours", NEIGHBOUR_NAMES, neighbour_features),
)


def line_features(batch: LineBatch, words: Words) -> Columns:
    """Compute every line's features that need no model.

    Parameters
    ----------
    batch : LineBatch
    words : Words
        The words of the same batch.

    Returns
    -------
    dict of str to ndarray of floats or bool, shape (n_lines,)
        The features by name, in the order of the groups.

    Examples
    --------
    >>> from dechaff.text.tokens import find_words
    >>> batch = LineBatch.from_texts(["₹900 per month"])
    >>> float(line_features(batch, find_words(batch))["has_price_per_period"][0])
    1.0
    """
    columns: Columns = {}
    for group in FEATURE_GROUPS:
        columns |= group.compute(batch, words, columns)
    return columns


def feature_names() -> tuple[str, ...]:
    """Return the names of the features of `line_features`, in order."""
    return tuple(name for group in FEATURE_GROUPS for name in group.feature_names)


def group_names() -> dict[str, tuple[str, ...]]:
    """Return the names of each group's features."""
    return {group.name: group.feature_names for group in FEATURE_GROUPS}


def stack(columns: Columns, out: Floats | None = None) -> Floats:
    """Combine columns into one matrix, shape (n_features, n_lines); each feature is contiguous in memory."""
    n_lines = len(next(iter(columns.values())))
    matrix = np.empty((len(columns), n_lines), np.float32) if out is None else out
    np.concatenate(list(columns.values()), out=matrix.reshape(-1))
    return matrix


@cache
def specification() -> str:
    """Return a digest of everything that weights depend on: features and their version, term types and lexicon."""
    names = [*feature_names(), *context_names(), *stage3_names(), *MARKUP_NAMES]
    names += (type_.name for type_ in TERM_TYPES)
    text = "\n".join([str(FEATURES_VERSION), *names, lexicon_text()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
