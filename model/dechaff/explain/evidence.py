"""Evidence for the sentences about an explained article: feature values, texts, phrases and words of each line."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from dechaff.explain.contributions import Explanation, WordContribution
from dechaff.features.lexicon import FAMILIES, find_phrases, phrase_table
from dechaff.features.sections import MARKER_SHARE
from dechaff.text.characters import CURRENCY, class_table

# This number of lines before a line, and after it, count as nearby.
_REACH = 2


class Article:
    """One explained article.

    Parameters
    ----------
    explanation : Explanation
    kept : ndarray of bool, shape (n_lines,)
        True for the lines labelled as content.
    """

    def __init__(self, explanation: Explanation, kept: NDArray[np.bool_]) -> None:
        self.explanation, self.kept = explanation, kept
        self.words = explanation.words
        self.texts = self.words.batch.line_texts(0)
        self.n_lines = len(self.texts)
        self._rows = {name: row for row, name in enumerate(explanation.names)}

    def values(self, name: str) -> NDArray[np.float32]:
        """Return the values of a feature, shape (n_lines,); zeros if the model does not have the feature."""
        row = self._rows.get(name)
        return np.zeros(self.n_lines, np.float32) if row is None else self.explanation.values[row]

    def contribution(self, name: str, line: int) -> float:
        """Return the contribution of a feature to a line; 0 if the explanation does not have the feature."""
        row = self._rows.get(name)
        return 0.0 if row is None else float(self.explanation.contributions[row, line])

    def markers(self, family: str) -> NDArray[np.int64]:
        """Return the indices of a family's marker lines: its phrases cover at least `MARKER_SHARE` of them."""
        return np.flatnonzero(self.values(f"share_{family}_phrases") >= MARKER_SHARE)

    @cached_property
    def amounts(self) -> list[list[str]]:
        """Return the numbers next to a currency symbol in each line."""
        pattern = _amount_pattern()
        return [pattern.findall(text) for text in self.texts]

    @cached_property
    def phrases(self) -> list[tuple[int, set[str], str]]:
        """Return the lexicon's phrases in the article as (line, families, text), the longest phrases first."""
        hits = find_phrases(self.words, phrase_table(self.words.keywords))
        rows = zip(self.words.lines[hits.words], hits.words, hits.lengths, hits.families, strict=True)
        return [
            (int(line), _families(int(bits)), self._span_text(int(first), int(first + length) - 1))
            for line, first, length, bits in sorted(rows, key=lambda row: -row[2])
        ]

    def _span_text(self, first: int, last: int) -> str:
        return self.words.batch.texts[0][self.words.starts[first] : self.words.ends[last]]

    @cached_property
    def rare_words(self) -> list[dict[int, str]]:
        """Return for each line its rare words by hash; words are rare as in the cohesion features."""
        is_rare = (self.words.copies <= 12) & (self.words.lengths >= 3)
        found: list[dict[int, str]] = [{} for _ in range(self.n_lines)]
        for word in np.flatnonzero(is_rare).tolist():
            found[self.words.lines[word]][int(self.words.hashes[word])] = self._span_text(word, word)
        return found

    @cached_property
    def rare_content(self) -> dict[int, int]:
        """Count the content lines that contain each rare word."""
        counts: dict[int, int] = {}
        for line in np.flatnonzero(self.kept).tolist():
            for key in self.rare_words[line]:
                counts[key] = counts.get(key, 0) + 1
        return counts


@cache
def _amount_pattern() -> re.Pattern[str]:
    symbols = "".join(re.escape(chr(code)) for code in np.flatnonzero(class_table() & CURRENCY))
    number = r"\d+(?:[.,]\d+)*"
    return re.compile(rf"[{symbols}]\s?{number}|{number}\s?[{symbols}]")


def _families(bits: int) -> set[str]:
    return {family for place, family in enumerate(FAMILIES) if bits >> place & 1}


@dataclass(frozen=True)
class Line:
    """One line of an explained article.

    Attributes
    ----------
    article : Article
    index : int
        The line's index among the non-blank lines, from 0.
    sign : int
        1 for reasons for content, -1 for reasons for boilerplate.
    """

    article: Article
    index: int
    sign: int

    @property
    def text(self) -> str:
        """Return the text of the line."""
        return self.article.texts[self.index]

    def value(self, name: str) -> float:
        """Return the value of one feature."""
        return float(self.article.values(name)[self.index])

    def contribution(self, name: str) -> float:
        """Return the contribution of one feature; 0 if the explanation does not have the feature."""
        return self.article.contribution(name, self.index)

    def count(self, name: str) -> int:
        """Return the count behind a feature that is log(1 + count)."""
        return round(float(np.expm1(self.value(name))))

    def phrases(self, *families: str) -> list[str]:
        """Return the line's phrases from the given families, the longest first."""
        return [
            text for line, own, text in self.article.phrases if line == self.index and own.intersection(families)
        ]

    @property
    def beside(self) -> list[int]:
        """Return the indices of up to two lines before and two after."""
        nearby = range(max(self.index - _REACH, 0), min(self.index + _REACH + 1, self.article.n_lines))
        return [line for line in nearby if line != self.index]

    @property
    def shared_words(self) -> list[str]:
        """Return the line's rare words that also occur in other content lines."""
        own, in_content = self.article.rare_words[self.index], self.article.rare_content
        n_own = int(self.article.kept[self.index])
        return [text for key, text in own.items() if in_content.get(key, 0) > n_own]

    def strongest_words(self, types: Collection[str]) -> list[WordContribution]:
        """Return the words that support the label `sign`, strongest first, with summed contributions.

        A word that occurs as several types of term is listed once, as the type with the largest contribution.
        """
        totals: dict[str, float] = {}
        largest: dict[str, WordContribution] = {}
        for word in self.article.explanation.iter_words(self.index):
            if word.type in types:
                key = word.text.casefold()
                totals[key] = totals.get(key, 0.0) + self.sign * word.contribution
                largest[key] = max(largest.get(key, word), word, key=lambda each: self.sign * each.contribution)
        supporting = sorted((key for key in totals if totals[key] > 0), key=lambda key: -totals[key])
        return [WordContribution(*largest[key][:2], totals[key]) for key in supporting]
