"""Features grouped by theme; the contribution of a theme is the sum over its features.

Contributions of overlapping features often have opposite signs. Their sum over a theme is more stable and can be
expressed in a sentence. The table `themes.tsv` holds for each theme the sentences for content, those for
boilerplate, and the names of its features.
"""

from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np

from dechaff._typing import Values
from dechaff.explain.contributions import Explanation
from dechaff.features.words import TERM_TYPES

_ALTERNATIVES: Final = " | "


class Theme(NamedTuple):
    """A group of features with a common subject.

    Attributes
    ----------
    name : str
    content, boilerplate : tuple of str
        Sentences for each label; the first one whose facts all hold is used, and the last one holds for every line.
        Facts are placeholders in braces, see `dechaff.explain.facts`.
    features : tuple of str
        The names of the theme's features and term types.
    """

    name: str
    content: tuple[str, ...]
    boilerplate: tuple[str, ...]
    features: tuple[str, ...]


@cache
def themes() -> tuple[Theme, ...]:
    """Return the themes of `themes.tsv`.

    Examples
    --------
    >>> [theme.name for theme in themes() if "has_price" in theme.features]
    ['money']
    """
    rows = files("dechaff.explain").joinpath("themes.tsv").read_text(encoding="utf-8").splitlines()[1:]
    split = [row.split("\t") for row in rows]
    return tuple(
        Theme(
            name,
            tuple(content.split(_ALTERNATIVES)),
            tuple(boilerplate.split(_ALTERNATIVES)),
            tuple(features.split(", ")),
        )
        for name, content, boilerplate, features in split
    )


def theme_contributions(explanation: Explanation) -> Values:
    """Sum the contributions of each theme's features and words, shape (n_themes, n_lines).

    Parameters
    ----------
    explanation : Explanation

    Examples
    --------
    >>> from dechaff import LineBatch, default_model
    >>> from dechaff.explain.contributions import explain
    >>> batch = LineBatch.from_texts(["Subscribe now for ₹900 per month"])
    >>> explanation = explain(default_model().forward(batch))
    >>> total = explanation.base + theme_contributions(explanation).sum(axis=0)
    >>> bool(np.allclose(total, explanation.log_odds))
    True
    """
    theme_of = _theme_places()
    found = np.zeros((len(themes()), explanation.words.batch.n_lines))
    np.add.at(found, [theme_of[name] for name in explanation.names], explanation.contributions)
    np.add.at(found, [theme_of[kind.name] for kind in TERM_TYPES], explanation.word_contributions)
    return found


@cache
def _theme_places() -> dict[str, int]:
    return {feature: place for place, theme in enumerate(themes()) for feature in theme.features}
