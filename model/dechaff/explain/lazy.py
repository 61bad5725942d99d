"""Reasons and kinds of one article's lines, computed on first access."""

import weakref
from collections import deque
from functools import cached_property
from typing import Any, Final

from dechaff.decisions.decide import Decision
from dechaff.decisions.titles import PageInfo
from dechaff.explain.contributions import Explanation, explain
from dechaff.explain.kinds import line_kinds
from dechaff.explain.sentences import Sentences
from dechaff.linear.artifact import default_model
from dechaff.linear.forward import Forward
from dechaff.text.lines import LineBatch

# The latest forward passes stay in memory, 0.6 MB for 200 lines; older and longer ones are computed again on
# demand, so that a list of many articles stays small.
_latest: Final[deque[Forward]] = deque(maxlen=8)
_MOST_REMEMBERED_LINES: Final = 2000


class LazyExplanation:
    """Contributions, sentences and kinds of one article's lines, computed on first access.

    Parameters
    ----------
    decision : Decision
        The decision on a batch of one article.
    page_info : PageInfo
    """

    def __init__(self, decision: Decision, page_info: PageInfo) -> None:
        self._model, self._text = decision.model, decision.batch.texts[0]
        self._page_info, self._kept = page_info, ~decision.is_boilerplate
        self._site_shift = decision.site_shift
        self._forward = None if decision.forward is None else _remember(decision.forward)

    def __getstate__(self) -> dict[str, Any]:
        """Return only the text and what was decided on it, without the model if it is the one that ships."""
        names = ("_model", "_text", "_page_info", "_kept", "_site_shift")
        state = {name: vars(self)[name] for name in names} | {"_forward": None}
        return state | ({"_model": None} if self._model is default_model() else {})

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state, with the model that ships if none is stored."""
        vars(self).update(state)
        self._model = self._model or default_model()

    def forward(self) -> Forward:
        """Return the article's forward pass; compute it again if it is no longer in memory."""
        forward = self._remembered()
        if forward is None:
            forward = self._model.forward(LineBatch.from_texts([self._text]))
            self._forward = _remember(forward)
        return forward

    def _remembered(self) -> Forward | None:
        """Return the forward pass if it is still in memory."""
        return None if self._forward is None else self._forward()

    @cached_property
    def contributions(self) -> Explanation:
        """Compute the contributions to the log-odds of the lines."""
        return explain(self.forward(), self._page_info, self._site_shift)

    @cached_property
    def sentences(self) -> Sentences:
        """Compute the theme contributions from which the sentences are made."""
        return Sentences(self.contributions, self._kept)

    @cached_property
    def kinds(self) -> list[str | None]:
        """Return the kind of each line, None for content."""
        forward = self._remembered()
        lines = None if forward is None else [forward.lines]
        return line_kinds(
            LineBatch.from_texts([self._text]), ~self._kept, keywords=self._model.keywords, lines=lines
        )


def _remember(forward: Forward) -> "weakref.ref[Forward]":
    if forward.batch.n_lines <= _MOST_REMEMBERED_LINES:
        _latest.append(forward)
    return weakref.ref(forward)
