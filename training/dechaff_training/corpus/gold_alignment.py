"""Gold bodies to line labels, and votes of extractors where there is no gold."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, MASKED
from dechaff_training.corpus.text_matching import Flags, Match, Tokens, match_tokens
from dechaff_training.corpus.tokens import shingles, tokenize_folded

#: Part of every cache's key: raise it when labels may change.
ALIGNMENT_VERSION = 5
#: A line is content from this share of matched tokens on, boilerplate up to the other; else it is masked.
CONTENT_SHARE, BOILERPLATE_SHARE = 0.65, 0.3
#: With less of its gold found in all the text of a page, the page is of no use.
USABLE_COVERAGE = 0.5
#: An extraction with fewer characters has no say in a vote.
MIN_VOTER = 250

Labels = NDArray[np.int8]

# Golds of which an editor took out sentences: half of a long line is enough, if it is much.
_EDITED_SHARE, _EDITED_TOKENS = 0.45, 30
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
# Lines of furniture that hand-made golds keep: bylines, dates, credits, counters. Those golds are English.
_FURNITURE = re.compile(
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
    mask_furniture: bool = False,
) -> Labels:
    r"""Label the lines of an extractor's output by the gold paragraphs of the article's body.

    Parameters
    ----------
    text : str
        The output of any extractor.
    body : sequence of str
        The gold paragraphs, in order; where they are split does not matter.
    title : str, optional
        The headline. Lines that say the same (with or without the site's name) make no statement where the
        gold leaves the headline out: they are masked, up to the end of the body; behind it they are
        boilerplate.
    headings : sequence of str
        The page's headings of the first level. The headline over the text may differ from `title`, which pages
        write for search engines and others shorten: the nearest line above the body that says either is masked.
    mask_furniture : bool
        For golds that hold byline, date or credits, which the label policy does not count as content: mask
        such lines, and the short ones before the first sentence.

    Returns
    -------
    ndarray of int8, shape (n_lines,)
        CONTENT, BOILERPLATE or MASKED for each line that is not blank. How much of the gold was found is left
        to `coverage`: of an extractor that lost the body all lines are boilerplate.

    Examples
    --------
    >>> text = "Home\nThe mill closes\nThe mill at the weir will close, its owner said.\nMore on the mill"
    >>> align(text, ["The mill at the weir will close,", "its owner said."], "The mill closes").tolist()
    [0, -1, 1, 0]
    """
    lines = [text[start:end] for start, end in split_lines(text)]
    match = match_tokens(lines, body)
    labels = _label_lines(match)
    # A second copy of the whole article, as pages print it for another kind of screen.
    labels[(match.copies() > 0.7) & (labels == BOILERPLATE)] = MASKED
    _mask_code(match.page, lines, labels)
    headlines = _tokenize_headlines(title, headings)
    if mask_furniture:
        _mask_furniture(match.page, lines, labels)
    if title:
        _mask_title(match.page, labels, headlines[0])
    _mask_headline(match.page, labels, headlines)
    return labels


def coverage(text: str, body: Sequence[str]) -> float:
    """Give the share of a gold that a text has: of its different runs of four tokens, in any order.

    Below `USABLE_COVERAGE` on the output of an extractor that prints everything, page and gold are not the
    same article. Of a main-content extractor it says how much of the body was lost.

    Examples
    --------
    >>> coverage("One two three four.", ["One two three four", "five."])
    0.5
    """
    gold, page = (shingles(tokenize_folded(part)).keys() for part in (" ".join(body), text))
    return len(gold & page) / max(len(gold), 1)


def without_repeats(body: Sequence[str]) -> list[str]:
    """Take out the sentences that a gold says again, as golds made from nested markup do.

    Examples
    --------
    >>> without_repeats(["The weir broke at midnight.", "The weir broke at midnight. No one was hurt."])
    ['The weir broke at midnight.', 'No one was hurt.']
    """
    seen: set[str] = set()
    return [" ".join(kept) for paragraph in body if (kept := list(_unseen(_SENTENCE.split(paragraph), seen)))]


def _unseen(sentences: Sequence[str], seen: set[str]) -> Iterator[str]:
    """Leave out the sentences seen before, and remember the others; short ones may repeat."""
    for sentence in sentences:
        if len(sentence) < 25 or sentence not in seen:
            yield sentence
        seen.add(sentence)


def apply_snippets(text: str, labels: Labels, present: Sequence[str], absent: Sequence[str]) -> Labels:
    r"""Let snippets that an extraction must have, or must not have, overrule labels.

    Parameters
    ----------
    text : str
    labels : ndarray of int8, shape (n_lines,)
        Labels of the lines of `text`.
    present, absent : sequence of str
        A line that holds a snippet, or is held by one, becomes content or boilerplate. One word, or a small
        part of a long line, says nothing.

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
    lines = [tokenize_folded(text[start:end]) for start, end in split_lines(text)]
    for snippets, label in ((present, CONTENT), (absent, BOILERPLATE)):
        tokens = [tokenize_folded(snippet) for snippet in snippets]
        for i, line in enumerate(lines):
            if any(_says(line, snippet) for snippet in tokens):
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
        The same page by each of the voters; the first, the most reliable, has a veto on either label.
    title : str, optional
    headings : sequence of str
        As in `align`: extractors differ on the headline, it is masked.

    Returns
    -------
    ndarray of int8, shape (n_lines,), or None
        Content where three of four agree or more, boilerplate where one of four or less has the line; the
        rest is masked, and so are prose before and short lines behind what all agree on, where the voters are
        often wrong. None where fewer than two voters found `MIN_VOTER` characters.

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
    page = Tokens.of([text[start:end] for start, end in split_lines(text)])
    headlines = _tokenize_headlines(title, headings)
    labels = _count_votes(votes, lead=len(extractions[0]) >= MIN_VOTER)
    _mask_outskirts(labels, votes, page.count())
    if title:
        _mask_title(page, labels, headlines[0], always=True)
    _mask_headline(page, labels, headlines)
    return labels


def ballots(text: str, extractions: Sequence[str]) -> Labels:
    """Label lines by each of several extractions that has `MIN_VOTER` characters: shape (n_voters, n_lines)."""
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
    """Mask prose before what all agree on (a standfirst, or a teaser), and short lines behind it."""
    agreed = np.flatnonzero((votes == CONTENT).all(0))
    if not len(agreed):
        return
    places = np.arange(len(labels))
    some = (votes == CONTENT).any(0)
    labels[(places < agreed[0]) & some & (labels == BOILERPLATE) & (n_tokens >= 15)] = MASKED
    labels[(places > agreed[-1]) & (labels == CONTENT) & (n_tokens < 15)] = MASKED


def _says(line: list[str], snippet: list[str]) -> bool:
    """Tell whether a line holds a snippet, or is held by one, to an extent that says something."""
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
    """Mask lines such as "});" between lines of content: they have no tokens to be found by."""
    for i in (np.flatnonzero(page.count()[1:-1] == 0) + 1).tolist():
        if labels[i - 1] != BOILERPLATE and CONTENT in labels[i + 1 : i + 6] and _CODE.fullmatch(lines[i]):
            labels[i] = MASKED


def _mask_furniture(page: Tokens, lines: Sequence[str], labels: Labels) -> None:
    counts = page.count()
    is_sentence: Flags = np.array(
        [line.rstrip(_CLOSING).endswith((".", "!", "?", "…", "。")) for line in lines], bool
    )
    is_furniture: Flags = np.array([bool(_FURNITURE.match(line)) for line in lines], bool)
    opening = np.flatnonzero((labels == CONTENT) & ((counts >= 25) | (is_sentence & (counts >= 8))))
    before = np.arange(len(labels)) < (opening[0] if len(opening) else 0)
    furniture = is_furniture & ~is_sentence & (counts < 15)
    labels[(before | furniture) & (labels == CONTENT)] = MASKED


def _mask_title(page: Tokens, labels: Labels, title: list[str], *, always: bool = False) -> None:
    """Mask lines that say the title, unless they are content by the gold or stand behind the body."""
    content = np.flatnonzero(labels == CONTENT)
    end = int(content[-1]) if len(content) else len(labels)
    for line in range(min(end + 1, len(labels))):
        if (always or labels[line] != CONTENT) and _is_title(page.line(line), title):
            labels[line] = MASKED


def _tokenize_headlines(title: str | None, headings: Sequence[str]) -> list[list[str]]:
    """Cut what may head the text into tokens, the title first if there is one."""
    return [tokenize_folded(headline) for headline in (title, *headings) if headline]


def _mask_headline(page: Tokens, labels: Labels, headlines: Sequence[list[str]]) -> None:
    """Mask the nearest line above the body that says the title or a heading, unless it is content by the gold."""
    content = np.flatnonzero(labels == CONTENT)
    for line in range(int(content[0]) if len(content) else -1, -1, -1):
        if any(_is_title(page.line(line), headline) for headline in headlines):
            labels[line] = labels[line] if labels[line] == CONTENT else MASKED
            return


def _is_title(words: list[str], title: list[str]) -> bool:
    """Tell whether a line is the title, or it with the site's name, or the title without that."""
    short, long = sorted((words, title), key=len)
    if not short or len(long) - len(short) > 6 or len(short) < 0.6 * len(long):
        return False
    return long[: len(short)] == short or long[-len(short) :] == short
