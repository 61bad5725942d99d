"""Character classes and folding."""

import unicodedata

import numpy as np
import pytest
from helpers import ZERO_WIDTH

from dechaff.text.characters import (
    CURRENCY,
    DIGIT,
    IDEOGRAPH,
    LETTER,
    LINE_BREAK,
    N_CODE_POINTS,
    PUNCTUATION,
    SPACE,
    UPPER,
    class_table,
    fold_table,
)

ALL = [chr(code) for code in range(N_CODE_POINTS)]
# Marks of no meaning here, above what the table looks at.
VARIATION_SELECTORS = range(0xE0100, 0xE01F0)


@pytest.mark.parametrize(
    ("characters", "classes"),
    [
        ("azßéяαعहก"[:7], LETTER),
        ("AZÉЯΑǅ", LETTER | UPPER),
        ("ªʰ\u0301\u093fⅧ", LETTER),
        ("09٣९９²½", DIGIT),
        (".,!?¿«»“”—-_()[]{}…。、؟।%@#&*", PUNCTUATION),
        ("$€£¥₹₽₩₺₪฿₿﷼", CURRENCY),
        (" \u00a0\u3000\u2009\t\u200b\ufeff\x1f", SPACE),
        ("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", SPACE | LINE_BREAK),
        ("世々〇ひカｶ龍กခក", LETTER | IDEOGRAPH),
        ("한글", LETTER),
        ("\x00\ud800+|~=<>©™\ue000", 0),
        ("\U0001f600\U0010ffff", 0),
    ],
)
def test_classes(characters: str, classes: int) -> None:
    """Each character has exactly the expected class bits."""
    found = {c: int(class_table()[ord(c)]) for c in characters}
    assert found == dict.fromkeys(characters, classes)


@pytest.mark.parametrize(
    ("bit", "holds"),
    [
        (LETTER, lambda c: unicodedata.category(c)[0] in "LM" or unicodedata.category(c) == "Nl"),
        (UPPER, lambda c: unicodedata.category(c) in ("Lu", "Lt")),
        (DIGIT, lambda c: unicodedata.category(c) in ("Nd", "No")),
        (PUNCTUATION, lambda c: unicodedata.category(c)[0] == "P"),
        (CURRENCY, lambda c: unicodedata.category(c) == "Sc"),
        (SPACE, lambda c: c.isspace() or c in ZERO_WIDTH),
        (LINE_BREAK, lambda c: len(f"a{c}b".splitlines()) == 2),
    ],
)
def test_classes_of_all_of_unicode(bit: int, holds: object) -> None:
    """For every code point, the class bits agree with `unicodedata` and `str`."""
    expected = np.fromiter(map(holds, ALL), np.bool_, N_CODE_POINTS)  # type: ignore[call-overload]
    expected[VARIATION_SELECTORS] = False
    wrong = np.flatnonzero(((class_table() & bit) > 0) != expected)
    assert [hex(code) for code in wrong[:20]] == []


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Subscribe NOW", "subscribe now"),
        ("ÉCOLE", "école"),
        ("ЯНДЕКС", "яндекс"),
        ("İstanbul ISPARTA", "istanbul isparta"),
        ("£1,234.50", "£0,000.00"),
        ("٣४９೧", "0000"),
        ("ＡＢｃ！", "abc!"),
        ("it’s", "it's"),
        ("ß½世ǅ", "ß½世ǆ"),
        ("\ud800\x00", "\ud800\x00"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    """Case and width are removed, decimal digits become 0, and the typographic apostrophe becomes the plain one."""
    assert "".join(map(chr, fold_table()[[ord(c) for c in text]])) == folded


def test_folding_a_final_sigma() -> None:
    """The Greek final sigma is folded to sigma, as in the lexicon's phrases."""
    assert chr(fold_table()[ord("ς")]) == chr(fold_table()[ord("Σ")]) == "σ"


def test_folding_twice_is_folding_once() -> None:
    """Folding is idempotent."""
    table = fold_table()
    assert np.array_equal(table[table], table)


def test_folding_is_lowering_for_letters() -> None:
    """Every capital letter is folded like its small letter."""
    capitals = [c for c in ALL if unicodedata.category(c) == "Lu" and len(c.lower()) == 1]
    table = fold_table()
    assert [c for c in capitals if table[ord(c)] != table[ord(c.lower())]] == []


def test_the_tables_cannot_be_changed() -> None:
    """The shared tables are read-only."""
    for table in (class_table(), fold_table()):
        with pytest.raises(ValueError, match="read-only"):
            table[0] = 1
