"""What a page's own HTML says about its text: titles, descriptions, and blocks that tags or class names mark."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from dechaff.extras import load
from dechaff.text.markup.html import linked_articles, page_title, parse_page, read_page
from dechaff_training.corpus.extraction import run_on_page


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
        r"|also[-_]?read|trending|most[-_]?(?:read|popular|viewed)|popular|outbrain|taboola|promos?|recirc"
    ),
    "teaser": _class_names(r"teasers?"),
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
}
_ITEM_PROPERTIES: Final = {
    "author": "byline",
    "datepublished": "byline",
    "datemodified": "byline",
    "caption": "caption",
}
_TITLES: Final = frozenset({"og:title", "twitter:title"})
_DESCRIPTIONS: Final = frozenset({"og:description", "twitter:description", "description"})
_INLINE: Final = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "button", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "img", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s",
    "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr",
})  # fmt: skip
_UNSEEN: Final = frozenset({"script", "style", "noscript", "template", "svg"})
# Elements around the whole page have the class names of its template.
_WHOLE_PAGE: Final = frozenset({"html", "body", "main", "article"})
_NO_BLOCKS: Final = _INLINE | _UNSEEN
_LINKED_DATA: Final = "application/ld+json"
_WORD: Final = re.compile(r"\w")
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
        The mark and the text of each block; "" for no mark. An element's mark holds for the elements in it that
        have no other. Inline elements mark a block only if they have all its text.
    """

    titles: list[str] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    blocks: list[tuple[str, str]] = field(default_factory=list)

    def to_json(self) -> str:
        """Return the marks as JSON."""
        # In ASCII: a headline cut within an emoji has a lone surrogate, which UTF-8 lacks.
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text: str) -> "PageMarks":
        """Return the marks of a JSON text from `to_json`."""
        values = json.loads(text)
        return cls(**values | {"blocks": [(mark, block) for mark, block in values["blocks"]]})


def find_title(html: str, text: str | None = None) -> str | None:
    """Return the title that a page gives itself, see `dechaff.text.markup.html.read_page`; None without one.

    Parameters
    ----------
    html : str
    text : str, optional
        The text of the page by any extractor; without it, the page is printed once more.

    Examples
    --------
    >>> find_title("<title>The mill shuts | Valley Post</title><p>It was old.</p>")
    'The mill shuts | Valley Post'
    """
    if text is None:
        return read_page(html).title
    page = parse_page(html)
    return None if page is None else page_title(page.tree, text)


def find_marks(html: str) -> PageMarks:
    """Return what a page's HTML says about its text; nothing if the page cannot be parsed.

    Examples
    --------
    >>> marks = find_marks("<title>The mill shuts</title><body><p>It was old.</p><nav>Home</nav>")
    >>> marks.titles, marks.blocks
    (['The mill shuts'], [('', 'It was old.'), ('navigation', 'Home')])
    """
    return run_on_page(_find_marks, html) or PageMarks()


def _find_marks(html: str) -> PageMarks:
    etree, tree = load("lxml.etree", "peers"), _parse(html)
    marks = PageMarks()
    for element in tree.iter("meta"):
        _read_meta(element, marks)
    for element in [*tree.iter("h1"), *list(tree.iter("title"))[:1]]:
        _add(marks.titles, element.text_content())
    scripts = (script for script in tree.iter("script") if (script.get("type") or "").lower() == _LINKED_DATA)
    _read_linked_data([script.text_content() for script in scripts], marks)
    body = tree.find("body")
    if body is not None:
        marks.blocks = list(_blocks(etree.iterwalk(body, events=("start", "end"))))
    return marks


def _parse(html: str) -> Any:
    """Parse a page without comments, which would divide the text around them."""
    lxml_html = load("lxml.html", "peers")
    # As bytes: lxml refuses strings that begin with an XML declaration with an encoding.
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    return lxml_html.document_fromstring(html.encode(), parser=parser)


def _add(texts: list[str], text: object) -> None:
    if isinstance(text, str) and text.strip() and len(text) < _LONGEST:
        texts.append(" ".join(text.split()))


def _read_meta(element: Any, marks: PageMarks) -> None:
    name = (element.get("property") or element.get("name") or "").lower()
    if name in _TITLES:
        _add(marks.titles, element.get("content"))
    if name in _DESCRIPTIONS:
        _add(marks.descriptions, element.get("content"))


def _read_linked_data(texts: Iterable[str], marks: PageMarks) -> None:
    """Read headline and description of the article in JSON-LD."""
    for article in linked_articles(texts):
        _add(marks.titles, article["headline"])
        _add(marks.descriptions, article.get("description"))


class _Place(NamedTuple):
    """The mark of an element, that of the block element around it, and whether its text is unseen."""

    mark: str = ""
    block_mark: str = ""
    unseen: bool = False


def _blocks(walk: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the mark and the text of each block."""
    pieces: list[tuple[str, str]] = []
    places = [_Place()]
    for event, element in walk:
        if event == "start":
            block_mark, text = places[-1].block_mark, element.text
            places.append(_enter(places[-1], element))
        else:
            block_mark, text = places.pop().block_mark, element.tail
        if element.tag not in _NO_BLOCKS:
            yield from _join(pieces, block_mark)
            pieces = []
        if text and not places[-1].unseen:
            pieces.append((places[-1].mark, text))


def _enter(outer: _Place, element: Any) -> _Place:
    """Return the place in an element."""
    mark = _own_mark(element) or outer.mark
    block_mark = outer.block_mark if element.tag in _NO_BLOCKS else mark
    return _Place(mark, block_mark, outer.unseen or element.tag in _UNSEEN)


def _join(pieces: Sequence[tuple[str, str]], block_mark: str) -> Iterator[tuple[str, str]]:
    """Yield a block unless it is blank: the mark of all its words, else that of its element, and the text."""
    text = " ".join("".join(piece for _, piece in pieces).split())
    if text:
        marks = {mark for mark, piece in pieces if _WORD.search(piece)}
        yield (marks.pop() if len(marks) == 1 else block_mark), text


def _own_mark(element: Any) -> str:
    """Return the mark that an element's tag, item properties or class names give it; "" for none."""
    if element.tag in _WHOLE_PAGE:
        return ""
    properties = (element.get("itemprop") or "").lower().split()
    given = [_TAGS.get(element.tag, ""), *(_ITEM_PROPERTIES.get(name, "") for name in properties)]
    if "author" in (element.get("rel") or "").lower().split():
        given.append("byline")
    names = " ".join(element.get(name) or "" for name in ("class", "id", "role"))
    by_names = (mark for mark, pattern in CLASS_NAMES.items() if pattern.search(names))
    return next(filter(None, given), "") or next(by_names, "aside" if element.tag == "aside" else "")
