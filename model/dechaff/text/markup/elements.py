"""The elements of an HTML page around each piece of its text.

Extractors print a page without its elements. So marks are written before each piece of text; they come out where
that is printed. Tags are read from the source: to walk through a parsed page in Python takes longer than parsing.
"""

import re
from collections import Counter
from collections.abc import Container, Iterator
from functools import lru_cache
from itertools import chain
from typing import Final

from dechaff.text.marked import MARKS, Marks, markup_bits

#: What class names and ids say about a text, without the signs and digits in them: "entry-meta" is "entrymeta".
_NAMES: Final = {
    "named_caption": (
        "caption captions figcaption figcaptions credit credits imagecredit imagesource photocredit "
        "photosource imgcredit imgsource picturecredit picturesource mediacredit mediasource"
    ),
    "named_image_text": (
        "cap pictext bildunterschrift copyright imagedescription imagetext imageinfo imagetitle "
        "photodescription phototext photoinfo photoname imgtext imgdescription imginfo picturetext "
        "pictureinfo mediadescription mediatext"
    ),
    "named_bio": (
        "authorbio authorbox authorinfo authordesc authorabout authorcard authorprofile aboutauthor "
        "abouttheauthor bio"
    ),
    "named_byline": (
        "byline bylines author authors postmeta postinfo postdate postauthor posttime entrymeta entryinfo "
        "entrydate entryauthor entrytime articlemeta articleinfo articledate articleauthor articletime "
        "storymeta storyinfo storydate storyauthor storytime dateline timestamp publishdate publisheddate "
        "publishtime publishedtime publishedon published readtime readingtime lastupdated lastmodified"
    ),
    "named_meta": "meta date time datepublished datemodified jobtitle info",
    "named_comment": "comment comments commentlist disqus respond",
    "named_share": (
        "share sharing sharebar sharetools sharebuttons social socials addthis addtoany sharedaddy shariff "
        "like likes follow"
    ),
    "named_related": (
        "related recommend recommended recommendation recommendations morestories morefrom moreon morenews "
        "readmore readalso readnext seemore seealso seenext alsoread trending mostread mostpopular mostviewed "
        "popular outbrain taboola promo promos recirc"
    ),
    "named_teaser": "teaser teasers card cards tile tiles grid carousel slider",
    "named_offer": (
        "newsletter newsletters subscribe subscription subscriber subscribers signup paywall donate donation "
        "donations membership advert adverts advertisement ad ads sponsor sponsored"
    ),
    "named_navigation": (
        "breadcrumb breadcrumbs nav navbar navigation menu footer sidebar widget widgets tag tags topic "
        "topics pagination pager cookie cookies consent masthead siteheader topbar taglist taglinks tagcloud "
        "catlist catlinks catcloud"
    ),
    "named_hidden": "elementinvisible sronly screenreadertext screenreaderonly visuallyhidden",
    "named_body": (
        "articlebody articlecontent articletext articlemain postbody postcontent posttext entrybody "
        "entrycontent entrytext storybody storycontent storytext contentbody contentmain contenttext mainbody "
        "maincontent maintext pagebody pagecontent content body entry post"
    ),
    "named_title": (
        "articletitle articleheadline articleheading articleheader posttitle postheadline postheader "
        "entrytitle entryheadline entryheader storytitle storyheadline storyheader pagetitle pageheadline "
        "pageheading pageheader nodetitle headline title"
    ),
    "named_lead": (
        "lead lede standfirst dek deck subtitle subhead subheadline subheading summary excerpt intro "
        "description abstract kicker"
    ),
}
#: The elements that lines stand in, by tag.
_TAGS: Final = {
    "a": "link", "h1": "h1", "h2": "h2", "h3": "h3", "h4": "h3", "h5": "h3", "h6": "h3", "p": "paragraph",
    "li": "item", "dt": "definition", "dd": "definition", "nav": "nav", "header": "header", "footer": "footer",
    "address": "footer", "aside": "aside", "form": "form", "select": "form", "button": "button", "label": "label",
    "table": "table", "td": "table", "th": "table", "blockquote": "quote", "figure": "figure",
    "figcaption": "figcaption", "time": "time", "article": "article", "main": "main", "section": "section",
    "strong": "strong", "b": "strong", "em": "emphasis", "i": "emphasis", "small": "small", "pre": "code",
    "code": "code",
}  # fmt: skip
_TAG_BITS: Final = {tag: markup_bits([name]) for tag, name in _TAGS.items()}
_NAME_BITS: Final = {given: markup_bits([mark]) for mark, names in _NAMES.items() for given in names.split()}
_AFTER_IMAGE: Final = markup_bits(["after_image"])
_BEFORE_IMAGE: Final = markup_bits(["before_image"])
_IMAGE_TEXT: Final = markup_bits(["image_text"])

