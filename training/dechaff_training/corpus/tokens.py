"""Tokens and shingles of texts, for alignment and for metrics."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

Shingles = Counter[tuple[str, ...]]
T = TypeVar("T")

_IDEOGRAPHS: Final = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d"
    "\U00020000-\U000323af"
)
_WORD: Final = rf"[^\W{_IDEOGRAPHS}]+"
_TOKEN: Final = re.compile(rf"{_WORD}|(?=\w)[{_IDEOGRAPHS}]")
# Unlike `_TOKEN`, also matches symbols of the kana blocks, such as the middle dot (・): they help alignment.
_FOLDED_TOKEN: Final = re.compile(rf"{_WORD}|[{_IDEOGRAPHS}]")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_SHINGLE: Final = 4


def tokenize(text: str) -> list[str]:
    """Split a text into runs of letters and digits; a Han or kana character is a token by itself.

    Examples
    --------
    >>> tokenize("It's 5.30 in 東京.")
    ['It', 's', '5', '30', 'in', '東', '京']
    """
    return _TOKEN.findall(text)


def tokenize_folded(text: str) -> list[str]:
    """Return the tokens of a text in NFKC and case-folded.

    Invisible characters are removed, and underscores separate tokens.

    Examples
    --------
    >>> tokenize_folded("Ein Weiß\u00adbier, ３,５０ €")
    ['ein', 'weissbier', '3', '50']
    """
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text).casefold())
    return _FOLDED_TOKEN.findall(folded.replace("_", " "))


def ngrams(items: Sequence[T], size: int) -> Iterable[tuple[T, ...]]:
    """Return all sequences of `size` consecutive items, in order.

    Examples
    --------
    >>> list(ngrams("weir", 3))
    [('w', 'e', 'i'), ('e', 'i', 'r')]
    """
    return zip(*(items[start:] for start in range(size)), strict=False)


def shingles(tokens: Sequence[str]) -> Shingles:
    """Count the sequences of four tokens; a shorter text counts as one shingle, an empty text has none.

    Examples
    --------
    >>> sorted(shingles("a b c d e".split())), sorted(shingles(["a", "b"])), sorted(shingles([]))
    ([('a', 'b', 'c', 'd'), ('b', 'c', 'd', 'e')], [('a', 'b')], [])
    """
    return Counter(ngrams(tokens, min(_SHINGLE, len(tokens))) if tokens else ())
