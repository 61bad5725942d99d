"""Cleaned articles as one page of HTML for people: what is kept, what is dropped, and why.

The page is a tree of elements until it is written, so that text is escaped wherever it stands. It needs no script,
asks for nothing from elsewhere, and its policy forbids both.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from dechaff.api import CleanedArticle, LabelledLine
from dechaff_training.cli.cleaning_files import sentences
from dechaff_training.report.rendering import visible
from dechaff_training.report.tallies import KEPT, Tally

_LEGEND: Final = (
    "Each article's lines, in their order. What is dropped is struck through and marked so, with its kind, the "
    "probability that it is content, and the strongest reasons: sentences with their shares in the log-odds, below "
    "zero for boilerplate."
)


@dataclass(frozen=True)
class Section:
    """An article on the page: its heading, its counts, what to look at, and how it is laid out."""

    name: str
    tally: Tally
    flags: tuple[str, ...]
    element: Element


def make_section(number: int, name: str, article: CleanedArticle, limit: int) -> Section:
    """Lay out one article.

    Parameters
    ----------
    number : int
        Its place on the page, from 1.
    name : str
    article : CleanedArticle
    limit : int
        How many reasons a dropped line gets.

    Examples
    --------
    >>> from dechaff import clean_article
    >>> section = make_section(1, "weir.txt", clean_article("<b>Tweet</b>"), 0)
    >>> tostring(section.element.find(".//del"), encoding="unicode")
    '<del>&lt;b&gt;Tweet&lt;/b&gt;</del>'
    """
    tally = Tally.of(article.lines)
    root = Element("article", {"aria-labelledby": f"article-{number}"})
    _add(root, "h2", name, id=f"article-{number}", dir="auto")
    facts = _add(root, "p", f"Kept: {_kept(tally)}. ", class_="facts")
    if tally.dropped_kinds:
        _add(facts, "span", f"Dropped lines: {_kinds(tally)}. ")
    if article.flags:
        _add(facts, "strong", f"Look at it: {', '.join(article.flags)}.")
    lines = _add(root, "ol")
    for line in article.lines:
        _add_line(lines, line, limit)
    _add(_add(root, "p"), "a", "Back to the overview", href="#overview")
    return Section(name, tally, article.flags, root)


def make_page(sections: Sequence[Section], settings: str) -> str:
    r"""Lay out the whole page.

    Parameters
    ----------
    sections : sequence of Section
    settings : str
        By which model, and how.

    Examples
    --------
    >>> make_page([], "the model that ships")[:32]
    '<!DOCTYPE html>\n<html lang="en">'
    """
    root = Element("html", {"lang": "en"})
    _add_head(_add(root, "head"))
    body = _add(root, "body")
    header = _add(body, "header")
    _add(header, "h1", "dechaff report")
    _add(header, "p", settings)
    main = _add(body, "main")
    overview = _add(main, "section", aria_labelledby="overview")
    _add(overview, "h2", "Overview", id="overview")
    total = Tally()
    for section in sections:
        total.add(section.tally)
    _add(overview, "p", f"{_count(len(sections), 'article')}. Kept: {_kept(total)}.")
    _add_kinds(overview, total)
    _add_contents(overview, sections)
    _add(overview, "p", _LEGEND, class_="facts")
    main.extend(section.element for section in sections)
    return f"<!DOCTYPE html>\n{tostring(root, encoding='unicode', method='html')}\n"


def _add_head(head: Element) -> None:
    style = files("dechaff_training.report").joinpath("static", "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    _add(head, "meta", charset="utf-8")
    _add(head, "meta", http_equiv="Content-Security-Policy", content=policy)
    _add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _add(head, "meta", name="color-scheme", content="light dark")
    _add(head, "title", "dechaff report")
    _add(head, "style", style)


def _add_line(parent: Element, line: LabelledLine, limit: int) -> None:
    is_kept = line.label == "content"
    row = _add(parent, "li", class_=line.label)
    mark = _add(row, "p", class_="mark")
    _add(mark, "b", "+ kept" if is_kept else "− dropped")
    _add(mark, "span", f" {line.probability:.2f}" if is_kept else f" {line.kind} · {line.probability:.2f}")
    text = _add(row, "p", class_="text", dir="auto")
    if is_kept:
        text.text = visible(line.text)
        return
    _add(text, "del", line.text)
    if reasons := sentences(line, limit):
        why = _add(row, "ul")
        for reason in reasons:
            _add(why, "li", f"{reason.contribution:+.1f} {reason.text}", dir="auto")


def _add_kinds(parent: Element, total: Tally) -> None:
    if not total.dropped_kinds:
        return
    rows = [(kind, f"{total.lines[kind]:,}", f"{total.words[kind]:,}") for kind in total.dropped_kinds]
    everything = ("all", f"{_dropped(total.lines):,}", f"{_dropped(total.words):,}")
    table = _add_table(parent, "Dropped, by kind", ("kind", "lines", "words"))
    for name, *cells in (*rows, everything):
        row = _add(table, "tr")
        _add(row, "th", name, scope="row")
        for cell in cells:
            _add(row, "td", cell, class_="number")


def _add_contents(parent: Element, sections: Sequence[Section]) -> None:
    table = _add_table(parent, "Articles", ("article", "lines kept", "words kept", "look at it"))
    for number, section in enumerate(sections, 1):
        row = _add(table, "tr")
        head = _add(row, "th", scope="row")
        _add(head, "a", section.name, href=f"#article-{number}", dir="auto")
        for counts in (section.tally.lines, section.tally.words):
            _add(row, "td", _share(counts), class_="number")
        _add(row, "td", ", ".join(section.flags) or "–")


def _add_table(parent: Element, caption: str, heads: Iterable[str]) -> Element:
    table = _add(parent, "table")
    _add(table, "caption", caption)
    row = _add(_add(table, "thead"), "tr")
    for head in heads:
        _add(row, "th", head, scope="col")
    return _add(table, "tbody")


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """Add an element; `class_` and `aria_label` become the attributes that Python has no names for."""
    names = {name.rstrip("_").replace("_", "-"): visible(value) for name, value in attributes.items()}
    element = SubElement(parent, tag, names)
    element.text = visible(text)
    return element


def _kept(tally: Tally) -> str:
    return f"{_share(tally.lines)} lines, {_share(tally.words)} words"


def _share(counts: Counter[str]) -> str:
    return f"{counts[KEPT]:,} of {sum(counts.values()):,}"


def _dropped(counts: Counter[str]) -> int:
    return sum(counts.values()) - counts[KEPT]


def _kinds(tally: Tally) -> str:
    return ", ".join(f"{kind} {tally.lines[kind]:,}" for kind in tally.dropped_kinds)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
