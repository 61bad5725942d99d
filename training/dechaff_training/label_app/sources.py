"""The articles that someone wants to label: plain or labelled text and HTML, in files and folders."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dechaff.errors import CorpusError, InputError
from dechaff_training.corpus import find_files
from dechaff_training.corpus.article_files import HTML_SUFFIXES, SUFFIXES
from dechaff_training.corpus.articles import MalformedError, read_file
from dechaff_training.corpus.extraction import extract
from dechaff_training.files.paths import Name, resolve_inside
from dechaff_training.label_app.documents import Document, read_document

#: The largest text or page that is opened, in bytes.
LARGEST: int = 8_000_000


@dataclass(frozen=True)
class Source:
    """A file, and the folder or file that was named for it to be found.

    Attributes
    ----------
    path : Path
    root : Path
    """

    path: Path
    root: Path

    @property
    def is_page(self) -> bool:
        """Tell whether it is HTML."""
        return self.path.suffix in HTML_SUFFIXES

    def read(self, extractor: str) -> str | Document:
        """Read the text, or the document where every line has a mark already.

        Raises
        ------
        DechaffError
            If it leads out of its folder, is too large, not UTF-8, or HTML without the extractor's package.
        """
        path = resolve_inside(self.path, self.root)
        if path.stat().st_size > LARGEST:
            raise InputError(f"{self.path}: larger than {LARGEST // 1_000_000} MB: no article, or split it")
        text = read_file(path)
        if self.is_page:
            return extract(text, extractor)
        try:
            document = read_document(text, str(path), "labelled")
        except MalformedError:  # a line without a mark: plain text
            return text
        return document if document.marks else text

    def read_text(self, extractor: str) -> str:
        """Read the text alone, without the marks that it may have.

        Raises
        ------
        DechaffError
            As for `read`.
        """
        found = self.read(extractor)
        return found.text if isinstance(found, Document) else found


def find_sources(paths: Sequence[Path]) -> dict[Name, Source]:
    """Find what can be labelled in files and folders, in the order of their names.

    Raises
    ------
    InputError
        If there is no such file, a file is of another kind, or two would be saved under one name.
    """
    found: dict[Name, Source] = {}
    for root in paths:
        for path in _files(root):
            if not path.resolve().is_relative_to(root.resolve()):
                continue  # a link out of the folder
            name, source = Name.of(path), Source(path, root)
            other = found.setdefault(name, source)
            if other.path.resolve() != path.resolve():
                raise InputError(f"{other.path} and {path} would both be saved as {name.site}/{name.slug}.txt")
    return found


def _files(root: Path) -> list[Path]:
    if root.is_file() and root.suffix not in SUFFIXES:
        raise InputError(f"{root}: neither text nor HTML: its name should end in {', '.join(SUFFIXES)}")
    try:
        return find_files(root, SUFFIXES)
    except CorpusError as error:
        raise InputError(str(error)) from error
