"""The HTML of reports, built as a tree of elements, so that all text is escaped when it is written.

A page has no script and loads nothing; its content security policy forbids both.
"""

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files
from xml.etree.ElementTree import Element, SubElement, tostring

from dechaff_training.report.rendering import visible


def begin_page(title: str, about: str) -> tuple[Element, Element]:
    """Return a page with a heading and a line about it, and the element for its content."""
    root = Element("html", {"lang": "en"})
    _add_head(add(root, "head"), title)
    body = add(root, "body")
    header = add(body, "header")
    add(header, "h1", title)
    add(header, "p", about)
    return root, add(body, "main")


def end_page(root: Element) -> str:
    r"""Return the HTML of a page.

    Examples
    --------
    >>> end_page(begin_page("dechaff report", "the default model")[0])[:32]
    '<!DOCTYPE html>\n<html lang="en">'
    """
    return f"<!DOCTYPE html>\n{tostring(root, encoding='unicode', method='html')}\n"


def _add_head(head: Element, title: str) -> None:
    style = files("dechaff_training.report").joinpath("static", "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    add(head, "meta", charset="utf-8")
    add(head, "meta", http_equiv="Content-Security-Policy", content=policy)
    add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    add(head, "meta", name="color-scheme", content="light dark")
    add(head, "title", title)
    add(head, "style", style)


def add_table(parent: Element, caption: str, heads: Iterable[str]) -> Element:
    """Add a table with a caption and column heads; return its body."""
    table = add(parent, "table")
    add(table, "caption", caption)
    row = add(add(table, "thead"), "tr")
    for head in heads:
        add(row, "th", head, scope="col")
    return add(table, "tbody")


def add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """Add an element; `class_` and `aria_label` become the attributes `class` and `aria-label`."""
    names = {name.rstrip("_").replace("_", "-"): visible(value) for name, value in attributes.items()}
    element = SubElement(parent, tag, names)
    element.text = visible(text)
    return element
