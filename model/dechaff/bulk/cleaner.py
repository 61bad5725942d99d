"""Clean documents and describe their dropped lines and attributes; each process has one cleaner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from dechaff.bulk.drift import FeatureHistogram, Profile
from dechaff.bulk.records import Document, join_lines
from dechaff.bulk.samples import Samples, key_source
from dechaff.bulk.settings import Settings, require
from dechaff.bulk.summary import Counts
from dechaff.decisions.decide import Decision, decide
from dechaff.explain.contributions import Reason, explain
from dechaff.explain.kinds import keep_by_kind, line_kinds
from dechaff.kernels import numba_available, use_numba
from dechaff.linear.line_model import CLASSES, LineModel
from dechaff.results import CleanedReading, carry_decision
from dechaff.sites import SiteProfile
from dechaff.text.lines import LineBatch
from dechaff.text.markup.html import looks_like_html, read_page
from dechaff.text.markup.markdown import read_markdown

#: The name of the attribute in Dolma's format.
ATTRIBUTE = "dechaff__content"
_DECIMALS = 4
_N_REASONS = 3


@dataclass(frozen=True)
class Cleaned:
    """Output for a sequence of documents.

    Attributes
    ----------
    texts : list of str
        The documents' texts without boilerplate, in the order of the documents.
    dropped, attributes : bytes
        The dropped lines and the Dolma attributes as JSON lines; each is empty unless the settings request it.
    counts : Counts
        The counts over these documents.
    """

    texts: list[str] = field(default_factory=list)
    dropped: bytes = b""
    attributes: bytes = b""
    counts: Counts = field(default_factory=Counts)


class Cleaner:
    """Cleans documents.

    Parameters
    ----------
    model : LineModel
    settings : Settings
    compiled : bool
        Whether to use the numba kernels if numba is installed; their results differ in the last digits.
    """

    def __init__(self, model: LineModel, settings: Settings, *, compiled: bool = False) -> None:
        self._model, self._settings, self._compiled = model, settings, compiled
        self._dumps, self._profile = require("orjson").dumps, Profile.of(model)

    @cached_property
    def _sites(self) -> SiteProfile | None:
        """Load the site profile on first use: each process reads the file, which is faster than sending it."""
        return self._settings.load_sites()

    def is_compiled(self) -> bool:
        """Return whether the numba kernels are used: requested and available."""
        return self._compiled and numba_available()

    def clean(self, documents: Sequence[Document], file_name: str = "") -> Cleaned:
        """Clean documents.

        Parameters
        ----------
        documents : sequence of Document
        file_name : str
            The name of their file, which decides with their numbers which lines are sampled.
        """
        with use_numba(self._compiled):
            if self._settings.format == "markdown":
                return self._clean_markdown(documents, file_name)
            return self._clean([read_document(document, self._settings) for document in documents], file_name)

    def _clean(self, documents: Sequence[Document], file_name: str) -> Cleaned:
        texts: list[str] = []
        dropped: list[bytes] = []
        attributes: list[bytes] = []
        counts = Counts(samples=Samples() if self._settings.samples else None)
        records = [(document.number, document.id) for document in documents]
        generator = key_source(records, file_name)
        histogram = self._histogram()
        infos = [document.page_info for document in documents]
        counts.count_page_infos(infos)
        texts_in = [document.text for document in documents]
        how: dict[str, Any] = {"page_infos": infos, "sites": self._sites}
        for decided in decide(texts_in, self._model, self._settings.threshold, **how):
            decision = keep_by_kind(decided, self._settings.keep_kinds)
            place = slice(len(texts), len(texts) + decision.batch.n_articles)
            own = documents[place]
            texts.extend(decision.kept_texts())
            counts.count(decision.batch, decision.kept, decision.flags)
            if histogram is not None:
                histogram.count_all(decision)
            if counts.samples is not None:
                counts.samples.add(Samples.draw(records[place], decision, generator))
            if self._settings.dropped:
                dropped.append(join_lines(_dropped_lines(own, decision), self._dumps))
            if self._settings.attributes:
                attributes.append(join_lines(_attributes(own, decision), self._dumps))
            del decided, decision  # its features take memory while the next batch is computed
        counts.features = None if histogram is None else histogram.counts
        counts.prune()
        return Cleaned(texts, b"".join(dropped), b"".join(attributes), counts)

    def _histogram(self) -> FeatureHistogram | None:
        return None if self._profile is None else FeatureHistogram(self._profile, self._model.stage1.names)

    def _clean_markdown(self, documents: Sequence[Document], file_name: str) -> Cleaned:
        """Clean Markdown one document at a time: finding blocks costs more than small batches."""
        settings, histogram = self._settings, self._histogram()
        counts = Counts(samples=Samples() if settings.samples else None)
        cleaned = Cleaned(counts=counts)
        records = [(document.number, document.id) for document in documents]
        generator = key_source(records, file_name)
        counts.count_page_infos([document.page_info for document in documents])
        dropped: list[dict[str, Any]] = []
        attributes: list[dict[str, Any]] = []
        for record, document in zip(records, documents, strict=True):
            found = self._clean_reading(document)
            cleaned.texts.append(found.text)
            counts.count(found.batch, found.kept, found.decision.flags)
            if histogram is not None:
                histogram.count_all(found.decision)
            if counts.samples is not None:
                lines, flags = found.label(), found.decision.flags[0]
                counts.samples.add(Samples.draw_labelled(record, lines, flags, generator))
            if settings.dropped:
                dropped += [
                    _describe(document, number, (line.start, line.end), line.probability, line.kind, reasons)
                    for number, line in enumerate(found.label())
                    if line.label == CLASSES[0]
                    for reasons in [line.reasons(_N_REASONS)]
                ]
            if settings.attributes:
                scored = [[line.start, line.end, round(line.probability, _DECIMALS)] for line in found.label()]
                attributes.append(_attribute(document, scored))
        counts.features = None if histogram is None else histogram.counts
        counts.prune()
        return replace(
            cleaned, dropped=join_lines(dropped, self._dumps), attributes=join_lines(attributes, self._dumps)
        )

    def _clean_reading(self, document: Document) -> CleanedReading:
        """Clean the Markdown of a document, with the decisions of `dechaff.clean_markdown`."""
        reading, settings, info = read_markdown(document.text), self._settings, document.page_info
        read = document.text if reading is None else reading.text
        decided = next(decide([read], self._model, settings.threshold, page_infos=[info], sites=self._sites))
        return carry_decision(keep_by_kind(decided, settings.keep_kinds), reading, info, settings.threshold)


def read_document(document: Document, settings: Settings) -> Document:
    """Return a document with the text of Markdown, or the text and the title of a page; any other unchanged."""
    form, info = settings.format, document.page_info
    if form == "text" or (form == "auto" and not looks_like_html(document.text)):
        return document
    if form == "markdown":
        reading = read_markdown(document.text)
        return document if reading is None else replace(document, text=reading.text)
    page = read_page(document.text, keep_kinds=settings.keep_kinds)
    return replace(document, text=page.text, page_info=info._replace(title=info.title or page.title))


def _attributes(documents: Sequence[Document], decision: Decision) -> Iterator[dict[str, Any]]:
    """Yield each document's lines with their probabilities as Dolma attributes."""
    for index, document in enumerate(documents):
        scores = np.round(decision.probability[_line_slice(decision, index)], _DECIMALS).tolist()
        spans = zip(decision.batch.spans(index), scores, strict=True)
        yield _attribute(document, [[start, end, score] for (start, end), score in spans])


