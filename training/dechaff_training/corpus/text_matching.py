"""Alignment of a gold body's tokens with the tokens of a page.

Tokens are aligned instead of lines, since extractors split and join paragraphs. First, the runs of tokens common to
page and gold are found. Then dynamic programming selects a chain of runs in the order of both, with a cost per gap:
words of the body scattered over a menu do not match, and of two copies of a line the one near its neighbours wins.
Gaps in the chain are filled line by line. Text in another order than in the gold is matched by long runs, or as a
whole paragraph on a line of its own.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dechaff._typing import Flags, Indices
from dechaff.text.lines import LineBatch
from dechaff_training.corpus.tokens import ngrams, tokenize_folded

# Minimum lengths of a run: three words are significant, three CJK characters are not.
_RUN, _CJK_RUN, _MOVED_RUN = 3, 6, 8
# Runs that occur more often than this in the gold are ignored, such as zeros in a table.
_MAX_REPEATS = 24
_MAX_RUNS = 2000
# In gaps, lines with fewer tokens match only if they are a whole paragraph or adjoin a matched neighbour.
_LONG_LINE = 4


@dataclass(frozen=True)
class Tokens:
    """The tokens of lines.

    Attributes
    ----------
    words : list of str
    lines : ndarray of int64, shape (n_words,)
        The index of the line of each token.
    n_lines : int
    """

    words: list[str]
    lines: Indices
    n_lines: int

    @classmethod
    def of(cls, lines: Sequence[str]) -> "Tokens":
        """Tokenize lines."""
        found = [tokenize_folded(line) for line in lines]
        numbers = np.repeat(np.arange(len(lines)), np.fromiter(map(len, found), np.int64, len(lines)))
        return cls([word for words in found for word in words], numbers, len(lines))

    def bounds(self) -> Indices:
        """Return the index of each line's first token, and the total number of tokens as the last element."""
        return np.searchsorted(self.lines, np.arange(self.n_lines + 1)).astype(np.int64)

    def line(self, number: int) -> list[str]:
        """Return the tokens of a line."""
        start, end = np.searchsorted(self.lines, (number, number + 1))
        return self.words[start:end]

    def count(self, flags: Flags | None = None) -> Indices:
        """Count each line's tokens, or only its flagged tokens."""
        return np.bincount(self.lines if flags is None else self.lines[flags], minlength=self.n_lines)

    def is_cjk(self) -> bool:
        """Return whether most tokens are single CJK characters."""
        return 2 * sum(len(word) == 1 and word > "\u3000" for word in self.words) > len(self.words)


@dataclass(frozen=True)
class Match:
    """The matched tokens of a page and of a gold.

    Attributes
    ----------
    page, gold : Tokens
    page_ids, gold_ids : ndarray of int64
        A number for each distinct token of the gold; -1 for tokens that occur only on the page.
    on_page, in_gold : ndarray of bool
        Whether each token of the page, and of the gold, is matched.
    """

    page: Tokens
    gold: Tokens
    page_ids: Indices
    gold_ids: Indices
    on_page: Flags
    in_gold: Flags

    def shares(self) -> NDArray[np.float64]:
        """Return the share of matched tokens in each line of the page; 0 for lines without tokens."""
        return self.page.count(self.on_page) / np.maximum(self.page.count(), 1)

    def copies(self) -> NDArray[np.float64]:
        """Return the share of tokens in each line of the page that copy gold tokens matched elsewhere.

        All shares are 0 unless the copied tokens amount to half of the gold.
        """
        copied = _covered(self.page_ids, self.gold_ids, 5) & ~self.on_page
        whole = 2 * np.count_nonzero(copied) >= len(self.gold_ids)
        return self.page.count(copied & whole) / np.maximum(self.page.count(), 1)


def line_texts(text: str) -> list[str]:
    r"""Return the non-blank lines of a text, stripped of surrounding white space.

    Examples
    --------
    >>> line_texts("One\n\n  two")
    ['One', 'two']
    """
    return LineBatch.from_texts([text]).line_texts(0)