# A tag with its parts; or a declaration or a broken tag. Ignoring case would take thrice as long.
_TAG: Final = re.compile(
    r"(<(?:(/?)([a-zA-Z][a-zA-Z0-9-]*)([^<>\"']*+(?:(?:\"[^\"]*\"|'[^']*')[^<>\"']*+)*+)>|[!?/a-zA-Z][^<>]*>?))"
)
# What is never printed: comments, and the start tags of some elements.
_UNSEEN_START: Final = re.compile(
    r"<(?:!--(?:-?>|.*?(?:--!?>|\Z))|((?:[sS][cCtTvV]|[nN][oO]|[tT][eEiI])[a-zA-Z]+)(?=[\s/>]))", re.DOTALL
)
_UNSEEN_ENDS: Final = {
    tag: re.compile("</" + "".join(f"[{letter}{letter.upper()}]" for letter in tag) + r"(?=[\s/>])")
    for tag in ("script", "style", "svg", "noscript", "template", "textarea", "title")
}
_CLOSED_AT_ONCE: Final = re.compile(r"[^<>]*/>")
_PLACEHOLDER: Final = f"<!--{MARKS[0]}-->"
_ATTRIBUTE: Final = re.compile(r"([^\s=\"'/>]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_WITH_NAMES: Final = frozenset(("class", "id", "role", "itemprop"))
_WITH_TEXT: Final = frozenset(("alt", "title"))
_WORD: Final = re.compile("[a-z]+")
# Names of so many words are known.
_MOST_WORDS: Final = 3
_BLANK: Final = re.compile(r"(?:\s|&(?:nbsp|#0*(?:9|1[0-3]|32|160)|#x0*(?:[9acd]|20|a0));)*+", re.IGNORECASE)
_VOID: Final = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
})  # fmt: skip
_IMAGES: Final = frozenset(("img", "amp-img", "picture", "video", "iframe"))
_INLINE: Final = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var",
})  # fmt: skip
#: These stay open in what follows if the element around them ends.
_FORMATTING: Final = frozenset({"a", "b", "big", "code", "em", "font", "i", "s", "small", "strong", "u"})
#: Open elements that the start of another one ends, if none but inline ones are open inside of them.
_ENDED: Final = {
    **dict.fromkeys((
        "address", "article", "aside", "blockquote", "div", "dl", "fieldset", "figcaption", "figure", "footer",
        "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section",
        "table", "ul",
    ), ("p",)),
    "li": ("li", "p"), "dt": ("dt", "dd", "p"), "dd": ("dt", "dd", "p"), "tr": ("tr", "td", "th", "p"),
    "td": ("td", "th", "p"), "th": ("td", "th", "p"), "option": ("option",),
}  # fmt: skip
# Elements whose names are not looked at: the whole page has those of its template, links have too many.
_NAMELESS: Final = frozenset(("html", "body", "a"))
# Longer attributes are not looked at.
_LONGEST: Final = 1000
# The start of a text and of the alternative text of an image are compared.
_COMPARED: Final = slice(32)
_LEAST_COMPARED: Final = 12
# So many open elements are looked at for one that ends without its end tag, or an inline one.
_DEEPEST: Final = 60


def mark_elements(html: str) -> tuple[str, Marks]:
    """Return a page with a mark before each piece of text, and the marks.

    Parameters
    ----------
    html : str
        Without any of `MARKS`.

    Examples
    --------
    >>> html, marks = mark_elements("<nav>Home</nav>, <p>It was <b>old</b>.")
    >>> bits = marks.take(html).bits.tolist()
    >>> [bits.index(markup_bits(names)) for names in (["nav"], [], ["paragraph"], ["paragraph", "strong"])]
    [0, 1, 2, 3]
    """
    unseen, seen = _take_unseen(html)
    parts = _TAG.split(seen)
    texts, tags = parts[::5], parts[1::5]
    walk = _Walk(texts)
    for place, (closing, tag, attributes) in enumerate(zip(parts[2::5], parts[3::5], parts[4::5], strict=True)):
        text = texts[place]
        if text and not text.isspace():
            walk.mark(place, text)
        if closing:
            walk.close(tag)
        elif tag is not None:
            walk.open(tag, attributes)
    if texts[-1]:
        walk.mark(len(tags), texts[-1])
    marked = "".join(chain.from_iterable(zip(texts, (*tags, ""), strict=True))).split(_PLACEHOLDER)
    return "".join(chain.from_iterable(zip(marked, (*unseen, ""), strict=True))), walk.marks


def _take_unseen(html: str) -> tuple[list[str], str]:
    """Return the comments and elements that are never printed, and the page with a placeholder for each."""
    unseen: list[str] = []
    pieces: list[str] = []
    copied = 0
    for found in _UNSEEN_START.finditer(html):
        if found.start() < copied:
            continue
        end = _find_end(html, found)
        if end > found.start():
            pieces.append(html[copied : found.start()])
            unseen.append(html[found.start() : end])
            copied = end
    pieces.append(html[copied:])
    return unseen, _PLACEHOLDER.join(pieces)


def _find_end(html: str, found: re.Match[str]) -> int:
    """Return where a comment ends, or the end tag of an element begins; -1 if the element is printed or empty."""
    if found[1] is None:
        return found.end()
    tag = found[1].lower()
    if tag not in _UNSEEN_ENDS or (tag == "svg" and _CLOSED_AT_ONCE.match(html, found.end())):
        return -1
    end = _UNSEEN_ENDS[tag].search(html, found.end())
    return end.start() if end else len(html)


