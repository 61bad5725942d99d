"""Line labels from gold bodies (the article's paragraphs) or, without gold, from a vote of extractors."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Flags
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, MASKED
from dechaff_training.corpus.text_matching import Match, Tokens, line_texts, match_tokens
from dechaff_training.corpus.tokens import shingles, tokenize_folded

#: Part of all cache keys: increase this number whenever labels may change.
ALIGNMENT_VERSION = 5
#: Lines whose share of matched tokens reaches the first value are content; up to the second, boilerplate.
CONTENT_SHARE, BOILERPLATE_SHARE = 0.65, 0.3
#: Pages whose text contains a smaller share of their gold are unusable.
USABLE_COVERAGE = 0.5
#: Extractions with fewer characters do not vote.
MIN_VOTER = 250

Labels = NDArray[np.int8]

# This share suffices in lines with at least this many matched tokens: editors removed sentences from some golds.
_EDITED_SHARE, _EDITED_TOKENS = 0.45, 30
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
# Bylines, dates, credits and counters in hand-made golds, which are English.
_BYLINE = re.compile(
    r"\W*(?:(?:(?:written|posted|published|updated|photo\w*|image|text|story|source|artist)\W+)?(?:by|on)\b"
    r"|(?:written|posted|published|updated|photo\w*|images?|credits?|artist|courtesy|getty|tweet)\b"
    r"|\d+ comments?\b)",
    re.IGNORECASE,
)
_CODE = re.compile(r"[^\w\s]*[{}();,=<>][^\w\s]*")
_CLOSING = "\"'”’»)]"


def align(
    text: str,
    body: Sequence[str],
    title: str | None = None,
    headings: Sequence[str] = (),
    *,
    mask_bylines: bool = False,
) -> Labels:
    r"""Label the lines of an extractor's output by the gold paragraphs of the article.

    Parameters
    ----------
    text : str
        The output of any extractor.
    body : sequence of str
        The gold paragraphs, in order; paragraph breaks do not matter.
    title : str, optional
        The headline. Lines up to the end of the body that repeat it, with or without the site's name, are masked
        unless they are in the gold; repeats after the body are boilerplate.
    headings : sequence of str
        The page's first-level headings. The printed headline may differ from `title`; the nearest line above the
        body that repeats the title or a heading is therefore masked.
    mask_bylines : bool
        Whether to mask bylines, dates and credits, and short lines before the first sentence: for golds that
        contain them, although they are boilerplate by the label policy.

    Returns
    -------
    ndarray of int8, shape (n_lines,)
        CONTENT, BOILERPLATE or MASKED for each non-blank line. Whether the text contains the body is not checked:
        compare its `coverage` with `USABLE_COVERAGE` first.

    Examples
    --------
    >>> text = "Home\nThe mill closes\nThe mill at the weir will close, its owner said.\nMore on the mill"
    >>> align(text, ["The mill at the weir will close,", "its owner said."], "The mill closes").tolist()
    [0, -1, 1, 0]
    """
    lines = line_texts(text)
    match = match_tokens(lines, body)
    labels = _label_lines(match)
    # Some pages contain a second copy of the article, for another screen size.
    labels[(match.copies() > 0.7) & (labels == BOILERPLATE)] = MASKED
    _mask_code(match.page, lines, labels)
    headlines = _tokenize_headlines(title, headings)
    if mask_bylines:
        _mask_bylines(match.page, lines, labels)
    if title:
        _mask_title(match.page, labels, headlines[0])
    _mask_headline(match.page, labels, headlines)
    return labels


def coverage(text: str, body: Sequence[str]) -> float:
    """Return the fraction of a gold's distinct four-token shingles that also occur in a text.

    If the full text of a page has a coverage below `USABLE_COVERAGE`, page and gold are different articles. For
    the text of a main-content extractor, coverage measures how much of the body was kept.

    Examples
    --------
    >>> coverage("One two three four.", ["One two three four", "five."])
    0.5
    """
    gold, page = (shingles(tokenize_folded(part)).keys() for part in (" ".join(body), text))
    return len(gold & page) / max(len(gold), 1)


def without_repeats(body: Sequence[str]) -> list[str]:
    """Remove the repeated sentences of a gold that was made from nested markup.

    Examples
    --------
    >>> without_repeats(["The weir broke at midnight.", "The weir broke at midnight. No one was hurt."])
    ['The weir broke at midnight.', 'No one was hurt.']
    """
    seen: set[str] = set()
    return [" ".join(kept) for paragraph in body if (kept := list(_unseen(_SENTENCE.split(paragraph), seen)))]


def _unseen(sentences: Sequence[str], seen: set[str]) -> Iterator[str]:
    """Yield the sentences that have not occurred before, and short sentences in any case."""
    for sentence in sentences:
        if len(sentence) < 25 or sentence not in seen:
            yield sentence
        seen.add(sentence)


def apply_snippets(text: str, labels: Labels, present: Sequence[str], absent: Sequence[str]) -> Labels:
    r"""Override labels by snippets that an extraction must or must not contain.

    Parameters
    ----------
    text : str
    labels : ndarray of int8, shape (n_lines,)
        The labels of the lines of `text`.
    present, absent : sequence of str
        Snippets of content and of boilerplate. A line that contains a snippet, or is contained in one, gets that
        label; overlaps of a single word or of a small part of a long line do not count.

    Returns
    -------
    ndarray of int8, shape (n_lines,)

    Examples
    --------
    >>> labels = np.array([-1, -1], np.int8)
    >>> apply_snippets("Accept all\nAt the weir", labels, ["the weir"], ["accept all"]).tolist()
    [0, 1]
    """
    labels = labels.copy()
    lines = [tokenize_folded(line) for line in line_texts(text)]
    for snippets, label in ((present, CONTENT), (absent, BOILERPLATE)):
        tokens = [tokenize_folded(snippet) for snippet in snippets]
        for i, line in enumerate(lines):
            if any(_overlaps(line, snippet) for snippet in tokens):
                labels[i] = label
    return labels


def vote(
    text: str, extractions: Sequence[str], title: str | None = None, headings: Sequence[str] = ()
) -> Labels | None:
    r"""Label lines by the vote of several main-content extractors, for pages without gold.

    Parameters
    ----------
    text : str
    extractions : sequence of str
        The text of the page by each voter, the most reliable voter first: it can veto either label.
    title : str, optional
    headings : sequence of str
        The first-level headings, as for `align`. Headlines are masked, since extractors differ on them.

    Returns
    -------
    ndarray of int8, shape (n_lines,), or None
        Content if at least three quarters of the voters kept the line, boilerplate if at most one quarter did, else
        masked; prose before the lines that all voters kept, and short lines after them, are masked too, because
        voters are often wrong about them. None if fewer than two voters have `MIN_VOTER` characters.

    Examples
    --------
    >>> prose = "The weir broke on Monday night, and the mill below it stood in water until noon. " * 4
    >>> voters = [prose, prose, prose, "Read on\n" + prose]
    >>> vote("Home\nRead on\n" + prose, voters).tolist()
    [0, 0, 1]
    """
    votes = ballots(text, extractions)
    if len(votes) < 2:
        return None
    page = Tokens.of(line_texts(text))
    headlines = _tokenize_headlines(title, headings)
    labels = _count_votes(votes, lead=len(extractions[0]) >= MIN_VOTER)
    _mask_outskirts(labels, votes, page.count())
    if title:
        _mask_title(page, labels, headlines[0], always=True)
    _mask_headline(page, labels, headlines)
    return labels


def ballots(text: str, extractions: Sequence[str]) -> Labels:
    """Return the labels by each extraction of at least `MIN_VOTER` characters, shape (n_voters, n_lines)."""
    voters = [extraction.splitlines() for extraction in extractions if len(extraction) >= MIN_VOTER]
    return np.array([align(text, voter) for voter in voters], np.int8)


def _count_votes(votes: Labels, *, lead: bool) -> Labels:
    n_known = (votes != MASKED).sum(0)
    share = (votes == CONTENT).sum(0) / np.maximum(n_known, 1)
    known = 2 * n_known > len(votes)
    content, boilerplate = known & (share >= 0.75), known & (share <= 0.25)
    if lead:
        content &= votes[0] == CONTENT
        boilerplate &= votes[0] != CONTENT
    labels = np.full(votes.shape[1], MASKED, np.int8)
    labels[content] = CONTENT
    labels[boilerplate] = BOILERPLATE
    return labels


def _mask_outskirts(labels: Labels, votes: Labels, n_tokens: NDArray[np.int64]) -> None:
    """Mask prose before the first line that all voters kept, and short lines after the last one.

    Such prose is a standfirst or a teaser.
    """
    agreed = np.flatnonzero((votes == CONTENT).all(0))
    if not len(agreed):
        return
    places = np.arange(len(labels))
    some = (votes == CONTENT).any(0)
    labels[(places < agreed[0]) & some & (labels == BOILERPLATE) & (n_tokens >= 15)] = MASKED
    labels[(places > agreed[-1]) & (labels == CONTENT) & (n_tokens < 15)] = MASKED


def _overlaps(line: list[str], snippet: list[str]) -> bool:
    """Return whether the line or the snippet contains the other, and the shorter one is long enough to count."""
    if line == snippet:
        return bool(line)
    short, long = sorted((line, snippet), key=len)
    enough = len(short) >= (3 if short is line else 4) or (len(short) >= 2 and len(short) * 3 >= len(long))
    return enough and any(long[i : i + len(short)] == short for i in range(len(long) - len(short) + 1))


def _label_lines(match: Match) -> Labels:
    share = match.shares()
    edited = (share >= _EDITED_SHARE) & (match.page.count(match.on_page) >= _EDITED_TOKENS)
    labels = np.full(match.page.n_lines, MASKED, np.int8)
    labels[(share >= CONTENT_SHARE) | edited] = CONTENT
    labels[share <= BOILERPLATE_SHARE] = BOILERPLATE
    return labels


def _mask_code(page: Tokens, lines: Sequence[str], labels: Labels) -> None:
    """Mask lines such as "});" between content lines: they cannot be aligned, as they have no tokens."""
    for i in (np.flatnonzero(page.count()[1:-1] == 0) + 1).tolist():
        if labels[i - 1] != BOILERPLATE and CONTENT in labels[i + 1 : i + 6] and _CODE.fullmatch(lines[i]):
            labels[i] = MASKED


def _mask_bylines(page: Tokens, lines: Sequence[str], labels: Labels) -> None:
    counts = page.count()
    is_sentence: Flags = np.array(
        [line.rstrip(_CLOSING).endswith((".", "!", "?", "…", "。")) for line in lines], bool
    )
    is_byline: Flags = np.array([bool(_BYLINE.match(line)) for line in lines], bool)
    opening = np.flatnonzero((labels == CONTENT) & ((counts >= 25) | (is_sentence & (counts >= 8))))
    before = np.arange(len(labels)) < (opening[0] if len(opening) else 0)
    bylines = is_byline & ~is_sentence & (counts < 15)
    labels[(before | bylines) & (labels == CONTENT)] = MASKED


def _mask_title(page: Tokens, labels: Labels, title: list[str], *, always: bool = False) -> None:
    """Mask lines that repeat the title up to the end of the body; content lines only if `always`."""
    content = np.flatnonzero(labels == CONTENT)
    end = int(content[-1]) if len(content) else len(labels)
    for line in range(min(end + 1, len(labels))):
        if (always or labels[line] != CONTENT) and is_title(page.line(line), title):
            labels[line] = MASKED


def _tokenize_headlines(title: str | None, headings: Sequence[str]) -> list[list[str]]:
    """Return the tokens of the title, if there is one, and of each heading."""
    return [tokenize_folded(headline) for headline in (title, *headings) if headline]


def _mask_headline(page: Tokens, labels: Labels, headlines: Sequence[list[str]]) -> None:
    """Find the last line above the body that repeats the title or a heading; mask it unless it is in the gold."""
    content = np.flatnonzero(labels == CONTENT)
    for line in range(int(content[0]) if len(content) else -1, -1, -1):
        if any(is_title(page.line(line), headline) for headline in headlines):
            labels[line] = labels[line] if labels[line] == CONTENT else MASKED
            return


def is_title(words: Sequence[str], title: Sequence[str]) -> bool:
    """Return whether a line is the title, with or without the site's name."""
    short, long = sorted((words, title), key=len)
    if not short or len(long) - len(short) > 6 or len(short) < 0.6 * len(long):
        return False
    return long[: len(short)] == short or long[-len(short) :] == short
