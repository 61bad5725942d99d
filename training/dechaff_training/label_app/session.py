"""What the page can do: list, open, keep, save and explain articles, between files and the browser."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import Any

from dechaff.errors import DechaffError, InputError
from dechaff.linear.artifact import save_model
from dechaff.linear.line_model import LineModel, Threshold
from dechaff_training.corpus.extraction import extract
from dechaff_training.files.paths import Name, safe_name
from dechaff_training.fit.active_learning import rank_articles
from dechaff_training.label_app.documents import Document
from dechaff_training.label_app.judging import Judge
from dechaff_training.label_app.sources import Source, find_sources
from dechaff_training.label_app.store import ChangedError, Drafts, Store
from dechaff_training.label_app.teacher import Teacher


class Session:
    """Articles to label, the model that proposes labels, and the folder that they are saved in.

    Parameters
    ----------
    sources : sequence of Path
        Files and folders; none for what the folder of labels holds.
    to : Path
        The folder of labels.
    model : LineModel
        What proposes labels, and what lessons begin with.
    threshold : float or str, optional
    extractor : str
        What makes text of HTML.
    digest : str, optional
        Of the model's file.

    Raises
    ------
    InputError
        If a source is missing, or two would be saved under one name.
    """

    def __init__(
        self,
        sources: Sequence[Path],
        to: Path,
        model: LineModel,
        threshold: Threshold = None,
        extractor: str = "resiliparse_all",
        digest: str | None = None,
    ) -> None:
        self.store, self.drafts = Store(to), Drafts(to)
        self._sources = find_sources(sources or [to] * to.is_dir())
        self._names = list(dict.fromkeys([*self._sources, *self.drafts.names()]))
        self._extractor = extractor
        self._open: dict[int, Document] = {}
        self._lock = RLock()
        self._threshold = threshold
        self.judge = Judge(model, threshold)
        self.teacher = Teacher(model, digest)

    def use(self, model: LineModel) -> None:
        """Let another model propose labels; lessons begin with the first one all the same."""
        self.judge = Judge(model, self._threshold)

    @property
    def has_pages(self) -> bool:
        """Tell whether any source is HTML."""
        return any(source.is_page for source in self._sources.values())

    def articles(self) -> list[dict[str, Any]]:
        """List the articles, and whether each is new, saved, or has a draft."""
        with self._lock:
            return [{"site": name.site, "slug": name.slug, "state": self._state(name)} for name in self._names]

    def suggest(self) -> list[dict[str, Any]]:
        """Order the new articles by what they would teach, with reasons; what cannot be read is left out."""
        with self._lock:
            states = [(name, self._state(name)) for name in self._names]
        indices, texts = [], []
        for index, (name, state) in enumerate(states):
            with suppress(DechaffError, OSError):
                if state == "new":
                    texts.append(self._source(name).read_text(self._extractor))
                    indices.append(index)
        sites = [states[index][0].site for index in indices]
        labelled = [name.site for name, state in states if state == "saved"]
        ranked = rank_articles(self.judge.model, texts, sites, labelled_sites=labelled)
        return [{"index": indices[found.index], **found.to_dict()} for found in ranked]

    def open(self, index: int) -> dict[str, Any]:
        """Read an article anew: its draft, else what is saved, else its source.

        Raises
        ------
        DechaffError
            If it cannot be read.
        """
        with self._lock:
            name = self._name(index)
            document = self.drafts.read(name) or self.store.read(name) or self._read_source(name)
            self._open[index] = document
        known = {"index": index, "site": name.site, "slug": name.slug, "key": document.key}
        known |= {"marks": document.marks, "origin": document.origin, "digest": document.digest}
        return known | {"unsure": self.judge.unsure, "lines": list(self.judge.describe(document))}

    def explain(self, index: int, key: str, line: int) -> list[dict[str, Any]]:
        """Give the strongest reasons for what the model says of a line.

        Raises
        ------
        ChangedError
            If the page shows another text.
        InputError
            If there is no such line.
        """
        return self.judge.explain(self._document(index, key), line)

    def keep(self, index: int, key: str, marks: object, digest: str | None) -> None:
        """Keep marks as a draft.

        Raises
        ------
        DechaffError
            If they do not fit the text.
        """
        with self._lock:
            document = self._document(index, key)
            self.drafts.write(self._name(index), document, document.check(marks), digest)

    def forget(self, index: int) -> None:
        """Drop the draft of an article."""
        with self._lock:
            self.drafts.drop(self._name(index))

    def save(self, index: int, key: str, marks: object, digest: str | None) -> dict[str, Any]:
        """Write an article's labels, and drop its draft.

        Parameters
        ----------
        index : int
        key : str
            Of the text that the page shows.
        marks : str
        digest : str, optional
            Of the file that the page has seen.

        Raises
        ------
        ChangedError
            If file or text are others by now; nothing is written then.
        """
        with self._lock:
            name, document = self._name(index), self._document(index, key)
            written = self.store.write(name, document.labelled(document.check(marks)), digest)
            self.drafts.drop(name)
        return {"digest": written, "path": str(self.store.path(name))}

    def add(self, text: str, site: str, title: str, *, is_html: bool) -> int:
        """Take a text or page that was pasted or opened in the browser, and give its place in the list.

        It is kept as a draft at once.

        Raises
        ------
        DechaffError
            If there is no text in it, or it is HTML without the extractor's package.
        """
        text = text.encode("utf-8", "replace").decode()  # half a surrogate pair has no place in a file
        text = extract(text, self._extractor) if is_html else text
        document = self.judge.propose(text)
        if not document.marks:
            raise InputError("there is no text in it")
        with self._lock:
            name = self._new_name(safe_name(site, "pasted"), safe_name(title, "article"))
            self.drafts.write(name, document, document.marks, None)
            self._names.append(name)
            return len(self._names) - 1

    def take(self) -> dict[str, Any]:
        """Let the taught model take the old one's place, and write it to the folder of labels.

        Raises
        ------
        InputError
            If no model has been taught.
        """
        model = self.teacher.model
        save_model(model, self.store.model_path)
        self.use(model)
        return {"path": str(self.store.model_path)}

    def _name(self, index: int) -> Name:
        if not 0 <= index < len(self._names):
            raise InputError(f"there is no article {index}")
        return self._names[index]

    def _state(self, name: Name) -> str:
        if self.drafts.path(name).is_file():
            return "draft"
        return "saved" if self.store.path(name).is_file() else "new"

    def _document(self, index: int, key: str) -> Document:
        """Give the document that is open, if it has the text that the page shows."""
        document = self._open.get(index)
        if document is None or document.key != key:
            name = self._name(index)
            message = f"{name.site}/{name.slug} has another text by now than this page shows"
            raise ChangedError(message, self.store.digest(name), can_overwrite=False)
        return document

    def _source(self, name: Name) -> Source:
        source = self._sources.get(name)
        if source is None:
            raise InputError(f"{name.site}/{name.slug}: its draft is gone, and it was never saved")
        return source

    def _read_source(self, name: Name) -> Document:
        found = self._source(name).read(self._extractor)
        return found if isinstance(found, Document) else self.judge.propose(found)

    def _new_name(self, site: str, slug: str) -> Name:
        name, number = Name(site, slug), 1
        while name in self._names or self.store.path(name).exists():
            number += 1
            name = Name(site, f"{slug}-{number}")
        return name
