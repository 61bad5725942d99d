"""Features of money: currency symbols, codes and words, amounts, amounts per period, and discounts."""

from typing import Final

import numpy as np

from dechaff._typing import Columns, Flags, Indices
from dechaff.text.characters import CURRENCY, DIGIT
from dechaff.text.lines import LineBatch
from dechaff.text.scaling import log1p_counts
from dechaff.text.tokens import Words

_FEW_WORDS: Final = 8

CURRENCY_NAMES: Final = (
    "n_currency_symbols",
    "n_amounts",
    "has_price",
    "is_price",
    "has_price_per_period",
    "has_percent",
    "has_discount",
)


def currency_features(batch: LineBatch, words: Words, columns: Columns) -> Columns:
    """Compute the features of prices: a number next to a currency symbol, or in a line with a word for money."""
    symbols = ((words.first_classes & CURRENCY) > 0).nonzero()[0]
    symbol_lines = words.lines[symbols]
    n_symbols = np.bincount(symbol_lines, minlength=batch.n_lines)
    amount_lines = symbol_lines[_beside_number(symbols, symbol_lines, words)]
    n_amounts = np.bincount(amount_lines, minlength=batch.n_lines)
    log_n_symbols, log_n_amounts = log1p_counts(np.array((n_symbols, n_amounts)))
    names_money = (columns["n_currency_phrases"] > 0) & (columns["share_numbers"] > 0)
    has_amount = (n_amounts > 0) | names_money
    has_period = columns["n_period_phrases"] > 0
    has_percent = words.characters.percents > 0
    short = words.counts <= _FEW_WORDS
    return {
        "n_currency_symbols": log_n_symbols,
        "n_amounts": log_n_amounts,
        "has_price": has_amount,
        "is_price": has_amount & short,
        "has_price_per_period": has_amount & has_period,
        "has_percent": has_percent,
        "has_discount": (has_percent | has_amount) & (columns["n_discount_phrases"] > 0),
    }


def _beside_number(places: Indices, lines: Indices, words: Words) -> Flags:
    """Flag the words at `places`, whose lines are `lines`, that have a number directly before or after them."""
    next_to = (places + np.array((-1, 1))[:, None]).clip(0, len(words.hashes) - 1)
    is_number = (words.first_classes[next_to] & DIGIT) > 0
    return np.asarray((is_number & (words.lines[next_to] == lines)).any(axis=0), np.bool_)
