"""Counts over documents and the summary of a bulk run, in bounded memory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from operator import itemgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff.bulk.drift import Histogram, add_histograms
from dechaff.bulk.samples import Samples
from dechaff.decisions.titles import PageInfo
from dechaff.text.lines import LineBatch

# How many distinct dropped lines remain after pruning the counts of a run and of a chunk: the most frequent. A run
# prunes only above twice this number.
_MAX_COUNTED: Final = 50_000
_MAX_COUNTED_OF_CHUNK: Final = 1000
# Dropped lines that agree in this many first characters are counted as the same line. Little is lost, because lines
# that recur often are short.
_MAX_CHARS: Final = 80
# The number of most frequent dropped lines that the manifest stores for each file.
_N_FREQUENT: Final = 20


@dataclass
class Counts:
    """Sums over documents; they can be added.

    Attributes
    ----------
    n_documents, n_lines, n_dropped_lines, n_chars, n_kept_chars : int
        Numbers of cleaned documents, and of their lines and characters; line breaks are not counted.
    n_bad : int
        The number of records in quarantine.
    n_titled, n_addressed : int
        The number of documents whose record has a title, and of those that have an address alone.
    flags : Counter
        The number of documents with each flag of `dechaff.CleanedArticle`.
    n_flagged : int
        The number of documents with at least one flag.
    frequent : Counter
        The beginnings of frequent dropped lines, with lower bounds of the number of times they were dropped.
    features : ndarray of int64, shape (n_features, n_bins), or None
        A histogram of the features of sampled lines, for the drift check; not stored in the manifest.
    samples : Samples or None
        Flagged documents and dropped lines to look at, if the settings ask for them.
    """

    n_documents: int = 0
    n_lines: int = 0
    n_dropped_lines: int = 0
    n_chars: int = 0
    n_kept_chars: int = 0
    n_bad: int = 0
    n_titled: int = 0
    n_addressed: int = 0
    n_flagged: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    frequent: Counter[str] = field(default_factory=Counter)
    features: Histogram | None = None
    samples: Samples | None = None

    def count(self, batch: LineBatch, kept: NDArray[np.bool_], flags: list[tuple[str, ...]]) -> None:
        """Count the lines and flags of a batch of articles."""
        widths = batch.ends - batch.starts
        self.n_documents += batch.n_articles
        self.n_lines += batch.n_lines
        self.n_dropped_lines += int((~kept).sum())
        self.n_chars += int(widths.sum())
        self.n_kept_chars += int(widths[kept].sum())
        self.n_flagged += sum(map(bool, flags))
        self.flags.update(chain.from_iterable(flags))
        self.frequent.update(_beginnings(batch, ~kept))

    def count_page_infos(self, page_infos: Sequence[PageInfo]) -> None:
        """Count the titles and addresses of documents."""
        self.n_titled += sum(info.title is not None for info in page_infos)
        self.n_addressed += sum(info.title is None and info.url is not None for info in page_infos)

    def add(self, other: "Counts") -> None:
        """Add other counts to these counts."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.flags.update(other.flags)
        self.frequent.update(other.frequent)
        self.features = add_histograms(self.features, other.features)
        if other.samples is not None:
            self.samples = self.samples or Samples()
            self.samples.add(other.samples)
        if len(self.frequent) > 2 * _MAX_COUNTED:
            self.prune(_MAX_COUNTED)

    def times(self, line: str) -> int:
        """Return how many times a line was dropped at least, by its beginning.

        Examples
        --------
        >>> counts = Counts(frequent=Counter({"Log in": 3}))
        >>> counts.times("Log in"), counts.times("Share")
        (3, 1)
        """
        return self.frequent.get(line[:_MAX_CHARS], 1)

    def prune(self, n: int = _MAX_COUNTED_OF_CHUNK) -> None:
        """Remove all but the `n` most frequent dropped lines; the default suits the counts of a chunk.

        Examples
        --------
        >>> counts = Counts(frequent=Counter({"Log in": 1, "Share": 2}))
        >>> counts.prune(1)
        >>> counts.frequent
        Counter({'Share': 2})
        """
        # Several times as fast as `Counter.most_common` for a large `n`.
        ordered = sorted(self.frequent.items(), key=itemgetter(1), reverse=True)
        self.frequent = Counter(dict(ordered[:n]))

    def to_dict(self, *, whole: bool = False) -> dict[str, Any]:
        """Return the counts as plain values.

        Parameters
        ----------
        whole : bool
            Whether to include the features and all counted lines; by default only the 20 most frequent lines.

        Examples
        --------
        >>> Counts(n_documents=2, frequent=Counter({"Share": 2})).to_dict()["frequent"]
        {'Share': 2}
        """
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        frequent = dict(self.frequent if whole else self.frequent.most_common(_N_FREQUENT))
        values = {**numbers, "flags": dict(sorted(self.flags.items())), "frequent": frequent}
        if self.samples is not None:
            values["samples"] = vars(self.samples)
        return values | ({"features": None if self.features is None else self.features.tolist()} if whole else {})

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Counts":
        """Create counts from the output of `to_dict`."""
        numbers = {name: values[name] for name in _NUMBERS}
        features = values.get("features")
        counts = cls(**numbers, flags=Counter(values["flags"]), frequent=Counter(values["frequent"]))
        counts.features = None if features is None else np.array(features, np.int64)
        counts.samples = Samples(**values["samples"]) if values.get("samples") else None
        return counts


_NUMBERS: Final = tuple(column.name for column in fields(Counts) if column.type is int)


def _beginnings(batch: LineBatch, dropped: NDArray[np.bool_]) -> list[str]:
    """Return the first characters of every dropped line."""
    lines = np.flatnonzero(dropped)
    articles = batch.line_articles[lines]
    shift = batch.article_codes[articles]
    starts = batch.starts[lines] - shift
    ends = np.minimum(batch.ends[lines] - shift, starts + _MAX_CHARS)
    spans = zip(articles.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return [batch.texts[article][start:end] for article, start, end in spans]


@dataclass
class Summary:
    """The outcome of a bulk run.

    Attributes
    ----------
    counts : Counts
        The counts over all inputs, including files that an earlier run had finished.
    n_inputs : int
        The number of input files.
    n_skipped : int
        The number of files skipped because an earlier run had finished them.
    n_redone : int
        The number of files cleaned again although an earlier run had finished them, because the input has changed
        or its output file is missing.
    seconds : float
        The duration of this run in seconds.
    notes : list of str
        Messages for the user, such as warnings about drift.
    columns : list of str
        The fields that this run used for text, id, title and address; several if the files differ.
    """

    counts: Counts = field(default_factory=Counts)
    n_inputs: int = 0
    n_skipped: int = 0
    n_redone: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)

    @property
    def tally(self) -> Counts:
        """Return `counts`; the former name, kept for compatibility."""
        return self.counts

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain values for JSON."""
        counts = replace(self.counts, samples=None)  # those are for people
        return {
            "n_inputs": self.n_inputs,
            "n_skipped": self.n_skipped,
            "n_redone": self.n_redone,
            "seconds": round(self.seconds, 3),
            **counts.to_dict(),
            "share_dropped_lines": round(counts.n_dropped_lines / max(counts.n_lines, 1), 4),
            "share_dropped_chars": round((counts.n_chars - counts.n_kept_chars) / max(counts.n_chars, 1), 4),
            "columns": self.columns,
            "notes": self.notes,
        }