def match_tokens(lines: Sequence[str], body: Sequence[str]) -> Match:
    """Align the tokens of a gold body with those of a page.

    Parameters
    ----------
    lines : sequence of str
        The lines of the page.
    body : sequence of str
        The paragraphs of the gold body.

    Examples
    --------
    >>> match = match_tokens(["Home", "The weir broke", "at night."], ["The weir broke at night."])
    >>> match.shares().tolist()
    [0.0, 1.0, 1.0]
    """
    page, gold = Tokens.of(lines), Tokens.of(body)
    numbers: dict[str, int] = {}
    gold_ids = np.fromiter((numbers.setdefault(word, len(numbers)) for word in gold.words), np.int64)
    page_ids = np.fromiter((numbers.get(word, -1) for word in page.words), np.int64)
    match = Match(page, gold, page_ids, gold_ids, np.zeros(len(page_ids), bool), np.zeros(len(gold_ids), bool))
    chain = _chain(_find_runs(gold_ids, page_ids, _CJK_RUN if gold.is_cjk() else _RUN))
    _match_runs(match, chain)
    _fill_gaps(match, chain)
    _match_moved(match)
    _match_paragraphs(match)
    return match


def _match_runs(match: Match, runs: Indices) -> None:
    for gold, page, length in runs.tolist():
        match.in_gold[gold : gold + length] = True
        match.on_page[page : page + length] = True


def _covered(ids: Indices, others: Indices, size: int) -> Flags:
    """Flag the tokens in runs of `size` common to both sides; one of the sides must not contain -1."""
    common = set(ngrams(others.tolist(), size))
    starts = np.array([start for start, run in enumerate(ngrams(ids.tolist(), size)) if run in common], np.int64)
    covered = np.zeros(len(ids), bool)
    for i in range(size):
        covered[starts + i] = True
    return covered


def _find_runs(gold: Indices, page: Indices, size: int) -> Indices:
    """Return the runs of at least `size` tokens common to both: rows of gold start, page start, length."""
    places = defaultdict(list)
    for start, run in enumerate(ngrams(gold.tolist(), size)):
        if -1 not in run:
            places[run].append(start)
    pairs = [
        (place, start)
        for start, run in enumerate(ngrams(page.tolist(), size))
        if run in places and len(places[run]) <= _MAX_REPEATS
        for place in places[run]
    ]
    golds, pages = np.array(pairs, np.int64).reshape(-1, 2).T
    return _prune(_join_diagonals(golds, pages, size), len(gold), len(page))


def _join_diagonals(golds: Indices, pages: Indices, size: int) -> Indices:
    """Merge consecutive n-grams of gold and page into runs."""
    order = np.lexsort((golds, pages - golds))
    golds, pages = golds[order], pages[order]
    first = np.ones(len(golds), bool)
    first[1:] = (np.diff(golds) != 1) | (np.diff(pages) != 1)
    starts = np.flatnonzero(first)
    lengths = np.diff(starts, append=len(golds)) + size - 1
    return np.column_stack((golds[starts], pages[starts], lengths))


def _prune(runs: Indices, n_gold: int, n_page: int) -> Indices:
    """Drop chance matches (runs that begin inside far longer runs on both sides) and all but the longest runs."""
    dominated = np.ones(len(runs), bool)
    by_length = runs[np.argsort(runs[:, 2], kind="stable")]
    for column, n in ((0, n_gold), (1, n_page)):
        longest = np.zeros(n, np.int64)
        for start, length in by_length[:, [column, 2]].tolist():
            longest[start : start + length] = length
        dominated &= longest[runs[:, column]] > 2 * runs[:, 2]
    runs = runs[~dominated]
    return runs[np.argsort(-runs[:, 2], kind="stable")[:_MAX_RUNS]]


def _chain(runs: Indices) -> Indices:
    """Return the chain of runs, in the order of both sides, with the most tokens minus the cost of the gaps."""
    if not len(runs):
        return runs
    runs = runs[np.argsort(runs[:, 1], kind="stable")]
    gold, page, length = runs.T
    gold_end, page_end = gold + length, page + length
    score, back = length.astype(float), np.full(len(runs), -1)
    for i in range(1, len(runs)):
        gold_gap, page_gap = gold[i] - gold_end[:i], page[i] - page_end[:i]
        overlap = np.maximum(0, -np.minimum(gold_gap, page_gap))
        allowed = (gold[:i] < gold[i]) & (page[:i] < page[i]) & (overlap < length[i])
        scores = np.where(allowed, score[:i] - _cost(gold_gap, page_gap) - overlap, -1.0)
        best = int(scores.argmax())
        if scores[best] > 0:
            score[i] += scores[best]
            back[i] = best
    return _trace(runs, back, int(score.argmax()))


def _cost(gold_gap: Indices, page_gap: Indices) -> NDArray[np.float64]:
    """Return the cost of gaps: logarithmic in tokens, and higher for the page than for the gold."""
    on_page, in_gold = np.maximum(page_gap, 0), np.maximum(gold_gap, 0)
    cost: NDArray[np.float64] = 0.75 * np.log2(1 + on_page) + 0.25 * np.log2(1 + in_gold)
    return cost + ((on_page > 0) | (in_gold > 0))


