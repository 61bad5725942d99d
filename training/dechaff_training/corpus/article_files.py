"""Files of articles: their suffixes, finding them in folders, and reading text or HTML with or without labels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dechaff.errors import CorpusError, InputError
from dechaff.text.formats import Format
from dechaff.text.html import decode_html
from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import MASKED, Article, MalformedError, parse_labelled
from dechaff_training.corpus.extraction import extract
from dechaff_training.corpus.html_marks import find_title
from dechaff_training.files.formats import SUFFIXES, ArticleText, is_html, to_text
from dechaff_training.files.paths import Name
from dechaff_training.files.text_io import UTF_8, Decoding, decode_text, describe_missing, read_bytes, show_path

#: The suffixes of the files of a corpus.
CORPUS_SUFFIXES = (".txt", ".jsonl", ".parquet")


def find_files(path: Path, suffixes: tuple[str, ...] = CORPUS_SUFFIXES) -> list[Path]:
    """Return a file itself, or the files of a folder and its subfolders in the order of their names.

    Raises
    ------
    CorpusError
        If the path does not exist, or is a file with another suffix.
    """
    if not path.exists():
        raise CorpusError(describe_missing(path, "no such file or folder"))
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix.lower() in suffixes and file.is_file())
    if path.suffix.lower() not in suffixes:
        raise CorpusError(f"{path}: not a corpus: give a folder, or a file ending in {', '.join(suffixes)}")
    return [path]


def find_articles(paths: Sequence[Path], suffixes: tuple[str, ...] = SUFFIXES) -> tuple[Path, ...]:
    """Replace each folder by the article files in it, in the order of their names.

    Parameters
    ----------
    paths : sequence of Path
        Files are returned unchanged, whatever their suffixes.
    suffixes : tuple of str
        The suffixes of files to find in folders.

    Raises
    ------
    InputError
        If a folder contains no file with one of the suffixes.
    """
    found: list[Path] = []
    for path in paths:
        files = find_files(path, suffixes) if path.is_dir() else [path]
        if not files:
            raise InputError(f"{show_path(path)}: no article files in this folder ({', '.join(suffixes)})")
        found += files
    return tuple(found)


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
    data, where, site = read_bytes(path), show_path(path), Name.of(path).site
    if wanted == "html" or (wanted == "auto" and is_html(path, data)):
        html = decode_html(data) if decoding == UTF_8 else decode_text(data, path, decoding)
        return _unlabelled(extract(html, extractor), site, where, extractor, find_title(html))
    text = decode_text(data, path, decoding).removeprefix("\ufeff")
    try:
        unmarked, labels, kinds = parse_labelled(text, where)
    except MalformedError:  # no labelled text, so plain text
        return _unlabelled(text, site, where)
    return Article(unmarked, labels, site, where, "articles", kinds=kinds)


def describe_article(path: Path, article: Article, wanted: Format) -> ArticleText:
    """Return the text of an article that was read, with its format."""
    if article.extractor != "none":
        return ArticleText(article.text, "text", article.title, "HTML")
    if (article.labels != MASKED).any() or wanted == "text":
        return ArticleText(article.text, "text", article.title, "text")
    return to_text(path, article.text, wanted)


def _unlabelled(text: str, site: str, where: str, extractor: str = "none", title: str | None = None) -> Article:
    labels = np.full(len(split_lines(text)), MASKED, np.int8)
    return Article(text, labels, site, where, "articles", extractor=extractor, title=title)
