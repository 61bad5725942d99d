"""The features of reasons in plots and tables: the group of each, and its name in words."""

import re
from functools import cache
from typing import Final

from dechaff.decisions.site_evidence import REASON
from dechaff.decisions.titles import REASONS
from dechaff.features import group_names
from dechaff.features.context import context_names
from dechaff.features.markup import MARKUP_NAMES
from dechaff.features.stage3 import stage3_names
from dechaff.features.words import TERM_TYPES

_TERM: Final = re.compile(rf"({'|'.join(type_.name for type_ in TERM_TYPES)}) ['\"]")
# What parts of names stand for, in the order of replacement.
_IN_WORDS: Final = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"furniture", "boilerplate"),
        (r"chars", "characters"),
        (r"log_odds", "log-odds"),
        (r"^decided_(.*)", r"\1, for stage 3"),
        (r"^markup_named_", r"markup_class name "),
        (r"^markup_(.*)_(before|after)$", r"markup: \1, lines \2"),
        (r"^markup_", "markup: "),
        (r"^article_(.*)", r"\1, whole article"),
        (r"_second_(before|after)\b", r", second line \1"),
        (r"^log-odds_(\d)_(before|after)", r"log-odds, \1 lines \2"),
        (r"^(share|mean)_(?!before|after|with)", r"\1 of "),
        (r"^n_", "number of "),
        (r"^log_n_(.*)", r"number of \1 (log)"),
        (r"^log_(.*)", r"\1 (log)"),
        (r"_", " "),
    )
)


def group_of(feature: str) -> str:
    """Return the group of a reason's feature.

    Parameters
    ----------
    feature : str
        A feature's name, a term with its type, or the role of a title line, as in `Reason.feature`.

    Returns
    -------
    str
        A group of `dechaff.features.FEATURE_GROUPS`, "context" (stage 2), "stage 3", "title", or "words" for terms.

    Examples
    --------
    >>> [group_of(feature) for feature in ("has_price", "smooth_log_odds", "decided_doubt", "word 'vote'")]
    ['currency', 'context', 'stage 3', 'words']
    """
    return "words" if _TERM.match(feature) else _groups()[feature]


def groups() -> tuple[str, ...]:
    """Return the names of all groups, in the order of the computation."""
    return (*dict.fromkeys(_groups().values()), "words")


@cache
def _groups() -> dict[str, str]:
    named = {**group_names(), "context": context_names(), "stage 3": stage3_names(), "title": REASONS}
    named["markup"] = MARKUP_NAMES
    named["site"] = (REASON,)
    return {name: group for group, names in named.items() for name in names}


def in_words(feature: str) -> str:
    """Return a feature's name in words, for plots and tables.

    Examples
    --------
    >>> [in_words(name) for name in ("log_n_chars", "share_digits_second_before", "article_is_prose")]
    ['number of characters (log)', 'share of digits, second line before', 'is prose, whole article']
    """
    if not _TERM.match(feature):
        for pattern, text in _IN_WORDS:
            feature = pattern.sub(text, feature)
    return feature
