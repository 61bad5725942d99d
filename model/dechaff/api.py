"""Text in, labels and clean text out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from dechaff.arrays import clean_array
from dechaff.decisions.decide import decide_lines, kept_text
from dechaff.decisions.titles import NO_PAGE_INFO, PageInfo, make_page_info
from dechaff.errors import InputError
from dechaff.explain.contributions import Explanation, Reason, explain
from dechaff.explain.kinds import line_kinds
from dechaff.explain.sentences import Why, Wording
from dechaff.linear.artifact import default_model
from dechaff.linear.line_model import CLASSES, LineModel, Threshold
from dechaff.linear.stage import Values
from dechaff.text.lines import LineBatch


class _Answers:
    """Explains one article when the first of its lines is asked, and then once for all of them."""

    def __init__(self, model: LineModel, text: str, page_info: PageInfo, kept: NDArray[np.bool_]) -> None:
        self._model = model
        self._text = text
        self._clue = page_info
        self._kept = kept

    @cached_property
    def explanation(self) -> Explanation:
        """Explain the article, once."""
        return explain(self._model, self._text, self._clue)

    @cached_property
    def wording(self) -> Wording:
        """Put the explanation into words, once."""
        return Wording(self.explanation, self._kept)

    @cached_property
    def kinds(self) -> list[str | None]:
        """Name the kinds of its boilerplate lines, once."""
        batch = LineBatch.from_texts([self._text])
        return line_kinds(batch, ~self._kept, keywords=self._model.keywords)


@dataclass(frozen=True)
class LabelledLine:
    """One line of an article and what the model says of it.

    Attributes
    ----------
    text : str
        The line, without the white space at its ends.
    start, end : int
        Its span in the article.
    label : str
        "content" or "boilerplate".
    probability : float
        Of content.
    """

    text: str
    start: int
    end: int
    label: str
    probability: float
    _index: int = field(repr=False)
    _answers: _Answers = field(repr=False, compare=False)

    @property
    def kind(self) -> str | None:
        """Name what a boilerplate line is, one of `dechaff.explain.kinds.KINDS`; None for content."""
        return self._answers.kinds[self._index]

    def reasons(self, limit: int | None = 3) -> list[Reason]:
        """Say why: the features and words with the largest shares in the log-odds, strongest first."""
        return self._answers.explanation.reasons(self._index, limit)

    def why(self, limit: int | None = 3) -> list[Why]:
        r"""Say why in sentences: what speaks for the label, strongest first.

        Features are summed by theme, see `dechaff.explain.themes`; what a sentence names is true of the line.

        Examples
        --------
        >>> lines = classify_lines("The vote was held on Tuesday.\nSubscribe now for ₹900 per month")
        >>> print(*(why.text for why in lines[1].why(5)), sep="\n")
        after the end of the article
        the lines around it
        words of an offer: 'Subscribe now'
        boilerplate at first sight
        looks like a price: ₹900
        """
        return self._answers.wording.why(self._index, limit)


@dataclass(frozen=True)
class CleanedArticle:
    """An article, line by line, and whether to trust the result.

    Two are equal if their texts, flags and counts are. It keeps what its lines are made from, the model too: to
    store or send many, take `text` or `lines` from them.

    Attributes
    ----------
    text : str
        The kept lines with the blank lines after them, byte for byte as in the input.
    flags : tuple of str
        "nearly all dropped", "unsure", "kept by the guard": reasons to look at the article; mostly none.
    n_lines, n_kept : int
        How many lines it had, blank ones aside, and how many are content.
    """

    text: str
    flags: tuple[str, ...]
    n_lines: int
    n_kept: int
    _label: Callable[[], list[LabelledLine]] = field(repr=False, compare=False)

    @cached_property
    def lines(self) -> list[LabelledLine]:
        """List every line with its label, made when first asked for."""
        return self._label()


def keep_content(
    text: str,
    model: LineModel | None = None,
    threshold: Threshold = None,
    *,
    title: str | None = None,
    url: str | None = None,
) -> str:
    """Drop the lines of an article that are boilerplate.

    Parameters
    ----------
    text : str
        One article, as an extractor gave it.
    model : LineModel, optional
        By default the one that dechaff ships with.
    threshold : float or str, optional
        Lines with at least this probability of content are kept; lower keeps more. "precision", "balanced" and
        "recall" are presets of the model that ships; by default the model's own threshold.
    title : str, optional
        Of the article, or of its page, with the site's name or without: the line that says it above the body is
        likelier content, and its copies are less likely.
    url : str, optional
        The address of the page, which is asked for the title's words where there is no title.

    Returns
    -------
    str
        The kept lines, each with the line breaks and blank lines after it, unchanged.

    Raises
    ------
    InputError
        If `text` is not a string, `threshold` neither within [0, 1] nor a preset, or `title` or `url` neither a
        string nor None.

    Examples
    --------
    >>> article = '''The council voted on Tuesday to repair the old bridge, which had been closed since March.
    ... Work will begin in the spring and is expected to take two years, the mayor said after the vote.
    ... Subscribe now for ₹900 per month
    ... '''
    >>> print(keep_content(article), end="")
    The council voted on Tuesday to repair the old bridge, which had been closed since March.
    Work will begin in the spring and is expected to take two years, the mayor said after the vote.
    """
    check_text(text)
    page_info = make_page_info(title, url)
    return clean_array([text], model, threshold, titles=[page_info.title], urls=[page_info.url])[0]


def classify_lines(
    text: str,
    model: LineModel | None = None,
    threshold: Threshold = None,
    *,
    title: str | None = None,
    url: str | None = None,
) -> list[LabelledLine]:
    r"""Label every non-blank line of an article.

    Parameters
    ----------
    text : str
    model : LineModel, optional
    threshold : float or str, optional
    title, url : str, optional
        As for `keep_content`.

    Returns
    -------
    list of LabelledLine

    Raises
    ------
    InputError
        As `keep_content`.

    Examples
    --------
    >>> [line.label for line in classify_lines("Share this article\n\nSubscribe for ₹900 per month")]
    ['boilerplate', 'boilerplate']
    """
    return clean_article(text, model, threshold, title=title, url=url).lines


def clean_article(
    text: str,
    model: LineModel | None = None,
    threshold: Threshold = None,
    *,
    title: str | None = None,
    url: str | None = None,
) -> CleanedArticle:
    r"""Label an article's lines, drop its boilerplate, and say whether to trust the result.

    Parameters
    ----------
    text : str
    model : LineModel, optional
    threshold : float or str, optional
    title, url : str, optional
        As for `keep_content`.

    Raises
    ------
    InputError
        As `keep_content`.

    Examples
    --------
    >>> clean_article("Log in\nSubscribe\nShare").flags
    ('nearly all dropped',)
    """
    check_text(text)
    model = model or default_model()
    page_info = make_page_info(title, url)
    page_infos = None if page_info == NO_PAGE_INFO else [page_info]
    batch, kept, probability, flags = next(decide_lines([text], model, threshold, page_infos=page_infos))
    label = partial(_label_lines, batch, kept, probability, _Answers(model, text, page_info, kept))
    return CleanedArticle(next(kept_text(batch, kept)), flags[0], batch.n_lines, int(kept.sum()), label)


def _label_lines(
    batch: LineBatch, kept: NDArray[np.bool_], probability: Values, answers: _Answers
) -> list[LabelledLine]:
    """Say of each line of a batch of one article what was decided."""
    text = batch.texts[0]
    decisions = zip(batch.spans(0), kept.tolist(), probability.tolist(), strict=True)
    return [
        LabelledLine(text[start:end], start, end, CLASSES[keep], p, index, answers)
        for index, ((start, end), keep, p) in enumerate(decisions)
    ]


def check_text(text: object) -> None:
    """Refuse what is no string.

    Raises
    ------
    InputError
        With the type that was given.
    """
    if not isinstance(text, str):
        raise InputError(f"the text is {type(text).__name__}, not str: decode it first")
