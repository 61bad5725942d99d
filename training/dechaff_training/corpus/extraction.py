"""HTML to text by the extractors that people use, so that one model serves the output of them all.

`resiliparse_all`, `html_text` and `inscriptis` print everything that can be read on the page;
`resiliparse_main`, `trafilatura`, `readability` and `justext` print what they hold to be its main content.
"""

import logging
import re
from collections.abc import Callable, Collection, Iterable
from functools import cache
from importlib import metadata
from typing import Any

from dechaff.errors import InputError
from dechaff.extras import load as load  # to be had from here, too
from dechaff.extras import missing

# jusText names its stop lists by the English name of the language.
STOPLISTS = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French", "he": "Hebrew",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "nl": "Dutch", "no": "Norwegian_Bokmal",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sv": "Swedish",
    "tr": "Turkish", "uk": "Ukrainian",
}  # fmt: skip
_LANG = re.compile(r"<html[^>]{0,500}?\blang\s*=\s*[\"']?([a-z]{2})\b", re.IGNORECASE)
# Control characters make lxml refuse the whole page; half a surrogate pair makes Resiliparse.
_REFUSED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")


def extract(html: str, extractor: str) -> str:
    r"""Turn a page into text.

    Parameters
    ----------
    html : str
        A page, as decoded text.
    extractor : str
        A name in `EXTRACTORS`.

    Returns
    -------
    str
        The text; empty where the extractor finds none or fails on the page.

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
    return run(EXTRACTORS[extractor], html)


def find_headings(html: str) -> list[str]:
    """Find a page's headings of the first level; none where it cannot be parsed.

    Examples
    --------
    >>> find_headings("<h1>The <b>mill</b></h1><h2>Work</h2>")
    ['The mill']
    """
    return run(_headings, html).splitlines()


def check_extractors(names: Iterable[str], known: Collection[str]) -> None:
    """Refuse the names of extractors that are not known.

    Raises
    ------
    InputError
        If there is no such extractor.
    """
    for name in names:
        if name not in known:
            raise InputError(f"there is no extractor {name!r}: choose one of {', '.join(known)}")


def run(extractor: Callable[[str], str], html: str) -> str:
    """Give what an extractor makes of a page; an empty text where it finds none or fails."""
    if not html.strip():
        return ""
    try:
        return extractor(_REFUSED.sub(" ", html))
    except _failures():
        return ""


def extractor_version(extractor: str) -> str:
    """Give the version of the package behind an extractor, for the keys of caches.

    Examples
    --------
    >>> extractor_version("html_text").startswith("html_text")
    True
    """
    package = DISTRIBUTIONS[extractor]
    try:
        return f"{extractor} {metadata.version(package)}"
    except metadata.PackageNotFoundError as error:
        raise missing(package) from error


@cache
def load_quietly(module: str, extra: str = "html") -> Any:
    """Load a package that reports each odd page to its logger, as `load` does, and turn that off."""
    loaded = load(module, extra)
    logging.getLogger(module.partition(".")[0]).setLevel(logging.CRITICAL)
    return loaded


@cache
def _failures() -> tuple[type[Exception], ...]:
    """Name what the extractors raise on pages that they cannot parse."""
    etree = load("lxml.etree")
    return (etree.LxmlError, ValueError, RecursionError, AssertionError, IndexError, KeyError, AttributeError)


def _resiliparse(html: str, *, main_content: bool) -> str:
    html2text = load("resiliparse.extract.html2text")
    text: str = html2text.extract_plain_text(
        html,
        preserve_formatting=True,
        main_content=main_content,
        list_bullets=True,
        alt_texts=False,
        links=False,
        form_fields=False,
        noscript=False,
    )
    return text


def _headings(html: str) -> str:
    tree = load("resiliparse.parse.html").HTMLTree.parse(html)
    return "\n".join(" ".join(heading.text.split()) for heading in tree.document.get_elements_by_tag_name("h1"))


def _resiliparse_all(html: str) -> str:
    return _resiliparse(html, main_content=False)


def _resiliparse_main(html: str) -> str:
    return _resiliparse(html, main_content=True)


def _html_text(html: str) -> str:
    text: str = load("html_text").extract_text(html)
    return text


def _inscriptis(html: str) -> str:
    text: str = load("inscriptis").get_text(html)
    return text


def _trafilatura(html: str) -> str:
    text: str | None = load_quietly("trafilatura").extract(html, include_comments=False, include_tables=True)
    return text or ""


def _readability(html: str) -> str:
    # It gives HTML: its paragraphs still have to become lines.
    summary: str = load_quietly("readability").Document(html).summary()
    return _resiliparse_all(summary)


def _justext(html: str) -> str:
    justext = load_quietly("justext")
    lang = _LANG.search(html)
    name = STOPLISTS.get(lang[1].lower() if lang else "en")
    if name:
        paragraphs = justext.justext(html, justext.get_stoplist(name))
    else:  # its mode without a language: density of links and length alone
        paragraphs = justext.justext(html, frozenset(), stopwords_low=0, stopwords_high=0)
    return "\n".join(p.text for p in paragraphs if not p.is_boilerplate)


EXTRACTORS: dict[str, Callable[[str], str]] = {
    "resiliparse_all": _resiliparse_all,
    "resiliparse_main": _resiliparse_main,
    "html_text": _html_text,
    "inscriptis": _inscriptis,
    "trafilatura": _trafilatura,
    "readability": _readability,
    "justext": _justext,
}
#: The package behind each.
DISTRIBUTIONS = {
    "resiliparse_all": "resiliparse",
    "resiliparse_main": "resiliparse",
    "html_text": "html-text",
    "inscriptis": "inscriptis",
    "trafilatura": "trafilatura",
    "readability": "readability-lxml",
    "justext": "justext",
}
#: Whose output the model learns from, unless told otherwise.
LEARNT = ("resiliparse_all", "resiliparse_main", "html_text", "inscriptis", "trafilatura")
#: Who votes on pages without gold.
VOTERS = ("trafilatura", "readability", "justext", "resiliparse_main")
