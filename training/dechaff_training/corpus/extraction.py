"""HTML to text by the common extractors, so that one model serves the output of each.

`resiliparse_all`, `html_text` and `inscriptis` return all visible text of a page; `resiliparse_main`,
`trafilatura`, `readability` and `justext` return only its main content. boilerpy3 and newspaper4k are used only in
benchmarks.
"""

import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, partial
from importlib import metadata
from typing import Any, Final, TypeVar

from dechaff.api import clean_html
from dechaff.errors import InputError, MissingExtraError
from dechaff.extras import load, missing
from dechaff.text.marked import MarkedText
from dechaff.text.markup.elements import mark_elements
from dechaff.text.markup.html import PRINT_OPTIONS, replace_refused

T = TypeVar("T")

# jusText identifies its stop lists by the English name of the language.
STOPLISTS = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French", "he": "Hebrew",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "nl": "Dutch", "no": "Norwegian_Bokmal",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sv": "Swedish",
    "tr": "Turkish", "uk": "Ukrainian",
}  # fmt: skip
_LANG = re.compile(r"<html[^>]{0,500}?\blang\s*=\s*[\"']?([a-z]{2})\b", re.IGNORECASE)
# Control characters make lxml reject the whole page; lone surrogates make Resiliparse reject it.
_REFUSED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")


def extract(html: str, extractor: str) -> str:
    r"""Extract the text of a page.

    Parameters
    ----------
    html : str
        The HTML of the page, decoded.
    extractor : str
        A name in `EXTRACTORS`.

    Returns
    -------
    str
        The text; empty if the extractor finds no text or fails on the page.

    Raises
    ------
    InputError
        If there is no such extractor.
    MissingExtraError
        If the extractor's package is not installed.

    Examples
    --------
    >>> extract("<p>One</p><p>two &amp; three</p>", "html_text")
    'One\n\ntwo & three'
    """
    check_extractors([extractor], EXTRACTORS)
    return run_on_page(EXTRACTORS[extractor], html) or ""


def page_text(html: str, name: str) -> str:
    r"""Extract the text of a page with any extractor of a benchmark.

    Parameters
    ----------
    html : str
    name : str
        One of `ADAPTERS`.

    Returns
    -------
    str
        The text; empty if the extractor finds no text or fails on the page.

    Raises
    ------
    MissingExtraError
        If the extractor's package is not installed.

    Examples
    --------
    >>> page_text("<p>One</p><p>two &amp; three</p>", "html_text")
    'One\n\ntwo & three'
    """
    return run_on_page(ADAPTERS[name], html) or ""


def extract_marked(html: str, extractor: str) -> MarkedText | None:
    r"""Extract the text of a page with its markup; None if the page is blank or cannot be parsed.

    Parameters
    ----------
    html : str
    extractor : str
        A name in `EXTRACTORS_WITH_MARKUP`.

    Examples
    --------
    >>> text = extract_marked("<p>One</p><p>two &amp; <a>three</a></p>", "resiliparse_all")
    >>> text, text.begins.tolist()
    ('One\n\ntwo & three', [0, 5, 11])
    """
    return run_on_page(partial(_extract_marked, EXTRACTORS[extractor]), html)


def _extract_marked(print_page: Callable[[str], str], html: str) -> MarkedText:
    marked, marks = mark_elements(replace_refused(html))
    return marks.take(print_page(marked))


def find_headings(html: str) -> list[str]:
    """Return the first-level headings of a page; an empty list if the page cannot be parsed.

    Examples
    --------
    >>> find_headings("<h1>The <b>mill</b></h1><h2>Work</h2>")
    ['The mill']
    """
    return (run_on_page(_headings, html) or "").splitlines()


def check_extractors(names: Iterable[str], known: Collection[str]) -> None:
    """Raise if an extractor's name is unknown.

    Raises
    ------
    InputError
        If a name is not among the known ones.
    """
    for name in names:
        if name not in known:
            raise InputError(f"there is no extractor {name!r}: choose one of {', '.join(known)}")


def run_on_page(function: Callable[[str], T], html: str) -> T | None:
    r"""Return the result of a function for a page; None if the page is blank or cannot be parsed.

    Characters that parsers refuse become spaces.

    Parameters
    ----------
    function : callable
        Takes the page's HTML.
    html : str
        The HTML of the page, decoded.

    Examples
    --------
    >>> run_on_page(str.split, "<p>One\x00two</p>"), run_on_page(str.split, " ")
    (['<p>One', 'two</p>'], None)
    """
    if not html.strip():
        return None
    try:
        return function(_REFUSED.sub(" ", html))
    except _failures():
        return None


def extractor_version(extractor: str) -> str:
    """Return an extractor's name with the version of its package, for cache keys.

    Raises
    ------
    MissingExtraError
        If the package is not installed.

    Examples
    --------
    >>> extractor_version("html_text").startswith("html_text")
    True
    """
    try:
        return f"{extractor} {package_version(extractor)}"
    except metadata.PackageNotFoundError as error:
        extra = "html" if extractor.startswith("resiliparse") else "peers"
        raise missing(DISTRIBUTIONS[extractor], extra) from error


