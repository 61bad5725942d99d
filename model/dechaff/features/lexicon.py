"""The lexicon: named groups (families) of words and phrases in many languages, most of them typical of boilerplate.

The file `lexicon.tsv` has one row for each family, language and source. A phrase has up to sixteen words (in
scripts without spaces each character is a word) and is found by the hash of its words, so case, punctuation, the
width of letters and the values of digits are ignored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np

from dechaff._typing import Classes, Codes, Hashes, Indices
from dechaff.errors import InputError
from dechaff.kernels import accelerated
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import Keywords, Words, find_words, join_hashes

# The families, in the order of their bits in `PhraseTable.families`.
FAMILIES: Final = (
    "subscribe",
    "discount",
    "share",
    "related",
    "navigation",
    "credit",
    "byline",
    "date",
    "month",
    "weekday",
    "legal",
    "newsletter",
    "comment",
    "app",
    "login",
    "currency",
    "period",
    "end_of_article",
    "editorial",
)
MAX_WORDS: Final = 16
_MAX_CHARS: Final = 200
_FILTER_BITS: Final = 20
# How many top bits of a hash index the table of first candidates.
_INDEX_BITS: Final = 13
# A bit above the numbers of words in `PhraseTable.begins`: the words hashed so far may be a whole phrase.
_MAY_BE: Final = np.uint8(1 << 7)


class Entry(NamedTuple):
    """A phrase of the lexicon."""

    family: str
    language: str
    source: str
    phrase: str


@dataclass(frozen=True, eq=False)
class PhraseTable:
    """The phrases of the lexicon by hash.

    Attributes
    ----------
    hashes : ndarray of uint64, shape (n_phrases,)
        The hashes of the phrases, in ascending order.
    families : ndarray of uint32, shape (n_phrases,)
        One bit for each family that contains the phrase.
    begins : ndarray of uint8, shape (1048576,)
        A filter, indexed by the top bits of the hash of one or more words: the number of words of the longest
        phrase that may begin with these words, plus `_MAY_BE` if these words may be a whole phrase.
    """

    hashes: Hashes
    families: Codes
    begins: Classes

    @cached_property
    def firsts(self) -> Indices:
        """Return where the phrases with each value of the top `_INDEX_BITS` bits begin, shape (8192,)."""
        tops = np.arange(1 << _INDEX_BITS, dtype=np.uint64) << np.uint64(64 - _INDEX_BITS)
        return self.hashes.searchsorted(tops)


class PhraseHits(NamedTuple):
    """The phrases found in a batch: index of the first word, number of words, and bits of the families."""

    words: Indices
    lengths: Indices
    families: Codes


def read_entries() -> list[Entry]:
    """Read the lexicon's entries.

    Examples
    --------
    >>> "subscribe now" in {entry.phrase for entry in read_entries() if entry.family == "subscribe"}
    True
    """
    return [
        Entry(family, language, source, phrase)
        for family, language, source, phrases in _read_rows()
        for phrase in phrases.split("|")
    ]


def lexicon_text() -> str:
    """Return the text of `lexicon.tsv`."""
    return files("dechaff.features").joinpath("lexicon.tsv").read_text(encoding="utf-8")


def _read_rows() -> list[list[str]]:
    return [row.split("\t") for row in lexicon_text().splitlines()[1:]]


def collect_keywords(phrases: Mapping[str, Iterable[str]]) -> Keywords:
    """Convert a mapping of phrases by family to the pairs that `find_words` expects, and check them.

    Parameters
    ----------
    phrases : mapping of str to iterable of str
        The phrases by family; the families are listed in `FAMILIES`.

    Raises
    ------
    InputError
        If a family does not exist, or a phrase has no words or more than `MAX_WORDS`.

    Examples
    --------
    >>> collect_keywords({"subscribe": ["Unlock the archive"]})
    (('subscribe', 'Unlock the archive'),)
    """
    for family, listed in phrases.items():
        _check_family(family)
        if isinstance(listed, str):
            raise InputError(f"the phrases for {family!r} are a single string: give a list of strings")
    return check_keywords((family, phrase) for family, listed in phrases.items() for phrase in listed)


def check_keywords(pairs: Iterable[tuple[str, str]]) -> Keywords:
    """Check pairs of a family and a phrase, and return them as a tuple.

    Parameters
    ----------
    pairs : iterable of (family, phrase)

    Raises
    ------
    InputError
        If a family does not exist, or a phrase is not a string, is too long, or is not one line of 1 to `MAX_WORDS`
        words.
    """
    keywords = tuple((family, phrase) for family, phrase in pairs)
    for family, phrase in keywords:
        _check_family(family)
        if not isinstance(phrase, str):
            raise InputError(f"a keyword is {type(phrase).__name__}, not str")
        if len(phrase) > _MAX_CHARS:
            raise InputError(f"keyword {phrase[:20]!r}…: {len(phrase)} characters, use at most {_MAX_CHARS}")
    batch = LineBatch.from_texts([phrase for _, phrase in keywords])
    n_words = np.diff(find_words(batch).part_words)
    wrong = np.flatnonzero((np.diff(batch.article_lines) != 1) | (n_words < 1) | (n_words > MAX_WORDS))
    for place in wrong[:1].tolist():
        raise InputError(
            f"keyword {keywords[place][1]!r}: {n_words[place]} words, use one line of 1 to {MAX_WORDS}"
        )
    return keywords


def _check_family(family: object) -> None:
    if family not in FAMILIES:
        shown = f"{family!r:.40}" if isinstance(family, str) else type(family).__name__
        raise InputError(f"unknown group of keywords {shown}: use one of {', '.join(FAMILIES)}")


@lru_cache(maxsize=8)
def phrase_table(keywords: Keywords = ()) -> PhraseTable:
    """Hash the phrases of the lexicon and the user's own phrases.

    Parameters
    ----------
    keywords : tuple of (family, phrase)
        The user's own phrases, checked by `collect_keywords`.
    """
    # In a phrase of the user a bar is punctuation.
    rows = _read_rows() + [[family, "*", "user", phrase.replace("|", " ")] for family, phrase in keywords]
    words = find_words(LineBatch.from_texts(["\n".join(row[-1] for row in rows).replace("|", "\n")]))
    counts = words.counts
    firsts = words.offsets[:-1]
    begins = np.zeros(1 << _FILTER_BITS, np.uint8)
    hashes = words.hashes[firsts]
    for place in range(1, MAX_WORDS):
        longer = np.flatnonzero(counts > place)
        np.maximum.at(begins, _filter_keys(hashes[longer]), counts[longer].astype(np.uint8))
        hashes[longer] = join_hashes(hashes[longer], words.hashes[firsts[longer] + place])
    np.maximum.at(begins, _filter_keys(hashes), counts.astype(np.uint8))
    begins[_filter_keys(hashes)] |= _MAY_BE
    bits = np.array([1 << FAMILIES.index(row[0]) for row in rows], np.uint32)
    bits = bits.repeat([row[-1].count("|") + 1 for row in rows])
    order = np.argsort(hashes)
    ordered = hashes[order]
    is_new = np.append(True, ordered[1:] != ordered[:-1])
    return PhraseTable(ordered[is_new], np.bitwise_or.reduceat(bits[order], np.flatnonzero(is_new)), begins)


def find_phrases(words: Words, table: PhraseTable) -> PhraseHits:
    """Find every phrase of the table in the lines; a phrase never crosses the end of a line.

    Parameters
    ----------
    words : Words
    table : PhraseTable

    Examples
    --------
    >>> words = find_words(LineBatch.from_texts(["Please SUBSCRIBE NOW!"]))
    >>> hits = find_phrases(words, phrase_table())
    >>> [FAMILIES[i] for i in range(len(FAMILIES)) if np.any(hits.families & (1 << i))]
    ['subscribe']
    """
    found = match_phrases(words.hashes, words.offsets, table.begins, table.hashes, table.families, table.firsts)
    return PhraseHits(*found)


@accelerated
def match_phrases(
    word_hashes: Hashes,
    offsets: Indices,
    begins: Classes,
    phrases: Hashes,
    families: Codes,
    _: Indices,
) -> tuple[Indices, Indices, Codes]:
    """Find phrases among the words of lines: takes the arrays of a `PhraseTable`, returns those of `PhraseHits`."""
    begun = begins.take(_filter_keys(word_hashes))
    places = begun.nonzero()[0]
    room = offsets[1:].repeat(offsets[1:] - offsets[:-1])[places] - places
    hashes, begun = word_hashes.take(places), begun.take(places)
    tried = [(places, hashes, begun)]
    for length in range(2, MAX_WORDS + 1):
        going_on = (np.minimum(begun % _MAY_BE, room) >= length).nonzero()[0]
        if not len(going_on):
            break
        places, room = places[going_on], room[going_on]
        hashes = join_hashes(hashes.take(going_on), word_hashes.take(places + (length - 1)))
        begun = begins.take(_filter_keys(hashes))
        tried.append((places, hashes, begun))
    lengths = np.arange(1, len(tried) + 1).repeat([len(places) for places, *_ in tried])
    places, hashes, begun = (np.concatenate(arrays) for arrays in zip(*tried, strict=True))
    likely = (begun >= _MAY_BE).nonzero()[0]
    hashes = hashes[likely]
    rows = np.minimum(phrases.searchsorted(hashes), len(phrases) - 1)
    is_phrase = phrases[rows] == hashes
    found = likely[is_phrase]
    return places[found], lengths[found], families[rows[is_phrase]]


def _filter_keys(hashes: Hashes) -> Indices:
    return (hashes >> np.uint64(64 - _FILTER_BITS)).view(np.int64)
