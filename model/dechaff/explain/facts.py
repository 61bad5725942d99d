"""Facts about a line in words, which fill the placeholders of the sentences in `themes.tsv`.

A placeholder such as `{price}` is replaced by a fact about the line. The name of a feature, such as `{is_upper}`,
is a condition: it holds if the feature is above zero, and is replaced by "". The prefix `not_` negates a fact or a
condition. A sentence is skipped if one of its facts or conditions does not hold.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import numpy as np

from dechaff.explain.evidence import Line
from dechaff.features.keywords import BOILERPLATE_FAMILIES
from dechaff.features.lexicon import FAMILIES
from dechaff.features.sections import MARKERS
from dechaff.text.character_counts import mark_table
from dechaff.wording import count

_NUMBER: Final = re.compile(r"\d+(?:[.,:/]\d+)*")
_PERCENTAGE: Final = re.compile(r"(?:\d[\d.,]*\s?)?[%％٪]")
_SHOWN: Final = 40
_SHORT: Final = float(np.log1p(25))
_NEAR: Final = 5
_FEW_LETTERS: Final = 0.6
_UNSURE: Final = 1.5
# A block is small with at most this share of the words of the largest one, and behind the article if at least the
# second share of the words of all blocks stands before it.
_SMALL_BLOCK: Final = 0.2
_BEHIND: Final = 0.7

# The smallest number of lines of a kind that is told, and the smallest share of the lines around a line that makes
# it one among lines of a kind.
_FEWEST_OF_KIND: Final = 3
_LARGE_SHARE: Final = 0.4
_LINES_OF_KIND: Final = {
    "comment": "comments",
    "related": "links to other pages",
    "credit": "captions or credits",
    "date": "dates or bylines",
}

_MARKUP_WORDS: Final = {
    "link": "a link",
    **dict.fromkeys(("h1", "h2", "h3"), "a heading"),
    "paragraph": "a paragraph",
    "item": "a list item",
    "definition": "a list item",
    **dict.fromkeys(("nav", "named_navigation"), "navigation"),
    "header": "the page's header",
    "footer": "the page's footer",
    "aside": "an aside",
    "form": "a form",
    "button": "a button",
    "label": "a label",
    "table": "a table",
    "quote": "a quotation",
    "figure": "a figure",
    **dict.fromkeys(("figcaption", "named_caption"), "a caption"),
    **dict.fromkeys(("after_image", "before_image"), "text beside an image"),
    **dict.fromkeys(("image_text", "named_image_text"), "the text of an image"),
    "time": "a time",
    **dict.fromkeys(("article", "main", "named_body"), "part of the article"),
    "section": "a section",
    **dict.fromkeys(("strong", "emphasis", "small"), "text with emphasis"),
    "code": "code",
    "named_bio": "a biography",
    **dict.fromkeys(("named_byline", "named_meta"), "a byline"),
    "named_comment": "comments",
    "named_share": "buttons to share",
    **dict.fromkeys(("named_related", "named_teaser"), "related articles"),
    "named_offer": "an offer",
    "named_hidden": "hidden text",
    "named_title": "a title",
    "named_lead": "a standfirst",
    "markdown": "Markdown",
}

_TERM_TYPES: Final = {
    "word": "the word {}",
    "pair": "the words {}",
    "first word": "the first word {}",
    "last word": "the last word {}",
    "whole line": "the whole line {}",
    "word before": "the word {} in the line before",
    "word after": "the word {} in the line after",
}

Fact = Callable[[Line], str | None]


class Facts:
    """Mapping of placeholders to facts about one line, for `str.format_map`; facts that do not hold are missing.

    Parameters
    ----------
    line : Line
    """

    def __init__(self, line: Line) -> None:
        self._line = line

    def __getitem__(self, name: str) -> str:
        """Return a fact in words, or "" for a condition that holds.

        Raises
        ------
        KeyError
            If the fact or condition does not hold.
        """
        found = find_fact(self._line, name)
        if found is None:
            raise KeyError(name)
        return found


def find_fact(line: Line, name: str) -> str | None:
    """Return a fact in words, "" for a condition that holds, or None if the fact or condition does not hold.

    Parameters
    ----------
    line : Line
    name : str
        A key of `FACTS` or the name of a feature; the prefix `not_` negates either.
    """
    if name in FACTS:
        return FACTS[name](line)
    if name.startswith("not_"):
        return _condition(find_fact(line, name.removeprefix("not_")) is None)
    return _condition(line.value(name) > 0)


def quote(text: str) -> str:
    """Return text in quotes, shortened if it is long.

    Examples
    --------
    >>> quote("Subscribe")
    "'Subscribe'"
    """
    whole = " ".join(text.split())
    return f"'{whole}'" if len(whole) <= _SHOWN else f"'{whole[: _SHOWN - 1].rstrip()}…'"


def _condition(holds: bool) -> str | None:
    return "" if holds else None


def _quote_first(texts: Iterable[str], limit: int = 2) -> str | None:
    """Quote the first `limit` texts, without texts that are part of an earlier one; None without any text."""
    chosen: list[str] = []
    for text in texts:
        if len(chosen) < limit and not any(text.casefold() in other.casefold() for other in chosen):
            chosen.append(text)
    return ", ".join(map(quote, chosen)) or None


def _amount(line: Line) -> str:
    """Return the number of words of a line, or its number of characters in a script without spaces."""
    if line.value("share_ideographs") > 0.5:
        return count(len(line.text), "character")
    return count(line.count("log_n_words"), "word")


def _price(line: Line) -> str | None:
    amounts = line.article.amounts[line.index]
    if not amounts and line.value("n_amounts"):  # symbol and number are not adjacent
        return quote(line.text)
    return ", ".join(dict.fromkeys(amounts[:2])) or None


def _words(line: Line, *types: str) -> str | None:
    """Quote the word with the largest contribution, and the one with the second largest if it is half as large."""
    found = line.strongest_words(types)
    chosen = [word for word in found[:2] if 2 * word.contribution >= found[0].contribution]
    return " and ".join(_TERM_TYPES[word.type].format(quote(word.text)) for word in chosen) or None


def _marks(line: Line) -> str | None:
    marks = [c for c in line.text if unicodedata.category(c)[0] == "P" or mark_table()[ord(c)]]
    return " ".join(list(dict.fromkeys(marks))[:6]) or None


def _capitalised(line: Line) -> str | None:
    n_words = line.count("log_n_words")
    n_capitals = round(line.value("share_capitalised_words") * n_words)
    return f"{n_capitals} of {count(n_words, 'word')}" if n_capitals else None


def _phrases(families: Iterable[str], line: Line) -> str | None:
    return _quote_first(line.phrases(*families))


def _few_letters(line: Line) -> str | None:
    share = line.value("share_letters")
    return f"{share:.0%} of the characters" if share < _FEW_LETTERS else None


def _blank(line: Line) -> str | None:
    before = line.index > 0 and line.value("blank_lines_before") > 1
    after = line.index < line.article.n_lines - 1 and line.value("blank_lines_after") > 1
    where = " and ".join(name for name, is_blank in (("before", before), ("after", after)) if is_blank)
    return f"blank line{'s' if before and after else ''} {where} it" if where else None


def _copies(line: Line) -> str | None:
    copies = line.count("log_n_copies") + 1
    return None if copies == 1 else f"{copies} times{'' if copies < 10 else ' or more'} in the article"


def _above(family: str, line: Line) -> str | None:
    markers = line.article.markers(family)
    return _quote_first(line.article.texts[place] for place in markers[markers < line.index][-1:])


def _below(family: str, line: Line) -> str | None:
    markers = line.article.markers(family)
    return _quote_first(line.article.texts[place] for place in markers[markers > line.index][:1])


def _place(line: Line) -> str:
    number, n_lines = line.index + 1, line.article.n_lines
    ends = {1: "the first line", n_lines: "the last line"}
    return "the only line" if n_lines == 1 else ends.get(number, f"line {number:,} of {n_lines:,}")


def _after_end(line: Line) -> str | None:
    """Return a phrase if the line comes after all content lines; None otherwise."""
    if not line.article.kept[: line.index].any() or line.article.kept[line.index :].any():
        return None
    return "after the end of the article"


def _before_start(line: Line) -> str | None:
    if not line.article.kept[line.index + 1 :].any() or line.article.kept[: line.index + 1].any():
        return None
    return "before the article begins"


def _inside(line: Line) -> str | None:
    kept = line.article.kept
    between = kept[: line.index].any() and kept[line.index + 1 :].any()
    return "within the article" if between else None


def _near_paragraph(line: Line) -> str | None:
    return _condition(min(line.count("log_lines_since_prose"), line.count("log_lines_until_prose")) <= _NEAR)


def _in_a_row(feature: str, lines: str, line: Line) -> str | None:
    length = line.count(feature)
    return f"one of {length:,} {lines} in a row" if length > 1 else None


def _around(label: bool, line: Line, *, all_of_them: bool) -> str | None:
    """Describe how many of the nearby lines have the given label (True: content); None unless it is a majority.

    With `all_of_them`, return "" if all of them have it, otherwise None.
    """
    n_lines = len(line.beside)
    n_like = int((line.article.kept[line.beside] == label).sum())
    if all_of_them:
        return _condition(n_lines > 0 and n_like == n_lines)
    return f"{n_like} of the {n_lines} lines around it" if 2 * n_like > n_lines else None


def _next_to(label: bool, line: Line) -> str | None:
    """Quote an adjacent line with the given label (True: content), or return None."""
    article = line.article
    found = (place for place in line.beside if abs(place - line.index) == 1 and article.kept[place] == label)
    return _quote_first((article.texts[place] for place in found), 1)


def _mostly(label: bool, line: Line) -> str | None:
    kept = line.article.kept
    n_like = int((kept == label).sum())
    return f"{n_like:,} of {count(len(kept), 'line')}" if 2 * n_like > len(kept) else None


def _beside_paragraph(line: Line) -> str | None:
    return _condition(line.value("is_prose_before") + line.value("is_prose_after") > 0)


def _between_short(line: Line) -> str | None:
    names = ("log_n_chars_before", "log_n_chars_after")
    return _condition(all(0 < line.value(name) < _SHORT for name in names))


def _phrases_beside(line: Line) -> str | None:
    families = {*BOILERPLATE_FAMILIES, "end_of_article"}
    with_phrases = {place for place, own, _ in line.article.phrases if own & families}
    return _quote_first((line.article.texts[place] for place in line.beside if place in with_phrases), 1)


def _unshared(line: Line) -> str | None:
    n_rare, n_shared = len(line.article.rare_words[line.index]), len(line.shared_words)
    if not n_rare or 2 * n_shared > n_rare:
        return None
    few = f"few of its words ({n_shared} of {n_rare})" if n_shared else "none of its rarer words"
    return f"{few} stand elsewhere in the article"


def _small_block(line: Line) -> str | None:
    """Return where a block stands that has few words beside the largest one; None for other blocks."""
    if line.value("block_to_largest") > _SMALL_BLOCK:
        return None
    before = line.value("share_before_block")
    if before >= _BEHIND:
        return "behind the article"
    return "before the article" if before < 1 - _BEHIND else "apart from the article"


def _one_of_kind(line: Line) -> str | None:
    """Return what a line is one of, such as "about 14 lines of comments"; None if it is of no kind or of few."""
    kind = max(_LINES_OF_KIND, key=lambda each: line.value(f"log_odds_of_{each}"))
    n_lines = line.count(f"log_{kind}_lines")
    if line.value(f"log_odds_of_{kind}") <= 0 or n_lines < _FEWEST_OF_KIND:
        return None
    return f"about {n_lines:,} lines of {_LINES_OF_KIND[kind]}"


def _among_kind(line: Line) -> str | None:
    """Return the kind of many lines both before and after a line; None if there is no such kind."""

    def share(kind: str) -> float:
        """Return the share of lines of a kind on the side that has fewer."""
        return min(line.value(f"share_{kind}_within_6_{side}") for side in ("before", "after"))

    kind = max(_LINES_OF_KIND, key=share)
    return _LINES_OF_KIND[kind] if share(kind) >= _LARGE_SHARE else None


def _markup(line: Line) -> str | None:
    """Return the markup of most of a line that counts most for its label."""
    found = [name for name in _MARKUP_WORDS if line.value(f"markup_{name}") > 1 / 2]
    name = max(found, key=lambda each: line.sign * line.contribution(f"markup_{each}"), default=None)
    return None if name is None or line.sign * line.contribution(f"markup_{name}") <= 0 else _MARKUP_WORDS[name]


FACTS: Final[dict[str, Fact]] = {
    "amount": _amount,
    "short": lambda line: _amount(line) if line.value("is_short") else None,
    "long": lambda line: _amount(line) if line.value("is_long") else None,
    "n_words": lambda line: _condition(line.value("log_n_words") > 0),
    "word": lambda line: _words(line, "word", "pair", "first word", "last word", "whole line"),
    "word_beside": lambda line: _words(line, "word before", "word after"),
    "marks": _marks,
    "capitalised": _capitalised,
    "few_letters": _few_letters,
    "digits": lambda line: _quote_first(_NUMBER.findall(line.text)),
    "percent": lambda line: _quote_first(_PERCENTAGE.findall(line.text)),
    "price": _price,
    "blank": _blank,
    "copies": _copies,
    "boilerplate_phrases": partial(_phrases, BOILERPLATE_FAMILIES),
    **{family: partial(_phrases, (family,)) for family in FAMILIES},
    **{f"{family}_above": partial(_above, family) for family in MARKERS},
    **{f"{family}_below": partial(_below, family) for family in MARKERS},
    "place": _place,
    "inside": _inside,
    "after_end": _after_end,
    "before_start": _before_start,
    "near_paragraph": _near_paragraph,
    "bullets": partial(_in_a_row, "log_run_of_begins_with_bullet", "lines"),
    "like_lines": partial(_in_a_row, "log_list_lines", "like lines"),
    "is_alone": lambda line: _condition(line.article.n_lines == 1),
    "around_content": partial(_around, True, all_of_them=True),
    "around_boilerplate": partial(_around, False, all_of_them=True),
    "some_content": partial(_around, True, all_of_them=False),
    "some_boilerplate": partial(_around, False, all_of_them=False),
    "content_beside": partial(_next_to, True),
    "boilerplate_beside": partial(_next_to, False),
    "unsure": lambda line: _condition(abs(line.value("log_odds")) < _UNSURE),
    "beside_paragraph": _beside_paragraph,
    "between_short": _between_short,
    "phrases_beside": _phrases_beside,
    "shared": lambda line: _quote_first(line.shared_words),
    "unshared": _unshared,
    "one_of_kind": _one_of_kind,
    "among_kind": _among_kind,
    "markup": _markup,
    "in_largest_block": lambda line: _condition(line.value("block_to_largest") >= 1),
    "small_block": _small_block,
    "mostly_content": partial(_mostly, True),
    "mostly_boilerplate": partial(_mostly, False),
    "n_lines": lambda line: count(line.article.n_lines, "line"),
}
