"""The formats of article files, by their suffixes and by a look at their content."""

from collections.abc import Container, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from dechaff.api import Output
from dechaff.text.formats import Format
from dechaff.text.markup.html import LOOKED_AT, decode_html, looks_like_html, read_page
from dechaff.text.markup.html_markdown import read_markdown_page
from dechaff.text.markup.markdown import is_markdown, read_markdown
from dechaff.text.reading import Reading
from dechaff.text.wrapped import read_plain
from dechaff_training.files.text_io import UTF_8, Decoding, decode_text, read_bytes

HTML_SUFFIXES: Final = (".html", ".htm", ".xhtml")
MARKDOWN_SUFFIXES: Final = (".md", ".markdown")
#: The suffixes of files that contain a single article.
SUFFIXES: Final = (".txt", *MARKDOWN_SUFFIXES, *HTML_SUFFIXES)


class ArticleText(NamedTuple):
    """An article as it was read.

    Attributes
    ----------
    text : str
        The text; of an HTML page, its text or Markdown as printed by Resiliparse.
    reading : Reading or None
        What the model reads of it; None if that is the text itself.
    title : str or None
        The title that an HTML page gives itself.
    found : str
        The format of the file for messages: "text", "Markdown" or "HTML".
    """

    text: str
    reading: Reading | None
    title: str | None
    found: str


def read_source(
    path: Path,
    decoding: Decoding = UTF_8,
    wanted: Format = "auto",
    keep_kinds: Container[str] = (),
    output: Output = "text",
) -> ArticleText:
    """Read an article from a file, or from standard input if the path is `-`.

    Parameters
    ----------
    path : Path
    decoding : Decoding
        How to decode; the encoding of HTML is detected unless it is given.
    wanted : str
        The format; "auto" is that of the file's suffix, or else what its content looks like.
    keep_kinds : container of str
        Kinds of boilerplate that are kept; see `read_page`.
    output : str
        What HTML pages become, "text" or "markdown".

    Raises
    ------
    InputError
        If the file cannot be read.
    MissingExtraError
        If it is HTML and Resiliparse is not installed, or is to be read as Markdown and pyromark is not.
    """
    content, is_page = read_content(path, decoding, wanted)
    if not is_page:
        return to_text(path, content, wanted)
    if output == "markdown":
        page, reading = read_markdown_page(content, keep_kinds=keep_kinds)
    else:
        page, reading = read_page(content, keep_kinds=keep_kinds), None
    return ArticleText(page.text, reading, page.title, "HTML")


def read_content(path: Path, decoding: Decoding = UTF_8, wanted: Format = "auto") -> tuple[str, bool]:
    """Read a file as it is, and return whether it is HTML; parameters and errors are those of `read_source`."""
    data = read_bytes(path)
    is_page = wanted == "html" or (wanted == "auto" and is_html(path, data, decoding))
    is_detected = is_page and decoding == UTF_8
    return decode_html(data) if is_detected else decode_text(data, path, decoding), is_page


def to_text(path: Path, text: str, wanted: Format = "auto") -> ArticleText:
    """Return a text that is not HTML with what the model reads of it, by the file's suffix or a look at the text.

    Examples
    --------
    >>> to_text(Path("mill.md"), "# The mill").reading.lines, to_text(Path("mill.txt"), "The mill").found
    (['The mill'], 'text')
    """
    if wanted == "text":
        return ArticleText(text, None, None, "text")
    if wanted == "markdown" or has_suffix(path, MARKDOWN_SUFFIXES):
        return ArticleText(text, read_markdown(text), None, "Markdown")
    if not is_markdown(text):
        return ArticleText(text, read_plain(text), None, "text")
    if not find_spec("pyromark"):  # plain text works without it, so a guess must not ask for it
        return ArticleText(text, None, None, "text")
    return ArticleText(text, read_markdown(text), None, "Markdown")


def is_html(path: Path, data: bytes, decoding: Decoding = UTF_8) -> bool:
    """Return whether a file is HTML by its suffix or, unless that is Markdown's, by its first bytes.

    Parameters
    ----------
    path : Path
    data : bytes
        The content of the file, or its beginning.
    decoding : Decoding
        How to decode; a byte order mark of UTF-16 comes first.

    Examples
    --------
    >>> is_html(Path("mill"), b"<!doctype html><p>It was old."), is_html(Path("mill.md"), b"<div>It was old.</div>")
    (True, False)
    """
    if has_suffix(path, (*HTML_SUFFIXES, *MARKDOWN_SUFFIXES)):
        return has_suffix(path, HTML_SUFFIXES)
    start = data[:LOOKED_AT]
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    return looks_like_html(start.decode("utf-16" if wide else decoding.encoding, "replace"))


def output_name(path: Path, wanted: Format = "auto", roots: Iterable[Path] = (), output: Output = "text") -> str:
    """Return the name of the file that an article's text is written to: what HTML becomes ends in `.txt` or `.md`.

    Files found in a folder, one of `roots`, keep their path below it.

    Examples
    --------
    >>> output_name(Path("a/mill.html")), output_name(Path("a/mill.md")), output_name(Path("mill"), "html")
    ('mill.txt', 'mill.md', 'mill.txt')
    >>> output_name(Path("a/mill.html"), output="markdown")
    'mill.md'
    """
    root = next((root for root in roots if root.is_dir() and path.is_relative_to(root)), path.parent)
    is_page = wanted == "html" or (wanted == "auto" and has_suffix(path, HTML_SUFFIXES))
    suffix = ".md" if output == "markdown" else ".txt"
    return (path.with_suffix(suffix) if is_page else path).relative_to(root).as_posix()


def has_suffix(path: Path, suffixes: Iterable[str] = SUFFIXES) -> bool:
    """Return whether a file has one of the suffixes, in lower or upper case.

    Examples
    --------
    >>> has_suffix(Path("MILL.HTM")), has_suffix(Path("mill.pdf"))
    (True, False)
    """
    return path.suffix.lower() in suffixes
