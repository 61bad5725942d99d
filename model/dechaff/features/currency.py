"""Money: symbols of every currency, codes and words, amounts, amounts a period, discounts."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dechaff.characters import CURRENCY, DIGIT
from dechaff.features.shape import Columns
from dechaff.lines import LineBatch
from dechaff.runs import log1p_counts
from dechaff.tokens import Words

_FEW_WORDS: Final = 8


def currency_features(batch: LineBatch, words: Words, columns: Columns) -> Columns:
    """Find prices: a number beside a symbol, a code or a word of money, on either side."""
    first = batch.classes[words.starts]
    is_symbol, is_number = (first & CURRENCY) > 0, (first & DIGIT) > 0
    n_symbols = np.bincount(words.lines[is_symbol], minlength=batch.n_lines)
    beside_number = _beside(is_number, words)
    n_amounts = np.bincount(words.lines[is_symbol & beside_number], minlength=batch.n_lines)
    names_money = (columns["n_currency_phrases"] > 0) & (columns["share_numbers"] > 0)
    has_amount = (n_amounts > 0) | names_money
    has_period = columns["n_period_phrases"] > 0
    has_percent = words.characters.percents > 0
    short = words.counts <= _FEW_WORDS
    return {
        "n_currency_symbols": log1p_counts(n_symbols),
        "n_amounts": log1p_counts(n_amounts),
        "has_price": has_amount,
        "is_price": has_amount & short,
        "has_price_per_period": has_amount & has_period,
        "has_percent": has_percent,
        "has_discount": (has_percent | has_amount) & (columns["n_discount_phrases"] > 0),
    }


def _beside(flags: NDArray[np.bool_], words: Words) -> NDArray[np.bool_]:
    """Tell which words have a flagged word next to them in their line."""
    beside = np.zeros(len(flags), np.bool_)
    same_line = words.lines[1:] == words.lines[:-1]
    beside[1:] |= flags[:-1] & same_line
    beside[:-1] |= flags[1:] & same_line
    return beside