def package_version(extractor: str) -> str:
    """Return the version of the package behind an extractor, which must be installed."""
    return metadata.version(DISTRIBUTIONS[extractor])


@cache
def load_quietly(module: str, extra: str = "peers") -> Any:
    """Load a package as `load` does, and silence its logger, which reports every malformed page."""
    loaded = load(module, extra)
    logging.getLogger(module.partition(".")[0]).setLevel(logging.CRITICAL)
    return loaded


def _failures() -> tuple[type[Exception], ...]:
    """Return the exceptions that extractors raise on pages they cannot parse."""
    own = (ValueError, RecursionError, AssertionError, IndexError, KeyError, AttributeError)
    try:
        return (load("lxml.etree", "peers").LxmlError, *own)
    except MissingExtraError:  # then none of the extractors that use lxml is there
        return own


def _resiliparse(html: str, *, main_content: bool) -> str:
    html2text = load("resiliparse.extract.html2text")
    text: str = html2text.extract_plain_text(html, main_content=main_content, **PRINT_OPTIONS)
    return text


def _headings(html: str) -> str:
    tree = load("resiliparse.parse.html").HTMLTree.parse(html)
    return "\n".join(" ".join(heading.text.split()) for heading in tree.document.get_elements_by_tag_name("h1"))


def _html_text(html: str) -> str:
    text: str = load("html_text", "peers").extract_text(html)
    return text


def _inscriptis(html: str) -> str:
    text: str = load("inscriptis", "peers").get_text(html)
    return text


def _trafilatura(html: str) -> str:
    text: str | None = load_quietly("trafilatura").extract(html, include_comments=False, include_tables=True)
    return text or ""


def _readability(html: str) -> str:
    # The summary is HTML.
    summary: str = load_quietly("readability").Document(html).summary()
    return _resiliparse(summary, main_content=False)


def _justext(html: str) -> str:
    justext = load_quietly("justext")
    lang = _LANG.search(html)
    name = STOPLISTS.get(lang[1].lower() if lang else "en")
    if name:
        paragraphs = justext.justext(html, justext.get_stoplist(name))
    else:  # without stop words jusText judges by link density and length alone
        paragraphs = justext.justext(html, frozenset(), stopwords_low=0, stopwords_high=0)
    return "\n".join(p.text for p in paragraphs if not p.is_boilerplate)


def _boilerpy3(html: str) -> str:
    extractors = load_quietly("boilerpy3.extractors")
    # By default a single surplus end tag raises.
    text: str = extractors.ArticleExtractor(raise_on_failure=False).get_content(html)
    return text


def _newspaper4k(html: str) -> str:
    newspaper = load_quietly("newspaper", "newspaper")
    article = newspaper.Article("https://example.org/", fetch_images=False)
    try:
        article.download(input_html=html)
        article.parse()
    except (newspaper.ArticleException, ImportError):  # some languages need packages that it does not install
        return ""
    text: str = article.text
    return text


#: The extractors whose output dechaff is made for.
EXTRACTORS: dict[str, Callable[[str], str]] = {
    "resiliparse_all": partial(_resiliparse, main_content=False),
    "resiliparse_main": partial(_resiliparse, main_content=True),
    "html_text": _html_text,
    "inscriptis": _inscriptis,
    "trafilatura": _trafilatura,
    "readability": _readability,
    "justext": _justext,
}
#: All extractors that a benchmark can run.
ADAPTERS: Final[Mapping[str, Callable[[str], str]]] = {
    **EXTRACTORS,
    "boilerpy3": _boilerpy3,
    "newspaper4k": _newspaper4k,
    "clean_html": clean_html,
}
#: The package of each extractor.
DISTRIBUTIONS = {
    "resiliparse_all": "resiliparse",
    "resiliparse_main": "resiliparse",
    "html_text": "html-text",
    "inscriptis": "inscriptis",
    "trafilatura": "trafilatura",
    "readability": "readability-lxml",
    "justext": "justext",
    "boilerpy3": "boilerpy3",
    "newspaper4k": "newspaper4k",
    "clean_html": "resiliparse",
}
#: The extractors whose output models are trained on by default.
LEARNT = ("resiliparse_all", "resiliparse_main", "html_text", "inscriptis", "trafilatura")
#: The extractors that leave marks for the markup in their text.
EXTRACTORS_WITH_MARKUP = ("resiliparse_all", "resiliparse_main")
#: The extractors that vote on pages without a gold body, the most reliable first.
VOTERS = ("trafilatura", "readability", "justext", "resiliparse_main")
#: Systems that remove boilerplate from HTML, run by every benchmark; `clean_html` with the model that ships.
PEERS: Final = ("trafilatura", "readability", "justext", "boilerpy3", "newspaper4k", "clean_html")
