"""The text and the title of HTML pages, without elements that the page itself names comments, captions and bios.

The text knows in which elements its pieces stand, see `dechaff.text.markup.elements`.
"""

import json
import logging
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from dechaff.errors import InputError
from dechaff.extras import load
from dechaff.text.marked import MarkedText, Marks, without_marks
from dechaff.text.markup.elements import mark_elements
from dechaff.text.titles import may_be_headline, title_parts

_log: Final = logging.getLogger(__name__)

#: How Resiliparse prints text, for the pages that models learn from as for those that they clean.
PRINT_OPTIONS: Final = {
    "preserve_formatting": True,
    "list_bullets": True,
    "alt_texts": False,
    "links": False,
    "form_fields": False,
    "noscript": False,
}

#: The extractors of `read_page`: all text of a page, or what Resiliparse takes for its main content.
EXTRACTORS: Final = ("resiliparse", "resiliparse_main")
# Names in the classes or ids of elements that are dropped, by kind: comments, captions and authors' biographies.
_DROPPED: Final = {
    "comment": ("comment",),
    "credit": ("caption",),
    "other": ("author-bio", "author-box", "authorbox", "author-desc"),
}
_SELECTORS: Final = {
    kind: [f'[{attribute}*="{name}" i]' for name in names for attribute in ("class", "id")]
    for kind, names in _DROPPED.items()
}
_SELECTORS["other"].append('[class~="bio" i]')
_OG_TITLE: Final = 'meta[property="og:title" i]'
_LINKED_DATA: Final = 'script[type="application/ld+json" i]'
# Control characters become line breaks or nothing in some parsers; lone surrogates make Resiliparse reject a page.
_REFUSED: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_CONTROLS: Final = bytes(code for code in range(128) if _REFUSED.match(chr(code)))
# Noncharacters from U+FDD0 on, which are marks here, begin with these bytes; so do other characters.
_NONCHARACTERS: Final = re.compile("[\ufdd0-\ufdef]")
_NONCHARACTER_BYTES: Final = b"\xef\xb7"
_REFERENCES: Final = re.compile(r"&#(?:0*6(?:49(?:7[6-9]|[89][0-9])|500[0-7])|[xX]0*[fF][dD][deDE][0-9a-fA-F]);?")
_BYTE_ORDER_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# A line with more marks and spaces than this, and than letters, is no title.
_MOST_MARKS: Final = 50
_NOT_WORDS: Final = re.compile(r"[\W_]+")
# Elements whose nesting costs parser or extractor time that grows with its square.
_NESTED: Final = re.compile(
    r"<(/?)(?:ul|ol|dl|menu|dir|font|a|b|big|code|em|i|nobr|s|small|strike|strong|tt|u)\b[^<>]*>?", re.IGNORECASE
)
_MAX_DEPTH: Final = 100
_MANY_TAGS: Final = 8000
# Long texts are indented less deeply: in lists within lists, most of them may be spaces.
_LONG_TEXT: Final = 1 << 20
_DEEP_INDENT: Final = re.compile("^ {33,}", re.MULTILINE)
_INDENT: Final = " " * 32
_MAX_HEADLINES: Final = 20
_MAX_SCRIPTS: Final = 20
# Pages begin with a declaration, a comment or one of these elements.
_HTML: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta)\b",
    re.IGNORECASE | re.DOTALL,
)
# A fragment of a page begins with a tag and has an end tag of a block.
_FRAGMENT: Final = re.compile(r"\s*<(?:article|main|section|header|nav|div|p|h[1-6]|ul|ol|table)\b", re.IGNORECASE)
_END_TAG: Final = re.compile(r"</(?:article|main|section|header|nav|div|p|h[1-6]|li|td)\s*>", re.IGNORECASE)
#: Formats are told by so many characters, or bytes, at the start.
LOOKED_AT: Final = 4096


class Page(NamedTuple):
    """The text of a page and its title.

    Attributes
    ----------
    text : str
        A `MarkedText`, unless it is empty.
    title : str or None
    """

    text: str
    title: str | None = None


class ParsedPage(NamedTuple):
    """The tree of a page with marks before each piece of its text."""

    tree: Any
    marks: Marks


