"""The folder that labels are saved in: a labelled text file for each article, and drafts of what is unsaved."""

import json
from collections.abc import Iterator
from pathlib import Path

from dechaff.errors import DechaffError, InputError
from dechaff.files import written_whole
from dechaff_training.corpus.articles import read_file
from dechaff_training.files.paths import Name, resolve_inside
from dechaff_training.label_app.documents import Document, digest_of, read_document


class ChangedError(DechaffError):
    """A file is no longer what it was when the page opened it.

    Parameters
    ----------
    message : str
    digest : str, optional
        Of what is there now: who saves with it replaces that. None where nothing is there.
    can_overwrite : bool
        Whether the labels still fit.
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
        """Where the model is that was taught with these labels."""
        return self.root / "model.joblib"

    def path(self, name: Name) -> Path:
        """Give the file of an article.

        Raises
        ------
        InputError
            If it would lie outside the folder.
        """
        return resolve_inside(self.root / name.site / f"{name.slug}.txt", self.root)

    def digest(self, name: Name) -> str | None:
        """Give the digest of an article's file; None where there is none."""
        path = self.path(name)
        return digest_of(path.read_bytes()) if path.is_file() else None

    def read(self, name: Name) -> Document | None:
        """Read a saved article; None where there is none.

        Raises
        ------
        CorpusError
            If the file is malformed.
        """
        path = self.path(name)
        if not path.is_file():
            return None
        digest = self.digest(name)  # first: who changes the file in between is noticed when it is saved
        return read_document(read_file(path), str(path), "saved", digest)

    def write(self, name: Name, labelled: str, expected: str | None) -> str:
        """Save an article, and give the digest of its file.

        Parameters
        ----------
        name : Name
        labelled : str
        expected : str, optional
            The digest of the file that is to be replaced; None for a new one.

        Raises
        ------
        ChangedError
            If another file is there; nothing is written then.
        """
        path, now = self.path(name), self.digest(name)
        if now != expected:
            happened = "deleted" if now is None else "changed by another program" if expected else "made meanwhile"
            raise ChangedError(f"{name.site}/{name.slug}.txt was {happened} since it was opened here", now)
        data = labelled.encode()
        with written_whole(path) as temporary:
            temporary.write_bytes(data)
        return digest_of(data)


class Drafts:
    """What is not saved yet, `<root>/.drafts/<site>/<slug>.json`: no corpus reads that.

    Parameters
    ----------
    root : Path
        The folder of the store.
    """

    def __init__(self, root: Path) -> None:
        self.root = root / ".drafts"

    def path(self, name: Name) -> Path:
        """Give the file of an article's draft.

        Raises
        ------
        InputError
            If it would lie outside the folder.
        """
        return resolve_inside(self.root / name.site / f"{name.slug}.json", self.root)

    def names(self) -> Iterator[Name]:
        """Name the articles that have drafts."""
        yield from (Name.of(path) for path in sorted(self.root.glob("*/*.json")))

    def read(self, name: Name) -> Document | None:
        """Read a draft; None where there is none.

        Raises
        ------
        InputError
            If it is damaged.
        """
        path = self.path(name)
        if not path.is_file():
            return None
        try:
            found = json.loads(path.read_bytes())
            draft = Document(found["text"], found["marks"], tuple(found["kinds"]), "draft", found["digest"])
            draft.labelled(draft.check(draft.marks))
        except (ValueError, TypeError, LookupError, AttributeError, DechaffError) as error:
            raise InputError(f"{path}: a damaged draft: delete it") from error
        return draft

    def write(self, name: Name, document: Document, marks: str, digest: str | None) -> None:
        """Keep marks that are not saved, with the digest of the file that they are to replace."""
        record = {"text": document.text, "marks": marks, "kinds": document.kinds, "digest": digest}
        with written_whole(self.path(name)) as temporary:
            temporary.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")

    def drop(self, name: Name) -> None:
        """Forget a draft."""
        self.path(name).unlink(missing_ok=True)