def _attribute(document: Document, scored: list[list[float]]) -> dict[str, Any]:
    return {"id": document.id, "source": document.source, "attributes": {ATTRIBUTE: scored}}


def _dropped_lines(documents: Sequence[Document], decision: Decision) -> Iterator[dict[str, Any]]:
    """Yield a description of every dropped line."""
    lines = (forward.lines for forward in decision.forwards())
    kinds = line_kinds(decision.batch, decision.is_boilerplate, lines=lines)
    for index, document in enumerate(documents):
        own = _line_slice(decision, index)
        numbers = np.flatnonzero(~decision.kept[own]).tolist()
        if not numbers:
            continue
        spans = decision.batch.spans(index)
        # Reasons need matrices of float64, which for a whole batch would take hundreds of MB.
        forward = decision.model.forward(LineBatch.from_texts([document.text]))
        shift = None if decision.site_shift is None else decision.site_shift[own]
        explanation = explain(forward, document.page_info, shift)
        for number in numbers:
            probability, kind = float(decision.probability[own.start + number]), kinds[own.start + number]
            reasons = explanation.reasons(number, _N_REASONS)
            yield _describe(document, number, spans[number], probability, kind, reasons)


def _describe(
    document: Document,
    number: int,
    span: tuple[int, int],
    probability: float,
    kind: str | None,
    reasons: Sequence[Reason],
) -> dict[str, Any]:
    """Return the description of a dropped line."""
    start, end = span
    return {
        "id": document.id,
        "line": number,
        "start": start,
        "end": end,
        "text": document.text[start:end],
        "probability": round(probability, _DECIMALS),
        "kind": kind,
        "reasons": [reason.feature for reason in reasons],
    }


def _line_slice(decision: Decision, index: int) -> slice:
    """Return the slice of a document's lines in the batch."""
    return slice(*decision.batch.article_lines[index : index + 2].tolist())
