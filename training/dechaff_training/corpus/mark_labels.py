"""Labels of headlines, standfirsts and marked blocks by the page's own HTML.

They are used where golds and votes say nothing, or contradict the label policy.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import numpy as np

from dechaff.text.titles import may_be_headline, title_parts
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, MASKED
from dechaff_training.corpus.gold_alignment import Labels, is_title
from dechaff_training.corpus.html_marks import PageMarks
from dechaff_training.corpus.text_matching import line_texts
from dechaff_training.corpus.tokens import tokenize_folded

#: Part of the cache keys: increase this number whenever the labels may change.
MARK_VERSION = 2
# The class of teasers of other articles, but on many sites also of the standfirst.
_TEASER: Final = "teaser"
# Blocks with these marks are boilerplate, whatever the gold says; those with the others are at least doubtful.
_SURE: Final = frozenset({"aside", "bio", "caption", "related", "share", _TEASER})
_DOUBTFUL: Final = frozenset({"byline", "comment", "offer"})
# A mark on more of the content is a class name of the page's template.
_MOST_CONTENT: Final = 0.2
# A line of at least this many tokens shows where the body begins.
_BODY_TOKENS: Final = 8
_STANDFIRST_TOKENS: Final = 5

Line = tuple[str, ...]


def apply_marks(text: str, labels: Labels, marks: PageMarks) -> Labels:
    r"""Return labels with those of marked lines, the headline and the standfirst set by the page's HTML.

    The headline is the last line above the body that repeats a title, unless a mark makes it boilerplate or it is
    much shorter than another, as a site's name is; copies above it are boilerplate. Lines between headline and body
    that repeat a description are the standfirst. How often these labels agree with a reader's is in
    docs/experiments.md.

    Parameters
    ----------
    text : str
        The page's text by any extractor.
    labels : ndarray of int8, shape (n_lines,)
        The labels by a gold or a vote.
    marks : PageMarks

    Returns
    -------
    ndarray of int8, shape (n_lines,)

    Raises
    ------
    ValueError
        If the number of labels is not the number of lines.

    Examples
    --------
    >>> blocks = [("caption", "The mill in May")]
    >>> marks = PageMarks(["The mill shuts | Post"], ["It was old and small."], blocks)
    >>> text = "Home\nThe mill shuts\nIt was old and small.\nThe mill in May\nIts owner said it would be shut soon."
    >>> apply_marks(text, np.array([0, -1, 0, -1, 1], np.int8), marks).tolist()
    [0, 1, 1, 0, 1]
    """
    lines = [_tokens(line) for line in line_texts(text)]
    if len(labels) != len(lines):
        raise ValueError(f"{len(lines)} lines, but {len(labels)} labels")
    labels = labels.copy()
    if len(labels):
        _label_head(lines, labels, marks, _label_marked(lines, labels, marks))
    return labels


def _tokens(text: str) -> Line:
    return tuple(tokenize_folded(text))


def _label_marked(lines: Sequence[Line], labels: Labels, marks: PageMarks) -> list[str]:
    """Label lines that are a marked block, unless the same text also stands elsewhere.

    Returns
    -------
    list of str
        The mark of each line that it makes boilerplate; "" for other lines.
    """
    found: dict[Line, set[str]] = {}
    for mark, text in marks.blocks:
        found.setdefault(_tokens(text), set()).add(mark)
    own = np.array([_only(found.get(line, ())) for line in lines])
    n_tokens = np.array([len(line) for line in lines])
    total = n_tokens[labels == CONTENT].sum()
    trusted = set()
    for mark in _SURE | _DOUBTFUL:
        marked = own == mark
        is_content = marked & (labels == CONTENT)
        if n_tokens[is_content].sum() > _MOST_CONTENT * total:
            continue
        if mark in _SURE:
            labels[marked] = BOILERPLATE
            trusted.add(mark)
        else:
            labels[is_content] = MASKED
    return [mark if mark in trusted else "" for mark in own.tolist()]


def _only(marks: set[str] | tuple[()]) -> str:
    return next(iter(marks)) if len(marks) == 1 else ""


def _label_head(lines: Sequence[Line], labels: Labels, marks: PageMarks, applied: Sequence[str]) -> None:
    """Label the headline, the copies above it, and the standfirst, which only the mark of teasers may have."""
    titles = {form for title in marks.titles for form in _title_forms(title)}
    repeats = np.array([any(is_title(line, title) for title in titles) for line in lines])
    n_tokens = np.array([len(line) for line in lines])
    body = np.flatnonzero((labels == CONTENT) & ~repeats & (n_tokens >= _BODY_TOKENS))
    above = np.flatnonzero(repeats[: body[0]]).tolist() if len(body) else []
    may_be = [mark in ("", _TEASER) for mark in applied]
    possible = [line for line in above if may_be[line]]
    if not possible:
        return
    headline = _find_headline(lines, titles, possible)
    labels[above] = BOILERPLATE
    labels[headline] = CONTENT
    descriptions = [_tokens(text) for text in marks.descriptions]
    for line in set(range(headline + 1, int(body[0]))) - set(above):
        is_standfirst = any(_is_standfirst(lines[line], description) for description in descriptions)
        if is_standfirst and may_be[line]:
            labels[line] = CONTENT
        elif not applied[line] and labels[line] == BOILERPLATE and len(lines[line]) >= _BODY_TOKENS:
            labels[line] = MASKED  # a standfirst that the gold leaves out, or a caption


def _find_headline(lines: Sequence[Line], titles: Collection[Line], repeats: Sequence[int]) -> int:
    """Return the last line that repeats a title, except lines much shorter than another, such as the site's name.

    A short line with which a longer title begins is a headline before a long name of a site.
    """
    longest = max(len(lines[place]) for place in repeats)
    return [
        place
        for place in repeats
        if 2 * len(line := lines[place]) >= longest or any(t[: len(line)] == line != t for t in titles)
    ][-1]


def _title_forms(title: str) -> Iterator[Line]:
    """Yield the tokens of a title, and of each part that may be the headline."""
    whole = _tokens(title)
    yield whole
    for part in title_parts(title):
        tokens = _tokens(part)
        if may_be_headline(len(tokens), len(whole)):
            yield tokens


def _is_standfirst(line: Line, description: Line) -> bool:
    """Return whether one of the two begins with the other; metadata often cut a description short."""
    n = min(len(line), len(description))
    return n >= _STANDFIRST_TOKENS and line[:n] == description[:n] and 2 * n >= len(line)
