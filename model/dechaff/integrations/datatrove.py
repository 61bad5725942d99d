"""A step for datatrove's pipelines: `pip install 'dechaff[datatrove]'`."""

import itertools
from collections.abc import Collection, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from dechaff.decisions.decide import FLAGS, decide
from dechaff.errors import InputError, MissingExtraError
from dechaff.linear.artifact import default_model, load_model
from dechaff.linear.line_model import LineModel, Threshold

try:
    from datatrove.data import Document
    from datatrove.pipeline.base import PipelineStep
    from datatrove.pipeline.writers.disk_base import DiskWriter
    from datatrove.utils.batching import batched
    from datatrove.utils.typeshelper import StatHints
except ImportError as error:
    raise MissingExtraError("datatrove is not installed; run: pip install 'dechaff[datatrove]'") from error


class LineCleaner(PipelineStep):  # type: ignore[misc]
    r"""Drops the boilerplate lines of documents, and documents with flags if it is told to.

    A document that goes on has the metadata `dechaff_share_kept`, of its characters, and `dechaff_flags`, with
    commas between them, mostly "". One of which nothing is left does not go on.

    The exclusion writer gets all that does not go on, with the metadata `filter_reason`: whole documents for a flag
    or "nothing kept", and the dropped lines of each other document, under its id, for "boilerplate lines".

    Statistics count documents (total, forwarded, dropped and why, flagged and why) and, of those that go on, lines
    (total, kept, dropped).

    Parameters
    ----------
    model : LineModel, str or Path, optional
        A model or its file, which each task reads when it starts; by default the model that dechaff ships with.
    threshold : float or str, optional
        As for `dechaff.keep_content`.
    exclude : collection of str
        The flags of `dechaff.CleanedArticle` for which a document is dropped as a whole.
    exclusion_writer : DiskWriter, optional
        One of datatrove's writers.
    batch_size : int
        How many documents are cleaned at once.

    Raises
    ------
    InputError
        If there is no such flag; when run, if there is no such model or threshold.

    Examples
    --------
    >>> step = LineCleaner()
    >>> texts = ["The river rose by two feet on Tuesday, after days of rain.\nShare", "Log in\nSubscribe"]
    >>> [document.text for document in step.run(Document(text, str(n)) for n, text in enumerate(texts))]
    ['The river rose by two feet on Tuesday, after days of rain.\n']
    """

    type = "🔻 - FILTER"
    name = "🌾 dechaff"

    def __init__(
        self,
        model: LineModel | str | Path | None = None,
        threshold: Threshold = None,
        *,
        exclude: Collection[str] = (),
        exclusion_writer: DiskWriter | None = None,
        batch_size: int = 1000,
    ) -> None:
        super().__init__()
        _check(exclude, batch_size)
        self.model = model
        self.threshold = threshold
        self.exclude = tuple(exclude)
        self.exclusion_writer = exclusion_writer
        self.batch_size = batch_size

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:  # noqa: ARG002
        """Clean the documents of one task.

        Parameters
        ----------
        data : iterable of Document
        rank, world_size : int
            Which task of how many this is.
        """
        model = _resolve(self.model)
        with self.exclusion_writer or nullcontext() as writer:
            for documents in batched(data, self.batch_size):
                with self.track_time("batch"):
                    results = list(_clean([document.text for document in documents], model, self.threshold))
                for document, result in zip(documents, results, strict=True):
                    yield from self._settle(document, result, writer, rank)

    def _settle(
        self, document: Document, result: "_Result", writer: DiskWriter | None, rank: int
    ) -> Iterator[Document]:
        """Let a document go on cleaned, or drop it; write what does not go on."""
        self._count(result)
        reason = self._reason_to_drop(result)
        if writer and (reason or result.dropped):
            metadata = {**document.metadata, "filter_reason": reason or "boilerplate lines"}
            text = document.text if reason else result.dropped
            writer.write(replace(document, text=text, metadata=metadata), rank)
        if reason:
            self.stat_update(StatHints.dropped, f"dropped_{reason}")
        else:
            self.stat_update(StatHints.forwarded)
            yield self._cleaned(document, result)

    def _reason_to_drop(self, result: "_Result") -> str | None:
        """Say why a document does not go on: a flag that the caller has named, or that nothing is left."""
        flag = next((flag for flag in self.exclude if flag in result.flags), None)
        return flag or (None if result.kept else "nothing kept")

    def _count(self, result: "_Result") -> None:
        """Count a document and its flags."""
        self.stat_update(StatHints.total)
        if result.flags:
            self.stat_update("flagged", *(f"flagged_{flag}" for flag in result.flags))

    def _cleaned(self, document: Document, result: "_Result") -> Document:
        """Give the document its clean text and metadata, and count its lines."""
        document.metadata["dechaff_share_kept"] = round(len(result.kept) / len(document.text), 4)
        document.metadata["dechaff_flags"] = ", ".join(result.flags)
        document.text = result.kept
        self.stat_update("line-total", value=result.n_lines)
        self.stat_update("line-kept", value=result.n_kept)
        self.stat_update("line-dropped", value=result.n_lines - result.n_kept)
        self.update_doc_stats(document)
        return document


@dataclass(frozen=True)
class _Result:
    """What became of one text."""

    kept: str
    dropped: str
    n_lines: int
    n_kept: int
    flags: tuple[str, ...]


def _check(exclude: Collection[str], batch_size: int) -> None:
    """Refuse flags that there are not, and batches of nothing."""
    wrong = [exclude] if isinstance(exclude, str) else [flag for flag in exclude if flag not in FLAGS]
    if wrong:
        raise InputError(f"exclude={wrong[0]!r}: give a list of some of {', '.join(map(repr, FLAGS))}")
    if batch_size < 1:
        raise InputError(f"batch_size={batch_size}: give 1 or more")


def _resolve(model: LineModel | str | Path | None) -> LineModel:
    """Read the model, if it is not one."""
    if isinstance(model, LineModel):
        return model
    return default_model() if model is None else load_model(model)


def _clean(texts: list[str], model: LineModel, threshold: Threshold) -> Iterator[_Result]:
    """Yield what is kept and dropped of each text."""
    for decision in decide(texts, model, threshold):
        counts = decision.n_lines.tolist(), decision.n_kept.tolist()
        columns = zip(decision.kept_texts(), decision.dropped_texts(), *counts, decision.flags, strict=True)
        yield from itertools.starmap(_Result, columns)
