"""Why a line got its label, in sentences: what each theme adds to its log-odds, with the evidence from the line."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dechaff.explain.contributions import Explanation
from dechaff.explain.evidence import Article, Line
from dechaff.explain.facts import Facts
from dechaff.explain.themes import Theme, theme_contributions, themes


class Why(NamedTuple):
    """One reason for a line's label, as `str` gives it.

    Attributes
    ----------
    text : str
        Such as "looks like a price: ₹900".
    contribution : float
        What the theme adds to the line's log-odds of content, against the average line.
    theme : str
        The name of a row of `themes.tsv`.
    """

    text: str
    contribution: float
    theme: str

    def __str__(self) -> str:
        """Give the sentence."""
        return self.text


class Wording:
    """Puts the explanation of one article into words.

    Parameters
    ----------
    explanation : Explanation
    kept : ndarray of bool, shape (n_lines,)
        Which lines are content.

    Attributes
    ----------
    contributions : ndarray of float64, shape (n_themes, n_lines)
        As `theme_contributions` gives them.
    """

    def __init__(self, explanation: Explanation, kept: NDArray[np.bool_]) -> None:
        self._article = Article(explanation, kept)
        self.contributions = theme_contributions(explanation)

    def why(self, line: int, limit: int | None = 3) -> list[Why]:
        """Say what speaks for a line's label, strongest first; nothing if nothing does.

        Parameters
        ----------
        line : int
            Which non-blank line, from 0.
        limit : int, optional
            How many reasons; None for all of them.
        """
        sign = 1 if self._article.kept[line] else -1
        shares = self.contributions[:, line] * sign
        strongest = [int(place) for place in np.argsort(-shares, kind="stable") if shares[place] > 0][:limit]
        said = zip(strongest, self.say(line, sign, strongest), strict=True)
        return [Why(text, float(sign * shares[place]), themes()[place].name) for place, text in said]

    def say(self, line: int, sign: int, places: Sequence[int]) -> list[str]:
        """Say how themes speak for one of the labels; whatever is said is true of the line.

        Parameters
        ----------
        line : int
            Which non-blank line, from 0.
        sign : int
            1 for content, -1 for boilerplate.
        places : sequence of int
            Which of `themes()`.
        """
        facts = Facts(Line(self._article, line, sign))
        return [_say(themes()[place], sign, facts) for place in places]


def _say(theme: Theme, sign: int, facts: Facts) -> str:
    """Say the first sentence of which every fact is true."""
    *rest, plain = theme.content if sign > 0 else theme.boilerplate
    for sentence in rest:
        try:
            return sentence.format_map(facts)
        except KeyError:
            continue
    return plain.format_map(facts)
