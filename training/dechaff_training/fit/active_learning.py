"""What to label next: the articles that a model is likely to have wrong, and no site again and again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff.linear.line_model import LineModel
from dechaff.linear.stage import Values, sigmoid
from dechaff.text.batching import batches

#: A line is unsure whose probability of content lies between these.
UNSURE: Final = (0.2, 0.8)
# What an article is worth beside the one before it of the same site: furniture repeats.
_SAME_SITE: Final = 0.5


@dataclass(frozen=True)
class Suggestion:
    """An article to label, and why.

    Attributes
    ----------
    index : int
        Its place among the articles.
    gain : float
        The words that the model is expected to have wrong, less for a site that is labelled or comes before.
    reason : str
        In words.
    """

    index: int
    gain: float
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Give what is known of the article as plain values."""
        return {"gain": round(self.gain, 2), "reason": self.reason}


def rank_articles(
    model: LineModel, texts: Sequence[str], sites: Sequence[str], *, labelled_sites: Sequence[str] = ()
) -> list[Suggestion]:
    r"""Order articles by what their labels are expected to teach.

    A line of probability p is wrong with probability min(p, 1 - p), as far as the model is calibrated; it counts
    with its words, as it does in the text. Each article of a site counts half of what the one before it does, those
    that are labelled among them.

    Parameters
    ----------
    model : LineModel
        The one that the labels are to teach.
    texts : sequence of str
        Articles without labels.
    sites : sequence of str, length n_articles
    labelled_sites : sequence of str
        The site of each article that is labelled already; one with several stands there several times.

    Returns
    -------
    list of Suggestion
        All articles, the best first.

    Raises
    ------
    ValueError
        If there are more or fewer sites than texts.
    InputError
        If a text is not a string.

    Examples
    --------
    >>> from dechaff import default_model
    >>> texts = ["Share", "The council voted on Tuesday.\nA column by our editor"]
    >>> [suggestion.index for suggestion in rank_articles(default_model(), texts, ["bote", "bote"])]
    [1, 0]
    """
    if len(texts) != len(sites):
        raise ValueError(f"{len(texts)} texts, but {len(sites)} sites")
    doubts = measure_doubts(model, texts)
    seen = Counter(labelled_sites)
    suggestions = []
    for index in np.argsort(-doubts[:, 0], kind="stable").tolist():
        before = seen[sites[index]]
        seen[sites[index]] += 1
        wrong, n_lines, n_words = doubts[index].tolist()
        suggestions.append(
            Suggestion(index, wrong * _SAME_SITE**before, _reason(int(n_lines), int(n_words), before))
        )
    return sorted(suggestions, key=lambda suggestion: -suggestion.gain)


def is_unsure(probability: Values) -> NDArray[np.bool_]:
    """Tell which lines the model is unsure of, by their probability of content.

    Examples
    --------
    >>> is_unsure(np.array([0.05, 0.5, 0.95])).tolist()
    [False, True, False]
    """
    low, high = UNSURE
    return (probability >= low) & (probability <= high)


def measure_doubts(model: LineModel, texts: Sequence[str]) -> Values:
    """Count the words expected to be wrong, the unsure lines and their words, shape (n_articles, 3)."""
    rows = [np.zeros((0, 3))]
    for batch in batches(texts):
        forwards = [(f.log_odds, f.words.counts) for f in map(model.forward, batch.sections()) if batch.n_lines]
        if not forwards:
            rows.append(np.zeros((batch.n_articles, 3)))
            continue
        log_odds, n_words = map(np.concatenate, zip(*forwards, strict=True))
        probability = sigmoid(log_odds)
        unsure = is_unsure(probability)
        wrong = n_words * np.minimum(probability, 1 - probability)
        columns = (wrong, unsure, n_words * unsure)
        rows.append(np.column_stack([np.bincount(batch.line_articles, c, batch.n_articles) for c in columns]))
    return np.concatenate(rows)


def _reason(n_lines: int, n_words: int, before: int) -> str:
    lines = f"{n_lines:,} unsure line{'' if n_lines == 1 else 's'}, {n_words:,} words"
    place = "first of its site" if not before else f"after {before} of its site"
    return f"{lines}; {place}"
