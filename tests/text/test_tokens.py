"""Words and their hashes."""

import numpy as np
import pytest
from helpers import ANY_TEXT, ANY_TEXTS
from hypothesis import given

from dechaff import LineBatch
from dechaff.text import tokens
from dechaff.text.characters import CURRENCY, IDEOGRAPH, WORD, class_table, fold_table
from dechaff.text.tokens import find_words, join_hashes, mix
from dechaff_training.corpus.corpus import Corpus

MASK = 2**64 - 1


def naive_words(line: str) -> list[str]:
    """Split a line into words, character by character."""
    words: list[str] = []
    open_word = False
    for character in line:
        classes = int(class_table()[ord(character)])
        if classes & (IDEOGRAPH | CURRENCY):
            words.append(character)
            open_word = False
        elif classes & WORD:
            words[-1:] = [words[-1] + character] if open_word else [*words[-1:], character]
            open_word = True
        else:
            open_word = False
    return words


def naive_hash(word: str) -> int:
    """Hash one word with Python's integers."""
    total = sum(int(fold_table()[ord(c)]) * pow(6364136223846793005, i, 2**64) for i, c in enumerate(word)) & MASK
    mixed = ((total ^ (total >> 32)) * 0x9E3779B97F4A7C15) & MASK
    return mixed ^ (mixed >> 29)


def found_words(texts: list[str]) -> list[list[str]]:
    batch = LineBatch.from_texts(texts)
    words = find_words(batch)
    joined = "".join(text + "\n" for text in texts)
    spans = list(zip(words.starts.tolist(), words.ends.tolist(), strict=True))
    bounds = words.offsets.tolist()
    return [[joined[a:b] for a, b in spans[bounds[i] : bounds[i + 1]]] for i in range(batch.n_lines)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Only ₹900 a month", ["Only", "₹", "900", "a", "month"]),
        ("$9.99/month", ["$", "9", "99", "month"]),
        ("9,99€", ["9", "99", "€"]),
        ("世界 is world", ["世", "界", "is", "world"]),
        ("1,200円", ["1", "200", "円"]),
        ("abc世def", ["abc", "世", "def"]),
        ("구독하기", ["구독하기"]),
        ("हिन्दी समाचार", ["हिन्दी", "समाचार"]),
        ("café cafe\u0301", ["café", "cafe\u0301"]),
        ("it's re-read", ["it", "s", "re", "read"]),
        ("€$", ["€", "$"]),
        ("--- * ---", []),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    """Words are runs of letters, marks and digits; ideographs and currency symbols are single words."""
    assert found_words([line]) == [words]


@given(ANY_TEXTS)
def test_words_of_any_text(texts: list[str]) -> None:
    """The words of any line are those of a loop over its characters."""
    batch = LineBatch.from_texts(texts)
    lines = [line for i in range(len(texts)) for line in batch.line_texts(i)]
    assert found_words(texts) == [naive_words(line) for line in lines]
    words = find_words(batch)
    assert words.counts.tolist() == [len(naive_words(line)) for line in lines]
    assert words.lines.tolist() == [i for i, line in enumerate(lines) for _ in naive_words(line)]


@given(ANY_TEXT)
def test_hashes_by_hand(text: str) -> None:
    """A word's hash is the mixed polynomial over its folded code points, wherever it occurs."""
    found = [word for line in found_words([text]) for word in line]
    assert find_words(LineBatch.from_texts([text])).hashes.tolist() == [naive_hash(word) for word in found]


def test_equal_words_have_equal_hashes_wherever(corpus: Corpus) -> None:
    """Over all articles, two words have equal hashes exactly if they are equal after folding."""
    texts = [*corpus.texts, "x" * 70_000, "\n".join(corpus.texts[:3])]
    words = find_words(LineBatch.from_texts(texts))
    flat = [word for line in found_words(texts) for word in line]
    by_word: dict[str, set[int]] = {}
    for word, value in zip(flat, words.hashes.tolist(), strict=True):
        by_word.setdefault("".join(map(chr, fold_table()[[ord(c) for c in word]])), set()).add(value)
    assert len(by_word) > 5_000
    assert all(len(values) == 1 for values in by_word.values())
    assert len({value for values in by_word.values() for value in values}) == len(by_word)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Subscribe", "SUBSCRIBE", True),
        ("2024", "1999", True),
        ("2024", "199", False),
        ("ＡＢＣ", "abc", True),
        ("ab", "ba", False),
        ("a", "aa", False),
        ("€", "$", False),
    ],
)
def test_what_counts_as_equal(one: str, other: str, same: bool) -> None:
    """Case, width and the values of digits are ignored; order and length count."""
    hashes = find_words(LineBatch.from_texts([f"{one}\n{other}"])).hashes
    assert (hashes[0] == hashes[1]) == same


def test_words_are_hashed_alike_in_parts_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes do not depend on how many words are hashed at once."""
    batch = LineBatch.from_texts(["The old bridge shuts, 世界 says\n₹900", "", "Rain on Tuesday"])
    whole = find_words(batch).hashes.tolist()
    for n_words in (1, 2, 5):
        monkeypatch.setattr(tokens, "_WORDS_AT_ONCE", n_words)
        assert find_words(batch).hashes.tolist() == whole


def test_joined_hashes_know_the_order() -> None:
    """The hash of two words depends on their order."""
    a, b = np.array([1, 2], np.uint64), np.array([2, 1], np.uint64)
    joined = join_hashes(a, b)
    assert joined[0] != joined[1]
    assert len(np.unique(mix(np.arange(100_000, dtype=np.uint64)))) == 100_000


def test_no_words() -> None:
    """A batch without lines, or with lines of marks only, has no words."""
    for texts, n_lines in (([], 0), ([""], 0), (["***\n---"], 2)):
        words = find_words(LineBatch.from_texts(texts))
        assert (len(words.hashes), words.counts.tolist()) == (0, [0] * n_lines)
