"""Read one article from a file: text or HTML, with or without labels."""

from pathlib import Path

import numpy as np

from dechaff.text.formats import Format
from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import MASKED, Article, MalformedError, parse_labelled
from dechaff_training.corpus.extraction import extract
from dechaff_training.corpus.html_marks import find_title
from dechaff_training.files.formats import ArticleText, read_content, to_text
from dechaff_training.files.paths import Name
from dechaff_training.files.text_io import UTF_8, Decoding, show_path


def read_article(
    path: Path, decoding: Decoding = UTF_8, extractor: str = "resiliparse_all", wanted: Format = "auto"
) -> Article:
    """Read one article from HTML, plain text or labelled text.

    Parameters
    ----------
    path : Path
        The file; `-` is standard input.
    decoding : Decoding
        How to decode; the encoding of HTML is detected unless it is given.
    extractor : str
        The extractor for HTML.
    wanted : str
        The format; "auto" is HTML by the suffix or a look at the content, and text otherwise.

    Returns
    -------
    Article
        The article, whose id is the path, with the title of an HTML page; without labels, all lines are masked.

    Raises
    ------
    InputError
        If the file cannot be read.
    MissingExtraError
        If the file is HTML, and the extractor's package is not installed.
    """
    (content, is_page), where, site = read_content(path, decoding, wanted), show_path(path), Name.of(path).site
    if is_page:
        text = extract(content, extractor)
        return _unlabelled(text, site, where, extractor, find_title(content, text))
    text = content.removeprefix("\ufeff")
    try:
        unmarked, labels, kinds = parse_labelled(text, where)
    except MalformedError:  # no labelled text, so plain text
        return _unlabelled(text, site, where)
    return Article(unmarked, labels, site, where, "articles", kinds=kinds)


def describe_article(path: Path, article: Article, wanted: Format) -> ArticleText:
    """Return an article with what the model reads of it: HTML and labelled texts are read line by line."""
    if article.extractor != "none":
        return ArticleText(article.text, None, article.title, "HTML")
    if (article.labels != MASKED).any() or wanted == "text":
        return ArticleText(article.text, None, article.title, "text")
    return to_text(path, article.text, wanted)


def _unlabelled(text: str, site: str, where: str, extractor: str = "none", title: str | None = None) -> Article:
    labels = np.full(len(split_lines(text)), MASKED, np.int8)
    return Article(text, labels, site, where, "articles", extractor=extractor, title=title)
