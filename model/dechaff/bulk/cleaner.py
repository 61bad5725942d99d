"""Clean documents and describe their dropped lines and attributes; each process has one cleaner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from dechaff.bulk.drift import FeatureHistogram, Profile
from dechaff.bulk.records import Document, join_lines
from dechaff.bulk.settings import Settings, require
from dechaff.bulk.summary import Counts
from dechaff.decisions.decide import Decision, decide
from dechaff.explain.contributions import explain
from dechaff.explain.kinds import keep_by_kind, line_kinds
from dechaff.kernels import numba_available, use_numba
from dechaff.linear.line_model import LineModel
from dechaff.sites import SiteProfile
from dechaff.text.html import looks_like_html, read_page
from dechaff.text.lines import LineBatch

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

    def clean(self, documents: Sequence[Document]) -> Cleaned:
        """Clean documents.

        Parameters
        ----------
        documents : sequence of Document
        """
        with use_numba(self._compiled):
            return self._clean([read_document(document, self._settings) for document in documents])

    def _clean(self, documents: Sequence[Document]) -> Cleaned:
        texts: list[str] = []
        dropped: list[bytes] = []
        attributes: list[bytes] = []
        counts = Counts()
        histogram = None if self._profile is None else FeatureHistogram(self._profile, self._model.stage1.names)
        infos = [document.page_info for document in documents]
        counts.count_page_infos(infos)
        texts_in = [document.text for document in documents]
        how: dict[str, Any] = {"page_infos": infos, "sites": self._sites}
        for decided in decide(texts_in, self._model, self._settings.threshold, **how):
            decision = keep_by_kind(decided, self._settings.keep_kinds)
            own = documents[len(texts) : len(texts) + decision.batch.n_articles]
            texts.extend(decision.kept_texts())
            counts.count(decision.batch, decision.kept, decision.flags)
            if histogram is not None:
                histogram.count_all(decision)
            if self._settings.dropped:
                dropped.append(join_lines(_dropped_lines(own, decision), self._dumps))
            if self._settings.attributes:
                attributes.append(join_lines(_attributes(own, decision), self._dumps))
            del decided, decision  # its features take memory while the next batch is computed
        counts.features = None if histogram is None else histogram.counts
        counts.prune()
        return Cleaned(texts, b"".join(dropped), b"".join(attributes), counts)


def read_document(document: Document, settings: Settings) -> Document:
    """Return a document with the text and the title of an HTML page, and any other unchanged."""
    form, info = settings.format, document.page_info
    if form == "text" or (form == "auto" and not looks_like_html(document.text)):
        return document
    page = read_page(document.text, keep_kinds=settings.keep_kinds)
    return replace(document, text=page.text, page_info=info._replace(title=info.title or page.title))


def _attributes(documents: Sequence[Document], decision: Decision) -> Iterator[dict[str, Any]]:
    """Yield each document's lines with their probabilities as Dolma attributes."""
    for index, document in enumerate(documents):
        scores = np.round(decision.probability[_line_slice(decision, index)], _DECIMALS).tolist()
        spans = zip(decision.batch.spans(index), scores, strict=True)
        scored = [[start, end, score] for (start, end), score in spans]
        yield {"id": document.id, "source": document.source, "attributes": {ATTRIBUTE: scored}}


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
            start, end = spans[number]
            yield {
                "id": document.id,
                "line": number,
                "start": start,
                "end": end,
                "text": document.text[start:end],
                "probability": round(float(decision.probability[own.start + number]), _DECIMALS),
                "kind": kinds[own.start + number],
                "reasons": [reason.feature for reason in explanation.reasons(number, _N_REASONS)],
            }


def _line_slice(decision: Decision, index: int) -> slice:
    """Return the slice of a document's lines in the batch."""
    return slice(*decision.batch.article_lines[index : index + 2].tolist())
