"""Features grouped by what a person would call them: a theme's share in the log-odds is the sum of its features'.

Features say the same thing in several ways, and the shares of those that do often have opposite signs; what a theme
adds is steadier, and can be said in words. The themes stand in `themes.tsv`: how to say each for content and for
boilerplate, and its features by name.
"""

from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np

from dechaff.explain.contributions import Explanation
from dechaff.features.words import TERM_TYPES
from dechaff.linear.stage import Values

_ALTERNATIVES: Final = " | "


class Theme(NamedTuple):
    """What several features have in common.

    Attributes
    ----------
    name : str
    content, boilerplate : tuple of str
        How to say that it speaks for this label: the first whose facts are true of the line. Facts stand in braces,
        see `dechaff.explain.facts`; the last one is true of every line.
    features : tuple of str
        Names of features, and of kinds of words.
    """

    name: str
    content: tuple[str, ...]
    boilerplate: tuple[str, ...]
    features: tuple[str, ...]


@cache
def themes() -> tuple[Theme, ...]:
    """Read the table that ships.

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
    """Sum the shares of each theme's features and words, shape (n_themes, n_lines).

    Parameters
    ----------
    explanation : Explanation

    Examples
    --------
    >>> from dechaff.linear.artifact import default_model
    >>> from dechaff.explain.contributions import explain
    >>> explanation = explain(default_model(), "Subscribe now for ₹900 per month")
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
