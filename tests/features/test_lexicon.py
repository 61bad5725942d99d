"""The lexicon of boilerplate phrases, and the search for them."""

import itertools
import re
import unicodedata
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dechaff import LineBatch
from dechaff.features.lexicon import FAMILIES, MAX_WORDS, find_phrases, phrase_table, read_entries
from dechaff.text.characters import fold_table
from dechaff.text.tokens import find_words
from dechaff_training.corpus.corpus import Corpus

LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl", "pl", "ru", "tr", "ja", "zh", "ko", "hi", "ar")
ENTRIES = read_entries()
SOME_PHRASES = [entry.phrase for entry in ENTRIES[::97]] + ["subscribe now", "share", "month", "अभी", "購読"]


def words_of(batch: LineBatch) -> list[list[str]]:
    """Return every line's words, folded."""
    words = find_words(batch)
    spans = list(zip(words.starts.tolist(), words.ends.tolist(), strict=True))
    folded = ["".join(map(chr, fold_table()[batch.codes[a:b]])) for a, b in spans]
    bounds = words.offsets.tolist()
    return [folded[a:b] for a, b in itertools.pairwise(bounds)]


def naive_table() -> dict[tuple[str, ...], int]:
    table: defaultdict[tuple[str, ...], int] = defaultdict(int)
    lines = words_of(LineBatch.from_texts(["\n".join(entry.phrase for entry in ENTRIES)]))
    for entry, phrase in zip(ENTRIES, lines, strict=True):
        table[tuple(phrase)] |= 1 << FAMILIES.index(entry.family)
    return dict(table)


NAIVE = naive_table()


def naive_hits(batch: LineBatch) -> set[tuple[int, int, int]]:
    """Look up every sequence of one to sixteen words in a dictionary."""
    hits, place = set(), 0
    for line in words_of(batch):
        for i in range(len(line)):
            for length in range(1, min(MAX_WORDS, len(line) - i) + 1):
                if families := NAIVE.get(tuple(line[i : i + length])):
                    hits.add((place + i, length, families))
        place += len(line)
    return hits


def found_hits(batch: LineBatch) -> set[tuple[int, int, int]]:
    hits = find_phrases(find_words(batch), phrase_table())
    found = list(zip(*(column.tolist() for column in hits), strict=True))
    assert len(found) == len(set(found))
    return set(found)


def test_real_articles_against_a_naive_search(corpus: Corpus) -> None:
    """In all articles together, exactly the phrases of a naive dictionary search are found."""
    batch = LineBatch.from_texts(corpus.texts)
    hits = found_hits(batch)
    assert len(hits) > 2_000
    assert hits == naive_hits(batch)


@given(st.lists(st.sampled_from([*SOME_PHRASES, "\n", " x ", ", "]), max_size=20))
def test_any_phrases_against_a_naive_search(pieces: list[str]) -> None:
    """Adjacent, overlapping and interrupted phrases are found as by a naive search."""
    batch = LineBatch.from_texts([" ".join(pieces)])
    assert found_hits(batch) == naive_hits(batch)


def test_every_phrase_is_found_in_its_own_line() -> None:
    """Each entry is found with its family and full extent, in any case."""
    for texts in ([e.phrase for e in ENTRIES], [f"… {e.phrase}!" for e in ENTRIES]):
        batch = LineBatch.from_texts(["\n".join(texts)])
        words = find_words(batch)
        hits = find_phrases(words, phrase_table())
        whole = hits.lengths == words.counts[words.lines[hits.words]]
        families = dict(zip(words.lines[hits.words[whole]].tolist(), hits.families[whole].tolist(), strict=True))
        missed = [e for i, e in enumerate(ENTRIES) if not families.get(i, 0) >> FAMILIES.index(e.family) & 1]
        assert missed == []


@pytest.mark.parametrize(
    ("line", "families"),
    [
        ("SUBSCRIBE NOW", {"subscribe"}),
        ("subscribe\u00a0now", {"subscribe"}),
        ("sub scribe", set()),
        ("Ｓubscribe", {"subscribe"}),
        ("", set()),
        ("The wooden bridge", set()),
    ],
)
def test_how_phrases_match(line: str, families: set[str]) -> None:
    """Case, width and separators are ignored; words match as a whole or not at all."""
    hits = find_phrases(find_words(LineBatch.from_texts([line])), phrase_table())
    found = {name for bit, name in enumerate(FAMILIES) if np.any(hits.families & np.uint32(1 << bit))}
    assert found == families


def test_phrases_do_not_reach_over_line_ends() -> None:
    """A phrase split by a line break is not found."""
    whole, cut = LineBatch.from_texts(["last updated"]), LineBatch.from_texts(["last\nupdated"])
    assert any(length == 2 for _, length, _ in found_hits(whole))
    assert not any(length == 2 for _, length, _ in found_hits(cut))


def test_a_phrase_at_the_very_end_of_the_batch() -> None:
    """A word that could begin a longer phrase does not make the search read past the last word."""
    for phrase in ("already a", "already", "cancel at any"):
        batch = LineBatch.from_texts([phrase])
        assert found_hits(batch) == naive_hits(batch)


@pytest.mark.parametrize(
    "family", [name for name in FAMILIES if name not in ("discount", "editorial", "end_of_article")]
)
def test_every_family_speaks_the_languages(family: str) -> None:
    """Each family of boilerplate phrases covers all fifteen languages."""
    missing = set(LANGUAGES) - {entry.language for entry in ENTRIES if entry.family == family}
    assert missing == set()


def test_entries_are_well_formed() -> None:
    """Every entry has a known family, a language, a source and few words, and is unique."""
    batch = LineBatch.from_texts(["\n".join(e.phrase for e in ENTRIES)])
    words = find_words(batch)
    unspaced = words.characters.ideographs > 0
    most = np.where(unspaced, MAX_WORDS, 6)
    assert words.counts.size == len(ENTRIES)
    assert [
        e for e, right in zip(ENTRIES, (words.counts >= 1) & (words.counts <= most), strict=True) if not right
    ] == []
    assert {e.family for e in ENTRIES} == set(FAMILIES)
    assert [
        e for e in ENTRIES if not re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?|\*", e.language) or not e.source
    ] == []
    assert [
        e for e in ENTRIES if e.phrase != e.phrase.strip() or unicodedata.normalize("NFC", e.phrase) != e.phrase
    ] == []
    assert [e for e, n in Counter((e.family, e.language, e.phrase) for e in ENTRIES).items() if n > 1] == []


def test_greek_phrases_in_real_greek() -> None:
    """A Greek phrase with a final sigma is found in its usual spelling."""
    hits = find_phrases(find_words(LineBatch.from_texts(["Μόνο για συνδρομητές"])), phrase_table())
    assert np.any(hits.families & (1 << FAMILIES.index("subscribe")))


@pytest.mark.parametrize(
    ("line", "families"),
    [
        ("กรุณาแสดงความคิดเห็นได้ที่นี่", {"comment"}),
        ("ความคิดของเขา", set()),
        ("ກະລຸນາແບ່ງປັນໃນເຟສບຸກແດ່", {"share"}),
    ],
)
def test_phrases_within_a_line_without_spaces(line: str, families: set[str]) -> None:
    """Phrases of scripts without spaces are found inside a longer sequence of letters, and only whole ones."""
    hits = find_phrases(find_words(LineBatch.from_texts([line])), phrase_table())
    found = {name for bit, name in enumerate(FAMILIES) if np.any(hits.families & np.uint32(1 << bit))}
    assert found & {"comment", "share"} == families