def _trace(runs: Indices, back: Indices, last: int) -> Indices:
    chosen = []
    while last >= 0:
        chosen.append(last)
        last = int(back[last])
    chain = runs[chosen[::-1]].copy()
    # Of two overlapping runs the later one is shortened.
    overlap = np.maximum(0, chain[:-1, :2] + chain[:-1, 2:] - chain[1:, :2]).max(1, initial=0)
    chain[1:, :2] += overlap[:, None]
    chain[1:, 2] -= overlap
    return chain


def _fill_gaps(match: Match, chain: Indices) -> None:
    """Match whole lines of any length in the gaps of a chain, in order, and each gold token at most once."""
    if not len(chain):
        return
    before = np.vstack(([[0, 0]], chain[:, :2] + chain[:, 2:]))
    after = np.vstack((chain[:, :2], [[len(match.gold_ids), len(match.page_ids)]]))
    bounds = match.page.bounds()
    edges = set(match.gold.bounds().tolist())
    for i, (start, end) in enumerate(zip(before.tolist(), after.tolist(), strict=True)):
        if start[0] < end[0] and start[1] < end[1]:
            # Before the first run, the nearest lines are the last ones.
            _fill_gap(match, bounds, edges, (start[0], end[0]), (start[1], end[1]), backwards=i == 0)


def _fill_gap(
    match: Match,
    bounds: Indices,
    edges: set[int],
    gold: tuple[int, int],
    page: tuple[int, int],
    *,
    backwards: bool,
) -> None:
    lines = range(np.searchsorted(bounds, page[0]), np.searchsorted(bounds, page[1], "right") - 1)
    for line in reversed(lines) if backwards else lines:
        start, end = bounds[line : line + 2].tolist()
        place = _find_line(match, match.page_ids[start:end], gold, edges, backwards=backwards)
        if place < 0:
            continue
        match.on_page[start:end] = True
        match.in_gold[place : place + end - start] = True
        gold = (gold[0], place) if backwards else (place + end - start, gold[1])


def _find_line(match: Match, ids: Indices, gold: tuple[int, int], edges: set[int], *, backwards: bool) -> int:
    """Return the start of a line in a span of the gold; -1 if the line does not occur in it.

    A short line must be a whole paragraph, or adjoin the matched neighbour.
    """
    n, (start, end) = len(ids), gold
    if not 0 < n <= end - start or ids.min() < 0:
        return -1
    windows = np.lib.stride_tricks.sliding_window_view(match.gold_ids[start:end], n)
    places = (start + np.flatnonzero((windows == ids).all(1))).tolist()
    for place in reversed(places) if backwards else places:
        whole = place in edges and place + n in edges
        if n >= _LONG_LINE or whole or place == start or place + n == end:
            return int(place)
    return -1


def _match_moved(match: Match) -> None:
    """Match long runs whose order differs from the gold, except runs that repeat a matched part of the gold."""
    for _ in range(3):
        gold, page = match.gold_ids.copy(), match.page_ids.copy()
        used = np.where(match.in_gold, gold, -1)
        gold[match.in_gold | _covered(gold, used, _MOVED_RUN)] = -1
        page[match.on_page] = -1
        chain = _chain(_find_runs(gold, page, _MOVED_RUN))
        if not len(chain):
            return
        _match_runs(match, chain)


def _match_paragraphs(match: Match) -> None:
    """Match paragraphs with whole lines elsewhere in the article, such as headings of interleaved columns."""
    found = match.page.lines[match.on_page]
    if not len(found):
        return
    bounds, missing = match.page.bounds(), _missing_paragraphs(match)
    for line in range(int(found[0]) + 1, int(found[-1])):
        start, end = bounds[line : line + 2].tolist()
        words = tuple(match.page_ids[start:end].tolist())
        if words in missing and not match.on_page[start:end].any():
            place = missing.pop(words)
            match.on_page[start:end] = True
            match.in_gold[place : place + end - start] = True


def _missing_paragraphs(match: Match) -> dict[tuple[int, ...], int]:
    """Return the start of each longer gold paragraph that has no matched token."""
    spans = pairwise(match.gold.bounds().tolist())
    return {
        tuple(match.gold_ids[start:end].tolist()): start
        for start, end in spans
        if end - start >= _LONG_LINE and not match.in_gold[start:end].any()
    }
