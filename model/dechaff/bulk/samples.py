"""What people should look at after a run: flagged documents, and dropped lines by kind, in samples of fixed size.

Every candidate gets a random key, and those with the lowest keys stay: samples can be added in any order, and each
candidate of a whole run has the same chance. A line that recurs has one for each time, but a single place.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any, Final

import numpy as np

from dechaff.decisions.decide import Decision
from dechaff.explain.kinds import line_kinds
from dechaff.linear.line_model import CLASSES
from dechaff.results import LabelledLine

#: A sampled document or line as plain values: its random key, file, record number and id, and what is shown of it.
Row = dict[str, Any]
#: The number of a document in its file, counted from 1, and its id.
Record = tuple[int, Any]
#: The numbers of flagged documents, and of dropped lines of each kind, that stay in a sample.
N_DOCUMENTS: Final = 100
N_LINES: Final = 8
_MAX_CHARS: Final = 240


@dataclass
class Samples:
    """Flagged documents and dropped lines; samples can be added.

    Attributes
    ----------
    documents : list of dict
        Documents with flags.
    lines : dict of str to list of dict
        Dropped lines by kind, each text once.
    """

    documents: list[Row] = field(default_factory=list)
    lines: dict[str, list[Row]] = field(default_factory=dict)

    @classmethod
    def draw(cls, records: Sequence[Record], decision: Decision, generator: np.random.Generator) -> "Samples":
        """Sample a batch of documents.

        Parameters
        ----------
        records : sequence of (int, object), length n_documents
        decision : Decision
        generator : Generator
            The source of the random keys, from `key_source`.
        """
        names = [_name(record) for record in records]
        samples = cls()
        bounds = decision.batch.article_lines
        for place, key in enumerate(generator.random(len(names)).tolist()):
            if flags := decision.flags[place]:
                kept = decision.kept[bounds[place] : bounds[place + 1]]
                samples.documents.append(_document_row(key, names[place], flags, len(kept), int(kept.sum())))
        samples.documents = _lowest(samples.documents, N_DOCUMENTS)
        samples._draw_lines(names, decision, generator)
        return samples

    @classmethod
    def draw_labelled(
        cls,
        record: Record,
        lines: Sequence[LabelledLine],
        flags: tuple[str, ...],
        generator: np.random.Generator,
    ) -> "Samples":
        """Sample one document whose lines are labelled.

        Parameters
        ----------
        record : (int, object)
        lines : sequence of LabelledLine
        flags : tuple of str
            The flags of the document.
        generator : Generator
            The source of the random keys, from `key_source`.
        """
        samples, name = cls(), _name(record)
        dropped = [line for line in lines if line.label == CLASSES[0]]
        if flags:
            n_kept = len(lines) - len(dropped)
            samples.documents.append(_document_row(generator.random(), name, flags, len(lines), n_kept))
        keys = generator.random(len(dropped))
        for place in np.argsort(keys).tolist():
            line = dropped[place]
            samples._add_line(line.kind, float(keys[place]), name, line.text, line.probability)
        return samples

    def _draw_lines(self, names: Sequence[Row], decision: Decision, generator: np.random.Generator) -> None:
        """Add a sample of the dropped lines."""
        batch = decision.batch
        kinds = line_kinds(batch, decision.is_boilerplate, lines=(forward.lines for forward in decision.forwards()))
        keys, dropped = generator.random(batch.n_lines), np.flatnonzero(~decision.kept)
        for line in dropped[np.argsort(keys[dropped])].tolist():
            if len(self.lines.get(kinds[line] or "other", ())) < N_LINES:
                article = int(batch.line_articles[line])
                start, end = (int(each[line] - batch.article_codes[article]) for each in (batch.starts, batch.ends))
                text, probability = batch.texts[article][start:end], float(decision.probability[line])
                self._add_line(kinds[line], float(keys[line]), names[article], text, probability)

    def _add_line(self, kind: str | None, key: float, name: Row, text: str, probability: float) -> None:
        """Add a dropped line if its kind has a place for it; lines come by rising keys."""
        rows = self.lines.setdefault(kind or "other", [])
        if _has_place(rows, text):
            shown = {"text": text[:_MAX_CHARS], "probability": round(probability, 4)}
            rows.append({"key": key, **name, **shown})

    def add(self, other: "Samples") -> None:
        """Add another sample to this one."""
        self.documents = _lowest([*self.documents, *other.documents], N_DOCUMENTS)
        for kind, rows in other.lines.items():
            found: list[Row] = []
            for row in sorted([*self.lines.get(kind, []), *rows], key=itemgetter("key")):
                if _has_place(found, row["text"]):
                    found.append(row)
            self.lines[kind] = found

    def name_file(self, name: str) -> None:
        """Record the file that all documents come from."""
        for row in chain(self.documents, *self.lines.values()):
            row["file"] = name


def key_source(records: Sequence[Record], file_name: str) -> np.random.Generator:
    """Return the source of the random keys of a chunk: the same in every run, however many workers there are.

    Parameters
    ----------
    records : sequence of (int, object)
        The documents of the chunk.
    file_name : str
        The name of their file, without which equal files would get equal keys.
    """
    first = [number for number, _ in records[:1]]
    return np.random.default_rng([*os.fsencode(file_name), len(records), *first])


def _name(record: Record) -> Row:
    return {"record": record[0], "id": str(record[1])[:_MAX_CHARS]}


def _document_row(key: float, name: Row, flags: tuple[str, ...], n_lines: int, n_kept: int) -> Row:
    return {"key": key, **name, "flags": list(flags), "n_lines": n_lines, "n_kept": n_kept}


def _has_place(rows: list[Row], text: str) -> bool:
    """Return whether a line belongs to a sample of those with lower keys: there is room, and it is not there."""
    return len(rows) < N_LINES and all(row["text"] != text[:_MAX_CHARS] for row in rows)


def _lowest(rows: list[Row], n: int) -> list[Row]:
    return sorted(rows, key=itemgetter("key"))[:n]
