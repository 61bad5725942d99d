"""Conversion between labelled text files, Label Studio tasks, and Dolma documents with attributes."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from dechaff.errors import CorpusError, InputError
from dechaff.files import written_whole
from dechaff_training.corpus import Article, find_files, format_labelled
from dechaff_training.corpus.articles import read_labelled
from dechaff_training.exchange.dolma import ATTRIBUTES_FOLDER, from_documents, to_documents
from dechaff_training.exchange.label_studio import from_tasks, to_tasks
from dechaff_training.files.json_io import dump, read_json, write_json
from dechaff_training.files.paths import protect_inputs, safe_name
from dechaff_training.files.text_io import STANDARD, show_path

_SITE_AND_NAME: Final = re.compile(r"[^/\\\0]+/[^/\\\0]+")
_MAX_NAME_LENGTH: Final = 100
_DOCUMENTS: Final = "articles.jsonl"


def exchange_labels(inputs: Sequence[Path], source: str, target: str, out: Path | None) -> int:
    """Convert labelled articles to another format; all inputs are read before any file is written.

    Parameters
    ----------
    inputs : sequence of Path
        Labelled files or folders of them; Label Studio exports; or one file of Dolma documents, followed by the
        file of their attributes unless it is in the folder `_attributes` beside the documents.
    source, target : str
        "text", "label-studio" or "dolma".
    out : Path, optional
        The output folder; for Label Studio a file, by default standard output.

    Returns
    -------
    int
        The number of converted articles.

    Raises
    ------
    DechaffError
        If an input is malformed, two articles have the same id, or a required folder is missing.
    """
    articles = [_rename(article) for article in _READERS[source](inputs)]
    if not articles:
        raise CorpusError(f"{', '.join(map(show_path, inputs))}: no labelled articles found")
    _check(articles)
    if target == "label-studio":
        protect_inputs([out or STANDARD], inputs)
        write_json(to_tasks(articles), out)
    else:
        contents = _CONTENTS[target](articles, _folder(out))
        protect_inputs(contents, _with_attributes(inputs) if source == "dolma" else inputs)
        for path, text in contents.items():
            _write(path, text)
    return len(articles)


def _read_texts(inputs: Sequence[Path]) -> Iterator[Article]:
    for path in (file for each in inputs for file in find_files(each, (".txt",))):
        article = read_labelled(path)
        yield replace(article, text=article.text + "\n")  # restores the final line break, for exact round trips


def _read_tasks(inputs: Sequence[Path]) -> Iterator[Article]:
    for path in inputs:
        for article in from_tasks(read_json(path), show_path(path)):
            yield replace(article, site=path.stem)


def _read_documents(inputs: Sequence[Path]) -> Iterator[Article]:
    documents, *attributes = inputs
    if len(attributes) > 1:
        raise InputError(
            f"{len(inputs)} inputs: give one file of documents and, if their attributes are not in the folder "
            f"{ATTRIBUTES_FOLDER} beside it, the attributes file"
        )
    for article in from_documents(documents, *attributes):
        yield replace(article, site=documents.name.partition(".")[0])


def _rename(article: Article) -> Article:
    """Set the id to `<site>/<name>`, as for a labelled file."""
    if _SITE_AND_NAME.fullmatch(article.id) and not article.id.startswith("."):
        site, name = article.id.split("/")
        if name not in (".", ".."):
            return replace(article, site=site)
    return replace(article, id=f"{article.site}/{safe_name(article.id, 'article', _MAX_NAME_LENGTH)}")


def _check(articles: Sequence[Article]) -> None:
    """Raise CorpusError if two articles have the same id, or an article cannot be encoded in UTF-8."""
    seen = set()
    for article in articles:
        if article.id in seen:
            raise CorpusError(f"{article.id}: two articles have this id: give them different ids")
        seen.add(article.id)
        try:
            f"{article.id}{article.text}".encode()
        except UnicodeEncodeError as error:
            raise CorpusError(f"{article.id!a}: half a surrogate pair in the id or text: remove it") from error


def _text_files(articles: Sequence[Article], folder: Path) -> dict[Path, str]:
    return {folder / f"{a.id}.txt": format_labelled(a.text, a.labels, a.kinds) for a in articles}


def _document_files(articles: Sequence[Article], folder: Path) -> dict[Path, str]:
    documents, attributes = zip(*to_documents(articles), strict=True)
    return {
        folder / ATTRIBUTES_FOLDER / _DOCUMENTS: "".join(map(dump, attributes)),
        folder / _DOCUMENTS: "".join(map(dump, documents)),
    }


def _with_attributes(inputs: Sequence[Path]) -> list[Path]:
    """Return the inputs and the attributes that are read beside the documents."""
    return [*inputs, inputs[0].parent / ATTRIBUTES_FOLDER / inputs[0].name]


def _folder(out: Path | None) -> Path:
    if out is None or out == STANDARD:
        raise InputError("this format needs several files: give a folder with -o")
    if out.exists() and not out.is_dir():
        raise InputError(f"{show_path(out)}: this is a file: give a folder with -o")
    return out


def _write(path: Path, text: str) -> None:
    with written_whole(path) as temporary:
        temporary.write_bytes(text.encode())


_READERS: Final[dict[str, Callable[[Sequence[Path]], Iterator[Article]]]] = {
    "text": _read_texts,
    "label-studio": _read_tasks,
    "dolma": _read_documents,
}
_CONTENTS: Final[dict[str, Callable[[Sequence[Article], Path], dict[Path, str]]]] = {
    "text": _text_files,
    "dolma": _document_files,
}
