"""Steps for datatrove pipelines: `pip install 'dechaff[datatrove]'`."""

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dechaff.decisions.decide import FLAGS, decide
from dechaff.decisions.titles import TITLE_NAMES, URL_NAMES, PageInfo
from dechaff.errors import InputError, MissingExtraError
from dechaff.explain.kinds import check_kinds, keep_by_kind
from dechaff.kernels import for_batch
from dechaff.linear.artifact import default_model, load_model
from dechaff.linear.line_model import LineModel, Threshold
from dechaff.sites import SiteProfile

try:
    from datatrove.data import Document
    from datatrove.pipeline.base import PipelineStep
    from datatrove.pipeline.writers.disk_base import DiskWriter
    from datatrove.utils.batching import batched
    from datatrove.utils.typeshelper import StatHints
except ImportError as error:
    raise MissingExtraError("datatrove is not installed; run: pip install 'dechaff[datatrove]'") from error


class LineCleaner(PipelineStep):  # type: ignore[misc]
    r"""Drops the boilerplate lines of documents, and documents with excluded flags or without any content.

    Forwarded documents have two metadata fields: `dechaff_share_kept`, the share of characters kept, and
    `dechaff_flags`, the flags separated by commas (usually "").

    The exclusion writer receives everything that is dropped, with the reason in the metadata `filter_reason`. A
    dropped document has the flag or "nothing kept" as its reason. The dropped lines of a forwarded document are
    written as one document with the same id and the reason "boilerplate lines".

    Statistics count documents (total, titled, forwarded, dropped by reason, flagged by flag) and the lines of
    forwarded documents (total, kept, dropped).

    Parameters
    ----------
    model : LineModel, str or Path, optional
        The model, or its file, which each task reads when it starts; by default the model that ships with dechaff.
    threshold : float or str, optional
        The lowest probability of content with which lines are kept, or a preset; see `dechaff.keep_content`.
    exclude : collection of str
        Flags of `dechaff.CleanedArticle`; documents with one of these flags are dropped.
    exclusion_writer : DiskWriter, optional
        A datatrove writer for everything that is dropped.
    batch_size : int
        The number of documents cleaned at once.
    title_column, url_column : str, optional
        The metadata fields with the title and the address of a document's page, which help to keep the headline;
        by default the first of "title" and "headline", and of "url", "uri" and "link", that a document has; ""
        for none.
    keep_kinds : collection of str
        Kinds of boilerplate that are kept all the same; see `dechaff.keep_content`.
    sites : SiteProfile, str or Path, optional
        The lines of several pages of a site, or their file, which each task reads when it starts; see
        `SiteProfiler`.
    site_column : str, optional
        The metadata field with the site of a document; by default the registered domain of the address.

    Raises
    ------
    InputError
        If a flag or kind does not exist or `batch_size` is below 1; `run` also raises it for an invalid threshold.
    ArtifactError
        From `run`, if the model file is missing or cannot be used.

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
        title_column: str | None = None,
        url_column: str | None = None,
        keep_kinds: Collection[str] = (),
        sites: SiteProfile | str | Path | None = None,
        site_column: str | None = None,
    ) -> None:
        super().__init__()
        _check(exclude, batch_size)
        self.model = model
        self.threshold = threshold
        self.exclude = tuple(exclude)
        self.exclusion_writer = exclusion_writer
        self.batch_size = batch_size
        self.title_column, self.url_column = title_column, url_column
        self.sites, self.site_column = sites, site_column
        self.keep_kinds = check_kinds(keep_kinds)

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:  # noqa: ARG002
        """Clean the documents of one task.

        Parameters
        ----------
        data : iterable of Document
        rank, world_size : int
            The number of this task, from 0, and the total number of tasks.
        """
        model = _resolve(self.model)
        sites = SiteProfile.load(self.sites) if isinstance(self.sites, str | Path) else self.sites
        with self.exclusion_writer or nullcontext() as writer:
            for documents in batched(data, self.batch_size):
                with self.track_time("batch"), for_batch(len(documents)):
                    page_infos = [self._page_info(document) for document in documents]
                    self.stat_update("titled", value=sum(info.title is not None for info in page_infos))
                    texts = [document.text for document in documents]
                    results = list(_clean(texts, model, self.threshold, page_infos, self.keep_kinds, sites))
                for document, result in zip(documents, results, strict=True):
                    yield from self._filter(document, result, writer, rank)

    def _filter(
        self, document: Document, result: "_Result", writer: DiskWriter | None, rank: int
    ) -> Iterator[Document]:
        """Yield the cleaned document unless it is dropped, and write the dropped text to the exclusion writer."""
        self.stat_update(StatHints.total)
        if result.flags:
            self.stat_update("flagged", *(f"flagged_{flag}" for flag in result.flags))
        reason = self._drop_reason(result)
        if writer and (reason or result.dropped):
            metadata = {**document.metadata, "filter_reason": reason or "boilerplate lines"}
            text = document.text if reason else result.dropped
            writer.write(replace(document, text=text, metadata=metadata), rank)
        if reason:
            self.stat_update(StatHints.dropped, f"dropped_{reason}")
        else:
            self.stat_update(StatHints.forwarded)
            yield self._update(document, result)

    def _page_info(self, document: Document) -> PageInfo:
        """Return the title, the address and the site in the metadata of a document."""
        return PageInfo(
            _first_text(document.metadata, self.title_column, TITLE_NAMES),
            *_address(document, self.url_column, self.site_column),
        )

    def _drop_reason(self, result: "_Result") -> str | None:
        """Return why a document is dropped (its first excluded flag, or "nothing kept"), or None if it is kept."""
        flag = next((flag for flag in self.exclude if flag in result.flags), None)
        return flag or (None if result.kept else "nothing kept")

    def _update(self, document: Document, result: "_Result") -> Document:
        """Set the cleaned text and the metadata of a document, and count its lines."""
        document.metadata["dechaff_share_kept"] = round(len(result.kept) / len(document.text), 4)
        document.metadata["dechaff_flags"] = ", ".join(result.flags)
        document.text = result.kept
        self.stat_update("line-total", value=result.n_lines)
        self.stat_update("line-kept", value=result.n_kept)
        self.stat_update("line-dropped", value=result.n_lines - result.n_kept)
        self.update_doc_stats(document)
        return document


class SiteProfiler(PipelineStep):  # type: ignore[misc]
    r"""Counts on how many documents of its site each line stands, and forwards the documents unchanged.

    Each task writes a site profile, `00000.dechaff` and so on; `SiteMerger` merges them for `LineCleaner(sites=…)`.

    Parameters
    ----------
    output_folder : str or Path
        The local folder for the profiles of the tasks.
    url_column : str, optional
        The metadata field with the address; by default the first of "url", "uri" and "link" that a document has.
    site_column : str, optional
        The metadata field with the site; by default the registered domain of the address.
    batch_size : int
        The number of documents counted at once.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> url = {"url": "https://post.example/1"}
    >>> documents = [Document(f"{text}\nShare", text, metadata=url) for text in ("Rain fell", "Snow fell")]
    >>> len(list(SiteProfiler(folder).run(documents)))
    2
    >>> SiteProfile.load(folder / "00000.dechaff").n_documents("Share", "post.example")
    2
    """

    type = "📊 - STATS"
    name = "🌾 dechaff sites"

    def __init__(
        self,
        output_folder: str | Path,
        *,
        url_column: str | None = None,
        site_column: str | None = None,
        batch_size: int = 1000,
    ) -> None:
        super().__init__()
        _check((), batch_size)
        self.output_folder, self.batch_size = str(output_folder), batch_size
        self.url_column, self.site_column = url_column, site_column

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:  # noqa: ARG002
        """Count the documents of one task.

        Parameters
        ----------
        data : iterable of Document
        rank, world_size : int
            The number of this task, from 0, and the total number of tasks.
        """
        profile = SiteProfile()
        for documents in batched(data, self.batch_size):
            with self.track_time("batch"), for_batch(len(documents)):
                infos = (PageInfo(None, *_address(each, self.url_column, self.site_column)) for each in documents)
                sites = [info.site_name for info in infos]
                profile.count([document.text for document in documents], sites)
            self.stat_update(StatHints.total, value=len(documents))
            self.stat_update("without_site", value=sites.count(None))
            yield from documents
        profile.save(Path(self.output_folder) / f"{rank:05d}.dechaff")


class SiteMerger(PipelineStep):  # type: ignore[misc]
    """Merges the profiles of all tasks of `SiteProfiler`; to be run as the one step of a single task.

    Parameters
    ----------
    folder : str or Path
        The folder of the profiles.
    output : str or Path
        The file for the merged profile.
    """

    type = "📊 - STATS"
    name = "🌾 dechaff sites, merged"

    def __init__(self, folder: str | Path, output: str | Path) -> None:
        super().__init__()
        self.folder, self.output = str(folder), str(output)

    def run(self, data: Iterable[Document] | None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:  # noqa: ARG002
        """Merge the profiles in the task 0; forward the documents.

        Parameters
        ----------
        data : iterable of Document, optional
        rank, world_size : int
            The number of this task, from 0, and the total number of tasks.

        Raises
        ------
        InputError
            If there are no profiles.
        """
        if rank == 0:
            paths = sorted(Path(self.folder).glob("*.dechaff"))
            if not paths:
                raise InputError(f"{self.folder}: no site profiles: run SiteProfiler first")
            SiteProfile.merge(map(SiteProfile.load, paths)).save(self.output)
        yield from data or ()


@dataclass(frozen=True)
class _Result:
    """The result for one text: its kept and dropped lines, the numbers of lines, and the flags."""

    kept: str
    dropped: str
    n_lines: int
    n_kept: int
    flags: tuple[str, ...]


def _check(exclude: Collection[str], batch_size: int) -> None:
    """Raise InputError for unknown flags or a batch size below 1."""
    wrong = [exclude] if isinstance(exclude, str) else [flag for flag in exclude if flag not in FLAGS]
    if wrong:
        raise InputError(f"exclude={wrong[0]!r}: choose a list from {', '.join(map(repr, FLAGS))}")
    if batch_size < 1:
        raise InputError(f"batch_size={batch_size}: must be 1 or more")


def _resolve(model: LineModel | str | Path | None) -> LineModel:
    """Return the model itself, the model loaded from a path, or the default model for None."""
    if isinstance(model, LineModel):
        return model
    return default_model() if model is None else load_model(model)


def _first_text(metadata: Mapping[str, Any], name: str | None, usual: Sequence[str]) -> str | None:
    """Return the first string that is not empty among the named field, or the usual ones; "" names none."""
    values = (metadata.get(field) for field in (usual if name is None else [name]))
    return next((value for value in values if isinstance(value, str) and value), None)


def _address(document: Document, url_column: str | None, site_column: str | None) -> tuple[str | None, str | None]:
    """Return the address and the site in the metadata of a document."""
    site = _first_text(document.metadata, site_column, ()) if site_column else None
    return _first_text(document.metadata, url_column, URL_NAMES), site


def _clean(
    texts: list[str],
    model: LineModel,
    threshold: Threshold,
    page_infos: Sequence[PageInfo],
    kinds: Sequence[str],
    sites: SiteProfile | None,
) -> Iterator[_Result]:
    """Yield the result for each text."""
    for decided in decide(texts, model, threshold, page_infos=page_infos, sites=sites):
        decision = keep_by_kind(decided, kinds)
        counts = decision.n_lines.tolist(), decision.n_kept.tolist()
        columns = zip(decision.kept_texts(), decision.dropped_texts(), *counts, decision.flags, strict=True)
        yield from itertools.starmap(_Result, columns)
        del decided, decision, columns  # the features take memory while the next batch is computed
