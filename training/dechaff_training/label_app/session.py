"""The state of the label app: its articles, drafts, saved labels and model."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Any

from dechaff.errors import DechaffError, InputError
from dechaff.files import check_not_inputs
from dechaff.linear.artifact import save_model
from dechaff.linear.line_model import LineModel, Threshold
from dechaff_training.corpus.extraction import extract
from dechaff_training.corpus.html_marks import find_title
from dechaff_training.files.paths import Name, safe_name
from dechaff_training.fit.active_learning import rank_articles
from dechaff_training.label_app.documents import Document
from dechaff_training.label_app.fine_tuning_job import FineTuningJob
from dechaff_training.label_app.predictions import Predictor
from dechaff_training.label_app.sources import Source, find_sources
from dechaff_training.label_app.store import ChangedError, Drafts, Store


class Session:
    """Articles to label, the model that proposes labels, and the folder of saved labels.

    Parameters
    ----------
    sources : sequence of Path
        Files and folders; if empty, the articles in the folder of labels.
    to : Path
        The folder of labels.
    model : LineModel
        The model that proposes labels, and from which fine-tuning starts.
    threshold : float or str, optional
    extractor : str
        The extractor that converts HTML to text.
    digest : str, optional
        The digest of the model's file.

    Raises
    ------
    InputError
        If a source is missing, two sources would be saved under the same name, or saving would write over a text
        without marks.
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
        if sources:
            self._protect_texts()
        self._open: dict[int, Document] = {}
        self._lock = RLock()
        self._threshold = threshold
        self.predictor = Predictor(model, threshold)
        self.fine_tuner = FineTuningJob(model, digest)

    def use(self, model: LineModel) -> None:
        """Replace the model that proposes labels, but not the one from which fine-tuning starts."""
        self.predictor = Predictor(model, self._threshold)

    @property
    def has_pages(self) -> bool:
        """Whether any source is HTML."""
        return any(source.is_page for source in self._sources.values())

    def articles(self) -> list[dict[str, Any]]:
        """List the articles, and whether each is new, saved, or has a draft."""
        with self._lock:
            return [{"site": name.site, "slug": name.slug, "state": self._state(name)} for name in self._names]

    def suggest(self) -> list[dict[str, Any]]:
        """Rank the articles without labels by active learning, with reasons; unreadable articles are skipped."""
        with self._lock:
            states = [(name, self._state(name)) for name in self._names]
        indices, texts, titles = [], [], []
        for index, (name, state) in enumerate(states):
            with suppress(DechaffError, OSError):
                if state == "new":
                    text, title = self._source(name).read_text(self._extractor)
                    texts.append(text)
                    titles.append(title)
                    indices.append(index)
        sites = [states[index][0].site for index in indices]
        labelled = [name.site for name, state in states if state == "saved"]
        ranked = rank_articles(self.predictor.model, texts, sites, titles=titles, labelled_sites=labelled)
        return [{"index": indices[found.index], **found.to_dict()} for found in ranked]

    def open(self, index: int) -> dict[str, Any]:
        """Read an article from its draft, else its saved labels, else its source.

        Raises
        ------
        DechaffError
            If the article cannot be read.
        """
        with self._lock:
            name = self._name(index)
            document = self.drafts.read(name) or self._read_saved(name) or self._read_source(name)
            self._open[index] = document
        fields = {"index": index, "site": name.site, "slug": name.slug, "key": document.key}
        fields |= {name: getattr(document, name) for name in ("marks", "kinds", "origin", "digest")}
        return fields | {"unsure": self.predictor.unsure, "lines": list(self.predictor.describe(document))}

    def explain(self, index: int, key: str, line: int) -> list[dict[str, Any]]:
        """Return the strongest reasons for a line's prediction.

        Raises
        ------
        ChangedError
            If the browser shows an outdated text.
        InputError
            If there is no line of that number.
        """
        return self.predictor.explain(self._document(index, key), line)

    def keep(self, index: int, key: str, marks: object, kinds: object, digest: str | None) -> None:
        """Save marks and kinds as a draft.

        Raises
        ------
        DechaffError
            If marks or kinds do not fit the text.
        """
        with self._lock:
            self.drafts.write(self._name(index), self._document(index, key).marked(marks, kinds), digest)

    def forget(self, index: int) -> None:
        """Delete the draft of an article."""
        with self._lock:
            self.drafts.drop(self._name(index))

    def save(self, index: int, key: str, marks: object, kinds: object, digest: str | None) -> dict[str, Any]:
        """Write an article's labels, and delete its draft.

        Parameters
        ----------
        index : int
        key : str
            The key of the text in the browser.
        marks : str
        kinds : list of str
            The kind of each line, "" for none.
        digest : str, optional
            The digest of the file when it was opened.

        Raises
        ------
        ChangedError
            If the file or the text has changed; nothing is written.
        """
        with self._lock:
            name, document = self._name(index), self._document(index, key).marked(marks, kinds)
            written = self.store.write(name, document.labelled(), digest)
            self.drafts.drop(name)
        return {"digest": written, "path": str(self.store.path(name))}

    def add(self, text: str, site: str, title: str, *, is_html: bool) -> int:
        """Add a text or page from the browser as a draft, and return its index.

        Raises
        ------
        DechaffError
            If the text is empty, or it is HTML and the extractor's package is not installed.
        """
        text = text.encode("utf-8", "replace").decode()  # files cannot contain lone surrogates
        page_title = None
        if is_html:
            html, text = text, extract(text, self._extractor)
            page_title = find_title(html, text)
        document = self.predictor.propose(text, page_title)
        if not document.marks:
            raise InputError("the pasted article contains no text")
        with self._lock:
            name = self._new_name(safe_name(site, "pasted"), safe_name(title, "article"))
            self.drafts.write(name, document, None)
            self._names.append(name)
            return len(self._names) - 1

    def use_fine_tuned(self) -> dict[str, Any]:
        """Replace the model by the fine-tuned one, and save the new model to the folder of labels.

        Raises
        ------
        InputError
            If no model has been fine-tuned.
        """
        model = self.fine_tuner.model
        save_model(model, self.store.model_path)
        self.use(model)
        return {"path": str(self.store.model_path)}

    def _protect_texts(self) -> None:
        """Raise if saving would write over a source; labelled files, which are there to be corrected, are not."""
        for name, source in self._sources.items():
            path = self.store.path(name)
            if path.is_file() and isinstance(source.read(self._extractor)[0], str):
                check_not_inputs([path], [source.path])

    def _name(self, index: int) -> Name:
        if not 0 <= index < len(self._names):
            raise InputError(f"the list has no article {index}")
        return self._names[index]

    def _state(self, name: Name) -> str:
        if self.drafts.path(name).is_file():
            return "draft"
        return "saved" if self.store.path(name).is_file() else "new"

    def _document(self, index: int, key: str) -> Document:
        """Return the open document after checking that its text is the one in the browser."""
        document = self._open.get(index)
        if document is None or document.key != key:
            name = self._name(index)
            message = f"the text of {name.site}/{name.slug} has changed since it was opened here"
            raise ChangedError(message, self.store.digest(name), can_overwrite=False)
        return document

    def _source(self, name: Name) -> Source:
        source = self._sources.get(name)
        if source is None:
            raise InputError(f"{name.site}/{name.slug}: never saved, and its draft was deleted: add it again")
        return source

    def _read_source(self, name: Name) -> Document:
        found, title = self._source(name).read(self._extractor)
        return found if isinstance(found, Document) else self.predictor.propose(found, title)

    def _read_saved(self, name: Name) -> Document | None:
        """Read saved labels, with the title of the page that they were made from if it is still there."""
        document, source = self.store.read(name), self._sources.get(name)
        if document is not None and source is not None:
            with suppress(DechaffError, OSError):
                document = replace(document, title=source.read_title())
        return document

    def _new_name(self, site: str, slug: str) -> Name:
        name, number = Name(site, slug), 1
        while name in self._names or self.store.path(name).exists():
            number += 1
            name = Name(site, f"{slug}-{number}")
        return name
