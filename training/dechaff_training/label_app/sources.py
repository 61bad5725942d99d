"""The articles to label: plain or labelled text and HTML, in files and folders."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dechaff.errors import CorpusError, InputError
from dechaff.text.markup.html import LOOKED_AT, decode_html
from dechaff_training.corpus import find_files
from dechaff_training.corpus.articles import MalformedError, read_file
from dechaff_training.corpus.extraction import extract
from dechaff_training.corpus.html_marks import find_title
from dechaff_training.files.formats import SUFFIXES, has_suffix, is_html
from dechaff_training.files.paths import Name, resolve_inside
from dechaff_training.label_app.documents import Document, read_document

#: The maximum size of a text or page, in bytes.
MAX_BYTES: int = 8_000_000


@dataclass(frozen=True)
class Source:
    """A file, and the folder or file on the command line that it was found in.

    Attributes
    ----------
    path : Path
    root : Path
    """

    path: Path
    root: Path

    @property
    def is_page(self) -> bool:
        """Whether the file is HTML."""
        with self.path.open("rb") as file:
            return is_html(self.path, file.read(LOOKED_AT))

    def read(self, extractor: str) -> tuple[str | Document, str | None]:
        """Read the text, or a document with marks if every line has a mark, and the title of an HTML page.

        Raises
        ------
        DechaffError
            If the file is outside its folder, too large, not UTF-8, or HTML without the extractor's package.
        """
        path = resolve_inside(self.path, self.root)
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{self.path}: larger than {MAX_BYTES // 1_000_000} MB: split the file")
        if self.is_page:
            html = decode_html(path.read_bytes())
            text = extract(html, extractor)
            return text, find_title(html, text)
        text = read_file(path)
        try:
            document = read_document(text, str(path), "labelled")
        except MalformedError:  # a line without a mark means that the file is plain text
            return text, None
        return (document if document.marks else text), None

    def read_title(self) -> str | None:
        """Read the title that an HTML page gives itself; None for a text.

        Raises
        ------
        DechaffError
            If the file cannot be read.
        """
        path = resolve_inside(self.path, self.root)
        return find_title(decode_html(path.read_bytes())) if self.is_page else None

    def read_text(self, extractor: str) -> tuple[str, str | None]:
        """Read the text without marks, and the title of an HTML page.

        Raises
        ------
        DechaffError
            If the file cannot be read, as for `read`.
        """
        found, title = self.read(extractor)
        return (found.text if isinstance(found, Document) else found), title


def find_sources(paths: Sequence[Path]) -> dict[Name, Source]:
    """Find the articles in files and folders, in the order of their names.

    Raises
    ------
    InputError
        If a file is missing or has another suffix, or two files would be saved under the same name.
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
    if root.is_file() and not has_suffix(root):
        raise InputError(f"{root}: neither text, Markdown nor HTML: give a file ending in {', '.join(SUFFIXES)}")
    try:
        return find_files(root, SUFFIXES)
    except CorpusError as error:
        raise InputError(str(error)) from error
