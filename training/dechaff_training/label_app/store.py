"""The folder of labels: a labelled file for each article, and drafts of unsaved marks."""

import json
from collections.abc import Iterator
from pathlib import Path

from dechaff.errors import DechaffError, InputError
from dechaff.files import written_whole
from dechaff_training.corpus.articles import read_file
from dechaff_training.files.paths import Name, resolve_inside
from dechaff_training.label_app.documents import Document, digest_of, read_document


class ChangedError(DechaffError):
    """A file that has changed since it was opened in the browser.

    Parameters
    ----------
    message : str
    digest : str, optional
        The digest of the current file, which a request to overwrite it must contain; None if there is no file.
    can_overwrite : bool
        Whether the marks fit the current text.
    """

    def __init__(self, message: str, digest: str | None, *, can_overwrite: bool = True) -> None:
        super().__init__(message)
        self.digest, self.can_overwrite = digest, can_overwrite


class Store:
    """Labelled text files, `<root>/<site>/<slug>.txt`.

    Parameters
    ----------
    root : Path
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def model_path(self) -> Path:
        """The file of the model that was fine-tuned on these labels."""
        return self.root / "model.joblib"

    def path(self, name: Name) -> Path:
        """Return the file of an article.

        Raises
        ------
        InputError
            If the path would lie outside the folder.
        """
        return resolve_inside(self.root / name.site / f"{name.slug}.txt", self.root)

    def digest(self, name: Name) -> str | None:
        """Return the digest of an article's file; None if there is no file."""
        path = self.path(name)
        return digest_of(path.read_bytes()) if path.is_file() else None

    def read(self, name: Name) -> Document | None:
        """Read a saved article; None if it has not been saved.

        Raises
        ------
        CorpusError
            If the file is malformed.
        """
        path = self.path(name)
        if not path.is_file():
            return None
        digest = self.digest(name)  # before reading, so that saving detects a change in between
        return read_document(read_file(path), str(path), "saved", digest)

    def write(self, name: Name, labelled: str, expected: str | None) -> str:
        """Save an article, and return the digest of its file.

        Parameters
        ----------
        name : Name
        labelled : str
        expected : str, optional
            The digest of the file to replace; None for a new file.

        Raises
        ------
        ChangedError
            If the file has another digest; nothing is written.
        """
        path, now = self.path(name), self.digest(name)
        if now != expected:
            happened = "deleted" if now is None else "changed by another program" if expected else "created"
            raise ChangedError(f"{name.site}/{name.slug}.txt was {happened} since it was opened here", now)
        data = labelled.encode()
        with written_whole(path) as temporary:
            temporary.write_bytes(data)
        return digest_of(data)


class Drafts:
    """Unsaved marks in `<root>/.drafts/<site>/<slug>.json`; corpora ignore these files.

    Parameters
    ----------
    root : Path
        The root folder of the store.
    """

    def __init__(self, root: Path) -> None:
        self.root = root / ".drafts"

    def path(self, name: Name) -> Path:
        """Return the file of an article's draft.

        Raises
        ------
        InputError
            If the path would lie outside the folder.
        """
        return resolve_inside(self.root / name.site / f"{name.slug}.json", self.root)

    def names(self) -> Iterator[Name]:
        """Yield the names of the articles with drafts."""
        yield from (Name.of(path) for path in sorted(self.root.glob("*/*.json")))

    def read(self, name: Name) -> Document | None:
        """Read a draft; None if there is no draft.

        Raises
        ------
        InputError
            If the draft is damaged.
        """
        path = self.path(name)
        if not path.is_file():
            return None
        try:
            found = json.loads(path.read_bytes())
            marks, kinds, title = found["marks"], tuple(found["kinds"]), found.get("title")
            draft = Document(found["text"], marks, kinds, "draft", found["digest"], title)
            draft.marked(marks, found["kinds"]).labelled()
        except (ValueError, TypeError, LookupError, AttributeError, DechaffError) as error:
            raise InputError(f"{path}: damaged draft: delete the file") from error
        return draft

    def write(self, name: Name, document: Document, digest: str | None) -> None:
        """Write unsaved marks and kinds, with the digest of the file that saving is to replace."""
        record = {field: getattr(document, field) for field in ("text", "marks", "kinds", "title")}
        record["digest"] = digest
        with written_whole(self.path(name)) as temporary:
            temporary.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")

    def drop(self, name: Name) -> None:
        """Delete a draft."""
        self.path(name).unlink(missing_ok=True)