def looks_like_html(text: str) -> bool:
    """Return whether a text begins like an HTML page, or like a part of one.

    Examples
    --------
    >>> looks_like_html("<!DOCTYPE html><title>The mill shuts</title>"), looks_like_html("<div>It was old.</div>")
    (True, True)
    >>> looks_like_html("The <div> element"), looks_like_html("<p>")
    (False, False)
    """
    start = text[:LOOKED_AT].removeprefix("\ufeff")
    return bool(_HTML.match(start) or (_FRAGMENT.match(start) and _END_TAG.search(start)))


def decode_html(data: bytes) -> str:
    """Decode the bytes of a page, whose encoding is found in its first bytes, its meta element, or by statistics.

    Bytes that are invalid in the encoding are replaced by U+FFFD.

    Raises
    ------
    MissingExtraError
        If Resiliparse is not installed.

    Examples
    --------
    >>> decode_html("<meta charset=windows-1252><p>£5".encode("windows-1252"))
    '<meta charset=windows-1252><p>£5'
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\x1b" not in data:  # ISO-2022-JP consists of escape sequences in ASCII
        try:
            return data.decode()
        except UnicodeDecodeError:
            pass
    encodings = load("resiliparse.parse.encoding")
    encoding = encodings.detect_encoding(data, from_html_meta=True)
    try:
        return data.decode(encoding, "replace")
    except (LookupError, UnicodeError):  # an encoding that Python lacks
        return data.decode("utf-8", "replace")


def read_page(html: str | bytes, extractor: str = "resiliparse", *, keep_kinds: Container[str] = ()) -> Page:
    r"""Return the text of a page and its title.

    Comments, captions and authors' biographies are left out, if the names of their classes or ids say so and no
    first-level heading is in them. The title is that of `og:title`, JSON-LD, the title element or the first
    heading: the first of these that is a line of the text, with or without the name of the site, or else the first
    that there is.

    Parameters
    ----------
    html : str or bytes
        The HTML of the page; the encoding of bytes is detected.
    extractor : str
        A name in `EXTRACTORS`.
    keep_kinds : container of str
        With "comment" comments are not left out, with "credit" captions, and with "other" biographies.

    Returns
    -------
    Page
        The page; its text is empty if it has none.

    Raises
    ------
    InputError
        If the HTML is neither a string nor bytes, or there is no such extractor.
    MissingExtraError
        If Resiliparse is not installed.

    Examples
    --------
    >>> read_page("<title>Mill</title><h1>Mill</h1><p>It was old.</p><div class=comments>First!</div>")
    Page(text='Mill\n\nIt was old.', title='Mill')
    """
    page = parse_page(html, extractor)
    if page is None:
        return Page("")
    text = print_page(page, extractor, keep_kinds)
    return Page(text, page_title(page.tree, text))


def parse_page(html: str | bytes, extractor: str = EXTRACTORS[0]) -> ParsedPage | None:
    """Return the tree of a page, whose headlines no selector drops; None if the page is blank.

    Parameters
    ----------
    html : str or bytes
    extractor : str
        A name in `EXTRACTORS`, which is checked.
    """
    if extractor not in EXTRACTORS:
        raise InputError(f"there is no extractor {extractor!r}: choose one of {', '.join(EXTRACTORS)}")
    if not isinstance(html, str | bytes):
        raise InputError(f"the HTML is {type(html).__name__}, neither str nor bytes")
    parse = load("resiliparse.parse.html").HTMLTree.parse
    source = _flatten(replace_refused(decode_html(html) if isinstance(html, bytes) else html))
    if not source.strip():
        return None
    marked, marks = mark_elements(source)
    tree = parse(marked)
    _protect_headlines(tree)
    return ParsedPage(tree, marks)


def replace_refused(html: str) -> str:
    """Replace characters that parsers refuse, or that are marks, by spaces; finding none is fast."""
    try:
        data = html.encode()
    except UnicodeEncodeError:
        html = _REFUSED.sub(" ", html)
        data = html.encode()
    if len(data.translate(None, _CONTROLS)) != len(data):
        html = _REFUSED.sub(" ", html)
    if _NONCHARACTER_BYTES in data:
        html = _NONCHARACTERS.sub(" ", html)
    return _REFERENCES.sub(" ", html)


def print_page(
    page: ParsedPage, extractor: str, keep_kinds: Container[str] = (), options: Mapping[str, object] | None = None
) -> MarkedText:
    """Return the text of a page as Resiliparse prints it.

    Parameters
    ----------
    page : ParsedPage
    extractor : str
    keep_kinds : container of str
    options : mapping of str to object, optional
        Options other than those in `PRINT_OPTIONS`.
    """
    text: str = load("resiliparse.extract.html2text").extract_plain_text(
        page.tree,
        main_content=extractor == "resiliparse_main",
        skip_elements=[each for kind in _SELECTORS if kind not in keep_kinds for each in _SELECTORS[kind]],
        **(PRINT_OPTIONS | dict(options or {})),
    )
    return page.marks.take(_DEEP_INDENT.sub(_INDENT, text) if len(text) > _LONG_TEXT else text)


def page_title(tree: Any, text: str) -> str | None:
    """Return the title that a page gives itself: of those that it has, one that is a line of its text first."""
    title = _choose_title(list(_titles(tree)), text)
    _log.debug("page: %d characters of text, title %r", len(text), title)
    return title


def _titles(tree: Any) -> Iterator[str]:
    """Yield the titles that a page gives itself, the most reliable first."""
    document = tree.document
    given = document.query_selector(_OG_TITLE)
    scripts = document.query_selector_all(_LINKED_DATA)[:_MAX_SCRIPTS]
    articles = linked_articles([script.text for script in scripts])
    texts = [] if given is None else [given.getattr("content")]
    texts += [article["headline"] for article in articles[:1]]
    elements = [document.query_selector(selector) for selector in ("title", "h1")]
    texts += [element.text for element in elements if element is not None]
    plain = (" ".join(without_marks(text).split()) for text in texts if text)
    yield from filter(None, plain)


def linked_articles(texts: Iterable[str]) -> list[dict[str, Any]]:
    """Return the outermost objects with a headline in the JSON-LD of a page; none if their headlines differ.

    Invalid texts are left out.

    Examples
    --------
    >>> linked_articles(['{"@graph": [{"headline": "The mill"}]}', "{"])
    [{'headline': 'The mill'}]
    """
    values = [value for text in texts for value in _load_json(text)]
    found: list[dict[str, Any]] = []
    while values and not found:
        found = [value for value in values if isinstance(value, dict) and isinstance(value.get("headline"), str)]
        values = [inner for value in values for inner in _inner_values(value)]
    return found if len({article["headline"] for article in found}) == 1 else []


def _load_json(text: str) -> list[Any]:
    """Return the value of a JSON text in a list, which is empty if the text is invalid."""
    try:
        return [json.loads(text, strict=False)]
    except (ValueError, RecursionError):  # plain ValueError: a number with too many digits
        return []


def _inner_values(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _choose_title(titles: list[str], text: str) -> str | None:
    """Return the first title of which a form is a line of the text, or else the first title."""
    lines = text.splitlines() if len(titles) > 1 else []
    found = (title for title in titles if any(_is_among(form, lines) for form in _forms(title)))
    return next(found, titles[0] if titles else None)


def _forms(title: str) -> Iterator[str]:
    """Yield a title, and those parts that are too long for the name of a site."""
    yield title
    n_words = len(title.split())
    yield from (part for part in title_parts(title) if may_be_headline(len(part.split()), n_words))


def _is_among(title: str, lines: Sequence[str]) -> bool:
    """Return whether a line has the letters of a title; lines of another length are not looked at."""
    plain = _plain(title)
    if len(plain) <= len(title) and title in lines:
        return True
    longest = 2 * len(title) + _MOST_MARKS
    return any(len(plain) <= len(line) <= longest and _plain(line) == plain for line in lines)


def _plain(text: str) -> str:
    return _NOT_WORDS.sub("", text).lower()


def _protect_headlines(tree: Any) -> None:
    """Take classes and ids off the body and off elements with first-level headings, which are no comments.

    A selector with `:has` would say the same, in a time that grows with the square of nested comments.
    """
    n_left = _MANY_TAGS
    for element in (tree.body, *tree.document.get_elements_by_tag_name("h1")[:_MAX_HEADLINES]):
        while n_left and element is not None and element.tag not in ("html", "#document"):
            for attribute in filter(element.hasattr, ("class", "id")):
                element.delattr(attribute)
            element, n_left = element.parent, n_left - 1


def _flatten(html: str) -> str:
    """Remove start tags of elements that are nested far deeper than in any page that somebody reads."""
    if html.count("<") < _MANY_TAGS:
        return html
    depth = 0

    def keep(tag: re.Match[str]) -> str:
        """Return a tag, or a space if it is nested too deeply."""
        nonlocal depth
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        return tag[0] if depth <= _MAX_DEPTH else " "

    return _NESTED.sub(keep, html)
