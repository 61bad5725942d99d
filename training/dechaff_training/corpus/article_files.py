"""Articles as people have them, labelled or not: text and HTML, in files and folders."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dechaff.errors import InputError
from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import Article, MalformedError, parse_labelled
from dechaff_training.corpus.corpus import find_files
from dechaff_training.corpus.extraction import extract
from dechaff_training.corpus.gold_alignment import MASKED
from dechaff_training.files.paths import Name
from dechaff_training.files.text_io import UTF_8, Decoding, read_text, show_path

HTML_SUFFIXES = (".html", ".htm")
#: The suffixes of all files that are read as articles.
SUFFIXES = (".txt", *HTML_SUFFIXES)


def find_articles(paths: Sequence[Path], suffixes: tuple[str, ...] = SUFFIXES) -> tuple[Path, ...]:
    """Put in place of each folder the files in it that may be articles, by name.

    Parameters
    ----------
    paths : sequence of Path
        A path that is no folder stays as it is, whatever its name.
    suffixes : tuple of str
        Of files in folders.

    Raises
    ------
    InputError
        If a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        files = find_files(path, suffixes) if path.is_dir() else [path]
        if not files:
            raise InputError(f"{show_path(path)}: no articles there; {', '.join(suffixes)} files are read")
        found += files
    return tuple(found)


def read_article(path: Path, decoding: Decoding = UTF_8, extractor: str = "resiliparse_all") -> Article:
    """Read one article: HTML becomes text, and text with a mark before each line loses the marks.

    Parameters
    ----------
    path : Path
        HTML if it is called so; `-` is standard input.
    decoding : Decoding
    extractor : str
        What makes text of HTML.

    Returns
    -------
    Article
        Its id is the path; lines without a mark are masked.

    Raises
    ------
    InputError
        If it cannot be read.
    MissingExtraError
        If it is HTML, and the extractor's package is not installed.
    """
    text, where = read_text(path, decoding).removeprefix("\ufeff"), show_path(path)
    site = Name.of(path).site
    if path.suffix in HTML_SUFFIXES:
        return _unlabelled(extract(text, extractor), site, where, extractor)
    try:
        unmarked, labels, kinds = parse_labelled(text, where)
    except MalformedError:  # a line without a mark: plain text
        return _unlabelled(text, site, where)
    return Article(unmarked, labels, site, where, "articles", kinds=kinds)


def _unlabelled(text: str, site: str, where: str, extractor: str = "none") -> Article:
    labels = np.full(len(split_lines(text)), MASKED, np.int8)
    return Article(text, labels, site, where, "articles", extractor=extractor)
