"""Why two models label a line differently: the themes whose shares in its log-odds differ most."""

import numpy as np

from dechaff.explain.contributions import explain
from dechaff.explain.sentences import Why, Wording
from dechaff.explain.themes import themes
from dechaff_training.evaluate.model_diff import Change, Comparison


class Explainer:
    """Says why labels change; it remembers the article that it was asked about last.

    Parameters
    ----------
    comparison : Comparison
    """

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._bounds = np.cumsum(comparison.decisions[0].n_lines)
        self._article = -1

    def why(self, change: Change, limit: int | None = 2) -> list[Why]:
        """Give the themes whose shares in the line's log-odds differ most between the models.

        Parameters
        ----------
        change : Change
        limit : int, optional
            How many; None for all: their differences sum to that of the log-odds.

        Returns
        -------
        list of Why
            The largest difference first; above zero, B is more for content than A. The theme "base" is what every
            line has alike.
        """
        if change.article != self._article:
            self._explain(change.article)
        shares = self._differences[:, change.index]
        strongest = [int(place) for place in np.argsort(-np.abs(shares), kind="stable") if shares[place]][:limit]
        return [self._reason(change.index, place, float(shares[place])) for place in strongest]

    def _explain(self, article: int) -> None:
        comparison, end = self._comparison, self._bounds[article]
        text = comparison.corpus.articles[article].text
        kept = comparison.decisions[1].kept[end - comparison.decisions[1].n_lines[article] : end]
        before, after = (explain(model, text) for model in comparison.models)
        self._wording = Wording(after, kept)
        themed = self._wording.contributions - Wording(before, kept).contributions
        base = np.full((1, themed.shape[1]), after.base - before.base)
        self._differences = np.concatenate((themed, base))
        self._article = article

    def _reason(self, line: int, place: int, difference: float) -> Why:
        if place == len(themes()):
            return Why("what every line has alike", difference, "base")
        text = self._wording.say(line, 1 if difference > 0 else -1, [place])[0]
        return Why(text, difference, themes()[place].name)
