"""Cleaned articles as one HTML page: kept lines, dropped lines, and the reasons for dropping them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final
from xml.etree.ElementTree import Element

from dechaff.results import CleanedArticle, LabelledLine
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import find_words
from dechaff.wording import count
from dechaff_training.report.elements import add, add_table, begin_page, end_page
from dechaff_training.report.rendering import visible

#: The key of content lines in a `Tally`, beside the kinds of boilerplate.
KEPT: Final = "kept"
#: Runs of at least this number of dropped lines are folded.
_FOLDED: Final = 3
_LEGEND: Final = (
    "The lines of each article, in order. Dropped lines are struck through and marked, with their kind, the "
    "probability that they are content, and the strongest reasons: sentences with their contributions to the "
    "log-odds, which are negative for boilerplate. Three and more in a row are folded under their number by kind "
    "and their highest probability; click to open them. Current browsers find text in them too, and print them all."
)


@dataclass(frozen=True)
class Tally:
    r"""Lines and words of articles, counted by kind.

    Attributes
    ----------
    lines, words : Counter of str
        The counts for each kind of boilerplate, and for `KEPT`.

    Examples
    --------
    >>> from dechaff import classify_lines
    >>> tally = Tally.of(classify_lines("Share this article\nSubscribe for ₹900 per month"))
    >>> tally.lines, tally.words["share"]
    (Counter({'share': 1, 'offer': 1}), 3)
    """

    lines: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, lines: Sequence[LabelledLine]) -> "Tally":
        """Count the lines of one article."""
        tally = cls()
        n_words = find_words(LineBatch.from_texts([line.text for line in lines])).counts.tolist()
        for line, n in zip(lines, n_words, strict=True):
            kind = line.kind or KEPT
            tally.lines[kind] += 1
            tally.words[kind] += n
        return tally

    @property
    def dropped_kinds(self) -> list[str]:
        """Return the kinds of the dropped lines, sorted by number of words, largest first."""
        kinds = [kind for kind in self.lines if kind != KEPT]
        return sorted(kinds, key=lambda kind: (-self.words[kind], kind))


@dataclass(frozen=True)
class Section:
    """One article on the page: its heading, counts and flags, and the element that shows it."""

    name: str
    tally: Tally
    flags: tuple[str, ...]
    element: Element


def make_section(number: int, name: str, article: CleanedArticle, limit: int) -> Section:
    """Build the section of one article.

    Parameters
    ----------
    number : int
        The position of the article on the page, from 1.
    name : str
    article : CleanedArticle
    limit : int
        Maximum number of reasons per dropped line.

    Examples
    --------
    >>> from dechaff import clean_article
    >>> from xml.etree.ElementTree import tostring
    >>> section = make_section(1, "weir.txt", clean_article("<b>Tweet</b>"), 0)
    >>> tostring(section.element.find(".//del"), encoding="unicode")
    '<del>&lt;b&gt;Tweet&lt;/b&gt;</del>'
    """
    tally = Tally.of(article.lines)
    root = Element("article", {"aria-labelledby": f"article-{number}"})
    add(root, "h2", name, id=f"article-{number}", dir="auto")
    facts = add(root, "p", f"Kept: {_format_kept(tally)}. ", class_="facts")
    if tally.dropped_kinds:
        kinds = ", ".join(f"{kind} {tally.lines[kind]:,}" for kind in tally.dropped_kinds)
        add(facts, "span", f"Dropped lines: {kinds}. ")
    if article.flags:
        add(facts, "strong", f"Flagged: {', '.join(article.flags)}.")
    first = 1
    for label, run in groupby(article.lines, key=lambda line: line.label):
        lines = list(run)
        parent = _add_fold(root, lines) if label == "boilerplate" and len(lines) >= _FOLDED else root
        numbered = add(parent, "ol", start=str(first))
        for line in lines:
            _add_line(numbered, line, limit)
        first += len(lines)
    add(add(root, "p", class_="back"), "a", "Back to the overview", href="#overview")
    return Section(name, tally, article.flags, root)


def make_page(sections: Sequence[Section], settings: str) -> str:
    r"""Build the whole page.

    Parameters
    ----------
    sections : sequence of Section
    settings : str
        The model and threshold, in words.

    Examples
    --------
    >>> make_page([], "the default model")[:32]
    '<!DOCTYPE html>\n<html lang="en">'
    """
    root, main = begin_page("dechaff report", settings)
    _add_overview(main, sections)
    main.extend(section.element for section in sections)
    return end_page(root)


def _add_overview(main: Element, sections: Sequence[Section]) -> None:
    overview = add(main, "section", aria_labelledby="overview")
    add(overview, "h2", "Overview", id="overview")
    total = Tally()
    for section in sections:
        total.lines.update(section.tally.lines)
        total.words.update(section.tally.words)
    articles = count(len(sections), "article")
    add(overview, "p", f"{articles}. Kept: {_format_kept(total)}.")
    _add_kinds(overview, total)
    _add_contents(overview, sections)
    add(overview, "p", _LEGEND, class_="facts")


def _add_fold(parent: Element, lines: Sequence[LabelledLine]) -> Element:
    """Add an element that is closed until it is clicked, under a summary of its dropped lines."""
    kinds = Counter(line.kind or "" for line in lines).most_common()
    highest = max(line.probability for line in lines)
    fold = add(parent, "details")
    summary = add(fold, "summary", class_="mark")
    add(summary, "b", f"− {len(lines):,} lines dropped: ")
    add(summary, "span", f"{', '.join(f'{kind} {n:,}' for kind, n in kinds)} · at most {highest:.2f}")
    return fold


def _add_line(parent: Element, line: LabelledLine, limit: int) -> None:
    is_kept = line.label == "content"
    row = add(parent, "li", class_=line.label)
    mark = add(row, "p", class_="mark")
    add(mark, "b", "+ kept" if is_kept else "− dropped")
    add(mark, "span", f" {line.probability:.2f}" if is_kept else f" {line.kind} · {line.probability:.2f}")
    text = add(row, "p", class_="text", dir="auto")
    if is_kept:
        text.text = visible(line.text)
        return
    add(text, "del", line.text)
    if reasons := line.why(limit) if limit else []:
        why = add(row, "ul")
        for reason in reasons:
            add(why, "li", f"{reason.contribution:+.1f} {reason.text}", dir="auto")


def _add_kinds(parent: Element, total: Tally) -> None:
    if not total.dropped_kinds:
        return
    rows = [(kind, f"{total.lines[kind]:,}", f"{total.words[kind]:,}") for kind in total.dropped_kinds]
    n_lines, n_words = (sum(counts.values()) - counts[KEPT] for counts in (total.lines, total.words))
    table = add_table(parent, "Dropped, by kind", ("kind", "lines", "words"))
    for name, *cells in (*rows, ("all", f"{n_lines:,}", f"{n_words:,}")):
        row = add(table, "tr")
        add(row, "th", name, scope="row")
        for cell in cells:
            add(row, "td", cell, class_="number")


def _add_contents(parent: Element, sections: Sequence[Section]) -> None:
    table = add_table(parent, "Articles", ("article", "lines kept", "words kept", "flags"))
    for number, section in enumerate(sections, 1):
        row = add(table, "tr")
        head = add(row, "th", scope="row")
        add(head, "a", section.name, href=f"#article-{number}", dir="auto")
        for counts in (section.tally.lines, section.tally.words):
            add(row, "td", _format_counts(counts), class_="number")
        add(row, "td", ", ".join(section.flags) or "–")


def _format_kept(tally: Tally) -> str:
    return f"lines {_format_counts(tally.lines)}, words {_format_counts(tally.words)}"


def _format_counts(counts: Counter[str]) -> str:
    total = sum(counts.values())
    share = f" ({counts[KEPT] / total:.0%})" if total else ""
    return f"{counts[KEPT]:,} of {total:,}{share}"
