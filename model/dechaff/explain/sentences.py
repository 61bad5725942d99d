"""Reasons for a line's label in sentences: the contribution of each theme, with evidence from the line."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dechaff.explain.contributions import Explanation
from dechaff.explain.evidence import Article, Line
from dechaff.explain.facts import Facts
from dechaff.explain.themes import Theme, theme_contributions, themes


class Why(NamedTuple):
    """One reason for a line's label; `str` returns the sentence.

    Attributes
    ----------
    text : str
        The reason, for example "looks like a price: ₹900".
    contribution : float
        The theme's contribution to the line's log-odds of content, relative to the average line.
    theme : str
        The name of the theme, a row of `themes.tsv`.
    """

    text: str
    contribution: float
    theme: str

    def __str__(self) -> str:
        """Return the sentence."""
        return self.text


class Sentences:
    """The explanation of one article in words.

    Parameters
    ----------
    explanation : Explanation
    kept : ndarray of bool, shape (n_lines,)
        True for the lines labelled as content.

    Attributes
    ----------
    contributions : ndarray of float64, shape (n_themes, n_lines)
        The result of `theme_contributions`.
    """

    def __init__(self, explanation: Explanation, kept: NDArray[np.bool_]) -> None:
        self._article = Article(explanation, kept)
        self.contributions = theme_contributions(explanation)

    def why(self, line: int, limit: int | None = 3) -> list[Why]:
        """Return the reasons for a line's label, strongest first; the list may be empty.

        Parameters
        ----------
        line : int
            The line's index among the non-blank lines.
        limit : int, optional
            The maximum number of reasons; None for all.
        """
        sign = 1 if self._article.kept[line] else -1
        support = self.contributions[:, line] * sign
        strongest = [int(place) for place in np.argsort(-support, kind="stable") if support[place] > 0][:limit]
        texts = zip(strongest, self.sentences(line, sign, strongest), strict=True)
        return [Why(text, float(sign * support[place]), themes()[place].name) for place, text in texts]

    def sentences(self, line: int, sign: int, places: Sequence[int]) -> list[str]:
        """Return a sentence for each theme on how the theme supports a label; its facts all hold for the line.

        Parameters
        ----------
        line : int
            The line's index among the non-blank lines.
        sign : int
            1 for content, -1 for boilerplate.
        places : sequence of int
            Indices of `themes()`.
        """
        facts = Facts(Line(self._article, line, sign))
        return [_render(themes()[place], sign, facts) for place in places]


def _render(theme: Theme, sign: int, facts: Facts) -> str:
    """Render the theme's first sentence whose facts all hold; the last sentence holds for every line."""
    *rest, plain = theme.content if sign > 0 else theme.boilerplate
    for sentence in rest:
        try:
            return sentence.format_map(facts)
        except KeyError:
            continue
    return plain.format_map(facts)
