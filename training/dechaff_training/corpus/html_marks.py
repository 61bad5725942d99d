"""What a page's own HTML says about its text: titles, descriptions, and blocks that tags or class names mark."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from dechaff.extras import load


def _class_names(names: str) -> re.Pattern[str]:
    """Compile alternatives that match whole words of class names, such as "caption" in "wp-caption-text"."""
    return re.compile(rf"(?<![a-z])(?:{names})(?![a-z])", re.IGNORECASE)


#: The names of marks, and the class names and ids that give them; the first that matches counts.
CLASS_NAMES: Final = {
    "caption": _class_names(r"(?:fig)?captions?|credits?|(?:image|photo|img|picture|media)[-_]?(?:credit|source)"),
    "bio": _class_names(r"author[-_]?(?:bio|box|info|desc|about|card|profile)|about[-_]?(?:the[-_]?)?author|bio"),
    "byline": _class_names(
        r"bylines?|authors?|(?:post|entry|article|story)[-_]?(?:meta|info|date|author|time)|dateline|timestamp"
        r"|publish(?:ed)?[-_]?(?:date|time|on)?|read(?:ing)?[-_]?time|last[-_]?(?:updated|modified)"
    ),
    "comment": _class_names(r"comments?|comment[-_]?list|disqus|respond"),
    "share": _class_names(
        r"share|sharing|sharebar|share[-_]?(?:tools|buttons)|socials?|addthis|addtoany|sharedaddy|shariff|likes?|follow"
    ),
    "related": _class_names(
        r"related|recommend(?:ed|ations?)?|more[-_]?(?:stories|from|on|news)|(?:read|see)[-_]?(?:more|also|next)"
        r"|also[-_]?read|trending|most[-_]?(?:read|popular|viewed)|popular|outbrain|taboola|teasers?|promos?|recirc"
    ),
    "offer": _class_names(
        r"newsletters?|subscri(?:be|ption|ber)s?|sign[-_]?up|paywall|donat(?:e|ion)s?|membership|advert(?:s|isement)?"
        r"|ads?|sponsor(?:ed)?"
    ),
    "navigation": _class_names(
        r"breadcrumbs?|nav|navbar|navigation|menu|footer|sidebar|widgets?|tags?|topics?|pagination|pager|cookies?|consent"
        r"|masthead|site[-_]?header|topbar|(?:tag|cat)[-_]?(?:list|links|cloud)"
    ),
}
_TAGS: Final = {
    "figcaption": "caption",
    "time": "byline",
    "nav": "navigation",
    "footer": "navigation",
    "aside": "aside",
}
_ITEM_PROPERTIES: Final = {
    "author": "byline",
    "datepublished": "byline",
    "datemodified": "byline",
    "caption": "caption",
}
_TITLES: Final = frozenset({"og:title", "twitter:title"})
_DESCRIPTIONS: Final = frozenset({"og:description", "twitter:description", "description"})
_INLINE: Final = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "u",
        "var",
        "img",
        "wbr",
    }
)
_UNSEEN: Final = frozenset({"script", "style", "noscript", "template", "svg"})
# Elements around the whole page have the class names of its template.
_WHOLE_PAGE: Final = frozenset({"html", "body", "main", "article"})
_LONGEST: Final = 3000


@dataclass
class PageMarks:
    """Texts of a page by what its HTML says about them.

    Attributes
    ----------
    titles : list of str
        The titles in the metadata and the first-level headings.
    descriptions : list of str
        The descriptions in the metadata.
    blocks : list of (str, str)
        The mark of each block of text, of its innermost element that has one, and its text; "" for no mark.
    """

    titles: list[str] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    blocks: list[tuple[str, str]] = field(default_factory=list)

    def to_json(self) -> str:
        """Return the marks as JSON."""
        return json.dumps(vars(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "PageMarks":
        """Return the marks of a JSON text from `to_json`."""
        return cls(**json.loads(text))


def find_marks(html: str) -> PageMarks:
    """Return what a page's HTML says about its text; nothing if the page cannot be parsed.

    Examples
    --------
    >>> marks = find_marks("<title>The mill shuts</title><body><p>It was old.</p><nav>Home</nav>")
    >>> marks.titles, marks.blocks
    (['The mill shuts'], [('', 'It was old.'), ('navigation', 'Home')])
    """
    etree, parser = load("lxml.etree", "html"), load("lxml.html", "html")
    try:
        tree = parser.document_fromstring(html)
    except (etree.LxmlError, ValueError, AssertionError):
        return PageMarks()
    marks = PageMarks()
    for element in tree.iter("meta"):
        _read_meta(element, marks)
    for element in [*tree.iter("h1"), *list(tree.iter("title"))[:1]]:
        _add(marks.titles, element.text_content())
    for element in tree.iter("script"):
        if (element.get("type") or "").lower() == "application/ld+json":
            _read_linked_data(element.text_content(), marks)
    body = tree.find("body")
    if body is not None:
        marks.blocks = list(_blocks(etree.iterwalk(body, events=("start", "end"))))
    return marks


def _add(texts: list[str], text: object) -> None:
    if isinstance(text, str) and text.strip() and len(text) < _LONGEST:
        texts.append(" ".join(text.split()))


def _read_meta(element: Any, marks: PageMarks) -> None:
    name = (element.get("property") or element.get("name") or "").lower()
    if name in _TITLES:
        _add(marks.titles, element.get("content"))
    if name in _DESCRIPTIONS:
        _add(marks.descriptions, element.get("content"))


def _read_linked_data(text: str, marks: PageMarks) -> None:
    """Read headline and description of every article in JSON-LD."""
    try:
        open_values = [json.loads(text, strict=False)]
    except (json.JSONDecodeError, RecursionError):
        return
    while open_values:
        value = open_values.pop()
        if isinstance(value, dict):
            if "headline" in value:
                _add(marks.titles, value["headline"])
                _add(marks.descriptions, value.get("description"))
            open_values += value.values()
        elif isinstance(value, list):
            open_values += value


def _blocks(walk: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the text of each block, with the innermost mark at its start."""
    pieces: list[str] = []
    mark = block_mark = ""
    outer: list[tuple[str, bool, bool]] = []
    for event, element in walk:
        if event == "start":
            tag = element.tag if isinstance(element.tag, str) else ""
            own, unseen = _own_mark(element, tag), not tag or tag in _UNSEEN or (bool(outer) and outer[-1][2])
            is_block = bool(tag) and tag not in _INLINE | _UNSEEN
            outer.append((mark, is_block, unseen))
            mark = own or mark
            text = "" if unseen else element.text
        else:
            mark, is_block, _ = outer.pop()
            text = element.tail if outer and not outer[-1][2] else ""
        if is_block and "".join(pieces).strip():
            yield block_mark, " ".join("".join(pieces).split())
        if is_block:
            pieces = []
        if text:
            block_mark = block_mark if "".join(pieces).strip() else mark
            pieces.append(text)


def _own_mark(element: Any, tag: str) -> str:
    """Return the mark that an element's tag, item property or class names give it; "" for none."""
    if tag in _WHOLE_PAGE or not tag:
        return ""
    given = _TAGS.get(tag) or _ITEM_PROPERTIES.get((element.get("itemprop") or "").lower())
    if given or (element.get("rel") or "").lower() == "author":
        return given or "byline"
    names = " ".join(element.get(name) or "" for name in ("class", "id", "role"))
    return next((mark for mark, pattern in CLASS_NAMES.items() if pattern.search(names)), "")
