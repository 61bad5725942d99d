"""Gold bodies to line labels: which lines of an extractor's output stand in an article's body.

Extractors split and join paragraphs as they like, so tokens are aligned, not lines. Runs of tokens that page and
gold share are found by their shingles; a chain of runs, in the order of both, is chosen by dynamic programming, with
a price on every gap, so that words of the body scattered over a menu do not match and the copy of a line that stands
near its neighbours wins. What the chain leaves open is filled line by line between matched neighbours.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dechaff.lines import split_lines

#: Codes of labels in training.
CONTENT, BOILERPLATE, MASKED = 1, 0, -1
#: Part of every cache's key: raise it when labels may change.
ALIGNMENT_VERSION = 1
#: A line is content from this share of matched tokens on, boilerplate up to the other; between them it is masked.
CONTENT_SHARE, BOILERPLATE_SHARE = 0.65, 0.3
#: With less of its gold found in all the text of a page, the page is of no use.
USABLE_COVERAGE = 0.5

Labels = NDArray[np.int8]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(f"\n|[{_CJK}]|[^\\W_{_CJK}]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_MAX_RUNS = 2000
_MAX_REPEATS = 24


@dataclass(frozen=True)
class _Tokens:
    words: list[str]
    lines: Ints  # the line of each token
    n_lines: int

    def bounds(self) -> Ints:
        """Where each line's tokens begin, and where the last one's end."""
        return np.searchsorted(self.lines, np.arange(self.n_lines + 1))


@dataclass(frozen=True)
class _Match:
    page: _Tokens
    gold: _Tokens
    page_ids: Ints
    gold_ids: Ints
    on_page: Flags
    in_gold: Flags


def tokenize(text: str) -> list[str]:
    """Give the tokens of a text: case-folded runs of letters and digits; a CJK or kana character is one.

    Examples
    --------
    >>> tokenize("Ein Weißbier, 3,50 € 東京")
    ['ein', 'weissbier', '3', '50', '東', '京']
    """
    return [token for token in _TOKEN.findall(_normalize(text)) if token != "\n"]


def align(text: str, body: Sequence[str], title: str | None = None, *, mask_byline: bool = False) -> Labels:
    """Label the lines of an extractor's output by the gold paragraphs of the article's body.

    Parameters
    ----------
    text : str
        The output of any extractor.
    body : sequence of str
        The gold paragraphs, in order; where they are split does not matter.
    title : str, optional
        The headline. Lines that say the same (with or without the site's name) make no statement where the gold
        leaves the headline out: they are masked, up to the end of the body, behind it they are boilerplate.
    mask_byline : bool
        For golds that begin with headline, byline and date, which the label policy does not count as content:
        mask the short lines before the first long one.

    Returns
    -------
    ndarray of int8, shape (n_lines,)
        CONTENT, BOILERPLATE or MASKED for each line that is not blank. How much of the gold was found is left to
        `coverage`: an extractor that lost the body has boilerplate only.

    Examples
    --------
    >>> text = "Home\\nThe mill closes\\nThe mill at the weir will close, its owner said.\\nMore on the mill"
    >>> align(text, ["The mill at the weir will close,", "its owner said."], "The mill closes").tolist()
    [0, -1, 1, 0]
    """
    match = _match(text, body)
    labels = _label_lines(match)
    _mask_copies(match, labels)
    if mask_byline:
        _mask_byline(match.page, labels)
    if title:
        _mask_title(match.page, labels, tokenize(title))
    return labels


def coverage(text: str, body: Sequence[str]) -> float:
    """Give the share of a gold's tokens that a text has, in order.

    Examples
    --------
    >>> coverage("One two three four.", ["One two three four", "five six seven eight."])
    0.5
    """
    in_gold = _match(text, body).in_gold
    return float(in_gold.mean()) if len(in_gold) else 0.0


def apply_snippets(text: str, labels: Labels, present: Sequence[str], absent: Sequence[str]) -> Labels:
    """Let snippets that an extraction must have, or must not have, overrule labels.

    Parameters
    ----------
    text : str
    labels : ndarray of int8, shape (n_lines,)
        Labels of the lines of `text`.
    present, absent : sequence of str
        A line that holds a snippet, or is held by one, becomes content or boilerplate.

    Returns
    -------
    ndarray of int8, shape (n_lines,)

    Examples
    --------
    >>> apply_snippets("Accept all\\nThe weir", np.array([-1, -1], np.int8), ["the weir"], ["accept all"]).tolist()
    [0, 1]
    """
    labels = labels.copy()
    lines = [f" {' '.join(tokenize(text[a:b]))} " for a, b in split_lines(text)]
    for snippets, label in ((present, CONTENT), (absent, BOILERPLATE)):
        padded = [f" {' '.join(tokenize(snippet))} " for snippet in snippets]
        for i, line in enumerate(lines):
            if line.strip() and any(_holds(line, snippet) for snippet in padded):
                labels[i] = label
    return labels


def vote(text: str, extractions: Sequence[str], title: str | None = None) -> Labels | None:
    """Label lines by the vote of several main-content extractors, for pages without gold.

    Parameters
    ----------
    text : str
    extractions : sequence of str
        The same page by each of the voters.
    title : str, optional
        As in `align`: extractors differ on the headline, it is masked.

    Returns
    -------
    ndarray of int8, shape (n_lines,), or None
        Content where three of four agree or more, boilerplate where one of four or less has the line; the rest is
        masked. None where fewer than two voters found 250 characters.
    """
    voters = [extraction for extraction in extractions if len(extraction) >= 250]
    if len(voters) < 2:
        return None
    votes = np.array([align(text, voter.splitlines()) for voter in voters])
    known = np.maximum((votes != MASKED).sum(0), 1)
    share = (votes == CONTENT).sum(0) / known
    labels = np.where(share >= 0.75, CONTENT, np.where(share <= 0.25, BOILERPLATE, MASKED)).astype(np.int8)
    labels[(votes != MASKED).sum(0) * 2 <= len(voters)] = MASKED
    if title:
        _mask_title(_tokens([text[a:b] for a, b in split_lines(text)]), labels, tokenize(title), always=True)
    return labels


def _holds(line: str, snippet: str) -> bool:
    """Tell whether a line has a snippet, or a snippet a line long enough to mean something."""
    if len(snippet.split()) >= 2 or len(snippet) > 8:
        if snippet in line:
            return True
    elif snippet == line:
        return True
    return len(line.split()) >= 3 and line in snippet


def _normalize(text: str) -> str:
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text).casefold())


def _tokens(lines: Sequence[str]) -> _Tokens:
    found = _TOKEN.findall(_normalize("\n".join(lines)))
    breaks = np.fromiter((token == "\n" for token in found), np.bool_, len(found))
    return _Tokens([t for t in found if t != "\n"], np.cumsum(breaks)[~breaks], len(lines))


def _match(text: str, body: Sequence[str]) -> _Match:
    page = _tokens([text[a:b] for a, b in split_lines(text)])
    gold = _tokens([" ".join(paragraph.split()) for paragraph in body])
    vocabulary: dict[str, int] = {}
    gold_ids = np.fromiter((vocabulary.setdefault(w, len(vocabulary)) for w in gold.words), np.int64, len(gold.words))
    page_ids = np.fromiter((vocabulary.get(w, -1) for w in page.words), np.int64, len(page.words))
    match = _Match(page, gold, page_ids, gold_ids, np.zeros(len(page_ids), bool), np.zeros(len(gold_ids), bool))
    size = 6 if sum(len(w) == 1 and w > "\u3000" for w in gold.words) * 2 > len(gold.words) else 3
    chain = _chain(_find_runs(gold_ids, page_ids, size))
    _take(match, chain)
    _fill_gaps(match, chain)
    _match_moved(match)
    return match


def _take(match: _Match, runs: Ints) -> None:
    for gold, page, length in runs.tolist():
        match.in_gold[gold : gold + length] = True
        match.on_page[page : page + length] = True


def _hash_shingles(ids: Ints, size: int) -> tuple[NDArray[np.uint64], Flags]:
    """Hash each run of `size` tokens; say which hold known tokens only."""
    n = max(len(ids) - size + 1, 0)
    hashes, known = np.zeros(n, np.uint64), np.ones(n, bool)
    for i in range(size):
        part = ids[i : i + n]
        hashes = (hashes ^ part.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= hashes >> np.uint64(29)
        known &= part >= 0
    return hashes, known


def _find_runs(gold: Ints, page: Ints, size: int) -> Ints:
    """Find the runs of at least `size` tokens that both have: rows of gold start, page start, length."""
    gold_hashes, gold_known = _hash_shingles(gold, size)
    page_hashes, page_known = _hash_shingles(page, size)
    places = np.flatnonzero(gold_known)
    places = places[np.argsort(gold_hashes[places], kind="stable")]
    hashes = gold_hashes[places]
    left = np.searchsorted(hashes, page_hashes)
    counts = np.searchsorted(hashes, page_hashes, "right") - left
    counts[~page_known | (counts > _MAX_REPEATS)] = 0
    pages = np.repeat(np.arange(len(page_hashes)), counts)
    if not len(pages):
        return np.zeros((0, 3), np.int64)
    within = np.arange(len(pages)) - np.repeat(np.cumsum(counts) - counts, counts)
    golds = places[np.repeat(left, counts) + within]
    order = np.lexsort((golds, pages - golds))
    golds, pages = golds[order], pages[order]
    first = np.ones(len(golds), bool)
    first[1:] = (np.diff(golds) != 1) | (np.diff(pages) != 1)
    starts = np.flatnonzero(first)
    lengths = np.diff(starts, append=len(golds)) + size - 1
    return _prune(np.column_stack((golds[starts], pages[starts], lengths)), len(gold), len(page))


def _prune(runs: Ints, n_gold: int, n_page: int) -> Ints:
    """Drop runs that begin inside far longer ones on both sides: chance matches."""
    dominated = np.ones(len(runs), bool)
    for column, n in ((0, n_gold), (1, n_page)):
        longest = np.zeros(n, np.int64)
        for start, length in runs[np.argsort(runs[:, 2], kind="stable")][:, [column, 2]].tolist():
            longest[start : start + length] = length
        dominated &= longest[runs[:, column]] > 2 * runs[:, 2]
    runs = runs[~dominated]
    if len(runs) > _MAX_RUNS:
        runs = runs[np.argsort(-runs[:, 2], kind="stable")[:_MAX_RUNS]]
    return runs


def _chain(runs: Ints) -> Ints:
    """Choose the runs, in the order of gold and page, that match most tokens after the price of their gaps."""
    if not len(runs):
        return runs
    runs = runs[np.argsort(runs[:, 1], kind="stable")]
    gold, page, length = runs.T
    gold_end, page_end = gold + length, page + length
    score, back = length.astype(float), np.full(len(runs), -1)
    for i in range(1, len(runs)):
        gold_gap, page_gap = gold[i] - gold_end[:i], page[i] - page_end[:i]
        overlap = np.maximum(0, -np.minimum(gold_gap, page_gap))
        price = _price(gold_gap, page_gap) + overlap
        allowed = (gold[:i] < gold[i]) & (page[:i] < page[i]) & (overlap < length[i])
        scores = np.where(allowed, score[:i] - price, -1.0)
        best = int(scores.argmax())
        if scores[best] > 0:
            score[i] += scores[best]
            back[i] = best
    return _trace(runs, back, int(score.argmax()))


def _price(gold_gap: Ints, page_gap: Ints) -> NDArray[np.float64]:
    """What a gap costs, in tokens: more on the page than in the gold, and ever less for each further token."""
    on_page, in_gold = np.maximum(page_gap, 0), np.maximum(gold_gap, 0)
    return 0.75 * np.log2(1 + on_page) + 0.25 * np.log2(1 + in_gold) + ((on_page > 0) | (in_gold > 0))


def _trace(runs: Ints, back: Ints, last: int) -> Ints:
    chosen = []
    while last >= 0:
        chosen.append(last)
        last = int(back[last])
    chain = runs[chosen[::-1]].copy()
    # Where two runs overlap the later one gives way.
    overlap = np.maximum(0, chain[:-1, :2] + chain[:-1, 2:] - chain[1:, :2]).max(1)
    chain[1:, 0] += overlap
    chain[1:, 1] += overlap
    chain[1:, 2] -= overlap
    return chain


def _fill_gaps(match: _Match, chain: Ints) -> None:
    """Match whole lines, short ones too, between runs of the chain: each gold token once, in order."""
    ends = chain[:, :2] + chain[:, 2:]
    before = np.vstack((np.zeros((1, 2), np.int64), ends))
    after = np.vstack((chain[:, :2], [[len(match.gold_ids), len(match.page_ids)]]))
    bounds = match.page.bounds()
    paragraphs = set(match.gold.bounds().tolist())
    for i, ((gold, page), (gold_end, page_end)) in enumerate(zip(before.tolist(), after.tolist(), strict=True)):
        if gold < gold_end and page < page_end and len(chain):
            gap = (gold, gold_end, page, page_end)
            _fill_gap(match, bounds, paragraphs, gap, backwards=i == 0)


def _fill_gap(
    match: _Match, bounds: Ints, paragraphs: set[int], gap: tuple[int, int, int, int], *, backwards: bool
) -> None:
    gold, gold_end, page, page_end = gap
    lines = range(np.searchsorted(bounds, page), np.searchsorted(bounds, page_end, "right") - 1)
    for line in reversed(lines) if backwards else lines:
        start, end = bounds[line : line + 2].tolist()
        if start == end:
            continue
        place = _find_line(match, match.page_ids[start:end], (gold, gold_end), paragraphs, backwards=backwards)
        if place < 0:
            continue
        match.on_page[start:end] = True
        match.in_gold[place : place + end - start] = True
        gold, gold_end = (gold, place) if backwards else (place + end - start, gold_end)


def _find_line(match: _Match, ids: Ints, span: tuple[int, int], paragraphs: set[int], *, backwards: bool) -> int:
    """Find where a line stands in a span of the gold; a short one only where it is a piece of its own."""
    n, (start, end) = len(ids), span
    if n > end - start or (ids < 0).any():
        return -1
    places = start + np.flatnonzero((np.lib.stride_tricks.sliding_window_view(match.gold_ids[start:end], n) == ids).all(1))
    for place in (places[::-1] if backwards else places).tolist():
        whole = place in paragraphs and place + n in paragraphs
        if n >= 4 or whole or place == start or place + n == end:
            return int(place)
    return -1


def _match_moved(match: _Match) -> None:
    """Match what stands elsewhere on the page than in the gold: long runs only."""
    for _ in range(3):
        gold, page = match.gold_ids.copy(), match.page_ids.copy()
        gold[match.in_gold] = -1
        page[match.on_page] = -1
        if (gold >= 0).sum() < 8:
            return
        chain = _chain(_find_runs(gold, page, 8))
        if not len(chain):
            return
        _take(match, chain)


def _label_lines(match: _Match) -> Labels:
    counts = np.bincount(match.page.lines, minlength=match.page.n_lines)
    hits = np.bincount(match.page.lines, match.on_page, minlength=match.page.n_lines)
    share = hits / np.maximum(counts, 1)
    labels = np.full(match.page.n_lines, MASKED, np.int8)
    labels[share >= CONTENT_SHARE] = CONTENT
    labels[share <= BOILERPLATE_SHARE] = BOILERPLATE
    return labels


def _mask_copies(match: _Match, labels: Labels) -> None:
    """Mask a second copy of the whole article, as pages print it for another kind of screen."""
    gold_hashes, _ = _hash_shingles(match.gold_ids, 5)
    page_hashes, known = _hash_shingles(match.page_ids, 5)
    copied = np.zeros(len(match.page_ids), bool)
    for place in np.flatnonzero(known & np.isin(page_hashes, gold_hashes)).tolist():
        copied[place : place + 5] = True
    copied &= ~match.on_page
    if copied.sum() * 2 < len(match.gold_ids):
        return
    counts = np.bincount(match.page.lines, minlength=match.page.n_lines)
    shares = np.bincount(match.page.lines, copied, minlength=match.page.n_lines) / np.maximum(counts, 1)
    labels[(shares > 0.7) & (labels == BOILERPLATE)] = MASKED


def _mask_byline(page: _Tokens, labels: Labels) -> None:
    counts = np.bincount(page.lines, minlength=page.n_lines)
    long = np.flatnonzero((labels == CONTENT) & (counts >= 15))
    before = np.arange(len(labels)) < (long[0] if len(long) else 0)
    labels[before & (labels == CONTENT) & (counts < 15)] = MASKED


def _mask_title(page: _Tokens, labels: Labels, title: list[str], *, always: bool = False) -> None:
    """Mask lines that say the title, unless they are content by the gold or stand behind the body."""
    content = np.flatnonzero(labels == CONTENT)
    end = content[-1] if len(content) else len(labels)
    bounds = page.bounds()
    for line in range(len(labels)):
        if (labels[line] == CONTENT and not always) or line > end:
            continue
        if _says_title(page.words[bounds[line] : bounds[line + 1]], title):
            labels[line] = MASKED


def _says_title(words: list[str], title: list[str]) -> bool:
    """Tell whether a line is the title, or it with the site's name, or the title without that."""
    short, long = sorted((words, title), key=len)
    if not short or len(long) - len(short) > 6 or len(short) < 0.6 * len(long):
        return False
    return long[: len(short)] == short or long[-len(short) :] == short