class _Walk:
    """The open elements on the way through a page, and the marks so far."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self.marks = Marks()
        self._stack: list[tuple[str, int, int]] = []  # open elements: tag, own bits, bits of those around it
        self._bits = self._nearby = 0
        self._n_open: Counter[str] = Counter()
        self._alternatives: set[str] = set()
        self._last: tuple[int, str, int, str] | None = None  # the latest mark, its bits, and what is around it

    def mark(self, place: int, text: str) -> None:
        """Write a mark into a text that is not empty, unless it is blank."""
        blank = _BLANK.match(text) if text[0].isspace() or text[0] == "&" else None
        begin = blank.end() if blank else 0
        before, behind = text[:begin], text[begin:]
        if not behind:
            return
        bits = self._bits | self._nearby
        self._nearby = 0
        if self._alternatives and _start_of(behind) in self._alternatives:
            bits |= _IMAGE_TEXT
        self._last = (place, before, bits, behind)
        self._texts[place] = before + self.marks.of(bits) + behind

    def take_image(self, attributes: str) -> None:
        """Note that an image stands between the texts before and behind."""
        self._nearby = _AFTER_IMAGE
        if self._last is not None:
            place, before, bits, behind = self._last
            self._texts[place] = before + self.marks.of(bits | _BEFORE_IMAGE) + behind
            self._last = None
        if len(attributes) < _LONGEST:
            self._alternatives.update(filter(None, map(_start_of, _values(attributes, _WITH_TEXT))))

    def open(self, tag: str, attributes: str) -> None:
        """Open an element."""
        if tag not in _TAG_BITS:
            tag = tag.lower()
        if tag in _IMAGES:
            self.take_image(attributes)
        if tag in _VOID:
            return
        ended = _ENDED.get(tag)
        if ended is not None and self._stack:
            self._end(ended)
        bits = _TAG_BITS.get(tag, 0)
        if tag == "a":
            if self._n_open["a"]:
                self.close("a")
            bits = bits if "href" in attributes.lower() else 0
        if attributes and tag not in _NAMELESS and len(attributes) < _LONGEST:
            bits |= _named_bits(attributes)
        self._push(tag, bits)

    def _push(self, tag: str, bits: int) -> None:
        self._stack.append((tag, bits, self._bits))
        self._bits |= bits
        self._n_open[tag] += 1

    def _end(self, tags: tuple[str, ...]) -> None:
        """Close the outermost element with one of these tags in which only such and inline ones are open."""
        first = len(self._stack)
        for at in range(first - 1, max(first - 1 - _DEEPEST, -1), -1):
            tag = self._stack[at][0]
            if tag in tags:
                first = at
            elif tag not in _INLINE:
                break
        for tag, bits, _ in self._cut(first):
            if tag in _FORMATTING:
                self._push(tag, bits)

    def _cut(self, place: int) -> list[tuple[str, int, int]]:
        """Close and return the open elements from a place on."""
        cut = self._stack[place:]
        if cut:
            self._bits = cut[0][2]
            del self._stack[place:]
            for tag, *_ in cut:
                self._n_open[tag] -= 1
        return cut

    def close(self, tag: str) -> None:
        """Close an element with all that is open in it; an inline one alone if blocks are open in it."""
        stack = self._stack
        tag = tag.lower()
        if not self._n_open[tag]:
            return
        if stack[-1][0] == tag:
            self._bits = stack.pop()[2]
            self._n_open[tag] -= 1
            return
        least = max(len(stack) - _DEEPEST, 0) if tag in _INLINE else 0
        at = next((at for at in range(len(stack) - 1, least - 1, -1) if stack[at][0] == tag), None)
        if at is None:
            return
        inner = self._cut(at)[1:]
        if tag in _INLINE and not all(each[0] in _INLINE for each in inner):
            for name, bits, _ in inner:
                self._push(name, bits)


@lru_cache(1 << 12)
def _named_bits(attributes: str) -> int:
    """Return what the class names of an element say; elements of a site have the same ones again and again."""
    bits = 0
    for names in _values(attributes, _WITH_NAMES):
        for name in names.lower().split():
            bits |= _name_bits(name)
    return bits


@lru_cache(1 << 13)
def _name_bits(name: str) -> int:
    """Return what one class name says."""
    bits, words = 0, _WORD.findall(name)
    for first in range(len(words)):
        phrase = ""
        for word in words[first : first + _MOST_WORDS]:
            phrase += word
            bits |= _NAME_BITS.get(phrase, 0)
    return bits


def _values(attributes: str, names: Container[str]) -> Iterator[str]:
    """Yield the values of the attributes of these names."""
    for name, double, single, bare in _ATTRIBUTE.findall(attributes):
        if name.lower() in names:
            yield double or single or bare


def _start_of(text: str) -> str:
    """Return the start of a text by which it is compared; "" if it is too short."""
    start = " ".join(text[:60].split())[_COMPARED].lower()
    return start if len(start) >= _LEAST_COMPARED else ""
