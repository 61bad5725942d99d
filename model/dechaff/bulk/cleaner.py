"""Clean documents: their texts and the files beside them; each process has one cleaner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dechaff.bulk.drift import FeatureHistogram, Profile
from dechaff.bulk.records import Document, join_lines
from dechaff.bulk.settings import Settings, require
from dechaff.bulk.summary import Counts
from dechaff.decisions.decide import decide_lines, kept_text
from dechaff.explain.contributions import explain
from dechaff.explain.kinds import line_kinds
from dechaff.kernels import can_compile, using_compiled
from dechaff.linear.line_model import LineModel
from dechaff.linear.stage import Values
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
        Without boilerplate, in order.
    dropped, attributes : bytes
        JSON lines; empty unless the settings request them.
    counts : Counts
    """

    texts: list[str] = field(default_factory=list)
    dropped: bytes = b""
    attributes: bytes = b""
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True)
class _Block:
    """Documents and the decisions on their lines."""

    documents: Sequence[Document]
    batch: LineBatch
    kept: NDArray[np.bool_]
    probability: Values

    def lines(self, place: int) -> slice:
        """Return the slice of a document's lines."""
        return slice(*self.batch.article_lines[place : place + 2].tolist())


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

    def is_compiled(self) -> bool:
        """Return whether the numba kernels are used: requested and available."""
        return self._compiled and can_compile()

    def clean(self, documents: Sequence[Document]) -> Cleaned:
        """Clean documents.

        Parameters
        ----------
        documents : sequence of Document
        """
        with using_compiled(self._compiled):
            return self._clean(documents)

    def _clean(self, documents: Sequence[Document]) -> Cleaned:
        texts: list[str] = []
        dropped: list[bytes] = []
        attributes: list[bytes] = []
        counts = Counts()
        histogram = None if self._profile is None else FeatureHistogram(self._profile, self._model.first.names)
        watch = None if histogram is None else histogram.watch
        decisions = decide_lines([d.text for d in documents], self._model, self._settings.threshold, watch=watch)
        for batch, kept, probability, flags in decisions:
            block = _Block(documents[len(texts) : len(texts) + batch.n_articles], batch, kept, probability)
            texts.extend(kept_text(batch, kept))
            counts.count(batch, kept, flags)
            if self._settings.dropped:
                dropped.append(join_lines(_dropped_lines(block, self._model), self._dumps))
            if self._settings.attributes:
                attributes.append(join_lines(_attributes(block), self._dumps))
        counts.features = None if histogram is None else histogram.counts
        counts.prune()
        return Cleaned(texts, b"".join(dropped), b"".join(attributes), counts)


def _attributes(block: _Block) -> Iterator[dict[str, Any]]:
    """Yield each document's lines with their probabilities as Dolma attributes."""
    for place, document in enumerate(block.documents):
        scores = np.round(block.probability[block.lines(place)], _DECIMALS).tolist()
        spans = [[start, end, score] for (start, end), score in zip(block.batch.spans(place), scores, strict=True)]
        yield {"id": document.id, "source": document.source, "attributes": {ATTRIBUTE: spans}}


def _dropped_lines(block: _Block, model: LineModel) -> Iterator[dict[str, Any]]:
    """Yield a description of every dropped line."""
    kinds = line_kinds(block.batch, ~block.kept, keywords=model.keywords)
    for place, document in enumerate(block.documents):
        lines = block.lines(place)
        numbers = np.flatnonzero(~block.kept[lines]).tolist()
        spans = block.batch.spans(place)
        explanation = explain(model, document.text) if numbers else None
        for number in numbers:
            start, end = spans[number]
            yield {
                "id": document.id,
                "line": number,
                "start": start,
                "end": end,
                "text": document.text[start:end],
                "probability": round(float(block.probability[lines.start + number]), _DECIMALS),
                "kind": kinds[lines.start + number],
                "reasons": [r.feature for r in explanation.reasons(number, _N_REASONS)] if explanation else [],
            }
