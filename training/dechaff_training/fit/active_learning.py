"""Which articles to label next: at random, one of each site first, or by active learning, by expected errors.

For the first 40 articles or so a model learns more from random ones (`docs/experiments.md`).
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Values
from dechaff.decisions.decide import Decision, decide
from dechaff.decisions.titles import make_page_infos
from dechaff.kernels import for_batch
from dechaff.linear.line_model import LineModel
from dechaff.wording import count

#: A line is unsure if its probability of content is within this interval.
UNSURE: Final = (0.2, 0.8)
# The factor for each earlier article of the same site: pages of one site have the same boilerplate.
_SAME_SITE: Final = 0.5


@dataclass(frozen=True)
class Suggestion:
    """An article to label, with the reason.

    Attributes
    ----------
    index : int
        The index of the article among the given texts.
    reason : str
        A sentence part with the article's place within its site and, in order of doubt, the numbers of unsure lines
        and words.
    gain : float, optional
        The expected number of words with a wrong label, reduced for each article of the same site that is labelled
        or ranked higher; None in random order.
    """

    index: int
    reason: str
    gain: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the gain, if there is one, and the reason as JSON-ready values."""
        return ({} if self.gain is None else {"gain": round(self.gain, 2)}) | {"reason": self.reason}


def spread_articles(
    names: Sequence[str], sites: Sequence[str], *, labelled_sites: Sequence[str] = (), seed: int = 0
) -> list[Suggestion]:
    """Order articles at random: one of each site first, then a second one of each, and so on.

    Chance depends on the names and the seed alone: if the first article is labelled, the others keep their order.

    Parameters
    ----------
    names : sequence of str
        A name for each article, such as its path.
    sites : sequence of str, length n_articles
    labelled_sites : sequence of str
        The site of each labelled article, repeated for sites with several labelled articles.
    seed : int

    Returns
    -------
    list of Suggestion

    Examples
    --------
    >>> found = spread_articles(["a/1", "a/2", "b/1"], ["a", "a", "b"], labelled_sites=["a"])
    >>> [each.reason for each in found]
    ['first of its site', 'after 1 of its site', 'after 2 of its site']
    """
    keys = [hashlib.blake2b(f"{seed} {name}".encode("utf-8", "surrogatepass")).digest() for name in names]
    seen = Counter(labelled_sites)
    placed = []
    for index in sorted(range(len(names)), key=keys.__getitem__):
        placed.append((seen[sites[index]], index))
        seen[sites[index]] += 1
    return [Suggestion(index, _format_place(before)) for before, index in sorted(placed, key=lambda pair: pair[0])]


def rank_articles(
    model: LineModel,
    texts: Sequence[str],
    sites: Sequence[str],
    *,
    titles: Sequence[str | None] | None = None,
    labelled_sites: Sequence[str] = (),
) -> list[Suggestion]:
    r"""Rank articles by the expected gain of labelling them.

    If the model is calibrated, a line with probability p is wrong with probability min(p, 1 - p). Each line is
    weighted by its words. Each article of a site, labelled articles first, counts half as much as the one before.

    Parameters
    ----------
    model : LineModel
        The model that is to be fine-tuned on the labels.
    texts : sequence of str
        The articles without labels.
    sites : sequence of str, length n_articles
    titles : sequence of str or None, length n_articles, optional
        The titles of the articles' pages.
    labelled_sites : sequence of str
        The site of each labelled article, repeated for sites with several labelled articles.

    Returns
    -------
    list of Suggestion
        The suggestions for all articles, largest gain first.

    Raises
    ------
    ValueError
        If the numbers of sites and texts differ.
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
    uncertainty = measure_uncertainty(model, texts, titles)
    seen = Counter(labelled_sites)
    suggestions: list[tuple[float, Suggestion]] = []
    for index in np.argsort(-uncertainty[:, 0], kind="stable").tolist():
        before = seen[sites[index]]
        seen[sites[index]] += 1
        wrong, n_lines, n_words = uncertainty[index].tolist()
        gain = wrong * _SAME_SITE**before
        reason = _format_reason(int(n_lines), int(n_words), before)
        suggestions.append((gain, Suggestion(index, reason, gain)))
    return [suggestion for _, suggestion in sorted(suggestions, key=lambda pair: -pair[0])]


def is_unsure(probability: Values) -> NDArray[np.bool_]:
    """Flag unsure lines by their probability of content.

    Examples
    --------
    >>> is_unsure(np.array([0.05, 0.5, 0.95])).tolist()
    [False, True, False]
    """
    low, high = UNSURE
    return (probability >= low) & (probability <= high)


def measure_uncertainty(
    model: LineModel, texts: Sequence[str], titles: Sequence[str | None] | None = None
) -> Values:
    """Compute the expected wrong words, the unsure lines and their words per article, shape (n_articles, 3)."""
    page_infos = make_page_infos(texts, titles, None)
    with for_batch(len(texts)):
        decisions = decide(texts, model, page_infos=page_infos)
        return np.concatenate([np.zeros((0, 3)), *map(_batch_uncertainty, decisions)])


def _batch_uncertainty(decision: Decision) -> Values:
    batch, probability = decision.batch, decision.probability
    n_words = np.concatenate([np.zeros(0), *(forward.words.counts for forward in decision.forwards())])
    unsure = is_unsure(probability)
    wrong = n_words * np.minimum(probability, 1 - probability)
    columns = (wrong, unsure, n_words * unsure)
    return np.column_stack([np.bincount(batch.line_articles, c, batch.n_articles) for c in columns])


def _format_reason(n_lines: int, n_words: int, before: int) -> str:
    return f"{count(n_lines, 'unsure line')}, {count(n_words, 'word')}; {_format_place(before)}"


def _format_place(before: int) -> str:
    return f"after {before} of its site" if before else "first of its site"
